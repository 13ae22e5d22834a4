"""Counts what one person holds before they leave: records by owner and by every user property.

Asks HubSpot now, one search per property; nothing is kept and nothing changed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

from rolecall.hubspot import Reader
from rolecall.hubspot.bodies import Filter
from rolecall.hubspot.errors import HubSpotError
from rolecall.hubspot.wire import Property
from rolecall.sync.holdings import Held, Holdings
from rolecall.sync.leftovers import OBJECTS, OWNER
from rolecall.sync.troubles import NOT_HERE

# What makes a record of a type still open; None where HubSpot has no such idea.
_OPEN = {
    "deals": Filter("hs_is_closed", "EQ", value="false"),
    "tickets": Filter("closed_date", "NOT_HAS_PROPERTY"),
}


async def count_holdings(reader: Reader, owner_id: str) -> Holdings:
    """Count contacts, companies, deals and tickets of one owner, custom user properties included."""
    found = await asyncio.gather(*[_of_type(reader, name, owner_id) for name in OBJECTS])
    held = tuple(one for parts in found if parts is not None for one in parts)
    unread = tuple(name for name, parts in zip(OBJECTS, found, strict=True) if parts is None)
    return Holdings(owner_id, held, unread)


async def _of_type(reader: Reader, name: str, owner_id: str) -> tuple[Held, ...] | None:
    """What the owner holds of one type; None where the connection may not look."""
    try:
        defined = await reader.crm_properties(name)
        return tuple(
            [
                held
                for one in user_properties(defined)
                if (held := await _held(reader, name, one, owner_id, defined)).records
            ]
        )
    except HubSpotError as error:
        if not isinstance(error, NOT_HERE):
            raise
        return None


def user_properties(defined: Iterable[Property]) -> tuple[Property, ...]:
    """The properties that name a HubSpot user: the owner first, then the custom ones by name."""
    named = [
        one
        for one in defined
        if not one.archived and (one.name == OWNER or one.referenced_object_type == "OWNER")
    ]
    return tuple(sorted(named, key=lambda one: (one.name != OWNER, one.name)))


async def _held(
    reader: Reader, name: str, one: Property, owner_id: str, defined: Sequence[Property]
) -> Held:
    mine = Filter(one.name, "EQ", value=owner_id)
    records = await reader.crm_count(name, (mine,))
    still = _OPEN.get(name)
    still_open = None
    if records and still is not None and any(p.name == still.property_name for p in defined):
        still_open = await reader.crm_count(name, (mine, still))
    return Held(name, one.name, one.label or one.name, records, still_open)
