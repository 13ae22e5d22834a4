"""The parts of a portal a sync reads, each as pages with a cursor. Knows no store and no order."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import msgspec

from rolecall.hubspot import Reader
from rolecall.hubspot.wire import (
    CrmRecord,
    Owner,
    PermissionSet,
    Property,
    Seat,
    TeamFlat,
    TeamNode,
    User,
    Wire,
)
from rolecall.kit.paging import Page
from rolecall.reading.display import IDENTITY, PROFILE

Row = TypeVar("Row", bound=Wire)

USERS = "users"
PERMISSION_SETS = "permission sets"
TEAMS = "teams"
TEAM_TREE = "team tree"
SEATS = "seats"
OWNERS = "owners"
ARCHIVED_OWNERS = "archived owners"
CRM_USERS = "CRM users"
PROPERTIES = "user properties"


@dataclass(frozen=True, slots=True)
class Resource(Generic[Row]):
    """One list of HubSpot: how its pages are asked for, and how their rows are read.

    `raw` True: pages hold rows as HubSpot wrote them, since most syncs only need to know that
    nothing changed; long lists are so.
    """

    name: str
    row: type[Row]
    pages: Callable[[Reader, str | None], AsyncIterator[Page[Any]]]
    raw: bool = False
    decoder: msgspec.json.Decoder[tuple[Row, ...]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "decoder", msgspec.json.Decoder(tuple[self.row, ...]))  # type: ignore[name-defined]


@dataclass(slots=True)
class Material:
    """Everything one run read, still in HubSpot's words."""

    users: list[User] = field(default_factory=list)
    permission_sets: list[PermissionSet] = field(default_factory=list)
    teams: list[TeamFlat] = field(default_factory=list)
    team_tree: list[TeamNode] = field(default_factory=list)
    seats: list[Seat] = field(default_factory=list)
    owners: list[Owner] = field(default_factory=list)
    archived_owners: list[Owner] = field(default_factory=list)
    crm_users: list[CrmRecord] = field(default_factory=list)
    properties: list[Property] = field(default_factory=list)

    def let_go(self) -> None:
        """Free the rows of the long lists."""
        self.users.clear()
        self.crm_users.clear()
        self.owners.clear()

    def rows_of(self, name: str) -> list[Any]:
        """The rows of one resource, to be filled."""
        rows: list[Any] = getattr(self, _FIELDS[name])
        return rows


_FIELDS = {
    USERS: "users",
    PERMISSION_SETS: "permission_sets",
    TEAMS: "teams",
    TEAM_TREE: "team_tree",
    SEATS: "seats",
    OWNERS: "owners",
    ARCHIVED_OWNERS: "archived_owners",
    CRM_USERS: "crm_users",
    PROPERTIES: "properties",
}


def users() -> Resource[User]:
    """Settings users, 100 a page."""
    return Resource(USERS, User, lambda reader, after: reader.users_raw(after=after), raw=True)


def permission_sets() -> Resource[PermissionSet]:
    """Permission sets, one answer."""
    return Resource(PERMISSION_SETS, PermissionSet, lambda reader, _: _once(reader.permission_sets))


def teams() -> Resource[TeamFlat]:
    """Teams with members and without parents, one answer."""
    return Resource(TEAMS, TeamFlat, lambda reader, _: _once(reader.teams_flat))


def team_tree() -> Resource[TeamNode]:
    """Teams with parents and without members, 100 a page."""
    return Resource(TEAM_TREE, TeamNode, lambda reader, after: reader.teams_tree(after=after))


def seats() -> Resource[Seat]:
    """Kinds of seats, one answer."""
    return Resource(SEATS, Seat, lambda reader, _: _once(reader.seats))


def owners(*, archived: bool) -> Resource[Owner]:
    """Record owners in use, or archived ones; 500 a page."""
    if not archived:
        return Resource(OWNERS, Owner, lambda reader, at: reader.owners_raw(after=at), raw=True)
    return Resource(
        ARCHIVED_OWNERS, Owner, lambda reader, after: reader.owners(archived=True, after=after)
    )


def crm_users(asked: tuple[str, ...]) -> Resource[CrmRecord]:
    """CRM records of users with these properties, 100 a page."""
    return Resource(
        CRM_USERS,
        CrmRecord,
        lambda reader, after: reader.crm_users_raw(asked, after=after),
        raw=True,
    )


def properties() -> Resource[Property]:
    """Definitions of the CRM user properties, one answer."""
    return Resource(PROPERTIES, Property, lambda reader, _: _once(_definitions(reader)))


def _definitions(reader: Reader) -> Callable[[], Any]:
    return lambda: reader.crm_properties("users")


# What to ask of CRM users where the definitions cannot be read: what joins them, and the profile.
USUAL_PROPERTIES = (*IDENTITY, *PROFILE)
# Asked for in the query string of every page; servers cut requests at about 8 KB.
LONGEST_QUERY = 6_000


def fitting(names: Sequence[str]) -> tuple[str, ...]:
    """As many of these names as a query string holds, the first ones first."""
    kept: list[str] = []
    left = LONGEST_QUERY
    for name in names:
        left -= len(name) + 3  # the comma, quoted
        if left < 0:
            break
        kept.append(name)
    return tuple(kept)


async def _once(ask: Callable[[], Any]) -> AsyncIterator[Page[Any]]:
    """A list that is not paged, as the one page it is."""
    yield Page(await ask())
