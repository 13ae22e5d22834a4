"""Access requests: a wish for access with a reason, who decides, and when it starts and ends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from rolecall.domain.assignment import Slot


class RequestState(StrEnum):
    """Where a request stands."""

    OPEN = "open"  # waits for an answer
    APPROVED = "approved"  # waits for its start or its plan
    ACTIVE = "active"  # carried out, running
    DENIED = "denied"
    EXPIRED = "expired"  # nobody answered in time
    WITHDRAWN = "withdrawn"
    ENDED = "ended"  # ran out or was given back; former access restored
    FAILED = "failed"  # its plan could not be carried out

    @property
    def final(self) -> bool:
        """Nothing will happen to it any more."""
        return self not in {RequestState.OPEN, RequestState.APPROVED, RequestState.ACTIVE}


class StepKind(StrEnum):
    """Who decides a step."""

    MANAGER = "manager"
    OWNER = "owner"  # of the access profile
    NAMED = "named"
    ADMIN = "admin"  # any admin of the portal


@dataclass(frozen=True, slots=True)
class Step:
    """One approval step; `approvers` are e-mails, empty means every admin of the portal."""

    kind: StepKind
    approvers: tuple[str, ...] = ()
    decided_by: str = ""
    decision: str = ""  # "" | approved | denied
    decided_at: datetime | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class CatalogueEntry:
    """An access profile one can ask for, and on what terms."""

    profile: str
    title: str
    grants: tuple[tuple[Slot, str], ...]
    description: str = ""
    owner: str = ""  # e-mail
    steps: tuple[StepKind, ...] = (StepKind.MANAGER,)
    named_approvers: tuple[str, ...] = ()
    max_days: int | None = 90
    for_others: bool = True
    privileged: bool = False


@dataclass(frozen=True, slots=True)
class AccessRequest:
    """A person asks, for oneself or another, for one access profile."""

    id: str
    hub_id: int
    profile: str
    grants: tuple[tuple[Slot, str], ...]
    requester: str  # e-mail
    subject: str  # e-mail of whom it is for
    reason: str
    created_at: datetime
    duration: timedelta | None  # from approval or start, whichever is later; None = no end
    starts_at: datetime | None = None
    ends_at: datetime | None = None  # set when the clock starts
    answer_by: datetime | None = None
    steps: tuple[Step, ...] = ()
    state: RequestState = RequestState.OPEN
    break_glass: bool = False
    creates_user: bool = False
    plan_id: str | None = None
    note: str = ""
    names: Mapping[str, str] = field(
        default_factory=dict
    )  # first_name, last_name of a new colleague
    filed_by: str = ""  # actor id
    extends: str = ""  # the running request this one asks more time for
    former: tuple[tuple[Slot, str], ...] = ()  # what the slots held before it began
    reminded_at: datetime | None = None
    end_reminded_at: datetime | None = None
    version: int = 0  # grows with every change; two answers at once meet here

    @property
    def waiting_step(self) -> Step | None:
        """The step that waits for an answer, None when all are decided."""
        return next((step for step in self.steps if not step.decision), None)
