"""A portal at a glance: who is there by state, what they hold, how seats are used."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from rolecall.domain.actor import Actor
from rolecall.domain.portal import Portal
from rolecall.domain.snapshot import Snapshot, Team, User, UserState
from rolecall.kit.errors import NeedsPerson
from rolecall.services.app import App
from rolecall.services.connections.portals import portal_named


@dataclass(frozen=True, slots=True)
class SeatUse:
    """One kind of seat: how many hold it, how many are left (None = HubSpot does not tell)."""

    name: str
    held: int
    remaining: int | None


@dataclass(frozen=True, slots=True)
class TeamUse:
    """One team with its depth in the tree and its members, without those of teams below."""

    id: str
    name: str
    depth: int
    main: int
    extra: int


@dataclass(frozen=True, slots=True)
class Overview:
    """One portal as of one snapshot; service users are counted apart from people."""

    portal: Portal
    as_of: datetime
    complete: bool
    gaps: tuple[str, ...]
    states: tuple[tuple[UserState, int], ...]
    super_admins: tuple[str, ...]
    permission_sets: tuple[tuple[str, int], ...]  # most held first
    without_set: int
    seats: tuple[SeatUse, ...]
    teams: tuple[TeamUse, ...]  # as a tree, depth first
    without_team: int


async def portal_overview(app: App, actor: Actor, name: str) -> Overview:
    """The newest snapshot of a portal, counted."""
    portal = await portal_named(app, actor, name)
    async with app.database.read() as view:
        snapshot = await view.snapshots.load(portal.hub_id)
    if snapshot is None:
        raise NeedsPerson(f"{name} was never synced", hint=f"run `rolecall sync {name}`")
    return overview_of(portal, snapshot)


def overview_of(portal: Portal, snapshot: Snapshot) -> Overview:
    """A snapshot, counted."""
    people = [u for u in snapshot.users if u.present and u.state is not UserState.SERVICE]
    states = Counter(user.state for user in snapshot.users)
    sets = Counter(one for user in people for one in user.permission_set_ids)
    named = [(one.name, sets[one.id]) for one in snapshot.permission_sets if sets[one.id]]
    return Overview(
        portal,
        snapshot.sealed_at,
        snapshot.complete,
        snapshot.gaps,
        tuple((state, states[state]) for state in UserState if states[state]),
        tuple(sorted(user.email for user in snapshot.users if user.acts_as_super_admin)),
        tuple(sorted(named, key=lambda pair: (-pair[1], pair[0]))),
        sum(not user.permission_set_ids and not user.super_admin for user in people),
        _seats(snapshot, people),
        tuple(_tree(snapshot.teams, people)),
        sum(user.main_team_id is None and not user.extra_team_ids for user in people),
    )


def _seats(snapshot: Snapshot, people: list[User]) -> tuple[SeatUse, ...]:
    held = Counter(name for user in people for name in user.seat_names or ())
    remaining = {seat.name: seat.remaining for seat in snapshot.seats}
    names = sorted(held.keys() | remaining.keys(), key=lambda name: (-held[name], name))
    return tuple(SeatUse(name, held[name], remaining.get(name)) for name in names)


def _tree(teams: tuple[Team, ...], people: list[User]) -> list[TeamUse]:
    """Depth first, siblings by name; a circle would never be reached from a root."""
    main = Counter(user.main_team_id for user in people)
    extra = Counter(one for user in people for one in user.extra_team_ids)
    children: dict[str | None, list[Team]] = {}
    for team in sorted(teams, key=lambda one: one.name.casefold()):
        children.setdefault(team.parent_id, []).append(team)
    found: list[TeamUse] = []
    waiting = [(team, 0) for team in reversed(children.get(None, []))]
    while waiting:
        team, depth = waiting.pop()
        found.append(TeamUse(team.id, team.name, depth, main[team.id], extra[team.id]))
        waiting += [(child, depth + 1) for child in reversed(children.get(team.id, []))]
    return found
