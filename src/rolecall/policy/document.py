"""The frozen form of access.yaml: what the file says, with the place each name was written at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Any, NamedTuple

from rolecall.domain.finding import Severity
from rolecall.domain.request import StepKind
from rolecall.policy.conditions import ALWAYS, Condition


class Mode(StrEnum):
    """How far the file owns a section."""

    IGNORE = "ignore"  # not looked at
    REPORT = "report"  # differences are told, never planned
    ADD_ONLY = "add-only"  # what is missing is given, nothing is taken
    EXACT = "exact"  # the portal becomes what the file says


class Section(StrEnum):
    """What ownership is declared for."""

    USERS = "users"
    PERMISSION_SETS = "permission_sets"
    TEAMS = "teams"
    TEAM_STRUCTURE = "team_structure"
    SEATS = "seats"
    PROFILE = "profile"


# A section the file does not name is never changed: ownership is always somebody's explicit word.
UNDECLARED = Mode.REPORT

Modes = Mapping[Section, Mode]

# Profile fields by our name, and HubSpot's CRM property behind each.
PROFILE_FIELDS: Mapping[str, str] = MappingProxyType(
    {
        "job_title": "hs_job_title",
        "phone": "hs_additional_phone",
        "time_zone": "hs_standard_time_zone",
        "working_hours": "hs_working_hours",
    }
)


class Ref(NamedTuple):
    """A permission set, team, seat or profile as written; the id decides where both are given."""

    name: str
    id: str | None = None
    line: int = 0
    column: int = 0
    where: str = ""


@dataclass(frozen=True, slots=True)
class Grants:
    """Access as a profile, rule or person names it; None = not mentioned, () = explicitly nothing."""

    permission_sets: tuple[Ref, ...] | None = None
    seats: tuple[Ref, ...] | None = None
    main_team: tuple[Ref, ...] | None = None  # one at most
    extra_teams: tuple[Ref, ...] | None = None
    fields: Mapping[str, str] = field(default_factory=dict)  # by our names, see PROFILE_FIELDS


NO_GRANTS = Grants()


@dataclass(frozen=True, slots=True)
class TeamNode:
    """One team of the tree; `id` is given where names repeat or a team is renamed."""

    name: str
    id: str | None = None
    children: tuple[TeamNode, ...] = ()
    line: int = 0
    column: int = 0


@dataclass(frozen=True, slots=True)
class GuardrailSettings:
    """The limits of DESIGN's safety kernel an operator may set."""

    max_removal_share: float = 0.05  # of active users
    max_removals: int = 3  # refused only beyond both, so a small portal can still off-board
    min_super_admins: int = 2
    protected: tuple[str, ...] = ()
    billing_contact: str = ""
    domains: tuple[str, ...] = ()  # business e-mail domains; () = those of the users there


@dataclass(frozen=True, slots=True)
class ParkingSettings:
    """How far parking goes, and after how many days a parked user is removed."""

    grace_days: int = 30
    no_access_set: Ref | None = None
    seat: str = "View-Only"
    remove: bool = True  # False: parked users stay until somebody removes them


@dataclass(frozen=True, slots=True)
class Rule:
    """Birthright access: whoever meets `when` gets the grants."""

    name: str
    when: Condition
    profile: Ref | None = None
    grants: Grants = NO_GRANTS
    line: int = 0


class Presence(StrEnum):
    """What a people entry may say about being in the portal at all."""

    PRESENT = "present"
    PARKED = "parked"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class PersonEntry:
    """One line of `people:`; super_admin and deactivated are facts nobody can write by API."""

    email: str
    profile: Ref | None = None
    grants: Grants = NO_GRANTS
    super_admin: bool = False
    deactivated: bool | None = None
    presence: Presence = Presence.PRESENT
    first_name: str = ""
    last_name: str = ""
    starts: date | None = None
    until: date | None = None  # to the end of that day in the portal's zone
    reason: str = ""
    sponsor: str = ""
    send_welcome_email: bool = False
    line: int = 0


@dataclass(frozen=True, slots=True)
class PolicyException:
    """A dated, owned, justified leave to break one finding's rule."""

    user: str
    finding: str
    until: date
    owner: str
    reason: str
    line: int = 0


@dataclass(frozen=True, slots=True)
class CustomRule:
    """A finding of one's own: users who meet `when`."""

    id: str
    when: Condition
    severity: Severity
    message: str
    why: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class SeatPrice:
    """A monthly price as a range; both ends equal where it is one number."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class PriceSettings:
    """The operator's own price book; it stands above the shipped list prices."""

    currency: str = "USD"
    as_of: str = ""
    seats: Mapping[str, SeatPrice] = field(default_factory=dict)  # by seat name, case-folded


@dataclass(frozen=True, slots=True)
class CatalogueTerms:
    """On what terms people may ask for one profile; see docs/requests.md."""

    profile: str
    title: str = ""
    description: str = ""
    owner: str = ""
    steps: tuple[StepKind, ...] = (StepKind.MANAGER,)
    approvers: tuple[str, ...] = ()  # of the step `named`
    max_days: int | None = 90  # None: access may be asked for without an end
    for_others: bool = True
    privileged: bool = False
    break_glass: bool = False
    who: Condition = ALWAYS  # over the requester
    auto_approve: Condition | None = None  # over the subject, as auto_deny
    auto_deny: Condition | None = None
    line: int = 0


@dataclass(frozen=True, slots=True)
class Policy:
    """access.yaml as read; names are checked against a portal by `assign.check_names`."""

    version: int = 1
    portal: str = ""
    manage: Modes = field(default_factory=dict)
    teams: tuple[TeamNode, ...] | None = None  # None: the file has no tree
    guardrails: GuardrailSettings = GuardrailSettings()
    parking: ParkingSettings = ParkingSettings()
    profiles: Mapping[str, Grants] = field(default_factory=dict)
    rules: tuple[Rule, ...] = ()
    people: Mapping[str, PersonEntry] = field(default_factory=dict)  # by case-folded e-mail
    exceptions: tuple[PolicyException, ...] = ()
    custom_rules: tuple[CustomRule, ...] = ()
    thresholds: Mapping[str, Any] = field(default_factory=dict)  # see policy.thresholds
    allowed_super_admins: tuple[str, ...] = ()  # e-mails
    extension_users: tuple[str, ...] = ()  # e-mails of whose work no log-in tells
    prices: PriceSettings | None = None
    profile_from: Mapping[str, str] = field(default_factory=dict)  # profile field -> people column
    # None: no section, every profile may be asked for on the plain terms.
    catalogue: Mapping[str, CatalogueTerms] | None = None

    def mode(self, section: Section) -> Mode:
        """How far the file owns a section."""
        return self.manage.get(section, UNDECLARED)
