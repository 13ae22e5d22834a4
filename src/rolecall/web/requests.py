"""Requests: ask for access, answer who asks, follow it to its end."""

from __future__ import annotations

from datetime import UTC, datetime, time

from starlette.responses import Response

from rolecall.domain.request import AccessRequest, RequestState
from rolecall.kit.errors import NotThere, Refused, RolecallError
from rolecall.services.requests.requests import (
    RequestForm,
    answer,
    extend,
    file_request,
    give_back,
    withdraw,
)
from rolecall.services.requests.views import (
    catalogue,
    list_requests,
    preview_request,
    profile_titles,
    show_request,
    waiting_for,
)
from rolecall.services.rights import NotAllowed
from rolecall.services.upkeep import settle_requests
from rolecall.web.routing import Page, get, post
from rolecall.web.visits import Visit

PER_PAGE = 50
GROUPS = {
    "": None,
    "open": frozenset({RequestState.OPEN}),
    "running": frozenset({RequestState.APPROVED, RequestState.ACTIVE}),
    "over": frozenset(
        {
            RequestState.DENIED,
            RequestState.EXPIRED,
            RequestState.WITHDRAWN,
            RequestState.ENDED,
            RequestState.FAILED,
        }
    ),
}


async def requests(visit: Visit) -> Response:
    """What waits for an answer, and every request one may see."""
    group = visit.query("show")
    hub_id = visit.here.hub_id
    page = await list_requests(
        visit.app,
        visit.actor,
        hub_id,
        states=GROUPS.get(group),
        after=visit.query("after") or None,
        limit=PER_PAGE,
    )
    return visit.page(
        "requests.html",
        page=page,
        to_answer=await waiting_for(visit.app, visit.actor, hub_id),
        titles=await profile_titles(visit.app, visit.actor, hub_id),
        group=group,
        groups=tuple(GROUPS),
    )


async def new_request(visit: Visit) -> Response:
    """The catalogue; with a profile chosen, the form with what it means."""
    return await _form(visit, visit.query("profile"), visit.query("subject"), None)


async def _form(
    visit: Visit, profile: str, subject: str, problem: RolecallError | None
) -> Response:
    hub_id = visit.here.hub_id
    items = await catalogue(visit.app, visit.actor, hub_id)
    preview = None
    if profile:
        try:
            preview = await preview_request(visit.app, visit.actor, hub_id, profile, subject)
        except RolecallError as error:
            problem = problem or error
    return visit.page(
        "request_new.html",
        422 if problem else 200,
        items=items,
        profile=profile,
        subject=subject,
        preview=preview,
        problem=problem,
        typed=visit.form,
        today=visit.desk.pages.clock.now().date(),
    )


async def file(visit: Visit) -> Response:
    """Send the wish off; a mistake comes back with everything typed."""
    profile, subject = visit.text("profile"), visit.text("subject")
    if visit.text("what") == "check":
        return await _form(visit, profile, subject, None)
    try:
        starts = visit.day("starts")
        form = RequestForm(
            profile,
            visit.text("reason"),
            subject,
            days=visit.number("days"),
            starts_at=datetime.combine(starts, time.min, UTC) if starts else None,
            first_name=visit.text("first_name"),
            last_name=visit.text("last_name"),
            break_glass=visit.ticked("break_glass"),
        )
        request = await file_request(visit.app, visit.actor, visit.here.hub_id, form)
    except RolecallError as error:
        return await _form(visit, profile, subject, error)
    await _bring_on(visit)
    return visit.go(visit.url("requests", request.id))


async def _seen(visit: Visit) -> AccessRequest:
    """The request of the address; one of another portal is not there."""
    request = (await show_request(visit.app, visit.actor, visit.path("request"))).request
    if request.hub_id != visit.here.hub_id:
        raise NotThere(f"There is no request {visit.path('request')} here")
    return request


async def _bring_on(visit: Visit) -> None:
    """Let what was answered begin now instead of at the next turn of the clock."""
    await visit.desk.errands.start("requests", settle_requests(visit.app))


async def request(visit: Visit) -> Response:
    """One request with what one may do about it."""
    return await _request(visit, None)


async def _request(visit: Visit, problem: RolecallError | None) -> Response:
    await _seen(visit)
    seen = await show_request(visit.app, visit.actor, visit.path("request"))
    moving = seen.request.state is RequestState.APPROVED and not seen.request.note
    titles = await profile_titles(visit.app, visit.actor, visit.here.hub_id)
    return visit.page(
        "request.html", 422 if problem else 200, seen=seen, moving=moving, titles=titles,
        problem=problem, typed=visit.form,
    )  # fmt: skip


async def answer_form(visit: Visit) -> Response:
    """Yes or no to the step that waits."""
    seen = await _seen(visit)
    yes = visit.text("answer") == "yes"
    try:
        await answer(visit.app, visit.actor, seen.id, yes=yes, reason=visit.text("reason"))
    except Refused as error:
        if isinstance(error, NotAllowed):
            raise
        return await _request(visit, error)
    await _bring_on(visit)
    return visit.go(visit.url("requests", seen.id), "Approved." if yes else "Refused.")


async def take_back(visit: Visit) -> Response:
    """Withdraw a request nobody answered."""
    seen = await _seen(visit)
    await withdraw(visit.app, visit.actor, seen.id)
    return visit.go(visit.url("requests", seen.id), "Withdrawn.")


async def give_back_form(visit: Visit) -> Response:
    """End access before its time."""
    seen = await _seen(visit)
    await give_back(visit.app, visit.actor, seen.id, visit.text("reason"))
    await _bring_on(visit)
    return visit.go(visit.url("requests", seen.id), "Given back. The access before it returns.")


async def extend_form(visit: Visit) -> Response:
    """Ask for more time."""
    seen = await _seen(visit)
    reason = visit.text("reason")
    try:
        days = visit.number("days") or 0
        more = await extend(visit.app, visit.actor, seen.id, days=days, reason=reason)
    except Refused as error:
        if isinstance(error, NotAllowed):
            raise
        return await _request(visit, error)
    await _bring_on(visit)
    return visit.go(visit.url("requests", more.id), "Asked for more time.")


PAGES: tuple[Page, ...] = (
    get("/p/{portal}/requests", requests, open_to_requesters=True),
    get("/p/{portal}/requests/new", new_request, open_to_requesters=True),
    post("/p/{portal}/requests/new", file, open_to_requesters=True),
    get("/p/{portal}/requests/{request}", request, open_to_requesters=True),
    post("/p/{portal}/requests/{request}/answer", answer_form, open_to_requesters=True),
    post("/p/{portal}/requests/{request}/withdraw", take_back, open_to_requesters=True),
    post("/p/{portal}/requests/{request}/give-back", give_back_form, open_to_requesters=True),
    post("/p/{portal}/requests/{request}/extend", extend_form, open_to_requesters=True),
)
