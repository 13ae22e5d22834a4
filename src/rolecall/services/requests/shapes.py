"""Access requests as plain values: what --json, REST and MCP show alike."""

from __future__ import annotations

from typing import Any

from rolecall.domain.request import AccessRequest
from rolecall.services.requests.views import CatalogueItem, RequestPreview, RequestView

Plain = dict[str, Any]


def request_shape(one: AccessRequest) -> Plain:
    """One request, with the steps it goes through."""
    return {
        "id": one.id,
        "state": one.state.value,
        "hub_id": one.hub_id,
        "profile": one.profile,
        "subject": one.subject,
        "requester": one.requester,
        "reason": one.reason,
        "created_at": one.created_at,
        "starts_at": one.starts_at,
        "ends_at": one.ends_at,
        "answer_by": one.answer_by,
        "break_glass": one.break_glass,
        "creates_user": one.creates_user,
        "plan_id": one.plan_id,
        "extends": one.extends or None,
        "note": one.note,
        "steps": [
            {
                "kind": step.kind.value,
                "approvers": list(step.approvers),
                "decision": step.decision,
                "decided_by": step.decided_by,
                "decided_at": step.decided_at,
                "reason": step.reason,
            }
            for step in one.steps
        ],
    }


def request_view_shape(seen: RequestView) -> Plain:
    """One request as somebody sees it, with what they may do about it."""
    return {
        **request_shape(seen.request),
        "gives": _gives(seen.gives),
        "may_answer": seen.may_answer,
        "why_not": seen.why_not,
        "may_withdraw": seen.may_withdraw,
        "may_give_back": seen.may_give_back,
        "may_extend": seen.may_extend,
        "plan_state": seen.plan_state.value if seen.plan_state else None,
    }


def offer_shape(item: CatalogueItem) -> Plain:
    """A profile one may ask for."""
    return {
        "profile": item.entry.profile,
        "title": item.entry.title,
        "description": item.entry.description,
        "gives": _gives(item.gives),
        "max_days": item.entry.max_days,
        "privileged": item.entry.privileged,
        "break_glass": item.break_glass,
        "monthly": item.monthly,
        "currency": item.currency,
        "problems": list(item.problems),
    }


def preview_shape(seen: RequestPreview) -> Plain:
    """What asking would mean: steps, seats, what is held now, what stands against it."""
    return {
        "offer": offer_shape(seen.item),
        "subject": seen.subject,
        "new_user": seen.new_user,
        "holds": _gives(seen.holds),
        "seats_left": [{"seat": seat, "left": left} for seat, left in seen.seats_left],
        "steps": [
            {"kind": step.kind.value, "approvers": list(step.approvers)} for step in seen.steps
        ],
        "by_rule": seen.by_rule,
        "why": seen.why,
        "problems": list(seen.problems),
        "warnings": list(seen.warnings),
        "as_of": seen.snapshot_at,
    }


def _gives(pairs: tuple[tuple[str, str], ...]) -> list[Plain]:
    return [{"slot": slot, "label": label} for slot, label in pairs]
