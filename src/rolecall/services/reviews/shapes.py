"""Access reviews as plain values: what --json and REST show alike."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rolecall.domain.review import Campaign, CampaignOrder, ReviewItem, ReviewSchedule
from rolecall.services.reviews.views import CampaignView

Plain = dict[str, Any]


def campaign_shape(one: Campaign) -> Plain:
    """One campaign."""
    return {
        "id": one.id,
        "title": one.title,
        "hub_id": one.hub_id,
        "state": one.state.value,
        "trigger": one.trigger,
        "snapshot": one.snapshot_id,
        "snapshot_at": one.snapshot_at,
        "created_at": one.created_at,
        "due_at": one.due_at,
        "silence": one.silence.value,
        "plan_id": one.plan_id,
        "closed_at": one.closed_at,
        "verified_at": one.verified_at,
        "note": one.note,
    }


def campaign_view_shape(seen: CampaignView) -> Plain:
    """One campaign with its progress, reviewer by reviewer."""
    return {
        **campaign_shape(seen.campaign),
        "items": seen.progress.items,
        "decided": seen.progress.decided,
        "reviewers": [
            {
                "reviewer": one.reviewer,
                "items": one.progress.items,
                "decided": one.progress.decided,
            }
            for one in seen.by_reviewer
        ],
        "mine": seen.mine,
        "stamped": list(seen.stamped),
        "may_manage": seen.may_manage,
        "plan_state": seen.plan_state.value if seen.plan_state else None,
    }


def item_shape(one: ReviewItem) -> Plain:
    """One grant before one reviewer, with what helps to decide."""
    return {
        "id": one.id,
        "user_id": one.user_id,
        "user": one.user_email,
        "slot": one.slot.value,
        "value": one.value,
        "label": one.label,
        "reviewer": one.reviewer,
        "facts": dict(one.facts),
        "changed": one.changed,
        "verdict": one.verdict.value if one.verdict else None,
        "decided_by": one.decided_by or None,
        "decided_at": one.decided_at,
        "comment": one.comment,
        "reduce_to": one.reduce_to,
        "verified_at": one.verified_at,
        "version": one.version,
    }


def items_shape(found: Iterable[ReviewItem]) -> Plain:
    """The items an act was about, as they are now."""
    return {"items": [item_shape(one) for one in found]}


def reminded_shape(reviewers: int) -> Plain:
    """How many reviewers were reminded."""
    return {"reviewers": reviewers}


def escalated_shape(items: int) -> Plain:
    """How many items moved up."""
    return {"items": items}


def schedule_shape(one: ReviewSchedule) -> Plain:
    """A campaign that opens by itself."""
    return {
        "id": one.id,
        "hub_id": one.hub_id,
        "cadence": one.cadence.value,
        "next_at": one.next_at,
        "order": _order(one.order),
    }


def _order(one: CampaignOrder) -> Plain:
    scope = one.scope
    return {
        "title": one.title,
        "scope": {
            "slots": [slot.value for slot in scope.slots],
            "teams": list(scope.teams),
            "permission_sets": list(scope.permission_sets),
            "users": list(scope.users),
            "super_admins_only": scope.super_admins_only,
            "only_changed": scope.only_changed,
        },
        "reviewers": one.reviewer_kind.value,
        "named_reviewers": list(one.named_reviewers),
        "fallback_reviewer": one.fallback_reviewer,
        "silence": one.silence.value,
        "due_days": one.due_days,
    }
