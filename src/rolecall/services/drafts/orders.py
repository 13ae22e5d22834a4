"""What a plan was asked for with: kept beside the plan, so that it can be made again as it stands.

An order names things as people do; ids are looked up anew each time a plan is made of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from rolecall.domain.assignment import Assignment
from rolecall.domain.plan import Change
from rolecall.plan.bulk import BulkReading
from rolecall.plan.wishes import Ask
from rolecall.policy.desired import DesiredUser
from rolecall.store.encoding import from_json, to_json

ALL_OBJECTS = ""  # the key of `OffboardUser.successors` for whatever has no successor of its own
RULES = ("manager", "team-lead", "round-robin")


@dataclass(frozen=True, slots=True)
class AddUser:
    """One new user; `profile` is an access profile of the policy in force."""

    email: str
    ask: Ask = field(default_factory=Ask)
    like: str = ""
    profile: str = ""
    until: date | None = None
    contractor: bool = False
    sponsor: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ChangeUsers:
    """The same change for one user or for a selection."""

    emails: tuple[str, ...]
    ask: Ask = field(default_factory=Ask)
    like: str = ""
    profile: str = ""
    until: date | None = None
    reason: str = ""
    overwrite_sets: tuple[str, ...] = ()  # whose several permission sets may be replaced by one


@dataclass(frozen=True, slots=True)
class RemoveUsers:
    """Users to be removed at once, without parking."""

    emails: tuple[str, ...]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class OffboardUser:
    """A leaver: records to successors, then parked; removed after the grace days.

    `successors` are e-mails by object type (contacts, companies, deals, tickets), or by ALL_OBJECTS.
    """

    email: str
    successors: Mapping[str, str] = field(default_factory=dict)
    rule: str = ""
    keep_records: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ImportRow:
    """One row of a bulk file, with its line."""

    line: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ImportRows:
    """A bulk file: different access per row."""

    header: tuple[str, ...]
    rows: tuple[ImportRow, ...]
    file_name: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class AccessFile:
    """An access.yaml, by the digest its text is kept under.

    With `text` it is only looked at: nothing needs to be kept of it.
    """

    digest: str
    overwrite_sets: tuple[str, ...] = ()
    reason: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class UndoPlan:
    """The way back of a plan that was carried out."""

    plan_id: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class WhatIsDue:
    """What time alone brought about (ends, starts, grace days), and what moved for people named."""

    emails: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class KeptWishes:
    """Wishes somebody else settled: an access request or a review, named by `source`."""

    wishes: tuple[DesiredUser, ...]
    title: str
    source: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class MendFinding:
    """What would mend one finding; `take` is which of its permissions goes (a phrase or id)."""

    finding_id: str
    successor: str = ""
    reason: str = ""
    take: str = ""


@dataclass(frozen=True, slots=True)
class GivePack:
    """The access a requirement pack asks for; `pack` is its YAML, so a changed file changes nothing."""

    pack: str
    emails: tuple[str, ...]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Elevate:
    """The access a pack asks for, until a time; `pack` is its YAML."""

    pack: str
    email: str
    ends_at: datetime
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ReturnElevation:
    """The former access of an elevation, which is named by the plan that raised it."""

    plan_id: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class MoveTeam:
    """A team to be put below another one; `parent_id` "" = to the top."""

    team_id: str
    parent_id: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """A permission set to be changed, or (`new`) made: permission id -> level, empty = off."""

    name: str
    grants: Mapping[str, str]
    new: bool = False
    reason: str = ""


Order = (
    AddUser | ChangeUsers | RemoveUsers | OffboardUser | ImportRows | AccessFile | UndoPlan
    | WhatIsDue | MendFinding | KeptWishes | GivePack | Elevate | ReturnElevation | MoveTeam
    | ChangeSet
)  # fmt: skip
KINDS: Mapping[str, type[Order]] = {
    "add": AddUser,
    "change": ChangeUsers,
    "remove": RemoveUsers,
    "offboard": OffboardUser,
    "import": ImportRows,
    "access": AccessFile,
    "undo": UndoPlan,
    "due": WhatIsDue,
    "mend": MendFinding,
    "wishes": KeptWishes,
    "pack": GivePack,
    "elevate": Elevate,
    "return": ReturnElevation,
    "move": MoveTeam,
    "set": ChangeSet,
}
_NAMES = {kind: name for name, kind in KINDS.items()}


@dataclass(frozen=True, slots=True)
class Draft:
    """What a maker made of an order, before order of work, guardrails and price.

    `wishes` are kept as assignments once the plan is approved; `notes` are for the person.
    """

    title: str
    source: str
    changes: tuple[Change, ...]
    reported: tuple[Change, ...] = ()
    wishes: tuple[DesiredUser, ...] = ()
    until: datetime | None = None
    notes: tuple[str, ...] = ()
    rows: BulkReading | None = None
    text: str = ""  # the access.yaml that comes in force with the approval


@dataclass(frozen=True, slots=True)
class Basis:
    """What is kept of how a plan came about, by plan id."""

    kind: str
    order: str  # JSON
    operator_email: str = ""
    overrides: tuple[str, ...] = ()  # ids of the leaves it needs
    assignments: tuple[Assignment, ...] = ()
    policy_digest: str = ""
    person: str = ""  # who proposed it, as `Actor.person`


def kind_of(order: Order) -> str:
    """The name an order is kept under."""
    return _NAMES[type(order)]


def order_in(basis: Basis) -> Order:
    """The order a plan was made of."""
    return from_json(basis.order, KINDS[basis.kind])


def kept_text(order: Order) -> str:
    """An order as it is kept."""
    return to_json(order)


def order_digest(order: Order) -> str:
    """The digest of the access.yaml an order is about; empty for every other order."""
    return order.digest if isinstance(order, AccessFile) else ""
