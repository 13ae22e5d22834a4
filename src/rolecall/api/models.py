"""What the OpenAPI document says answers look like; they are written by services.

Answers may gain members, so their models allow more.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict

Item = TypeVar("Item")


class Answer(BaseModel):
    """Something we say."""

    model_config = ConfigDict(extra="allow")


class Page(Answer, Generic[Item]):
    """Some items, and `next` to send as `after` for the following ones."""

    items: list[Item]
    next: str | None = None
    total: int | None = None


class SnapshotHead(Answer):
    """A sealed picture of a portal."""

    id: str
    sealed_at: datetime
    complete: bool
    gaps: list[str]
    counts: dict[str, int]


class PortalModel(Answer):
    """A connected portal."""

    name: str
    hub_id: int
    tier: str
    state: str
    state_reason: str | None = None
    time_zone: str
    hosting: str
    account_type: str
    credential_kind: str
    sync_every_minutes: int
    snapshot: SnapshotHead | None = None


class ConnectionModel(Answer):
    """What a connection can do, and which feature each missing scope costs."""

    portal: dict[str, Any]
    works: bool
    tier: str
    credential_owner: str | None
    scopes: list[str]
    features: list[str]
    missing: list[dict[str, Any]]
    versions: list[dict[str, Any]]
    warnings: list[str]


class UserModel(Answer):
    """A user of one portal, with names beside ids."""

    id: str
    email: str
    first_name: str
    last_name: str
    name: str
    state: str
    state_estimated: bool
    super_admin: bool
    permission_sets: list[str]
    permission_set_ids: list[str]
    main_team: str | None
    main_team_id: str | None
    extra_teams: list[str]
    extra_team_ids: list[str]
    seats: list[str] | None
    last_active: datetime | None
    last_active_source: str | None
    created: datetime | None
    crm_id: str | None
    owner_id: str | None
    owner_archived: bool
    profile: dict[str, str]


class UserPageModel(Page[UserModel]):
    """Users, and the age of the picture they are from."""

    as_of: datetime
    complete: bool


class HistoryLineModel(Answer):
    """A user from one time on, and what differs from before."""

    since: datetime
    until: datetime | None
    note: str | None
    differences: list[dict[str, Any]]


class FindingModel(Answer):
    """Something that is wrong, why, and what would mend it."""

    id: str
    key: str
    rule: str
    severity: Literal["low", "medium", "high", "critical"]
    subject_kind: str
    subject_id: str
    subject: str
    message: str
    why: str
    evidence: list[dict[str, Any]]
    mend: dict[str, Any] | None
    related: list[str]
    first_seen: datetime
    last_seen: datetime


class PlanLineModel(Answer):
    """A plan in a list."""

    id: str
    portal: str
    title: str
    state: str
    state_at: datetime
    message: str
    replaced_by: str | None
    created_at: datetime
    created_by: str
    changes: int
    applyable: bool
    digest: str


class PlanModel(Answer):
    """A plan as proposed: ordered changes, guardrails, cost. `stored` false: nothing to change."""

    id: str
    portal: str
    changes: list[dict[str, Any]]
    digest: str


class PlanCardModel(PlanModel):
    """A plan with everything that happened to it."""

    state: str
    approvals: list[dict[str, Any]]
    receipts: list[dict[str, Any]]
    tasks: list[dict[str, Any]]
    stale: list[dict[str, Any]]


class RunModel(Answer):
    """How carrying out a plan stands."""

    plan: str
    state: str
    message: str
    until: datetime | None = None
    requests: int = 0
    receipts: list[dict[str, Any]] = []


class PolicyModel(Answer):
    """The access.yaml in force."""

    portal: str
    text: str
    digest: str
    by: str
    at: datetime


class TextModel(Answer):
    """A text."""

    text: str


class DriftModel(Answer):
    """How far a portal is from the policy in force."""

    portal: str
    policy: dict[str, Any]
    as_of: datetime
    changes: list[dict[str, Any]]
    reported: list[dict[str, Any]]


class AuditLineModel(Answer):
    """One line of the audit trail."""

    seq: int
    at: datetime
    event: str
    actor: str
    reason: str
    hub_id: int | None
    subject: str
    details: dict[str, str]
    hash: str


class TokenModel(Answer):
    """An API token; the secret is in the answer that made it, never again."""

    id: str
    name: str
    scopes: list[str]
    portals: list[int]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None
    hint: str


class NewTokenModel(TokenModel):
    """A token just made."""

    secret: str


class WebhookModel(Answer):
    """Where notices are posted, signed."""

    id: str
    url: str
    topics: list[str]
    hub_id: int | None
    created_at: datetime


class NewWebhookModel(WebhookModel):
    """A webhook just made, with the secret its posts are signed with."""

    secret: str


class DeliveryModel(Answer):
    """One notice on its way to one webhook."""

    id: str
    topic: str
    state: str
    attempts: int
    created_at: datetime
    next_at: datetime | None
    error: str


class RequestModel(Answer):
    """An access request."""

    id: str
    hub_id: int
    profile: str
    requester: str
    subject: str
    reason: str
    state: str
    created_at: datetime
    starts_at: datetime | None
    ends_at: datetime | None
    plan_id: str | None
    note: str


class OfferModel(Answer):
    """A profile one can ask for."""

    profile: str
    title: str
    description: str
    max_days: int | None
    privileged: bool


class CampaignModel(Answer):
    """An access review."""

    id: str
    title: str
    hub_id: int
    state: str
    created_at: datetime
    due_at: datetime
    plan_id: str | None
    closed_at: datetime | None


class ReviewItemModel(Answer):
    """One grant before one reviewer."""

    id: str
    user: str
    slot: str
    label: str
    reviewer: str
    facts: dict[str, str]
    verdict: str | None
    version: int


class TaskModel(Answer):
    """What only a person can do in HubSpot's screens, with the clicks."""

    id: str
    hub_id: int
    title: str
    subject: str
    clicks: list[str]
    link: str
    state: str
    due_at: datetime | None


class PersonLineModel(Answer):
    """A person and their user in a portal; what is not there is empty."""

    id: str
    name: str
    emails: list[str] | str
    user: str
    situation: str


class OperatorModel(Answer):
    """Somebody who may sign in, with roles by hub id; "0" = every portal."""

    id: str
    email: str
    name: str
    roles: dict[str, list[str]]
    second_factor: bool
    disabled: bool
    signed_in_at: datetime | None


class LinkModel(OperatorModel):
    """An operator, and the link with which they choose a password; shown this once."""

    link: str
