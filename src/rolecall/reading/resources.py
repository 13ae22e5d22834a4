"""Permission sets, teams, seats and record owners: wire -> domain. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rolecall.domain.snapshot import PermissionSet, RecordOwner, Seat, Team
from rolecall.hubspot import wire


def permission_set_of(told: wire.PermissionSet) -> PermissionSet:
    """A permission set; no API tells its contents."""
    return PermissionSet(told.id, told.name, bool(told.requires_billing_write))


def seat_of(told: wire.Seat) -> Seat:
    """A kind of seat; `remaining` None where HubSpot does not tell, which is not zero."""
    return Seat(told.name, told.description or "", told.remaining_seats)


def owner_of(told: wire.OwnerCore) -> RecordOwner:
    """A record owner; archived ones tell their user only as inactive, or not at all."""
    user_id = told.user_id if told.user_id is not None else told.user_id_including_inactive
    return RecordOwner(
        id=told.id,
        user_id=None if user_id is None else str(user_id),
        email=told.email or "",
        first_name=told.first_name or "",
        last_name=told.last_name or "",
        archived=told.archived,
        queue=told.type.upper() == "QUEUE",
    )


def team_of(told: wire.TeamNode | wire.TeamFlat) -> Team:
    """A team; only the teams API tells the parent."""
    parent = told.parent_team_id if isinstance(told, wire.TeamNode) else None
    return Team(told.id, told.name, parent or None)


def teams_of(flat: Iterable[wire.TeamFlat], tree: Iterable[wire.TeamNode]) -> tuple[Team, ...]:
    """Every team either API knows, with its parent where told, in order of id.

    A parent that no list holds (a team outside our view) is dropped rather than dangling.
    """
    teams = {told.id: team_of(told) for told in flat}
    teams |= {told.id: team_of(told) for told in tree}
    whole = (
        team if team.parent_id is None or team.parent_id in teams else Team(team.id, team.name)
        for team in teams.values()
    )
    return tuple(sorted(whole, key=lambda team: (len(team.id), team.id)))


@dataclass(frozen=True, slots=True)
class Membership:
    """The teams of one user as the flat list tells them; a cross-check of the user's own fields."""

    main: str | None
    extra: tuple[str, ...]


def memberships_of(flat: Iterable[wire.TeamFlat]) -> dict[str, Membership]:
    """Teams by settings user id."""
    main: dict[str, str] = {}
    extra: dict[str, list[str]] = {}
    for team in flat:
        for user_id in team.user_ids or ():
            main[user_id] = team.id
        for user_id in team.secondary_user_ids or ():
            extra.setdefault(user_id, []).append(team.id)
    return {
        user_id: Membership(main.get(user_id), tuple(sorted(extra.get(user_id, ()))))
        for user_id in main.keys() | extra.keys()
    }
