"""Access reviews: campaigns, the items put before reviewers, and their decisions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from rolecall.domain.assignment import Slot


class CampaignState(StrEnum):
    """Where a campaign stands."""

    CREATED = "created"
    IN_REVIEW = "in_review"
    IN_REMEDIATION = "in_remediation"
    CLOSED = "closed"


class Verdict(StrEnum):
    """What a reviewer decides about one item."""

    KEEP = "keep"
    REVOKE = "revoke"
    REDUCE = "reduce"
    NONE = "none"  # not decided by the deadline


class ReviewerKind(StrEnum):
    """Who reviews an item."""

    MANAGER = "manager"
    OWNER = "owner"
    NAMED = "named"


@dataclass(frozen=True, slots=True)
class Scope:
    """Which grants a campaign looks at; empty tuples mean no restriction."""

    slots: tuple[Slot, ...] = ()
    teams: tuple[str, ...] = ()
    permission_sets: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    super_admins_only: bool = False
    only_changed: bool = False  # since the campaign before


@dataclass(frozen=True, slots=True)
class Campaign:
    """One review with its population frozen from one snapshot."""

    id: str
    hub_id: int
    title: str
    scope: Scope
    snapshot_id: str
    snapshot_at: datetime
    created_at: datetime
    created_by: str
    due_at: datetime
    reviewer_kind: ReviewerKind = ReviewerKind.MANAGER
    named_reviewers: tuple[str, ...] = ()
    fallback_reviewer: str = ""
    silence: Verdict = Verdict.REVOKE  # what no decision by the deadline means; revoke = park
    state: CampaignState = CampaignState.CREATED
    trigger: str = ""  # schedule | by hand | new super admin | mover | dormant | incident
    plan_id: str | None = None
    closed_at: datetime | None = None
    gaps: tuple[str, ...] = ()  # what the snapshot could not tell
    verified_at: datetime | None = None  # the snapshot that proved the last revoke
    closed_by: str = ""
    reminded_at: datetime | None = None
    escalated_at: datetime | None = None
    stamped: tuple[str, ...] = ()  # reviewers who kept all faster than it can be read
    note: str = ""
    version: int = 0


@dataclass(frozen=True, slots=True)
class ReviewItem:
    """One grant of one user, before one reviewer, with what helps to decide."""

    id: str
    campaign_id: str
    user_id: str
    user_email: str
    slot: Slot
    value: str  # id or name as in the snapshot
    label: str  # as shown
    reviewer: str  # e-mail
    facts: Mapping[str, str] = field(default_factory=dict)  # last login, records, price, peers, ...
    changed: str = ""  # since the campaign before: new | kept | ""
    verdict: Verdict | None = None
    decided_by: str = ""
    decided_at: datetime | None = None
    comment: str = ""
    reduce_to: str = ""
    seconds_looked: float | None = None
    reminded_at: datetime | None = None
    verified_at: datetime | None = None  # the first later snapshot in which it is gone
    version: int = 0  # grows with every decision; two reviewers at once meet here


class Cadence(StrEnum):
    """How often a campaign repeats."""

    MONTHLY = "monthly"
    QUARTERLY = "quarterly"
    SEMI_ANNUAL = "semi-annual"
    YEARLY = "yearly"


@dataclass(frozen=True, slots=True)
class CampaignOrder:
    """What a campaign is opened with: by hand, by a schedule or by an event."""

    title: str
    scope: Scope = field(default_factory=Scope)
    reviewer_kind: ReviewerKind = ReviewerKind.MANAGER
    named_reviewers: tuple[str, ...] = ()
    fallback_reviewer: str = ""
    silence: Verdict = Verdict.REVOKE
    due_days: int = 14
    trigger: str = "by hand"


@dataclass(frozen=True, slots=True)
class ReviewSchedule:
    """A campaign that opens by itself; `next_at` is when."""

    id: str
    hub_id: int
    order: CampaignOrder
    cadence: Cadence
    next_at: datetime
    created_by: str
    version: int = 0
