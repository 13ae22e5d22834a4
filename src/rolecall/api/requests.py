"""Access requests and reviews: what one may ask for, filing, answering, deciding."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import Field

from rolecall.api.answers import errors, told
from rolecall.api.calling import Call, Caller
from rolecall.api.models import (
    Answer,
    Body,
    Name,
    OfferModel,
    Page,
    Reason,
    RequestAnswer,
    RequestModel,
    RequestToFile,
    Text,
)
from rolecall.domain.request import AccessRequest, RequestState
from rolecall.domain.review import Campaign, ReviewItem, Verdict
from rolecall.kit.errors import Refused
from rolecall.services.connections.portals import portal_to_ask
from rolecall.services.requests.requests import (
    RequestForm,
    answer,
    file_request,
    give_back,
    withdraw,
)
from rolecall.services.requests.views import catalogue, list_requests, show_request
from rolecall.services.reviews.reviews import Decision, decide
from rolecall.services.reviews.views import list_campaigns, list_items

router = APIRouter(responses=errors())


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


@router.get(
    "/portals/{portal}/catalogue",
    operation_id="listCatalogue",
    tags=["requests"],
    response_model=Page[OfferModel],
)
async def offers(call: Caller, portal: str) -> Response:
    """Profiles the caller may ask for."""
    found = await catalogue(call.app, call.actor, await _hub_id(call, portal))
    return told(
        {
            "items": [
                {
                    "profile": one.entry.profile,
                    "title": one.entry.title,
                    "description": one.entry.description,
                    "max_days": one.entry.max_days,
                    "privileged": one.entry.privileged,
                    "gives": [{"slot": slot, "label": label} for slot, label in one.gives],
                    "problems": list(one.problems),
                }
                for one in found
            ]
        }
    )


@router.get(
    "/portals/{portal}/requests",
    operation_id="listRequests",
    tags=["requests"],
    response_model=Page[RequestModel],
)
async def list_(
    call: Caller,
    portal: str,
    state: Annotated[list[RequestState] | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    after: str | None = None,
) -> Response:
    """Requests, newest first: all for who may see all, else one's own."""
    states = frozenset(state) if state else None
    hub_id = await _hub_id(call, portal)
    page = await list_requests(
        call.app, call.actor, hub_id, states=states, after=after, limit=limit
    )
    return told({"items": [_request(one) for one in page.items], "next": page.after})


@router.post(
    "/portals/{portal}/requests",
    operation_id="fileRequest",
    tags=["requests"],
    status_code=201,
    response_model=RequestModel,
    responses=errors(body=True),
)
async def file(call: Caller, portal: str, body: RequestToFile) -> Response:
    """Ask for a profile of the catalogue."""
    if body.starts_at is not None and body.starts_at.tzinfo is None:
        raise Refused("starts_at needs a time zone", hint="2027-01-31T08:00:00Z")
    form = RequestForm(
        body.profile,
        body.reason,
        body.subject,
        body.days,
        body.starts_at,
        body.first_name,
        body.last_name,
    )
    hub_id = await _hub_id(call, portal)
    return told(_request(await file_request(call.app, call.actor, hub_id, form)), 201)


@router.get(
    "/requests/{request_id}",
    operation_id="readRequest",
    tags=["requests"],
    response_model=RequestModel,
)
async def read(call: Caller, request_id: str) -> Response:
    """One request, and what the caller may do about it."""
    seen = await show_request(call.app, call.actor, request_id)
    return told({**_request(seen.request), "may_answer": seen.may_answer, "why_not": seen.why_not})


@router.post(
    "/requests/{request_id}/answer",
    operation_id="answerRequest",
    tags=["requests"],
    response_model=RequestModel,
    responses=errors(body=True),
)
async def answer_(call: Caller, request_id: str, body: RequestAnswer) -> Response:
    """Yes or no to the step that waits."""
    done = await answer(call.app, call.actor, request_id, yes=body.approve, reason=body.reason)
    return told(_request(done))


