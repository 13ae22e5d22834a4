"""What holds of every sealed snapshot; checked at run time, and in property tests. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from rolecall.domain.snapshot import Snapshot, UserState

Invariant = Callable[[Snapshot], Iterator[str]]


def violations(snapshot: Snapshot) -> tuple[str, ...]:
    """Every sentence that should be true of this snapshot and is not; empty is good."""
    return tuple(found for invariant in INVARIANTS for found in invariant(snapshot))


def ids_are_unique(snapshot: Snapshot) -> Iterator[str]:
    """Users, sets, teams and owners have one row per id, seats one per name."""
    kinds = (
        ("user", [user.id for user in snapshot.users]),
        ("permission set", [one.id for one in snapshot.permission_sets]),
        ("team", [team.id for team in snapshot.teams]),
        ("owner", [owner.id for owner in snapshot.owners]),
        ("seat", [seat.name for seat in snapshot.seats]),
    )
    for kind, ids in kinds:
        yield from (f"{kind} {one} is there twice" for one in _twice(ids))


def emails_are_unique(snapshot: Snapshot) -> Iterator[str]:
    """No two users of a portal who are present share an e-mail, case aside."""
    gone = UserState.REMOVED
    present = [one.email.casefold() for one in snapshot.users if one.state is not gone]
    yield from (f"two users have the e-mail {one}" for one in _twice(present) if one)


def records_belong_to_one(snapshot: Snapshot) -> Iterator[str]:
    """A CRM record belongs to one user."""
    held = [user.crm_id for user in snapshot.users if user.crm_id is not None]
    yield from (f"CRM record {one} belongs to two users" for one in _twice(held))


def references_resolve(snapshot: Snapshot) -> Iterator[str]:
    """Teams and sets of users who are present exist, wherever those lists were read."""
    teams = {team.id for team in snapshot.teams}
    sets = {one.id for one in snapshot.permission_sets}
    for user in snapshot.users:
        if user.state is UserState.REMOVED:
            continue
        main, extra = user.main_team_id, user.extra_team_ids
        if teams and ((main and main not in teams) or (extra and not teams.issuperset(extra))):
            named = {main, *extra} if main else {*extra}
            unlisted = sorted(named - teams)
            yield f"{user.email} is in a team that is not listed: {', '.join(unlisted)}"
        if sets and not sets.issuperset(user.permission_set_ids):
            yield f"{user.email} holds a permission set that is not listed"


def main_team_is_not_extra(snapshot: Snapshot) -> Iterator[str]:
    """Nobody is an extra member of the main team."""
    for user in snapshot.users:
        if user.extra_team_ids and user.main_team_id in user.extra_team_ids:
            yield f"{user.email} has team {user.main_team_id} as main and extra team"


def teams_make_a_tree(snapshot: Snapshot) -> Iterator[str]:
    """Every parent exists, and no team is its own ancestor."""
    parents = {team.id: team.parent_id for team in snapshot.teams}
    rooted: set[str] = set()
    for team in parents:
        path: list[str] = []
        at: str | None = team
        while at is not None and at not in rooted and at not in path:
            path.append(at)
            if at not in parents:
                yield f"team {path[-2]} has a parent that is not listed: {at}"
                break
            at = parents[at]
        if at is not None and at in path and at in parents:
            yield f"team {at} is its own ancestor"
        rooted.update(path)


def estimates_are_marked(snapshot: Snapshot) -> Iterator[str]:
    """Whoever was proved gone is no estimate, and times lie in the order they happened."""
    for user in snapshot.users:
        if user.state is UserState.REMOVED and user.state_estimated:
            yield f"{user.email} is removed by estimate; absence must be proved"
    if snapshot.sealed_at < snapshot.started_at:
        yield "the snapshot was sealed before it was started"


INVARIANTS: tuple[Invariant, ...] = (
    ids_are_unique,
    emails_are_unique,
    records_belong_to_one,
    references_resolve,
    main_team_is_not_extra,
    teams_make_a_tree,
    estimates_are_marked,
)


def _twice(values: Sequence[str]) -> list[str]:
    if len(set(values)) == len(values):  # nearly always, and far cheaper than counting
        return []
    return sorted(value for value, count in Counter(values).items() if count > 1)
