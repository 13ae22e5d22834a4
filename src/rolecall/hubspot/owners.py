"""Record owners: who CRM records belong to, archived ones included. Read-only at HubSpot."""

from __future__ import annotations

from collections.abc import AsyncIterator

import msgspec

from rolecall.hubspot.connection import Connected
from rolecall.hubspot.errors import NotFound
from rolecall.hubspot.operation import Operation
from rolecall.hubspot.paging import pages
from rolecall.hubspot.versions import OWNERS
from rolecall.hubspot.wire import Listed, Owner, Written
from rolecall.kit.paging import Page

PAGE = 500  # documented maximum

LIST = Operation("GET", OWNERS, "", Listed[Owner], collection=True)
LIST_RAW = Operation("GET", OWNERS, "", Written, collection=True)
READ = Operation("GET", OWNERS, "/{ownerId}", Owner)


class OwnerReads(Connected):
    """Reads of the owners API."""

    __slots__ = ()

    def owners(
        self,
        *,
        archived: bool = False,
        email: str | None = None,
        limit: int = PAGE,
        after: str | None = None,
        prefetch: int = 2,
    ) -> AsyncIterator[Page[Owner]]:
        """Owners in use, or with `archived` those of deactivated and removed users."""
        query = {"archived": "true" if archived else "false"}
        if email is not None:
            query["email"] = email
        return pages(
            self.connection, LIST, query=query, limit=limit, after=after, prefetch=prefetch
        )

    def owners_raw(self, *, after: str | None = None) -> AsyncIterator[Page[msgspec.Raw]]:
        """Owners in use; each page as one JSON array that HubSpot wrote: valid, no more looked at."""
        query = {"archived": "false"}
        return pages(self.connection, LIST_RAW, query=query, limit=PAGE, after=after)

    async def owner(
        self, owner_id: str, *, by_user_id: bool = False, archived: bool = False
    ) -> Owner | None:
        """One owner by its id or by settings user id; None only on HubSpot's own 404."""
        query = {
            "idProperty": "userId" if by_user_id else "id",
            "archived": "true" if archived else "false",
        }
        try:
            return await self.connection.call(READ, owner_id, query=query)
        except NotFound:
            return None
