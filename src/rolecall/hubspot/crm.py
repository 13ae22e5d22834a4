"""CRM objects (users, contacts, companies, deals, tickets) and their property definitions."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence

import msgspec

from rolecall.hubspot.bodies import (
    BatchRead,
    Filter,
    FilterGroup,
    Inputs,
    Properties,
    RecordKey,
    RecordUpdate,
    Search,
)
from rolecall.hubspot.connection import Connected
from rolecall.hubspot.errors import NotFound
from rolecall.hubspot.operation import Operation
from rolecall.hubspot.paging import cursor, pages
from rolecall.hubspot.versions import OBJECTS, PROPERTIES
from rolecall.hubspot.wire import BatchResult, CrmRecord, Listed, Property, Written
from rolecall.kit.paging import Page

PAGE = 100  # documented maximum of lists and batches
SEARCH_PAGE = 200
SEARCH_CAP = 10_000  # HubSpot answers 400 beyond

USERS_OBJECT = "users"

LIST = Operation("GET", OBJECTS, "/{objectType}", Listed[CrmRecord], collection=True)
LIST_RAW = Operation("GET", OBJECTS, "/{objectType}", Written, collection=True)
READ = Operation("GET", OBJECTS, "/{objectType}/{objectId}", CrmRecord)
SEARCH = Operation(
    "POST",
    OBJECTS,
    "/{objectType}/search",
    Listed[CrmRecord],
    collection=True,
    search=True,
    reads=True,
)
BATCH_READ = Operation(
    "POST", OBJECTS, "/{objectType}/batch/read", BatchResult[CrmRecord], collection=True, reads=True
)
BATCH_UPDATE = Operation(
    "POST", OBJECTS, "/{objectType}/batch/update", BatchResult[CrmRecord], collection=True
)
PATCH = Operation("PATCH", OBJECTS, "/{objectType}/{objectId}", CrmRecord)
LIST_PROPERTIES = Operation("GET", PROPERTIES, "/{objectType}", Listed[Property], collection=True)


class CrmReads(Connected):
    """Reads of CRM objects; `object_type` is HubSpot's plural name or type id."""

    __slots__ = ()

    def crm_users(
        self,
        properties: Sequence[str] = (),
        *,
        limit: int = PAGE,
        after: str | None = None,
        prefetch: int = 2,
    ) -> AsyncIterator[Page[CrmRecord]]:
        """Every CRM user record with these properties; a superset of the settings users."""
        return self.crm_objects(
            USERS_OBJECT, properties, limit=limit, after=after, prefetch=prefetch
        )

    def crm_users_raw(
        self, properties: Sequence[str] = (), *, after: str | None = None
    ) -> AsyncIterator[Page[msgspec.Raw]]:
        """The same pages, each as one JSON array that HubSpot wrote: valid, nothing else looked at."""
        query = {"properties": ",".join(properties)} if properties else None
        return pages(self.connection, LIST_RAW, USERS_OBJECT, query=query, limit=PAGE, after=after)

    def crm_objects(
        self,
        object_type: str,
        properties: Sequence[str] = (),
        *,
        limit: int = PAGE,
        after: str | None = None,
        prefetch: int = 2,
    ) -> AsyncIterator[Page[CrmRecord]]:
        """Every record of one type with these properties."""
        query = {"properties": ",".join(properties)} if properties else None
        return pages(
            self.connection,
            LIST,
            object_type,
            query=query,
            limit=limit,
            after=after,
            prefetch=prefetch,
        )

    async def crm_record(
        self,
        object_type: str,
        record_id: str,
        properties: Sequence[str] = (),
        *,
        id_property: str | None = None,
    ) -> CrmRecord | None:
        """One record by id, or by another unique property; None only on HubSpot's own 404."""
        query = {"properties": ",".join(properties)} if properties else {}
        if id_property is not None:
            query["idProperty"] = id_property
        try:
            return await self.connection.call(READ, object_type, record_id, query=query)
        except NotFound:
            return None

    async def crm_search(self, object_type: str, search: Search) -> Page[CrmRecord]:
        """One page of a search, with `total`; at most 10,000 results can be paged through."""
        found = await self.connection.call(SEARCH, object_type, body=search)
        return Page(found.results, cursor(found), found.total)

    async def crm_count(self, object_type: str, filters: Iterable[Filter] = ()) -> int:
        """How many records hold all these conditions (one search request)."""
        conditions = tuple(filters)
        groups = (FilterGroup(conditions),) if conditions else ()
        found = await self.crm_search(object_type, Search(filter_groups=groups, limit=1))
        return found.total if found.total is not None else len(found.items)

    async def crm_batch_read(
        self,
        object_type: str,
        ids: Iterable[str],
        properties: Sequence[str] = (),
        *,
        id_property: str | None = None,
    ) -> tuple[CrmRecord, ...]:
        """These records, 100 per request; absent ones are missing from the answer."""
        wanted = list(ids)
        found: list[CrmRecord] = []
        for start in range(0, len(wanted), PAGE):
            keys = tuple(RecordKey(key) for key in wanted[start : start + PAGE])
            body = BatchRead(keys, tuple(properties))
            if id_property is not None:
                body = BatchRead(keys, tuple(properties), id_property)
            found += (await self.connection.call(BATCH_READ, object_type, body=body)).results
        return tuple(found)

    async def crm_properties(self, object_type: str) -> tuple[Property, ...]:
        """All property definitions of one object type."""
        return (await self.connection.call(LIST_PROPERTIES, object_type)).results


class CrmWrites(Connected):
    """Writes of CRM objects; each is sent once, never repeated blindly."""

    __slots__ = ()

    async def patch_crm_user(self, crm_id: str, properties: Mapping[str, str]) -> CrmRecord:
        """Set properties of one CRM user record (its own id, not the settings id)."""
        body = Properties(properties)
        return await self.connection.call(PATCH, USERS_OBJECT, crm_id, body=body)

    async def batch_update(
        self, object_type: str, updates: Iterable[RecordUpdate]
    ) -> BatchResult[CrmRecord]:
        """Set properties of at most 100 records in one request; look at `errors` (207)."""
        return await self.connection.call(BATCH_UPDATE, object_type, body=Inputs(tuple(updates)))
