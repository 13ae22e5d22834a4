"""What we send to HubSpot, as msgspec structs; fields left UNSET are not sent at all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType


class Body(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """Base of all request bodies: camelCase on the wire."""


class NewUser(Body, frozen=True):
    """UserProvisionRequest; without `role_id` HubSpot gives minimal access only."""

    email: str
    send_welcome_email: bool
    first_name: str | UnsetType = UNSET
    last_name: str | UnsetType = UNSET
    role_id: str | UnsetType = UNSET
    primary_team_id: str | UnsetType = UNSET
    secondary_team_ids: tuple[str, ...] | UnsetType = UNSET
    seat_names: tuple[str, ...] | UnsetType = UNSET


class UserUpdate(Body, frozen=True):
    """PublicUserUpdate. HubSpot does not say what an omitted access field means: send all four.

    None is sent as null, an empty tuple as []; names only when they change.
    """

    role_id: str | UnsetType | None = UNSET
    primary_team_id: str | UnsetType | None = UNSET
    secondary_team_ids: tuple[str, ...] | UnsetType = UNSET
    seat_names: tuple[str, ...] | UnsetType = UNSET
    first_name: str | UnsetType = UNSET
    last_name: str | UnsetType = UNSET


MemberType = Literal["DEFAULT", "EXTRA"]


class Member(Body, frozen=True):
    """One membership: DEFAULT is the main team, EXTRA an extra team."""

    user_id: str
    type: MemberType


class NewTeam(Body, frozen=True):
    """TeamCreateRequest; `members` is required by HubSpot, empty is fine."""

    name: str
    members: tuple[Member, ...] = ()
    parent_team_id: str | UnsetType = UNSET


class TeamUpdate(Body, frozen=True):
    """TeamUpdateRequest; only what is set is sent."""

    name: str | UnsetType = UNSET
    parent_team_id: str | UnsetType | None = UNSET


class Filter(Body, frozen=True):
    """One condition of a search."""

    property_name: str
    operator: str  # EQ NEQ LT LTE GT GTE BETWEEN IN NOT_IN HAS_PROPERTY NOT_HAS_PROPERTY ...
    value: str | UnsetType = UNSET
    values: tuple[str, ...] | UnsetType = UNSET
    high_value: str | UnsetType = UNSET


class FilterGroup(Body, frozen=True):
    """Conditions that must all hold; groups are alternatives."""

    filters: tuple[Filter, ...]


class Sort(Body, frozen=True):
    """Order of search results."""

    property_name: str
    direction: Literal["ASCENDING", "DESCENDING"] = "ASCENDING"


class Search(Body, frozen=True, kw_only=True):
    """A CRM search: at most 5 groups x 6 filters (18 in all), 200 a page, 10,000 results."""

    filter_groups: tuple[FilterGroup, ...] = ()
    sorts: tuple[Sort, ...] = ()
    properties: tuple[str, ...] = ()
    limit: int = 200
    after: str | UnsetType = UNSET
    query: str | UnsetType = UNSET


class RecordKey(Body, frozen=True):
    """One record of a batch read."""

    id: str


class BatchRead(Body, frozen=True):
    """A batch read of at most 100 records; `id_property` when ids are another unique value."""

    inputs: tuple[RecordKey, ...]
    properties: tuple[str, ...] = ()
    id_property: str | UnsetType = UNSET


class RecordUpdate(Body, frozen=True):
    """New property values of one record."""

    id: str
    properties: Mapping[str, str]


class Properties(Body, frozen=True):
    """New property values of the record named by the path."""

    properties: Mapping[str, str]


class Inputs(Body, frozen=True):
    """The envelope of a batch write."""

    inputs: tuple[RecordUpdate | Member, ...]


class TokenKey(Body, frozen=True):
    """Asks what a private-app token or service key may do."""

    token_key: str

    def __repr__(self) -> str:
        return "TokenKey(***)"
