"""Access reviews: campaigns opened, decided, delegated, closed; those that open by themselves."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import Field

from rolecall.api.answers import Match, errors, need_match, told, zoned
from rolecall.api.bodies import Body, Name, Reason, Text
from rolecall.api.calling import Call, Caller
from rolecall.api.models import Answer, CampaignModel, Page, ReviewItemModel
from rolecall.api.paging import Paged
from rolecall.domain.assignment import Slot
from rolecall.domain.review import (
    Cadence,
    CampaignOrder,
    CampaignState,
    ReviewerKind,
    Scope,
    Verdict,
)
from rolecall.services.reviews.reviews import (
    Decision,
    close_campaign,
    decide,
    delegate,
    escalate,
    open_campaign,
    remind,
    remove_schedule,
    save_schedule,
)
from rolecall.services.reviews.shapes import (
    campaign_shape,
    campaign_view_shape,
    escalated_shape,
    item_shape,
    items_shape,
    reminded_shape,
    schedule_shape,
)
from rolecall.services.reviews.views import (
    list_campaigns,
    list_items,
    list_schedules,
    my_reviews,
    show_campaign,
)

router = APIRouter(tags=["reviews"], responses=errors())


class ScopeBody(Body):
    """Which grants are looked at; nothing named = all of them."""

    slots: list[Slot] = []
    teams: list[Name] = []
    permission_sets: list[Name] = []
    users: list[Name] = []
    super_admins_only: bool = False
    only_changed: bool = False


class ReviewToOpen(Body):
    """A campaign: what is looked at, by whom, until when, and what silence means."""

    title: Name
    scope: ScopeBody = ScopeBody()
    reviewers: ReviewerKind = ReviewerKind.MANAGER
    named_reviewers: list[Name] = []
    fallback_reviewer: Name = ""
    silence: Verdict = Verdict.REVOKE
    due_days: Annotated[int, Field(ge=1, le=365)] = 14

    def order(self) -> CampaignOrder:
        """The campaign as the use case takes it."""
        scope = Scope(
            tuple(self.scope.slots),
            tuple(self.scope.teams),
            tuple(self.scope.permission_sets),
            tuple(self.scope.users),
            self.scope.super_admins_only,
            self.scope.only_changed,
        )
        return CampaignOrder(
            self.title, scope, self.reviewers, tuple(self.named_reviewers),
            self.fallback_reviewer, self.silence, self.due_days,
        )  # fmt: skip


class ReviewToSchedule(ReviewToOpen):
    """A campaign that opens by itself."""

    every: Cadence
    first_at: datetime


class DecisionBody(Body):
    """One decision about one item; `version` is the one that was looked at."""

    item: Name
    verdict: Verdict
    comment: Text = ""
    reduce_to: Text = ""
    version: int | None = None


class DecisionsBody(Body):
    """Decisions, all written down or none."""

    decisions: Annotated[list[DecisionBody], Field(max_length=1_000)]
    confirmed: bool = False


class Delegation(Body):
    """Items that somebody else decides."""

    items: Annotated[list[Name], Field(min_length=1, max_length=1_000)]
    to: Name
    reason: Text = ""


@router.get(
    "/portals/{portal}/reviews", operation_id="listReviews", response_model=Page[CampaignModel]
)
async def list_(
    call: Caller,
    portal: str,
    window: Paged,
    state: Annotated[list[CampaignState] | None, Query()] = None,
) -> Response:
    """Campaigns, newest first."""
    states = frozenset(state) if state else None
    found = await list_campaigns(call.app, call.actor, await call.hub_id(portal), states=states)
    return told(window.of(found, campaign_shape))


@router.post(
    "/portals/{portal}/reviews",
    operation_id="openReview",
    status_code=201,
    response_model=CampaignModel,
    responses=errors(body=True),
)
async def open_(call: Caller, portal: str, body: ReviewToOpen) -> Response:
    """Freeze who has what in the newest complete snapshot, and put it before its reviewers."""
    made = await open_campaign(call.app, call.actor, await call.hub_id(portal), body.order())
    return told(campaign_shape(made), 201, {"location": f"/api/v1/reviews/{made.id}"})


@router.get(
    "/portals/{portal}/review-schedules",
    operation_id="listReviewSchedules",
    response_model=Page[Answer],
)
async def schedules(call: Caller, portal: str, window: Paged) -> Response:
    """Campaigns that open by themselves."""
    found = await list_schedules(call.app, call.actor, await call.hub_id(portal))
    return told(window.of(found, schedule_shape))


@router.post(
    "/portals/{portal}/review-schedules",
    operation_id="scheduleReview",
    status_code=201,
    response_model=Answer,
    responses=errors(body=True),
)
async def schedule(call: Caller, portal: str, body: ReviewToSchedule) -> Response:
    """Open such a campaign by itself, again and again."""
    first = zoned(body.first_at, "first_at")
    hub_id = await call.hub_id(portal)
    made = await save_schedule(call.app, call.actor, hub_id, body.order(), body.every, first)
    return told(schedule_shape(made), 201)


@router.delete("/review-schedules/{schedule}", operation_id="removeReviewSchedule", status_code=204)
async def unschedule(call: Caller, schedule: str) -> Response:
    """Open no more campaigns by a schedule."""
    await remove_schedule(call.app, call.actor, schedule)
    return Response(None, 204)


@router.get("/reviews/mine", operation_id="listMyReviews", response_model=Page[Answer])
async def mine(call: Caller, window: Paged) -> Response:
    """Campaigns with undecided items before the caller, and how many."""
    found = await my_reviews(call.app, call.actor)
    return told(window.of(found, lambda pair: {**campaign_shape(pair[0]), "mine": pair[1]}))


@router.get("/reviews/{campaign}", operation_id="readReview", response_model=CampaignModel)
async def read(call: Caller, campaign: str) -> Response:
    """One campaign with its progress, reviewer by reviewer."""
    return told(await _seen(call, campaign))


@router.get(
    "/reviews/{campaign}/items",
    operation_id="listReviewItems",
    response_model=Page[ReviewItemModel],
)
async def items(
    call: Caller,
    campaign: str,
    *,
    decided: bool | None = None,
    reviewer: str | None = None,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
    after: str | None = None,
) -> Response:
    """Grants before reviewers, with what helps to decide."""
    page = await list_items(
        call.app,
        call.actor,
        campaign,
        reviewer=reviewer,
        decided=decided,
        after=after,
        limit=limit,
    )
    return told({"items": [item_shape(one) for one in page.items], "next": page.after})


@router.post(
    "/reviews/{campaign}/decisions",
    operation_id="decideReviewItems",
    response_model=Page[ReviewItemModel],
    responses=errors(body=True),
)
async def decisions(call: Caller, campaign: str, body: DecisionsBody) -> Response:
    """Write decisions down, all or none."""
    wanted = [
        Decision(one.item, one.verdict, one.comment, one.reduce_to, one.version)
        for one in body.decisions
    ]
    done = await decide(call.app, call.actor, campaign, wanted, confirmed=body.confirmed)
    return told(items_shape(done))


@router.post(
    "/reviews/{campaign}/delegate",
    operation_id="delegateReviewItems",
    response_model=Page[ReviewItemModel],
    responses=errors(body=True),
)
async def delegate_(call: Caller, campaign: str, body: Delegation) -> Response:
    """Put items before another reviewer, never before the person they are about."""
    moved = await delegate(call.app, call.actor, campaign, body.items, body.to, reason=body.reason)
    return told(items_shape(moved))


@router.post("/reviews/{campaign}/remind", operation_id="remindReviewers", response_model=Answer)
async def remind_(call: Caller, campaign: str) -> Response:
    """Remind everybody with undecided items now; how many reviewers."""
    return told(reminded_shape(await remind(call.app, call.actor, campaign)))


@router.post("/reviews/{campaign}/escalate", operation_id="escalateReview", response_model=Answer)
async def escalate_(call: Caller, campaign: str) -> Response:
    """Put what is undecided before the reviewers' managers, else the fallback; how many items."""
    return told(escalated_shape(await escalate(call.app, call.actor, campaign)))


@router.post(
    "/reviews/{campaign}/close",
    operation_id="closeReview",
    response_model=CampaignModel,
    responses=errors(body=True),
)
async def close(match: Match, call: Caller, campaign: str, body: Reason) -> Response:
    """End the decisions; what is taken away becomes a plan, and a later snapshot proves it."""
    await need_match(match, partial(_seen, call, campaign))
    done = await close_campaign(call.app, call.actor, campaign, reason=body.reason)
    return told(campaign_shape(done))


async def _seen(call: Call, campaign: str) -> dict[str, Any]:
    return campaign_view_shape(await show_campaign(call.app, call.actor, campaign))
