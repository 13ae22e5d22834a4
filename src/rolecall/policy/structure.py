"""The file's team tree against the portal's teams: which node is which team, which is new."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping

from rolecall.domain.snapshot import Snapshot, Team
from rolecall.policy.desired import NEW_TEAM, DesiredTeam
from rolecall.policy.document import TeamNode
from rolecall.policy.problems import Problem

SEPARATOR = " / "


def team_path(team_id: str | None, teams: Mapping[str, Team]) -> str:
    """A team's place as people read it; an unknown parent or a circle ends the path."""
    parts: list[str] = []
    seen: set[str] = set()
    while team_id is not None and team_id in teams and team_id not in seen:
        seen.add(team_id)
        parts.append(teams[team_id].name)
        team_id = teams[team_id].parent_id
    return SEPARATOR.join(reversed(parts))


def sound_parents(snapshot: Snapshot) -> dict[str, str | None]:
    """Each team's parent; an unknown parent, or one that leads back to the team, counts as none."""
    raw = {team.id: team.parent_id for team in snapshot.teams}
    sound: dict[str, str | None] = {}
    for start in raw:
        seen = {start}
        above = raw[start]
        while above is not None and above in raw and above not in seen:
            seen.add(above)
            above = raw[above]
        in_circle = above is not None and above == start
        sound[start] = None if in_circle or raw[start] not in raw else raw[start]
    return sound


def resolve_tree(
    tree: tuple[TeamNode, ...], snapshot: Snapshot, problems: list[Problem]
) -> tuple[DesiredTeam, ...]:
    """Every node with its team, parents before children; ambiguous names become problems."""
    actual = {team.id: team for team in snapshot.teams}
    given = {node.id for node, _ in _walk(tree, None) if node.id is not None}
    by_name: dict[str, list[str]] = defaultdict(list)
    for team in snapshot.teams:
        if team.id not in given:
            by_name[team.name].append(team.id)
    _check_repeats(tree, problems)
    repeated = _repeated(tree)
    found: list[DesiredTeam] = []
    keys: dict[int, DesiredTeam] = {}
    for node, parent in _walk(tree, None):
        above = keys.get(id(parent)) if parent is not None else None
        key = _key(node, above, actual, by_name, problems, alone=node.name not in repeated)
        name = node.name or (actual[key].name if key in actual else "")
        path = name if above is None else f"{above.path}{SEPARATOR}{name}"
        depth = 1 if above is None else above.depth + 1
        place = DesiredTeam(
            key or f"{NEW_TEAM}{path}", name, above.key if above else None, path, depth
        )
        keys[id(node)] = place
        found.append(place)
    return tuple(found)


def _walk(
    tree: tuple[TeamNode, ...], parent: TeamNode | None
) -> Iterator[tuple[TeamNode, TeamNode | None]]:
    for node in tree:
        yield node, parent
        yield from _walk(node.children, node)


def _key(
    node: TeamNode,
    above: DesiredTeam | None,
    actual: Mapping[str, Team],
    by_name: Mapping[str, list[str]],
    problems: list[Problem],
    *,
    alone: bool,
) -> str | None:
    """The id of the node's team, or None where it is to be created.

    A name the tree has once finds its team anywhere, so moving it is enough to re-parent it;
    a name the tree has several times finds a team only below the same parent.
    """
    if node.id is not None:
        if node.id not in actual:
            message = f"there is no team with id {node.id!r}"
            hint = "leave the id out for a team still to be created"
            problems.append(Problem(node.line, node.column, "teams", message, hint))
        return node.id
    found = by_name.get(node.name, [])
    if alone and len(found) <= 1:
        return found[0] if found else None
    parent = above.key if above else None
    here = [ident for ident in found if actual[ident].parent_id == parent]
    if len(here) == 1 or not (here or alone):
        return here[0] if here else None
    choice = " or ".join(f"{{name: {node.name}, id: {ident!r}}}" for ident in found[:5])
    message = f"{len(found)} teams are called {node.name!r}"
    problems.append(Problem(node.line, node.column, "teams", message, f"write {choice}"))
    return found[0]


def _repeated(tree: tuple[TeamNode, ...]) -> frozenset[str]:
    counts = Counter(node.name for node, _ in _walk(tree, None) if node.id is None)
    return frozenset(name for name, count in counts.items() if count > 1)


def _check_repeats(tree: tuple[TeamNode, ...], problems: list[Problem]) -> None:
    """One name twice below one parent needs ids, and an id stands for one place only."""
    walked = [(node, id(parent)) for node, parent in _walk(tree, None)]
    places = Counter((node.name, parent) for node, parent in walked if node.id is None)
    ids = Counter(node.id for node, _ in walked if node.id is not None)
    for node, parent in walked:
        if node.id is None and places[node.name, parent] > 1:
            message, hint = f"{node.name!r} is here twice", "give each its {name, id}"
        elif node.id is not None and ids[node.id] > 1:
            message, hint = f"team {node.id!r} is in the tree twice", "keep one place"
        else:
            continue
        problems.append(Problem(node.line, node.column, "teams", message, hint))