@router.post(
    "/requests/{request_id}/withdraw",
    operation_id="withdrawRequest",
    tags=["requests"],
    response_model=RequestModel,
)
async def withdraw_(call: Caller, request_id: str) -> Response:
    """Take an unanswered request back."""
    return told(_request(await withdraw(call.app, call.actor, request_id)))


@router.post(
    "/requests/{request_id}/give-back",
    operation_id="giveBackAccess",
    tags=["requests"],
    response_model=RequestModel,
    responses=errors(body=True),
)
async def return_(call: Caller, request_id: str, body: Reason) -> Response:
    """End running access before its time."""
    return told(_request(await give_back(call.app, call.actor, request_id, body.reason)))


@router.get(
    "/portals/{portal}/reviews",
    operation_id="listReviews",
    tags=["reviews"],
    response_model=Page[Answer],
)
async def reviews(call: Caller, portal: str) -> Response:
    """Campaigns, newest first."""
    found = await list_campaigns(call.app, call.actor, await _hub_id(call, portal))
    return told({"items": [_campaign(one) for one in found]})


@router.get(
    "/reviews/{campaign}/items",
    operation_id="listReviewItems",
    tags=["reviews"],
    response_model=Page[Answer],
)
async def items(
    call: Caller,
    campaign: str,
    *,
    decided: bool | None = None,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
    after: str | None = None,
) -> Response:
    """Grants before reviewers, with what helps to decide."""
    page = await list_items(
        call.app, call.actor, campaign, decided=decided, after=after, limit=limit
    )
    return told({"items": [_item(one) for one in page.items], "next": page.after})


@router.post(
    "/reviews/{campaign}/decisions",
    operation_id="decideReviewItems",
    tags=["reviews"],
    response_model=Page[Answer],
    responses=errors(body=True),
)
async def decisions(call: Caller, campaign: str, body: DecisionsBody) -> Response:
    """Write decisions down, all or none."""
    wanted = [
        Decision(one.item, one.verdict, one.comment, one.reduce_to, one.version)
        for one in body.decisions
    ]
    done = await decide(call.app, call.actor, campaign, wanted, confirmed=body.confirmed)
    return told({"items": [_item(one) for one in done]})


async def _hub_id(call: Call, name: str) -> int:
    """The hub id of a portal in which the caller may do anything at all."""
    return (await portal_to_ask(call.app, call.actor, name)).hub_id


def _request(one: AccessRequest) -> dict[str, Any]:
    return {
        "id": one.id,
        "hub_id": one.hub_id,
        "profile": one.profile,
        "requester": one.requester,
        "subject": one.subject,
        "reason": one.reason,
        "state": one.state.value,
        "created_at": one.created_at,
        "starts_at": one.starts_at,
        "ends_at": one.ends_at,
        "plan_id": one.plan_id,
        "note": one.note,
        "steps": [
            {"kind": step.kind.value, "approvers": step.approvers, "decision": step.decision}
            for step in one.steps
        ],
    }


def _campaign(one: Campaign) -> dict[str, Any]:
    return {
        "id": one.id,
        "title": one.title,
        "state": one.state.value,
        "created_at": one.created_at,
        "due_at": one.due_at,
        "closed_at": one.closed_at,
        "plan_id": one.plan_id,
    }


def _item(one: ReviewItem) -> dict[str, Any]:
    return {
        "id": one.id,
        "user_id": one.user_id,
        "user": one.user_email,
        "slot": one.slot.value,
        "value": one.value,
        "label": one.label,
        "reviewer": one.reviewer,
        "facts": dict(one.facts),
        "verdict": None if one.verdict is None else one.verdict.value,
        "decided_by": one.decided_by or None,
        "decided_at": one.decided_at,
        "comment": one.comment,
        "version": one.version,
    }
