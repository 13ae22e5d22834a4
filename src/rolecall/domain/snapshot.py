"""What is: a sealed, dated picture of one portal and the users, teams and seats in it.

Users, owners, sets, teams and seats are structs: `msgspec.structs.replace` and `asdict` go with
them. A portal has 50,000 of them, and each is made in a twentieth of the time of a dataclass.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from msgspec import Struct

from rolecall.domain.portal import Capabilities, Tier

EMPTY: Mapping[str, str] = MappingProxyType({})


class UserState(StrEnum):
    """Where a user stands in one portal."""

    ACTIVE = "active"
    INVITED = "invited"  # estimated: no API tells, see User.state_estimated
    DEACTIVATED = "deactivated"
    REMOVED = "removed"  # gone, proved by 404, kept for history
    SERVICE = "service"  # an app's user; excluded from reviews and seat counts


class User(Struct, frozen=True, gc=False):
    """One person's login in one portal, joined from settings, CRM users and owners.

    Ids are text. `seat_names` is None where the API version does not tell seats.
    `profile` holds CRM user properties by HubSpot's internal name; unset ones are absent.
    """

    id: str  # settings user id, global over portals
    email: str
    first_name: str = ""
    last_name: str = ""
    super_admin: bool = False
    permission_set_ids: tuple[str, ...] = ()
    main_team_id: str | None = None
    extra_team_ids: tuple[str, ...] = ()
    seat_names: tuple[str, ...] | None = None
    state: UserState = UserState.ACTIVE
    state_estimated: bool = False
    crm_id: str | None = None
    owner_id: str | None = None
    owner_archived: bool = False
    last_active_at: datetime | None = None
    last_active_source: str = ""  # crm:<property> | login feed | ""
    created_at: datetime | None = None
    profile: Mapping[str, str] = EMPTY

    @property
    def name(self) -> str:
        """First and last name, or the e-mail where there is none."""
        return f"{self.first_name} {self.last_name}".strip() or self.email

    @property
    def present(self) -> bool:
        """In the portal now, whether or not they can sign in."""
        return self.state is not UserState.REMOVED

    @property
    def acts_as_super_admin(self) -> bool:
        """Super Admin who can act now; apps included, deactivated people not."""
        return self.super_admin and self.present and self.state is not UserState.DEACTIVATED


class PermissionSet(Struct, frozen=True, gc=False):
    """HubSpot's named bundle of permissions; no API tells its contents."""

    id: str
    name: str
    requires_billing_write: bool = False


class Team(Struct, frozen=True, gc=False):
    """A team and its place in the tree; members are on the users."""

    id: str
    name: str
    parent_id: str | None = None


class Seat(Struct, frozen=True, gc=False):
    """A kind of seat; `remaining` None = HubSpot did not tell (never the same as zero)."""

    name: str
    description: str = ""
    remaining: int | None = None


class RecordOwner(Struct, frozen=True, gc=False):
    """The HubSpot owner of CRM records; archived owners keep their id."""

    id: str
    user_id: str | None  # also of inactive users, where HubSpot tells
    email: str = ""
    first_name: str = ""
    last_name: str = ""
    archived: bool = False
    queue: bool = False
    # Contacts, companies, deals and tickets an archived owner owns, and those that name him in
    # another user property only; None = not counted.
    records: int | None = None
    named_in: int | None = None


@dataclass(frozen=True, slots=True)
class FeedEvent:
    """One line of a HubSpot activity feed."""

    feed: str  # login | security | audit
    id: str
    type: str  # ADD_ADMIN_USER, LOGIN_SUCCEEDED, ...
    at: datetime
    actor_id: str | None = None
    actor_email: str = ""
    object_id: str | None = None
    details: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One portal as read between `started_at` and `sealed_at`.

    An incomplete snapshot (`complete` False, `gaps` says why) can produce no removal.
    """

    hub_id: int
    id: str
    started_at: datetime
    sealed_at: datetime
    complete: bool
    users: tuple[User, ...] = ()
    permission_sets: tuple[PermissionSet, ...] = ()
    teams: tuple[Team, ...] = ()
    seats: tuple[Seat, ...] = ()
    owners: tuple[RecordOwner, ...] = ()
    gaps: tuple[str, ...] = ()
    tier: Tier = Tier.UNKNOWN
    time_zone: str = "UTC"
    capabilities: Capabilities = field(default_factory=Capabilities)

    def user(self, id_or_email: str) -> User | None:
        """The user with this settings id or e-mail (case-folded); one scan."""
        wanted = id_or_email.casefold()
        return next((u for u in self.users if u.id == wanted or u.email.casefold() == wanted), None)
