"""Plans, receipts, tasks and drift as plain values: what --json, REST and MCP show alike."""

from __future__ import annotations

from typing import Any

from rolecall.domain.plan import Change, ManualTask, Plan, Receipt
from rolecall.plan.codec import as_data as change_data
from rolecall.plan.render import as_data
from rolecall.plan.view import view
from rolecall.services.drafts.offboarding import Impact
from rolecall.services.plans.applying import Applied
from rolecall.services.plans.drafting import Drafted
from rolecall.services.plans.plans import PlanCard
from rolecall.services.plans.policies import AccessApplied, Drift, DriftLine
from rolecall.store import StoredPlan

Plain = dict[str, Any]


def plan_shape(plan: Plan) -> Plain:
    """A plan as people read it, and its changes field by field."""
    data = change_data(plan)
    return {
        **as_data(view(plan)),
        "hub_id": plan.hub_id,
        "snapshot_id": plan.snapshot_id,
        "created_at": plan.created_at,
        "source": plan.source,
        "requests": plan.requests,
        "seconds": plan.seconds,
        "seats": dict(plan.cost.seats),
        "changes": data["changes"],
    }


def drafted_shape(drafted: Drafted) -> Plain:
    """A proposal; `stored` False: nothing to change, so nothing was kept."""
    shape = {**plan_shape(drafted.plan), "stored": drafted.stored, "notes": list(drafted.notes)}
    if drafted.rows:
        shape["rows"] = [
            {
                "line": row.line,
                "email": row.email,
                "verdict": row.verdict,
                "message": row.message,
                "hint": row.hint,
            }
            for row in drafted.rows
        ]
        shape["unknown_headers"] = list(drafted.unknown_headers)
    return shape


def plan_line_shape(stored: StoredPlan) -> Plain:
    """One line of a list of plans."""
    plan = stored.plan
    return {
        "id": plan.id,
        "portal": plan.portal,
        "title": plan.title,
        "state": stored.state.value,
        "state_at": stored.state_at,
        "message": stored.message,
        "replaced_by": stored.replaced_by,
        "created_at": plan.created_at,
        "created_by": plan.created_by,
        "changes": len(plan.changes),
        "applyable": plan.applyable,
        "digest": plan.digest,
    }


def card_shape(card: PlanCard) -> Plain:
    """A plan with approvals, receipts, tasks and why it is stale."""
    return {
        **plan_shape(card.plan),
        **plan_line_shape(card.stored),
        "changes": change_data(card.plan)["changes"],
        "approvals": [
            {"actor": one.actor, "at": one.at, "digest": one.digest, "reason": one.reason}
            for one in card.approvals
        ],
        "receipts": [receipt_shape(one) for one in card.receipts],
        "tasks": [task_shape(one) for one in card.tasks],
        "stale": [{"subject": one.subject, "message": one.message} for one in card.staleness],
        "waiting": dict(card.waiting or {}),
    }


def receipt_shape(receipt: Receipt) -> Plain:
    """What happened to one change."""
    return {
        "change": receipt.change_id,
        "outcome": receipt.outcome.value,
        "message": receipt.message,
        "attempt": receipt.attempt,
        "observed_at": receipt.observed_at,
        "effective_at": receipt.effective_at,
        "correlation_id": receipt.correlation_id,
    }


def applied_shape(applied: Applied) -> Plain:
    """How a run stands."""
    last = {one.change_id: one for one in applied.receipts}
    return {
        "plan": applied.plan.id,
        "state": applied.state.value,
        "message": applied.message,
        "until": applied.until,
        "requests": applied.requests,
        "receipts": [receipt_shape(one) for one in last.values()],
    }


def access_applied_shape(done: AccessApplied) -> Plain:
    """What `access apply` did; `run` None where nothing differed."""
    return {
        "digest": done.digest,
        "plan": drafted_shape(done.drafted),
        "run": None if done.applied is None else applied_shape(done.applied),
    }


def task_shape(task: ManualTask) -> Plain:
    """What a person has to do."""
    return {
        "id": task.id,
        "hub_id": task.hub_id,
        "title": task.title,
        "subject": task.subject,
        "clicks": list(task.clicks),
        "link": task.link,
        "needs": task.needs,
        "doers": list(task.doers),
        "due_at": task.due_at,
        "proof": task.proof,
        "state": task.state,
        "plan": task.plan_id,
        "closed_at": task.closed_at,
        "closed_by": task.closed_by,
    }


def drift_shape(drift: Drift) -> Plain:
    """Differences from the policy in force, with who made them."""
    return {
        "portal": drift.portal.name,
        "policy": {"digest": drift.policy.digest, "by": drift.policy.by, "at": drift.policy.at},
        "as_of": drift.as_of,
        "changes": [drift_line_shape(one) for one in drift.lines],
        "reported": [drift_line_shape(one) for one in drift.reported],
    }


def drift_line_shape(line: DriftLine) -> Plain:
    """One difference: what should be, what is, and who made it so."""
    change = line.change
    return {
        "subject": change.subject,
        "kind": change.kind.value,
        "is": shown(change, "before"),
        "should_be": shown(change, "after"),
        "reason": change.reason,
        "changed_by": line.by or None,
        "event": line.event or None,
        "changed_at": line.at,
    }


def shown(change: Change, side: str) -> str:
    """Before or after of a change, with names instead of ids."""
    value = change.before if side == "before" else change.after
    if f"{side}_shown" in change.details:
        return change.details[f"{side}_shown"]
    if value is None:
        return ""
    return value if isinstance(value, str) else ", ".join(value)


def impact_shape(impact: Impact) -> Plain:
    """What a leaver holds."""
    return {
        "portal": impact.portal.name,
        "email": impact.user.email,
        "parked": impact.parked,
        "records": impact.holdings.records,
        "held": [
            {
                "object_type": one.object_type,
                "property": one.property,
                "label": one.label,
                "records": one.records,
                "open": one.open,
            }
            for one in impact.holdings.held
        ],
        "not_looked_at": list(impact.unread),
    }
