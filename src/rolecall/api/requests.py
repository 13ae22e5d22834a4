"""Access requests: what one may ask for, what asking would mean, filing, answering, ending."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import Field

from rolecall.api.answers import Match, errors, need_match, told, zoned
from rolecall.api.bodies import Body, Name, Reason, RequestAnswer, RequestToFile, Text
from rolecall.api.calling import Call, Caller
from rolecall.api.models import Answer, OfferModel, Page, RequestModel
from rolecall.api.paging import Paged
from rolecall.domain.request import RequestState
from rolecall.services.requests.requests import (
    RequestForm,
    answer,
    extend,
    file_request,
    give_back,
    withdraw,
)
from rolecall.services.requests.shapes import (
    offer_shape,
    preview_shape,
    request_shape,
    request_view_shape,
)
from rolecall.services.requests.views import (
    catalogue,
    list_requests,
    preview_request,
    show_request,
    waiting_for,
)

router = APIRouter(tags=["requests"], responses=errors())


class RequestToPreview(Body):
    """A wish to look at before it is filed."""

    profile: Name
    subject: Name = ""
    requester: Name = ""


class Extension(Body):
    """More time for running access."""

    days: Annotated[int, Field(ge=1, le=3_650)]
    reason: Text


@router.get(
    "/portals/{portal}/catalogue", operation_id="listCatalogue", response_model=Page[OfferModel]
)
async def offers(call: Caller, portal: str, window: Paged) -> Response:
    """Profiles the caller may ask for."""
    found = await catalogue(call.app, call.actor, await call.hub_id(portal))
    return told(window.of(found, offer_shape))


@router.get(
    "/portals/{portal}/requests", operation_id="listRequests", response_model=Page[RequestModel]
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
    hub_id = await call.hub_id(portal)
    page = await list_requests(
        call.app, call.actor, hub_id, states=states, after=after, limit=limit
    )
    return told({"items": [request_shape(one) for one in page.items], "next": page.after})


@router.post(
    "/portals/{portal}/requests",
    operation_id="fileRequest",
    status_code=201,
    response_model=RequestModel,
    responses=errors(body=True),
)
async def file(call: Caller, portal: str, body: RequestToFile) -> Response:
    """Ask for a profile of the catalogue."""
    form = RequestForm(
        body.profile,
        body.reason,
        body.subject,
        body.days,
        zoned(body.starts_at, "starts_at") if body.starts_at else None,
        body.first_name,
        body.last_name,
        body.break_glass,
        body.requester,
    )
    filed = await file_request(call.app, call.actor, await call.hub_id(portal), form)
    return told(request_shape(filed), 201, {"location": f"/api/v1/requests/{filed.id}"})


@router.post(
    "/portals/{portal}/requests/preview",
    operation_id="previewRequest",
    response_model=Answer,
    responses=errors(body=True),
)
async def preview(call: Caller, portal: str, body: RequestToPreview) -> Response:
    """What asking would mean: who approves, what it costs, what stands against it."""
    hub_id = await call.hub_id(portal)
    seen = await preview_request(
        call.app, call.actor, hub_id, body.profile, body.subject, body.requester
    )
    return told(preview_shape(seen))


@router.get(
    "/requests/waiting", operation_id="listWaitingRequests", response_model=Page[RequestModel]
)
async def waiting(call: Caller, window: Paged, portal: str = "") -> Response:
    """Open requests the caller can answer now, oldest first."""
    hub_id = await call.hub_id(portal) if portal else None
    return told(window.of(await waiting_for(call.app, call.actor, hub_id), request_shape))


@router.get("/requests/{request_id}", operation_id="readRequest", response_model=RequestModel)
async def read(call: Caller, request_id: str) -> Response:
    """One request, and what the caller may do about it."""
    return told(await _seen(call, request_id))


@router.post(
    "/requests/{request_id}/answer",
    operation_id="answerRequest",
    response_model=RequestModel,
    responses=errors(body=True),
)
async def answer_(match: Match, call: Caller, request_id: str, body: RequestAnswer) -> Response:
    """Yes or no to the step that waits."""
    await need_match(match, partial(_seen, call, request_id))
    done = await answer(call.app, call.actor, request_id, yes=body.approve, reason=body.reason)
    return told(request_shape(done))


@router.post(
    "/requests/{request_id}/withdraw", operation_id="withdrawRequest", response_model=RequestModel
)
async def withdraw_(call: Caller, request_id: str) -> Response:
    """Take an unanswered request back."""
    return told(request_shape(await withdraw(call.app, call.actor, request_id)))


@router.post(
    "/requests/{request_id}/give-back",
    operation_id="giveBackAccess",
    response_model=RequestModel,
    responses=errors(body=True),
)
async def return_(call: Caller, request_id: str, body: Reason) -> Response:
    """End running access before its time."""
    return told(request_shape(await give_back(call.app, call.actor, request_id, body.reason)))


@router.post(
    "/requests/{request_id}/extend",
    operation_id="extendRequest",
    status_code=201,
    response_model=RequestModel,
    responses=errors(body=True),
)
async def extend_(call: Caller, request_id: str, body: Extension) -> Response:
    """Ask for more time: a request of its own through the same steps."""
    more = await extend(call.app, call.actor, request_id, days=body.days, reason=body.reason)
    return told(request_shape(more), 201, {"location": f"/api/v1/requests/{more.id}"})


async def _seen(call: Call, request_id: str) -> dict[str, Any]:
    return request_view_shape(await show_request(call.app, call.actor, request_id))
