"""All state of one emulator process: identities over portals, portals, tokens. No HTTP in here."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from hubspot_emulator.clock import EmulatorClock
from hubspot_emulator.members import Members
from hubspot_emulator.switches import Switches

if TYPE_CHECKING:
    from hubspot_emulator.accounts import ImportApp
    from hubspot_emulator.crm.store import CrmStore
    from hubspot_emulator.faults import Faults
    from hubspot_emulator.feeds.store import FeedStore
    from hubspot_emulator.limits import Limits
    from hubspot_emulator.recorder import Recorder
    from hubspot_emulator.tokens import TokenStore

TIERS = ("free", "starter", "professional", "enterprise")


@dataclass(slots=True)
class Identity:
    """One human's HubSpot log-in, global over portals; its id is the settings user id."""

    id: int
    email: str
    first_name: str = ""
    last_name: str = ""
    activated_at: datetime | None = None  # first sign-in to any portal


@dataclass(slots=True)
class Membership:
    """One identity in one portal: what `settings/users` shows, and what no API shows."""

    user_id: int
    created_at: datetime
    permission_set_ids: list[int] = field(default_factory=list)
    super_admin: bool = False
    main_team_id: int | None = None
    extra_team_ids: list[int] = field(default_factory=list)
    seat_names: list[str] = field(default_factory=list)
    activated_at: datetime | None = None  # accepted the invitation here
    deactivated_at: datetime | None = None
    last_login_at: datetime | None = None
    invited_by: int | None = None
    welcome_email_sent: bool = False
    deactivation_exempt: bool = False
    service_user: bool = False
    # Individually granted permissions (permission id -> level); None when access comes from sets.
    granular: dict[str, str] | None = None
    effective_at: datetime | None = None  # when the last change of access starts to work


@dataclass(slots=True)
class PermissionSet:
    """A named bundle of permissions; its contents are shown by no API."""

    id: int
    name: str
    requires_billing_write: bool = False
    permissions: dict[str, str] = field(default_factory=dict)
    seats: tuple[str, ...] = ()  # seats it may be combined with; () means any


@dataclass(slots=True)
class Team:
    """A team; members are derived from memberships."""

    id: int
    name: str
    parent_id: int | None = None


@dataclass(slots=True)
class SeatStock:
    """How many seats of one kind the portal has; total None means unlimited."""

    name: str
    description: str = ""
    total: int | None = None
    paid: bool = True


@dataclass(slots=True)
class Portal:
    """One HubSpot customer account."""

    id: int
    name: str
    tier: str  # free | starter | professional | enterprise
    created_at: datetime
    crm: CrmStore
    feeds: FeedStore
    time_zone: str = "Europe/Berlin"
    currency: str = "EUR"
    account_type: str = "STANDARD"
    ui_domain: str = "app-eu1.hubspot.com"
    hosting: str = "eu1"
    sandbox: bool = False
    members: Members[Membership] = field(default_factory=lambda: Members[Membership]())
    former: dict[int, Membership] = field(default_factory=dict)
    removed_at: dict[int, datetime] = field(default_factory=dict)
    permission_sets: dict[int, PermissionSet] = field(default_factory=dict)
    teams: dict[int, Team] = field(default_factory=dict)
    seats: dict[str, SeatStock] = field(default_factory=dict)
    billing_contact: int | None = None
    auto_deactivate: bool = True
    two_factor_required: bool = False
    team_cap: int | None = None  # None = what the tier is commonly said to allow
    awaiting_record: dict[int, datetime] = field(default_factory=dict)  # CRM record due at
    next_inactivity_run: datetime | None = None  # monthly rule; None = not planned yet
    api_limit_packs: int = 0  # API Limit Increase packs bought, at most two count


@dataclass(slots=True)
class World:
    """Everything one emulator process knows."""

    clock: EmulatorClock
    switches: Switches
    tokens: TokenStore
    limits: Limits
    faults: Faults
    recorder: Recorder
    seed: str = "blank"
    random: random.Random = field(default_factory=lambda: random.Random(7))  # noqa: S311 - ids of a toy
    identities: dict[int, Identity] = field(default_factory=dict)
    identity_by_email: dict[str, int] = field(default_factory=dict)  # case-folded
    portals: dict[int, Portal] = field(default_factory=dict)
    import_apps: dict[int, ImportApp] = field(default_factory=dict)
    next_ids: dict[str, int] = field(default_factory=dict)
    built_with: dict[str, Any] = field(default_factory=dict)  # so that a reset builds it anew

    def new_id(self, kind: str, start: int = 1) -> int:
        """Next number of a kind; deterministic, so two runs of one seed agree."""
        value = self.next_ids.get(kind, start)
        self.next_ids[kind] = value + 1
        return value

    def identity(self, email: str) -> Identity | None:
        """The identity with this e-mail, compared case-folded."""
        user_id = self.identity_by_email.get(email.casefold())
        return None if user_id is None else self.identities[user_id]

    def identity_of(self, email: str, first_name: str = "", last_name: str = "") -> Identity:
        """The identity with this e-mail, made when there is none yet."""
        known = self.identity(email)
        if known is not None:
            return known
        made = Identity(self.new_id("identity", 5_000_001), email, first_name, last_name)
        self.identities[made.id] = made
        self.identity_by_email[email.casefold()] = made.id
        return made
