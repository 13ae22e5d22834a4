"""The parts of a portal a sync reads, each as pages with a cursor. Knows no store and no order."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import msgspec

from rolecall.hubspot import Reader
from rolecall.hubspot.wire import (
    Owner,
    OwnerCore,
    PermissionSet,
    Property,
    Seat,
    TeamFlat,
    TeamNode,
    User,
    Wire,
)
from rolecall.kit.paging import Page
from rolecall.reading import RecordReader, UserRecord
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
    nothing changed; long lists are so. `kept` makes what stays of a row, of type `keeps`; without
    it the row stays as it is.
    """

    name: str
    row: type[Row]
    pages: Callable[[Reader, str | None], AsyncIterator[Page[Any]]]
    raw: bool = False
    kept: Callable[[Row], Any] | None = None
    keeps: type[Any] | None = None
    decoder: msgspec.json.Decoder[list[Row]] = field(init=False, repr=False)
    kept_decoder: msgspec.json.Decoder[list[Any]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "decoder", msgspec.json.Decoder(list[self.row]))  # type: ignore[name-defined]
        keeps = self.row if self.keeps is None else self.keeps
        object.__setattr__(self, "kept_decoder", msgspec.json.Decoder(list[keeps]))  # type: ignore[valid-type]

    def read(self, words: bytes | msgspec.Raw) -> list[Any]:
        """What is kept of a page's rows; raises msgspec.DecodeError where they make no sense."""
        rows = self.decoder.decode(words)
        return rows if self.kept is None else list(map(self.kept, rows))


@dataclass(slots=True)
class Material:
    """Everything one run read, nearly all of it still in HubSpot's words."""

    users: list[User] = field(default_factory=list)
    permission_sets: list[PermissionSet] = field(default_factory=list)
    teams: list[TeamFlat] = field(default_factory=list)
    team_tree: list[TeamNode] = field(default_factory=list)
    seats: list[Seat] = field(default_factory=list)
    owners: list[OwnerCore] = field(default_factory=list)
    archived_owners: list[Owner] = field(default_factory=list)
    crm_users: list[UserRecord] = field(default_factory=list)
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


def owners() -> Resource[OwnerCore]:
    """Record owners in use, 500 a page; nobody asks for their teams here."""
    return Resource(OWNERS, OwnerCore, lambda reader, at: reader.owners_raw(after=at), raw=True)


def archived_owners() -> Resource[Owner]:
    """Record owners of deactivated and removed users, 500 a page."""
    return Resource(
        ARCHIVED_OWNERS, Owner, lambda reader, after: reader.owners(archived=True, after=after)
    )


def crm_users(asked: tuple[str, ...], reader: RecordReader) -> Resource[Any]:
    """CRM records of users with these properties, 100 a page."""
    return Resource(
        CRM_USERS,
        reader.row,
        lambda hubspot, after: hubspot.crm_users_raw(asked, after=after),
        raw=True,
        kept=reader.read,
        keeps=UserRecord,
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
