"""What will be and what was done: plans of changes, approvals, effects, receipts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class ChangeKind(StrEnum):
    """What a change does to one slot of one subject."""

    CREATE_USER = "create_user"
    REMOVE_USER = "remove_user"
    PARK = "park"
    SET_PROFILE = "set_profile"
    SET_PERMISSION_SET = "set_permission_set"
    SET_MAIN_TEAM = "set_main_team"
    ADD_EXTRA_TEAM = "add_extra_team"
    DROP_EXTRA_TEAM = "drop_extra_team"
    SET_SEATS = "set_seats"
    CREATE_TEAM = "create_team"
    RENAME_TEAM = "rename_team"
    MOVE_TEAM = "move_team"
    DELETE_TEAM = "delete_team"
    HAND_OVER = "hand_over"
    MANUAL = "manual"
    NO_OP = "no_op"


class Undo(StrEnum):
    """Whether a change can be taken back, said before apply."""

    EXACT = "exact"
    ROUGH = "rough"
    NONE = "none"


class Phase(StrEnum):
    """Order of work: revoke, move, grant; teams are made first and deleted last."""

    PREPARE = "prepare"
    REVOKE = "revoke"
    MOVE = "move"
    GRANT = "grant"
    CLEAN = "clean"


class Outcome(StrEnum):
    """What happened to one change."""

    DONE = "done"
    ALREADY = "already"
    REFUSED = "refused"
    FAILED = "failed"
    UNKNOWN = "unknown"
    SKIPPED = "skipped"
    WAITING = "waiting"  # for a person


class PlanState(StrEnum):
    """Where a plan stands."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    APPLYING = "applying"
    PAUSED = "paused"
    DONE = "done"  # every change has a final receipt
    CANCELLED = "cancelled"
    REPLACED = "replaced"  # re-planned


@dataclass(frozen=True, slots=True)
class Change:
    """One slot of one subject: before, after, and why.

    Values are HubSpot ids (permission sets, teams, record owners), seat names or plain text;
    sorted tuples for many-valued slots; None for nothing. `Plan.labels` names the ids. A team
    that an earlier change of the plan makes has the id "new:CHANGE_ID" until it exists.
    `subject_kind` is user or team, for tasks also permission_set, portal or app; `subject` the
    e-mail, team path or name as shown;
    `subject_id` the HubSpot id, None while the subject is still to be created.
    """

    id: str
    kind: ChangeKind
    subject_kind: str
    subject: str
    subject_id: str | None
    before: str | tuple[str, ...] | None
    after: str | tuple[str, ...] | None
    reason: str
    phase: Phase
    undo: Undo = Undo.EXACT
    undo_note: str = ""
    origin: str = ""
    warnings: tuple[str, ...] = ()
    details: Mapping[str, str] = field(default_factory=dict)  # profile field, names, welcome e-mail


@dataclass(frozen=True, slots=True)
class GuardrailVerdict:
    """One guardrail that looked at a plan; `stops` True makes the plan not applyable."""

    guardrail: str
    stops: bool
    message: str
    hint: str = ""
    overridable: bool = False
    subjects: tuple[str, ...] = ()
    inputs: Mapping[str, str] = field(default_factory=dict)  # compared again before apply (stale)


@dataclass(frozen=True, slots=True)
class Override:
    """A named person's leave for one plan to pass one guardrail; used once, gone at expiry."""

    id: str
    guardrail: str
    actor: str
    reason: str
    expires_at: datetime
    hub_id: int
    subjects: tuple[str, ...] = ()  # () = whoever the guardrail names


@dataclass(frozen=True, slots=True)
class Cost:
    """Seats and money a plan moves; amounts per month in `currency`, None where unknown.

    Prices are ranges, so `monthly` is the lower end and `monthly_high` the upper.
    """

    seats: Mapping[str, int] = field(default_factory=dict)
    monthly: float | None = None
    currency: str = "USD"
    monthly_high: float | None = None
    source: str = ""  # which price book, as of when


