"""Runs a CRM search: candidates from an index where there is one, then filters, sorts, a page."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from hubspot_emulator.crm.ids import as_id
from hubspot_emulator.crm.records import ObjectStore, Record
from hubspot_emulator.crm.search.matching import comparable, matcher, tokens
from hubspot_emulator.crm.search.query import Filter, Query

Keep = Callable[[Record], bool]
Believed = dict[int, Record | None]

_ID = "hs_object_id"
_ID_RANGES = frozenset({"LT", "LTE", "GT", "GTE", "BETWEEN"})


@dataclass(frozen=True, slots=True)
class Found:
    """One page of a search: records, how many match in all, the next offset."""

    records: list[Record]
    total: int
    after: int | None


def run(store: ObjectStore, query: Query, believed: Believed, *, unset_matches: bool) -> Found:
    """The page of matches; `believed` holds records search still shows as they were."""
    matches = [_matches(store, group, unset_matches=unset_matches) for group in query.groups]
    ids = _search(store, query, matches, believed)
    records = _in_order(store, query, ids, believed)
    chosen = records[query.after : query.after + query.limit]
    end = query.after + query.limit
    following = end if end < len(ids) and query.limit else None
    return Found([_seen(store, believed, i) for i in chosen], len(ids), following)


def _search(
    store: ObjectStore, query: Query, matches: list[Keep | None], believed: Believed
) -> list[int]:
    """Ids of all matching records, ascending."""
    if not query.groups:
        found = _kept(store, store.active.in_order(), _words(store, query.words))
    else:
        found = _any_group(store, query, matches)
    if not believed:
        return found
    keeps = [_whole(store, group, keep) for group, keep in zip(query.groups, matches, strict=True)]
    words = _words(store, query.words)
    fresh = [i for i in found if i not in believed]
    old = [i for i, r in believed.items() if r is not None and _passes(r, keeps, words)]
    return sorted((*fresh, *old))


def _any_group(store: ObjectStore, query: Query, matches: list[Keep | None]) -> list[int]:
    words = _words(store, query.words)
    parts: list[list[int]] = []
    for group, keep in zip(query.groups, matches, strict=True):
        candidates = _candidates(store, group)
        parts.append(_kept(store, _kept(store, candidates, keep), words))
    if len(parts) == 1:
        return parts[0]
    return sorted({record_id for part in parts for record_id in part})


def _kept(store: ObjectStore, ids: list[int], keep: Keep | None) -> list[int]:
    if keep is None:
        return ids
    records = store.records
    return [record_id for record_id in ids if keep(records[record_id])]


def _candidates(store: ObjectStore, group: Iterable[Filter]) -> list[int]:
    """Ids that can match the group: by index and id range where it has such filters."""
    ids: list[int] | None = None
    for one in group:
        if ids is None and _indexed(store, one):
            ids = _from_index(store, one)
    ids = store.active.in_order() if ids is None else ids
    for one in group:
        if _by_id_range(one):
            ids = _within(ids, one)
    return ids


def _indexed(store: ObjectStore, one: Filter) -> bool:
    if one.operator == "EQ" and store.is_unique(one.name):
        return True
    return one.operator in ("EQ", "IN") and one.name in store.indexes


def _from_index(store: ObjectStore, one: Filter) -> list[int]:
    if store.is_unique(one.name):
        record = store.find_unique(one.name, one.value)
        return [] if record is None else [record.id]
    if one.operator == "EQ":
        return store.owned(one.name, one.value).in_order()
    sets = (store.owned(one.name, value) for value in dict.fromkeys(one.values))
    return sorted(record_id for ids in sets for record_id in ids)


def _by_id_range(one: Filter) -> bool:
    return one.name == _ID and one.operator in _ID_RANGES and _is_id(one.value) and _is_id(one.high)


def _is_id(text: str) -> bool:
    return text == "" or as_id(text) is not None


def _within(ids: list[int], one: Filter) -> list[int]:
    low = int(one.value)
    match one.operator:
        case "GT":
            return ids[bisect_right(ids, low) :]
        case "GTE":
            return ids[bisect_left(ids, low) :]
        case "LT":
            return ids[: bisect_left(ids, low)]
        case "LTE":
            return ids[: bisect_right(ids, low)]
        case _:
            return ids[bisect_left(ids, low) : bisect_right(ids, int(one.high))]


def _matches(store: ObjectStore, group: tuple[Filter, ...], *, unset_matches: bool) -> Keep | None:
    """What the index cannot answer of a group; None when it answers all."""
    rest = _unanswered(store, group)
    tests = [
        (one.name, matcher(store.definitions[one.name], one, unset_matches=unset_matches))
        for one in rest
    ]
    if not tests:
        return None
    value = store.value
    return lambda record: all(test(value(record, name)) for name, test in tests)


def _unanswered(store: ObjectStore, group: tuple[Filter, ...]) -> list[Filter]:
    first = next((one for one in group if _indexed(store, one)), None)
    return [one for one in group if one is not first and not _by_id_range(one)]


def _whole(store: ObjectStore, group: tuple[Filter, ...], keep: Keep | None) -> Keep:
    """The whole group as a test, for records no index knows in the state search believes."""
    tests = [
        (one.name, matcher(store.definitions[one.name], one, unset_matches=True))
        for one in group
        if one not in _unanswered(store, group)
    ]

    def passes(record: Record) -> bool:
        if keep is not None and not keep(record):
            return False
        return all(test(store.value(record, name)) for name, test in tests)

    return passes


def _passes(record: Record, keeps: list[Keep], words: Keep | None) -> bool:
    if words is not None and not words(record):
        return False
    return not keeps or any(keep(record) for keep in keeps)


def _words(store: ObjectStore, words: tuple[str, ...]) -> Keep | None:
    """Free text: every word begins some word of the searched properties."""
    if not words:
        return None

    def keep(record: Record) -> bool:
        values = (store.value(record, name) for name in store.kind.searched)
        seen = [token for value in values if value for token in (value.casefold(), *tokens(value))]
        return all(any(token.startswith(word) for token in seen) for word in words)

    return keep


def _in_order(store: ObjectStore, query: Query, ids: list[int], believed: Believed) -> list[int]:
    """Ids sorted as asked; without a value comes last, ties by id."""
    if query.sort is None:
        return ids
    if query.sort == _ID:
        return ids[::-1] if query.descending else ids
    name, definition = query.sort, store.definitions[query.sort]
    values = {i: store.value(_seen(store, believed, i), name) for i in ids}
    known = [i for i in ids if values[i] is not None]
    known.sort(key=lambda i: comparable(definition, values[i] or ""), reverse=query.descending)
    return known + [i for i in ids if values[i] is None]


def _seen(store: ObjectStore, believed: Believed, record_id: int) -> Record:
    return believed.get(record_id) or store.records[record_id]
