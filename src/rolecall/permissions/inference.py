"""What is in a permission set, inferred from the exports of users who hold that set alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from rolecall.domain.portal import Tier
from rolecall.domain.snapshot import PermissionSet
from rolecall.permissions.catalogue import Catalogue, Permission
from rolecall.permissions.evidence import Book, Ground, PermissionRecord, SetDefinition, Shows
from rolecall.permissions.levels import NONE, NOTHING, Range, both, under


def inferred_definitions(
    catalogue: Catalogue, book: Book, sets: Iterable[PermissionSet], tier: Tier
) -> dict[str, SetDefinition]:
    """Definitions by set id of every set some exported user holds alone and by a unique name."""
    by_name: defaultdict[str, list[str]] = defaultdict(list)
    for one in sets:
        by_name[one.name].append(one.id)
    members: defaultdict[str, list[PermissionRecord]] = defaultdict(list)
    for record in book.records.values():
        if _tells(record):
            assert record.sets is not None
            members[record.sets[0]].append(record)
    return {
        ids[0]: _infer(catalogue, ids[0], name, members[name], book.shows, tier)
        for name, ids in by_name.items()
        if len(ids) == 1 and members.get(name)
    }


def _tells(record: PermissionRecord) -> bool:
    if record.super_admin or record.deactivated or record.sets is None or not record.complete:
        return False
    if not record.sets or len(record.sets) != 1:
        return False
    return record.super_admin is False or "account.super_admin" not in record.grants


def _infer(
    catalogue: Catalogue,
    set_id: str,
    name: str,
    members: list[PermissionRecord],
    shows: Shows,
    tier: Tier,
) -> SetDefinition:
    newest = max(record.as_of for record in members)
    distinct = _distinct([record for record in members if record.as_of == newest])
    grants: dict[str, Range] = {}
    clashes: list[str] = []
    for one in catalogue.permissions.values():
        found = [_says(catalogue, one, record, shows, tier) for record in distinct]
        grants[one.id] = _agreed(one, found)
        if grants[one.id].low and _clash(found):
            clashes.append(one.shown)
    conflict = f"members differ in {', '.join(sorted(clashes)[:5])}" if clashes else ""
    return SetDefinition(
        set_id,
        name,
        {one: level for one, level in grants.items() if level != NOTHING},
        NOTHING,
        Ground.INFERRED,
        newest,
        by="1 member" if len(members) == 1 else f"{len(members)} members",
        conflict=conflict,
    )


def _distinct(members: list[PermissionRecord]) -> list[PermissionRecord]:
    """One record per different content, so a thousand equal members cost one."""
    seen: dict[tuple[object, ...], PermissionRecord] = {}
    for record in members:
        key = (id(record.grants), record.seats, record.complete, id(record.speaks_of))
        seen.setdefault(key, record)
    return list(seen.values())


def _says(
    catalogue: Catalogue, one: Permission, record: PermissionRecord, shows: Shows, tier: Tier
) -> Range:
    """What one member's line says of the set's own content, seat taken out."""
    shown = record.grants.get(one.id, NONE)
    if shown == NONE and not speaks(record, one.id):
        return Range(NONE, one.highest)
    if shows is Shows.STORED or _unlimited(catalogue, one, record.seats, tier):
        return Range(shown, shown)
    return Range(shown, one.highest)


def _unlimited(
    catalogue: Catalogue, one: Permission, seats: tuple[str, ...] | None, tier: Tier
) -> bool:
    if seats is None:
        return False
    if not seats:
        return tier is Tier.FREE
    return any(_opens(catalogue, one, seat) for seat in seats)


def _opens(catalogue: Catalogue, one: Permission, seat: str) -> bool:
    ceiling = catalogue.ceiling(seat)
    return ceiling is not None and ceiling.get(one.id) == one.highest


def speaks(record: PermissionRecord, permission_id: str) -> bool:
    """The line would show this permission if it were held."""
    if not record.complete:
        return False
    return record.speaks_of is None or permission_id in record.speaks_of


def _agreed(one: Permission, found: list[Range]) -> Range:
    """Members of one set hold the same; what they say is intersected, or spanned on a clash."""
    if _clash(found):
        low, high = found[0].low, found[0].high
        for other in found[1:]:
            low, high = under(one.levels, low, other.low), both(one.levels, high, other.high)
        return Range(low, high)
    low, high = found[0]
    for other in found[1:]:
        low, high = both(one.levels, low, other.low), under(one.levels, high, other.high)
    return Range(low, high)


def _clash(found: list[Range]) -> bool:
    """Two lines that are both sure, and differ."""
    return len({one.low for one in found if one.known}) > 1
