"""HubSpot's answers as msgspec structs, field by field as sent; no rules, no other vocabulary.

Unknown fields are ignored, enum values stay text, and what recordings omit is optional.
Settings ids are text, owner `user_id` is a number. Sources: the public spec collection of
2026-08 (v3, 2026-03, 2026-09-beta) and answers recorded in 2026-03.
"""

from __future__ import annotations

from typing import Generic, TypeVar

import msgspec

Row = TypeVar("Row")


class Wire(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """Base of all answers: camelCase on the wire, immutable, no cycles, so not garbage-tracked."""


class Next(Wire, frozen=True):
    """Cursor of the next page."""

    after: str | int | None = None


class Paging(Wire, frozen=True):
    """Paging part of an envelope; absent on the last page."""

    next: Next | None = None


class Listed(Wire, Generic[Row], frozen=True):
    """A page envelope; `total` only in searches."""

    results: tuple[Row, ...]
    paging: Paging | None = None
    total: int | None = None

    @property
    def items(self) -> tuple[Row, ...]:
        """What the page holds."""
        return self.results


class Written(Wire, frozen=True):
    """A page envelope whose rows nobody looked at: one JSON array, as HubSpot wrote it."""

    results: msgspec.Raw
    paging: Paging | None = None
    total: int | None = None

    @property
    def items(self) -> tuple[msgspec.Raw]:
        """The array, as the only item."""
        return (self.results,)


class User(Wire, frozen=True):
    """PublicUser; `seat_names` None = this version does not tell seats (or there are none)."""

    id: str
    email: str = ""
    first_name: str | None = None
    last_name: str | None = None
    role_id: str | None = None
    role_ids: tuple[str, ...] | None = None
    primary_team_id: str | None = None
    secondary_team_ids: tuple[str, ...] | None = None
    seat_names: tuple[str, ...] | None = None
    send_welcome_email: bool | None = None
    super_admin: bool | None = None


class PermissionSet(Wire, frozen=True):
    """PublicPermissionSet (`/roles`); its contents are told by no API."""

    id: str
    name: str = ""
    requires_billing_write: bool | None = None


class TeamFlat(Wire, frozen=True):
    """PublicTeam of the users API: main and extra members, no parent."""

    id: str
    name: str = ""
    user_ids: tuple[str, ...] | None = None
    secondary_user_ids: tuple[str, ...] | None = None


class TeamNode(Wire, frozen=True):
    """TeamResponse of the teams API: place in the tree, no members."""

    id: str
    name: str = ""
    parent_team_id: str | None = None


class TeamMember(Wire, frozen=True):
    """A member of one team; `type` is DEFAULT (main) or EXTRA, other words are possible."""

    user_id: str
    type: str = ""


class Seat(Wire, frozen=True):
    """PublicSeat; no id, no total, no price."""

    name: str
    description: str | None = None
    remaining_seats: int | None = None


class OwnerTeam(Wire, frozen=True):
    """A team as the owners API names it."""

    id: str
    name: str = ""
    primary: bool | None = None


class OwnerCore(Wire, frozen=True):
    """Who an owner is; an archived one has no `user_id`, sometimes not even the inactive one."""

    id: str
    type: str = "PERSON"
    email: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    user_id: int | None = None
    user_id_including_inactive: int | None = None
    created_at: str | None = None
    archived: bool = False


class Owner(OwnerCore, frozen=True):
    """PublicOwner, whole."""

    updated_at: str | None = None
    teams: tuple[OwnerTeam, ...] | None = None


class CrmRecord(Wire, frozen=True):
    """A CRM record; values are text or null, unrequested properties are absent."""

    id: str
    properties: dict[str, str | None] = {}
    created_at: str | None = None
    updated_at: str | None = None
    archived: bool | None = None


class Option(Wire, frozen=True):
    """One allowed value of a property."""

    label: str = ""
    value: str = ""


class ModificationMetadata(Wire, frozen=True):
    """What may be changed of a property."""

    read_only_value: bool | None = None


class Property(Wire, frozen=True):
    """A property definition of a CRM object."""

    name: str
    label: str = ""
    type: str = ""
    field_type: str | None = None
    group_name: str | None = None
    options: tuple[Option, ...] = ()
    referenced_object_type: str | None = None
    modification_metadata: ModificationMetadata | None = None
    calculated: bool | None = None
    archived: bool | None = None


class NestedError(Wire, frozen=True):
    """One of the errors inside an error answer."""

    message: str | None = None
    code: str | None = None
    sub_category: str | None = None
    in_: str | None = msgspec.field(default=None, name="in")
    context: dict[str, tuple[str, ...]] | None = None


class BatchResult(Wire, Generic[Row], frozen=True):
    """Answer of a batch call; 207 carries `errors` beside the rows that worked."""

    status: str = ""
    results: tuple[Row, ...] = ()
    num_errors: int | None = None
    errors: tuple[NestedError, ...] | None = None


class ErrorBody(Wire, frozen=True):
    """HubSpot's error envelope, OAuth's form (RFC 6749) included; everything may be missing."""

    message: str | None = None
    status: str | None = None
    category: str | None = None
    sub_category: str | None = None
    correlation_id: str | None = None
    policy_name: str | None = None
    error_type: str | None = None
    errors: tuple[NestedError, ...] | None = None
    context: dict[str, tuple[str, ...]] | None = None
    error: str | None = None
    error_description: str | None = msgspec.field(default=None, name="error_description")


class AccountDetails(Wire, frozen=True):
    """PortalInformationResponse; `portal_name` was seen in newer documents only."""

    portal_id: int
    account_type: str = "STANDARD"
    time_zone: str = "UTC"
    company_currency: str = ""
    additional_currencies: tuple[str, ...] = ()
    utc_offset: str = ""
    utc_offset_milliseconds: int = 0
    ui_domain: str = ""
    data_hosting_location: str = ""
    portal_name: str | None = None


class DailyUsage(Wire, frozen=True):
    """Calls of all private apps of the portal today, as HubSpot counts them."""

    name: str = ""
    usage_limit: int | None = None
    current_usage: int | None = None
    collected_at: str | None = None
    fetch_status: str = ""
    resets_at: str | None = None


class LoginEvent(Wire, frozen=True):
    """A row of the login feed."""

    id: str
    login_at: str | int | None = None
    login_succeeded: bool | None = None
    user_id: str | int | None = None
    email: str | None = None
    ip_address: str | None = None
    location: str | None = None
    country_code: str | None = None
    region_code: str | None = None
    user_agent: str | None = None


class SecurityEvent(Wire, frozen=True):
    """A row of the security feed; `acting_user` is an e-mail."""

    id: str
    type: str = ""
    created_at: str | int | None = None
    user_id: str | int | None = None
    acting_user: str | None = None
    object_id: str | int | None = None
    info_url: str | None = None
    ip_address: str | None = None
    location: str | None = None
    country_code: str | None = None
    region_code: str | None = None


class AuditActor(Wire, frozen=True):
    """Who acted, in the audit feed."""

    user_id: str | int | None = None
    user_email: str | None = None


class AuditEvent(Wire, frozen=True):
    """A row of the audit feed (Enterprise)."""

    id: str
    category: str = ""
    sub_category: str | None = None
    action: str = ""
    target_object_id: str | int | None = None
    occurred_at: str | int | None = None
    acting_user: AuditActor | None = None


class PrivateAppToken(Wire, frozen=True):
    """Token info of a private app or service key."""

    user_id: int | None = None
    hub_id: int | None = None
    app_id: int | None = None
    scopes: tuple[str, ...] = ()


class OAuthGrant(Wire, frozen=True, rename=None):
    """Answer of the token endpoint (snake_case)."""

    access_token: str
    refresh_token: str | None = None
    expires_in: int = 1800
    token_type: str = "bearer"
    hub_id: int | None = None
    user_id: int | None = None
    scopes: tuple[str, ...] | None = None

    def __repr__(self) -> str:
        return "OAuthGrant(***)"


class Introspection(Wire, frozen=True, rename=None):
    """Answer of OAuth introspection, old GET and newer POST form (snake_case)."""

    active: bool | None = None
    hub_id: int | None = None
    user_id: int | None = None
    app_id: int | None = None
    user: str | None = None
    hub_domain: str | None = None
    scopes: tuple[str, ...] = ()
    expires_in: int | None = None
    token_use: str | None = None
