"""Moving a team below another one, as a draft like any other."""

from __future__ import annotations

from dataclasses import replace

from rolecall.domain.snapshot import Snapshot, Team
from rolecall.kit.errors import Refused
from rolecall.plan.context import DiffOptions
from rolecall.plan.diff import diff
from rolecall.plan.wishes import desired_of
from rolecall.policy.desired import DesiredTeam
from rolecall.services.drafts.ground import Ground
from rolecall.services.drafts.orders import Draft, MoveTeam


def draft_team_move(ground: Ground, order: MoveTeam) -> Draft:
    """The team below its new parent; Refused for what is not there, or would be a circle."""
    team = _team(ground.snapshot, order.team_id)
    parent = _team(ground.snapshot, order.parent_id) if order.parent_id else None
    above = _above(ground.snapshot, parent)
    if team.id in {one.id for one in above}:
        raise Refused(f"{team.name} cannot be moved below itself", hint="choose another team")
    path = " / ".join([*(one.name for one in reversed(above)), team.name])
    wanted = DesiredTeam(team.id, team.name, parent.id if parent else None, path, len(above))
    desired = replace(desired_of(()), teams=(wanted,))
    found = diff(desired, ground.snapshot, DiffOptions(ground.now, ground.parked))
    reason = order.reason or "moved in the console"
    changes = tuple(replace(one, reason=reason, origin="operator") for one in found.changes)
    return Draft(f"Move the team {team.name}", "team move", changes, tuple(found.reported))


def _team(snapshot: Snapshot, team_id: str) -> Team:
    found = next((one for one in snapshot.teams if one.id == team_id), None)
    if found is None:
        raise Refused(f"There is no team {team_id} in this portal")
    return found


def _above(snapshot: Snapshot, team: Team | None) -> list[Team]:
    """A team and everything above it, nearest first; a circle ends where it closes."""
    known = {one.id: one for one in snapshot.teams}
    found: list[Team] = []
    while team is not None and team not in found:
        found.append(team)
        team = known.get(team.parent_id or "")
    return found