@dataclass(frozen=True, slots=True)
class Plan:
    """An ordered list of changes made from one snapshot; `digest` is what gets approved."""

    id: str
    hub_id: int
    portal: str
    snapshot_id: str
    created_at: datetime
    created_by: str
    title: str
    reason: str
    changes: tuple[Change, ...]
    guardrails: tuple[GuardrailVerdict, ...] = ()
    cost: Cost = field(default_factory=Cost)
    requests: int = 0
    seconds: float = 0.0
    labels: Mapping[str, str] = field(default_factory=dict)  # "team:12", "permission_set:7" -> name
    source: str = ""  # command, access.yaml digest, request, review, scim, elevation, undo
    digest: str = ""
    reported: tuple[Change, ...] = ()  # differences in sections that are only reported

    @property
    def applyable(self) -> bool:
        """No guardrail stops it."""
        return not any(verdict.stops for verdict in self.guardrails)


@dataclass(frozen=True, slots=True)
class Approval:
    """A named person's yes to one plan, by its digest."""

    plan_id: str
    digest: str
    actor: str
    at: datetime
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """How HubSpot refused a write, as a machine tells it: its words are for people and change."""

    status: int
    category: str = ""
    fields: tuple[str, ...] = ()  # of the body, that HubSpot points at


@dataclass(frozen=True, slots=True)
class Receipt:
    """What happened to one change at one attempt."""

    plan_id: str
    change_id: str
    effect_id: str
    attempt: int
    outcome: Outcome
    observed_at: datetime
    message: str = ""
    correlation_id: str = ""
    effective_at: datetime | None = None  # stored now, effective by then
    refusal: Refusal | None = None  # where HubSpot refused what was sent


@dataclass(frozen=True, slots=True)
class ManualTask:
    """What only a person can do in HubSpot's screens, and how it proves itself done."""

    id: str
    hub_id: int
    title: str
    clicks: tuple[str, ...]
    link: str
    subject: str
    due_at: datetime | None = None
    plan_id: str | None = None
    change_id: str | None = None
    proof: str = ""  # what closes it: state:user.removed, feed:DEACTIVATE_USER, ...
    needs: str = ""  # HubSpot permission the doer needs
    doers: tuple[str, ...] = ()  # who in the portal holds it
    state: str = "open"  # open | done | dropped
    closed_at: datetime | None = None
    closed_by: str = ""


class Route(StrEnum):
    """The HTTP write an effect makes; all changes of one effect go in it together."""

    CREATE_USER = "create_user"  # POST user, with all access asked for
    PUT_USER = "put_user"  # PUT user, always with the four access fields
    REMOVE_USER = "remove_user"  # DELETE user
    PATCH_PROFILE = "patch_profile"  # PATCH CRM user record
    JOIN_TEAM = "join_team"  # Teams API, for users with several permission sets
    LEAVE_TEAM = "leave_team"
    CREATE_TEAM = "create_team"
    PATCH_TEAM = "patch_team"  # name or parent
    DELETE_TEAM = "delete_team"
    HAND_OVER = "hand_over"  # batches of CRM records
    MANUAL = "manual"  # a task for a person
    NOTHING = "nothing"  # explicit no-op


class EffectState(StrEnum):
    """Where one effect stands in the journal."""

    PENDING = "pending"  # written down, not sent
    SENT = "sent"  # sent or about to be; whether it arrived is settled by reading back
    SETTLED = "settled"  # every change of it has its receipt
    WAITING = "waiting"  # for quota, a person or a time


@dataclass(frozen=True, slots=True)
class Effect:
    """One HTTP write of a plan, grouping the changes of one subject; the row of the journal."""

    id: str
    plan_id: str
    hub_id: int
    number: int  # order within the plan
    phase: Phase
    route: Route
    subject_kind: str
    subject: str
    subject_id: str | None
    change_ids: tuple[str, ...]
    state: EffectState = EffectState.PENDING
    attempt: int = 0
    next_attempt_at: datetime | None = None
    fingerprint: str = ""  # of the request last sent
    observed: Mapping[str, str] = field(default_factory=dict)  # read before the first attempt
