"""Portals: one HubSpot customer account each, by hub id, and what a connection to it can do."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Tier(StrEnum):
    """The HubSpot edition; no API tells it, it is probed (HubSpot answers 400 to /roles)."""

    FREE = "free"
    STARTER = "starter"
    PROFESSIONAL = "professional"
    ENTERPRISE = "enterprise"
    UNKNOWN = "unknown"


class CredentialKind(StrEnum):
    """How we sign in to HubSpot's API."""

    SERVICE_KEY = "service_key"
    PRIVATE_APP = "private_app"
    TOKEN = "token"  # one of the two above: HubSpot tells them apart nowhere
    OAUTH = "oauth"


class ConnectionState(StrEnum):
    """Whether the portal can be read now; only a person disables a connection."""

    CONNECTED = "connected"
    WAITING = "waiting"  # quota spent or HubSpot down: retried, nothing to do
    NEEDS_PERSON = "needs_person"  # token expired, revoked, scope taken away
    DISABLED = "disabled"  # by a person


@dataclass(frozen=True, slots=True)
class QuotaWait:
    """Since when a portal's shared calls are spent, and when somebody was told so last."""

    since: datetime
    told_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Portal:
    """One connected HubSpot account; `name` is our alias, `hub_id` the key."""

    hub_id: int
    name: str
    api_base: str
    added_at: datetime
    time_zone: str = "UTC"
    currency: str = "USD"
    ui_domain: str = "app.hubspot.com"
    hosting: str = "na1"
    account_type: str = "STANDARD"
    tier: Tier = Tier.UNKNOWN
    credential_kind: CredentialKind = CredentialKind.SERVICE_KEY
    credential_user_id: str | None = None  # who created the token, where HubSpot tells
    app_id: int | None = None
    state: ConnectionState = ConnectionState.CONNECTED
    state_reason: str = ""
    sync_every_minutes: int = 60
    retry_at: datetime | None = None  # while it waits: when it is tried again by itself
    quota_wait: QuotaWait | None = None


@dataclass(frozen=True, slots=True)
class Feature:
    """Something Rolecall does, and the scopes it needs (any one of each group)."""

    id: str
    label: str
    scopes: tuple[tuple[str, ...], ...]
    mode: str  # read | write | offboard
    without: str  # what one loses when the scopes are missing, as a sentence


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What this portal and token allow, as probed; None = not known."""

    scopes: tuple[str, ...] = ()
    scopes_known: bool = True
    tier: Tier = Tier.UNKNOWN
    users_version: str = "v3"
    permission_sets: bool | None = None
    teams: bool | None = None
    nested_teams: bool | None = None
    seats: bool | None = None
    audit_logs: bool | None = None
    daily_limit: int | None = None
    daily_used: int | None = None
    details: dict[str, str] = field(default_factory=dict)
