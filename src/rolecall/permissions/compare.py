"""Users, sets, templates and dates side by side, equal rows hidden; and what two exports differ in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rolecall.domain.snapshot import User
from rolecall.permissions.access import Access, Resolver
from rolecall.permissions.catalogue import Catalogue, Permission, Template
from rolecall.permissions.evidence import PermissionRecord
from rolecall.permissions.inference import speaks
from rolecall.permissions.levels import NONE, NOTHING, Range, at_least


@dataclass(frozen=True, slots=True)
class Side:
    """One column: its title, facts shown above, and the level of each permission."""

    title: str
    facts: Mapping[str, str]
    levels: Mapping[str, Range]
    rest: Range = NOTHING

    def of(self, permission_id: str) -> Range:
        """The level of one permission."""
        return self.levels.get(permission_id, self.rest)


@dataclass(frozen=True, slots=True)
class ComparedRow:
    """One permission (or fact) over all sides; `equal` only when all are surely the same."""

    label: str
    cells: tuple[str, ...]
    equal: bool
    permission: Permission | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """All rows that differ, and how many were equal."""

    titles: tuple[str, ...]
    rows: tuple[ComparedRow, ...]
    equal_rows: int


def side_of_user(resolver: Resolver, user: User, title: str = "") -> Side:
    """A user as a column; give a title with the date when comparing days."""
    access = resolver.access_of(user)
    teams = {team.id: team.name for team in resolver.snapshot.teams}
    facts = {
        "state": user.state.value,
        "Super Admin": "yes" if user.super_admin else "no",
        "seat": "?" if user.seat_names is None else ", ".join(user.seat_names),
        "permission sets": ", ".join(resolver.names.get(i, i) for i in user.permission_set_ids),
        "main team": teams.get(user.main_team_id or "", ""),
        "extra teams": ", ".join(sorted(teams.get(i, i) for i in user.extra_team_ids)),
        "evidence": str(access.given.ground),
    }
    return Side(title or user.email, facts, access.levels)


def side_of_set(resolver: Resolver, set_id: str) -> Side:
    """A permission set as a column, before any seat; unknown without a definition."""
    definition = resolver.definitions.get(set_id)
    name = resolver.names.get(set_id, set_id)
    if definition is None:
        catalogue = resolver.catalogue.permissions.values()
        levels = {one.id: Range(NONE, one.highest) for one in catalogue}
        return Side(f"set {name}", {"evidence": "no evidence"}, levels)
    evidence = f"{definition.ground} of {definition.as_of:%Y-%m-%d}"
    return Side(f"set {name}", {"evidence": evidence}, definition.grants, definition.rest)


def side_of_template(template: Template) -> Side:
    """One of the named access levels as a column."""
    levels = {one: Range(level, level) for one, level in template.grants.items()}
    return Side(template.name, {"evidence": f"template ({template.source})"}, levels)


def compare(catalogue: Catalogue, sides: Sequence[Side], *, all_rows: bool = False) -> Comparison:
    """Any number of sides; rows that are surely equal are counted and left out."""
    found = [*_fact_rows(sides), *(_row(one, sides) for one in catalogue.permissions.values())]
    kept = tuple(row for row in found if all_rows or not row.equal)
    titles = tuple(side.title for side in sides)
    return Comparison(titles, kept, sum(row.equal for row in found))


def _fact_rows(sides: Sequence[Side]) -> list[ComparedRow]:
    names = dict.fromkeys(name for side in sides for name in side.facts)
    rows = []
    for name in names:
        cells = tuple(side.facts.get(name, "") for side in sides)
        told = {side.facts[name] for side in sides if name in side.facts}
        rows.append(ComparedRow(name, cells, len(told) == 1))  # a set has no seat or team to differ
    return rows


def _row(one: Permission, sides: Sequence[Side]) -> ComparedRow:
    held = [side.of(one.id) for side in sides]
    equal = len(set(held)) == 1 and held[0].known
    cells = tuple(_cell(each) for each in held)
    return ComparedRow(f"{one.path[0]} > {one.shown}", cells, equal, one)


def _cell(held: Range) -> str:
    if held.known:
        return held.low or "none"
    return f"{held.low}?" if held.low else "?"


def nearest_template(catalogue: Catalogue, access: Access) -> tuple[Template, int] | None:
    """The named access level nearest to what is surely held, with the number of differences.

    None where nothing is surely held.
    """
    if not any(held.low for held in access.levels.values()):
        return None
    best: tuple[int, Template] | None = None
    for template in catalogue.templates.values():
        ids = template.grants.keys() | {p for p, r in access.levels.items() if r.low != NONE}
        count = sum(template.grants.get(one, NONE) != access.of(one).low for one in ids)
        if best is None or count < best[0]:
            best = (count, template)
    return None if best is None else (best[1], best[0])


@dataclass(frozen=True, slots=True)
class RecordDiff:
    """What changed for one user between two exports: permission id -> (before, after)."""

    user_id: str
    email: str
    gained: Mapping[str, tuple[str, str]]
    lost: Mapping[str, tuple[str, str]]
    state: str = "changed"  # new | gone | changed
    sets: tuple[tuple[str, ...], tuple[str, ...]] | None = None


def diff_records(
    catalogue: Catalogue,
    before: Iterable[PermissionRecord],
    after: Iterable[PermissionRecord],
) -> tuple[RecordDiff, ...]:
    """Every user whose permissions or sets differ; what one of the files cannot show is left out."""
    old = {one.user_id or one.email: one for one in before}
    new = {one.user_id or one.email: one for one in after}
    found = []
    for key in dict.fromkeys((*old, *new)):
        diff = _diff(catalogue, old.get(key), new.get(key))
        if diff is not None:
            found.append(diff)
    return tuple(found)


def _diff(
    catalogue: Catalogue, old: PermissionRecord | None, new: PermissionRecord | None
) -> RecordDiff | None:
    known = new or old
    assert known is not None
    gained: dict[str, tuple[str, str]] = {}
    lost: dict[str, tuple[str, str]] = {}
    for permission_id in _named(old) | _named(new):
        one = catalogue.permissions.get(permission_id)
        if one is None or not (_tells(old, permission_id) and _tells(new, permission_id)):
            continue
        was, now = _level(old, permission_id), _level(new, permission_id)
        if not at_least(one.levels, was, now):
            gained[permission_id] = (was, now)
        if not at_least(one.levels, now, was):
            lost[permission_id] = (was, now)
    sets = _sets(old, new)
    state = "new" if old is None else "gone" if new is None else "changed"
    if state == "changed" and not (gained or lost or sets):
        return None
    return RecordDiff(known.user_id, known.email, gained, lost, state, sets)


def _named(record: PermissionRecord | None) -> set[str]:
    return set() if record is None else set(record.grants)


def _tells(record: PermissionRecord | None, permission_id: str) -> bool:
    return record is None or permission_id in record.grants or speaks(record, permission_id)


def _level(record: PermissionRecord | None, permission_id: str) -> str:
    return NONE if record is None else record.grants.get(permission_id, NONE)


def _sets(
    old: PermissionRecord | None, new: PermissionRecord | None
) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    if old is None or new is None or old.sets is None or new.sets is None:
        return None
    before, after = tuple(sorted(old.sets)), tuple(sorted(new.sets))
    return None if before == after else (before, after)
