"""Settings users, permission sets, flat teams and seats: the user provisioning API.

Users are addressed by settings id or e-mail; a 404 in HubSpot's own words is absence, an HTML
page never is.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import msgspec

from rolecall.hubspot.bodies import NewUser, UserUpdate
from rolecall.hubspot.connection import Connected
from rolecall.hubspot.errors import NotFound
from rolecall.hubspot.operation import Operation
from rolecall.hubspot.paging import pages
from rolecall.hubspot.versions import SEATS, USERS
from rolecall.hubspot.wire import Listed, PermissionSet, Seat, TeamFlat, User, Written
from rolecall.kit.paging import Page

PAGE = 100  # HubSpot's practical maximum; what it does above is not known

LIST = Operation("GET", USERS, "", Listed[User], collection=True)
LIST_RAW = Operation("GET", USERS, "", Written, collection=True)
READ = Operation("GET", USERS, "/{userId}", User)
CREATE = Operation("POST", USERS, "", User, collection=True)
PUT = Operation("PUT", USERS, "/{userId}", User)
DELETE = Operation("DELETE", USERS, "/{userId}", type(None))
ROLES = Operation("GET", USERS, "/roles", Listed[PermissionSet], collection=True)
FLAT_TEAMS = Operation("GET", USERS, "/teams", Listed[TeamFlat], collection=True)
LIST_SEATS = Operation("GET", SEATS, "", Listed[Seat], collection=True)

BY_EMAIL = {"idProperty": "EMAIL"}


class UserReads(Connected):
    """Reads of the user provisioning API."""

    __slots__ = ()

    def users(
        self, *, limit: int = PAGE, after: str | None = None, prefetch: int = 2
    ) -> AsyncIterator[Page[User]]:
        """Every settings user, page by page from `after` on; up to `prefetch` pages ahead."""
        return pages(self.connection, LIST, limit=limit, after=after, prefetch=prefetch)

    def users_raw(self, *, after: str | None = None) -> AsyncIterator[Page[msgspec.Raw]]:
        """The same pages, each as one JSON array that HubSpot wrote: valid, nothing else looked at."""
        return pages(self.connection, LIST_RAW, limit=PAGE, after=after)

    async def user(self, user_id: str) -> User | None:
        """The user with this settings id (digits); None only on HubSpot's own 404."""
        return await self._user_or_none(user_id, None)

    async def user_by_email(self, email: str) -> User | None:
        """The user with this e-mail; None only on HubSpot's own 404."""
        return await self._user_or_none(email, BY_EMAIL)

    async def permission_sets(self) -> tuple[PermissionSet, ...]:
        """All permission sets; FeatureMissing below Enterprise."""
        return (await self.connection.call(ROLES)).results

    async def teams_flat(self) -> tuple[TeamFlat, ...]:
        """All teams with main and extra members, but no parents."""
        return (await self.connection.call(FLAT_TEAMS)).results

    async def seats(self) -> tuple[Seat, ...]:
        """Kinds of seats and how many remain; VersionMissing where only older versions answer."""
        return (await self.connection.call(LIST_SEATS)).results

    async def _user_or_none(self, key: str, query: dict[str, str] | None) -> User | None:
        try:
            return await self.connection.call(READ, key, query=query)
        except NotFound:
            return None


class UserWrites(Connected):
    """Writes of the user provisioning API; each is sent once, never repeated blindly."""

    __slots__ = ()

    async def create_user(self, body: NewUser) -> User:
        """Add a user to the portal (201); Conflict when the e-mail is a user already."""
        return await self.connection.call(CREATE, body=body, needs=_needs(body))

    async def put_user(self, user_id: str, body: UserUpdate) -> User:
        """Replace a user's access; send all four access fields, see UserUpdate."""
        return await self.connection.call(PUT, user_id, body=body, needs=_needs(body))

    async def delete_user(self, user_id: str) -> None:
        """Remove a user from the portal (204, also when gone already); cannot be undone."""
        await self.connection.call(DELETE, user_id)


_SEATS = frozenset({"seatNames"})
_NOTHING: frozenset[str] = frozenset()


def _needs(body: NewUser | UserUpdate) -> frozenset[str]:
    return _SEATS if isinstance(body.seat_names, tuple) else _NOTHING
