"""Names of a policy against one portal: sets, seats and teams to ids; problems with places."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from rolecall.domain.portal import Tier
from rolecall.domain.snapshot import Snapshot
from rolecall.policy.desired import BY_NAME, DesiredTeam
from rolecall.policy.document import Ref
from rolecall.policy.problems import Problem, did_you_mean
from rolecall.policy.structure import team_path

FEW = 12  # so many names fit into a hint


@dataclass(frozen=True, slots=True)
class Index:
    """Ids by name for one kind of thing."""

    kind: str  # as people say it: permission set, team, seat
    ids: frozenset[str]
    by_name: dict[str, tuple[str, ...]]
    by_fold: dict[str, tuple[str, ...]]
    paths: Mapping[str, str] = field(default_factory=dict)  # of teams: Sales / Deal Desk, by id
    by_path: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # case-folded

    def find(self, name: str) -> tuple[str, ...]:
        """Ids with exactly this name, else with it in another case, else at this path."""
        folded = name.strip().casefold()
        found = self.by_name.get(name) or self.by_fold.get(folded)
        return found or self.by_path.get(folded, ())

    def shown(self, ident: str) -> str:
        """An id with its path, where it has one."""
        return f"{ident!r} ({self.paths[ident]})" if ident in self.paths else repr(ident)


def index(
    kind: str,
    named: Iterable[tuple[str, str]],
    further: Iterable[str] = (),
    paths: Mapping[str, str] | None = None,
) -> Index:
    """An index of (id, name) pairs; `further` ids have no name but are held by somebody."""
    by_name: dict[str, list[str]] = defaultdict(list)
    by_fold: dict[str, list[str]] = defaultdict(list)
    ids = set(further)
    for ident, name in named:
        ids.add(ident)
        by_name[name].append(ident)
        by_fold[name.strip().casefold()].append(ident)
    by_path: dict[str, list[str]] = defaultdict(list)
    for ident, path in (paths or {}).items():
        by_path[path.casefold()].append(ident)
    return Index(
        kind,
        frozenset(ids),
        {name: tuple(found) for name, found in by_name.items()},
        {name: tuple(found) for name, found in by_fold.items()},
        paths or {},
        {path: tuple(found) for path, found in by_path.items()},
    )


@dataclass(slots=True)
class Names:
    """Resolves references and remembers every problem, each told once."""

    sets: Index
    seats: Index
    teams: Index
    tier: Tier
    undeclared_teams: frozenset[str] = frozenset()  # there, but not in the file's exact tree
    problems: list[Problem] = field(default_factory=list)
    _known: dict[Ref, str | None] = field(default_factory=dict)

    def permission_set(self, ref: Ref) -> str | None:
        """A set's id; on a tier without sets its name, so that it becomes a manual task."""
        open_end = not self.sets.ids and self.tier is not Tier.ENTERPRISE
        return self._find(self.sets, ref, open_end=open_end)

    def team(self, ref: Ref) -> str | None:
        """A team's id, or the key of one the file's tree creates."""
        open_end = not self.teams.ids and self.tier in (Tier.FREE, Tier.STARTER, Tier.UNKNOWN)
        found = self._find(self.teams, ref, open_end=open_end)
        if found in self.undeclared_teams:
            hint = "add it to the tree, or people lose it when the team is deleted"
            self._problem(ref, f"team {ref.name!r} is not in teams:, which is exact", hint)
        return found

    def seat(self, ref: Ref) -> str | None:
        """A seat's name as HubSpot spells it; any name where HubSpot tells no seats."""
        found = self._find(self.seats, ref, open_end=not self.seats.ids)
        return found.removeprefix(BY_NAME) if found else None

    def _find(self, among: Index, ref: Ref, *, open_end: bool) -> str | None:
        if ref not in self._known:
            self._known[ref] = self._look_up(among, ref, open_end=open_end)
        return self._known[ref]

    def _look_up(self, among: Index, ref: Ref, *, open_end: bool) -> str | None:
        if ref.id is not None and (ref.id in among.ids or open_end):
            return ref.id
        if ref.id is not None:
            hint = self._near(among, ref.name)
            self._problem(ref, f"there is no {among.kind} with id {ref.id!r}", hint)
            return None
        found = among.find(ref.name)
        if len(found) == 1:
            return found[0]
        if found:
            message = f"{len(found)} {among.kind}s are called {ref.name!r}"
            self._problem(ref, message, self._choice(among, ref, found[:5]))
            return None
        if open_end:
            return f"{BY_NAME}{ref.name}"
        message = f"there is no {among.kind} {ref.name!r} in the portal"
        self._problem(ref, message, self._near(among, ref.name))
        return None

    def _choice(self, among: Index, ref: Ref, found: tuple[str, ...]) -> str:
        """In a file a name with its id, at the command line the id alone."""
        if not ref.line:
            return f"give its id: {' or '.join(map(among.shown, found))}"
        written = (f"{{name: {ref.name}, id: {ident!r}}}" for ident in found)
        return f"write {' or '.join(written)}"

    def _near(self, among: Index, name: str) -> str:
        near = did_you_mean(name, among.by_name) if name else ""
        if near or not 0 < len(among.by_name) <= FEW:
            return near
        return f"there are: {', '.join(sorted(among.by_name))}"

    def _problem(self, ref: Ref, message: str, hint: str) -> None:
        problem = Problem(ref.line, ref.column, ref.where, message, hint)
        if problem not in self.problems:
            self.problems.append(problem)


def names_of(
    snapshot: Snapshot, tree: tuple[DesiredTeam, ...] | None = None, *, exact_tree: bool = False
) -> Names:
    """Names of a portal; with a tree that is carried out, its names stand above the portal's."""
    return Names(
        sets=index(
            "permission set",
            ((one.id, one.name) for one in snapshot.permission_sets),
            {one for user in snapshot.users for one in user.permission_set_ids},
        ),
        seats=index("seat", ((name, name) for name in sorted(seat_names(snapshot)))),
        teams=index(
            "team", _team_names(snapshot, tree), _held_teams(snapshot), _paths(snapshot, tree)
        ),
        tier=snapshot.tier,
        undeclared_teams=_undeclared(snapshot, tree) if exact_tree else frozenset(),
    )


def seat_names(snapshot: Snapshot) -> set[str]:
    """Every seat the portal offers or somebody holds."""
    held = {name for user in snapshot.users for name in user.seat_names or ()}
    return held | {seat.name for seat in snapshot.seats}


def _held_teams(snapshot: Snapshot) -> set[str]:
    held = {team for user in snapshot.users for team in user.extra_team_ids}
    return held | {user.main_team_id for user in snapshot.users if user.main_team_id}


def _team_names(snapshot: Snapshot, tree: tuple[DesiredTeam, ...] | None) -> list[tuple[str, str]]:
    declared = {team.key: team.name for team in tree or ()}
    actual = [(team.id, team.name) for team in snapshot.teams if team.id not in declared]
    return [*declared.items(), *actual]


def _paths(snapshot: Snapshot, tree: tuple[DesiredTeam, ...] | None) -> dict[str, str]:
    teams = {team.id: team for team in snapshot.teams}
    actual = {ident: team_path(ident, teams) for ident in teams}
    return actual | {team.key: team.path for team in tree or ()}


def _undeclared(snapshot: Snapshot, tree: tuple[DesiredTeam, ...] | None) -> frozenset[str]:
    if tree is None:
        return frozenset()
    declared = {team.key for team in tree}
    return frozenset(team.id for team in snapshot.teams if team.id not in declared)
