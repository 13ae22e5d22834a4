"""Counts the records that archived owners left behind, in few searches and within a budget.

One search asks for up to 100 owners at once and counts by the rows it shows; only where they are
more than a page is the group halved. What the budget does not reach keeps its former count.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from rolecall.hubspot import Reader
from rolecall.hubspot.bodies import Filter, FilterGroup, Search
from rolecall.hubspot.crm import SEARCH_PAGE
from rolecall.hubspot.errors import HubSpotError
from rolecall.hubspot.wire import CrmRecord
from rolecall.kit.paging import Page
from rolecall.sync.troubles import NOT_HERE

OBJECTS = ("contacts", "companies", "deals", "tickets")
OWNER = "hubspot_owner_id"
GROUP = 100  # values of one IN filter
PROPERTIES = 5  # filter groups of one search
BODY_CHARACTERS = 2_600  # of owner ids; a search body may have 3,000 in all


@dataclass(frozen=True, slots=True)
class Left:
    """Records one archived owner owns, and records that name him in another property only."""

    owned: int = 0
    named: int = 0

    def __bool__(self) -> bool:
        return self.owned + self.named > 0


@dataclass(slots=True)
class Leftovers:
    """What was counted, by owner id, and what could not be looked at."""

    budget: int
    owned: Counter[str] = field(default_factory=Counter)
    named: Counter[str] = field(default_factory=Counter)
    counted: set[str] = field(default_factory=set)
    unread: list[str] = field(default_factory=list)  # object types
    requests: int = 0

    def left_by(self, owner_id: str, former: Left | None) -> Left | None:
        """The new count, or the former one where nobody counted."""
        if owner_id not in self.counted:
            return former
        return Left(self.owned[owner_id], self.named[owner_id])


async def count_leftovers(
    reader: Reader,
    former: Mapping[str, Left | None],
    owner_properties: Mapping[str, Sequence[str]],
    *,
    budget: int,
) -> Leftovers:
    """Count for archived owners by id; `former` holds all of them with what is known.

    `owner_properties` names further user-type properties by object type.
    """
    found = Leftovers(budget)
    objects = list(OBJECTS)
    for group in _groups(_by_need(former), max(map(len, owner_properties.values()), default=0)):
        if found.requests + len(objects) > budget:
            break
        objects = await _count_group(reader, group, objects, owner_properties, found)
        if not objects:
            break
    return found


async def _count_group(
    reader: Reader,
    group: tuple[str, ...],
    objects: list[str],
    owner_properties: Mapping[str, Sequence[str]],
    found: Leftovers,
) -> list[str]:
    """Count one group over every object type; the types that can be read."""
    readable = []
    whole = True
    for name in objects:
        properties = (OWNER, *owner_properties.get(name, ()))[:PROPERTIES]
        try:
            whole &= await _count(reader, name, group, properties, found)
        except HubSpotError as error:
            if not isinstance(error, NOT_HERE):
                raise
            found.unread.append(name)
            continue
        readable.append(name)
    if whole and readable:
        found.counted.update(group)
    return readable


async def _count(
    reader: Reader,
    name: str,
    group: tuple[str, ...],
    properties: tuple[str, ...],
    found: Leftovers,
) -> bool:
    """Count one group of owners over one type, halving it where a page is too small."""
    page = await _search(reader, name, group, properties, found)
    if page is None:
        return False
    if _total(page) <= len(page.items):
        _tally(page.items, properties, set(group), found)
        return True
    if len(group) == 1:
        return await _count_one(reader, name, group[0], properties, page, found)
    half = len(group) // 2
    first = await _count(reader, name, group[:half], properties, found)
    return await _count(reader, name, group[half:], properties, found) and first


async def _count_one(
    reader: Reader,
    name: str,
    owner: str,
    properties: tuple[str, ...],
    page: Page[CrmRecord],
    found: Leftovers,
) -> bool:
    """One owner with more than a page: the totals of two searches tell owned and named."""
    owned = page
    if len(properties) > 1:
        asked = await _search(reader, name, (owner,), (OWNER,), found)
        if asked is None:
            return False
        owned = asked
    found.owned[owner] += _total(owned)
    found.named[owner] += _total(page) - _total(owned)
    return True


async def _search(
    reader: Reader,
    name: str,
    group: tuple[str, ...],
    properties: tuple[str, ...],
    found: Leftovers,
) -> Page[CrmRecord] | None:
    """One search for records that name any of a group; None when the budget is spent."""
    if found.requests >= found.budget:
        return None
    found.requests += 1
    groups = tuple(FilterGroup((Filter(one, "IN", values=group),)) for one in properties)
    wanted = Search(filter_groups=groups, properties=properties, limit=SEARCH_PAGE)
    return await reader.crm_search(name, wanted)


def _total(page: Page[CrmRecord]) -> int:
    return len(page.items) if page.total is None else page.total


def _tally(
    records: Iterable[CrmRecord], properties: Sequence[str], owners: set[str], found: Leftovers
) -> None:
    """Each record counts once per owner: as owned, or else as naming him."""
    for record in records:
        owner = record.properties.get(OWNER) or ""
        others = {record.properties.get(name) or "" for name in properties[1:]}
        found.owned.update(owners & {owner})
        found.named.update(owners & others - {owner})


def _by_need(former: Mapping[str, Left | None]) -> list[str]:
    """Never counted first, then those with records, which may have been handed over."""
    return sorted(former, key=lambda one: (former[one] is not None, not former[one], one))


def _groups(ids: Sequence[str], more_properties: int) -> Iterable[tuple[str, ...]]:
    """Groups whose search bodies stay short enough."""
    share = BODY_CHARACTERS // min(PROPERTIES, 1 + more_properties)
    longest = max(map(len, ids), default=1) + 3
    size = max(1, min(GROUP, share // longest))
    return (tuple(ids[at : at + size]) for at in range(0, len(ids), size))
