"""Names of audit events, `source:subject:action`: who is concerned, what, and what happened to it.

The action is in the past tense; the list is sorted, and every name has its line in docs/audit.md.
"""

from __future__ import annotations

import re
from enum import StrEnum

GRAMMAR = re.compile(r"[a-z][a-z-]*:[a-z][a-z-]*:[a-z][a-z-]*")


class Event(StrEnum):
    """Everything that leaves a line in the audit trail."""

    ACCESS_ASSIGNMENT_ENDED = "access:assignment:ended"
    ACCESS_ASSIGNMENT_MADE = "access:assignment:made"
    ACCESS_EXCEPTION_ENDED = "access:exception:ended"
    ACCESS_EXCEPTION_MADE = "access:exception:made"
    ACCESS_POLICY_ENFORCED = "access:policy:enforced"
    API_TOKEN_CREATED = "api:token:created"
    API_TOKEN_REVOKED = "api:token:revoked"
    API_TOKEN_ROTATED = "api:token:rotated"
    AUDIT_TRAIL_EXPORTED = "audit:trail:exported"
    AUDIT_TRAIL_VERIFIED = "audit:trail:verified"
    ELEVATION_ACCESS_RETURNED = "elevation:access:returned"
    EVIDENCE_ATTESTATION_MADE = "evidence:attestation:made"
    EVIDENCE_EXPORT_IMPORTED = "evidence:export:imported"
    EVIDENCE_PACK_MADE = "evidence:pack:made"
    FINDING_SETTINGS_CHANGED = "finding:settings:changed"
    IMPORT_SOURCE_APP_ADDED = "import-source:app:added"
    IMPORT_SOURCE_APP_REMOVED = "import-source:app:removed"
    MCP_TOOL_CALLED = "mcp:tool:called"
    NOTICE_DELIVERY_REPEATED = "notice:delivery:repeated"
    NOTICE_WEBHOOK_ADDED = "notice:webhook:added"
    NOTICE_WEBHOOK_REMOVED = "notice:webhook:removed"
    OPERATOR_ACCESS_CHANGED = "operator:access:changed"
    OPERATOR_FACTOR_CHANGED = "operator:factor:changed"
    OPERATOR_INVITATION_SENT = "operator:invitation:sent"
    OPERATOR_LINK_MADE = "operator:link:made"
    OPERATOR_PASSWORD_CHANGED = "operator:password:changed"
    OPERATOR_SESSION_ENDED = "operator:session:ended"
    OPERATOR_SESSION_REFUSED = "operator:session:refused"
    OPERATOR_SESSION_STARTED = "operator:session:started"
    PEOPLE_LINK_CONFIRMED = "people:link:confirmed"
    PEOPLE_LIST_IMPORTED = "people:list:imported"
    PLAN_APPROVAL_GIVEN = "plan:approval:given"
    PLAN_DRAFT_CANCELLED = "plan:draft:cancelled"
    PLAN_DRAFT_PROPOSED = "plan:draft:proposed"
    PLAN_DRAFT_REPLACED = "plan:draft:replaced"
    PLAN_EFFECT_SENT = "plan:effect:sent"
    PLAN_EFFECT_SETTLED = "plan:effect:settled"
    PLAN_OVERRIDE_GRANTED = "plan:override:granted"
    PLAN_OVERRIDE_USED = "plan:override:used"
    PLAN_RUN_ENDED = "plan:run:ended"
    PLAN_RUN_PAUSED = "plan:run:paused"
    PLAN_RUN_RESUMED = "plan:run:resumed"
    PLAN_RUN_STARTED = "plan:run:started"
    PORTAL_APP_ADDED = "portal:app:added"
    PORTAL_APP_REMOVED = "portal:app:removed"
    PORTAL_CONNECTION_ADDED = "portal:connection:added"
    PORTAL_CONNECTION_CHECKED = "portal:connection:checked"
    PORTAL_CONNECTION_DISABLED = "portal:connection:disabled"
    PORTAL_CONNECTION_REMOVED = "portal:connection:removed"
    PORTAL_CREDENTIAL_REPLACED = "portal:credential:replaced"
    PORTAL_KEY_ROTATED = "portal:key:rotated"
    PORTAL_LINK_MADE = "portal:link:made"
    PORTAL_SETTINGS_CHANGED = "portal:settings:changed"
    RECORDS_BATCH_MOVED = "records:batch:moved"
    RECORDS_BATCH_RETURNED = "records:batch:returned"
    REPORT_DEFINITION_CHANGED = "report:definition:changed"
    REQUEST_ACCESS_APPROVED = "request:access:approved"
    REQUEST_ACCESS_ASKED = "request:access:asked"
    REQUEST_ACCESS_BEGUN = "request:access:begun"
    REQUEST_ACCESS_DENIED = "request:access:denied"
    REQUEST_ACCESS_ENDED = "request:access:ended"
    REQUEST_ACCESS_EXPIRED = "request:access:expired"
    REQUEST_ACCESS_EXTENDED = "request:access:extended"
    REQUEST_ACCESS_FAILED = "request:access:failed"
    REQUEST_ACCESS_RETURNED = "request:access:returned"
    REQUEST_ACCESS_WITHDRAWN = "request:access:withdrawn"
    REQUEST_GLASS_BROKEN = "request:glass:broken"
    REVIEW_CAMPAIGN_CLOSED = "review:campaign:closed"
    REVIEW_CAMPAIGN_OPENED = "review:campaign:opened"
    REVIEW_CAMPAIGN_VERIFIED = "review:campaign:verified"
    REVIEW_DECISION_MADE = "review:decision:made"
    REVIEW_ITEM_DELEGATED = "review:item:delegated"
    REVIEW_REMINDER_SENT = "review:reminder:sent"
    REVIEW_SCHEDULE_CHANGED = "review:schedule:changed"
    SCIM_CLIENT_ADDED = "scim:client:added"
    SCIM_CLIENT_CHANGED = "scim:client:changed"
    SCIM_CLIENT_REMOVED = "scim:client:removed"
    SCIM_PERSON_CHANGED = "scim:person:changed"
    SCIM_PUSH_REPLAYED = "scim:push:replayed"
    SYNC_SHRINK_ACCEPTED = "sync:shrink:accepted"
    SYNC_SNAPSHOT_FAILED = "sync:snapshot:failed"
    SYNC_SNAPSHOT_SEALED = "sync:snapshot:sealed"
    TASK_MANUAL_CLOSED = "task:manual:closed"
    TASK_MANUAL_OPENED = "task:manual:opened"

    @property
    def topic(self) -> str:
        """The topic of the notice that goes out with it; "" where webhooks are not told."""
        return _TOLD.get(self.value, "")

    @property
    def source(self) -> str:
        """The first part: which part of the product speaks."""
        return self.value.split(":")[0]


# Acts that webhooks are told of as they happen; the notice carries the line's subject and details.
_TOLD = {
    "plan:approval:given": "plan.approved",
    "plan:draft:cancelled": "plan.cancelled",
    "plan:draft:proposed": "plan.proposed",
    "plan:draft:replaced": "plan.replaced",
    "plan:run:ended": "plan.ended",
    "plan:run:paused": "plan.paused",
    "plan:run:resumed": "plan.resumed",
    "plan:run:started": "plan.started",
    "portal:connection:added": "portal.connected",
    "portal:connection:removed": "portal.removed",
    "portal:credential:replaced": "portal.reconnected",
    "review:campaign:verified": "review.verified",
    "review:decision:made": "review.decided",
}
TOPICS_OF_EVENTS = frozenset(_TOLD.values())
