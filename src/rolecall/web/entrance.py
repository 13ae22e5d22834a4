"""Signing in and out, one-time links, the log-in at an identity provider."""

from __future__ import annotations

from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from rolecall.domain.actor import SYSTEM
from rolecall.domain.operator import LinkPurpose
from rolecall.http.problems import problem_of
from rolecall.kit.errors import RolecallError
from rolecall.services.connections.links import (
    BEGIN,
    back_from_hubspot,
    leave_for_hubspot,
    look_at_invitation,
)
from rolecall.services.connections.links import (
    CALLBACK as INSTALLED,
)
from rolecall.services.operators.links import peek_link
from rolecall.services.operators.operators import accept_link, become_first_operator
from rolecall.services.operators.provider import CALLBACK, arrive, depart, safe_return
from rolecall.services.operators.sign_in import (
    CodeNeeded,
    SignedIn,
    actor_of_session,
    sign_in,
    sign_out,
)
from rolecall.services.requests.requests import answer_by_link
from rolecall.services.upkeep import look
from rolecall.web.cookies import BINDING_SECONDS
from rolecall.web.visits import Desk, visitor_of

ANSWERS = (LinkPurpose.REQUEST_APPROVE, LinkPurpose.REQUEST_REFUSE)
PASSWORDS = (LinkPurpose.FIRST_OPERATOR, LinkPurpose.INVITATION, LinkPurpose.PASSWORD)


async def sign_in_page(desk: Desk, request: Request) -> Response:
    """The form; whoever is signed in already is sent on."""
    wanted = safe_return(request.query_params.get("next", "/"))
    if await actor_of_session(desk.app, desk.cookies.read(request, "session")):
        return RedirectResponse(wanted, 303)
    late = bool(request.query_params.get("late"))
    return _form(desk, request, wanted, late=late)


async def sign_in_form(desk: Desk, request: Request) -> Response:
    """Password, then the code where a second factor is set up."""
    form = await request.form(max_fields=10)
    email, password = str(form.get("email", "")).strip(), str(form.get("password", ""))
    wanted = safe_return(str(form.get("next", "/")))
    try:
        signed = await sign_in(
            desk.app,
            email,
            password,
            code=str(form.get("code", "")).strip(),
            visitor=visitor_of(request),
            former_token=desk.cookies.read(request, "session"),
        )
    except CodeNeeded:
        return _form(desk, request, wanted, email=email, code_needed=True)
    except RolecallError as error:
        return _form(desk, request, wanted, email=email, problem=error)
    return enter(desk, signed, wanted)


def _form(
    desk: Desk,
    request: Request,
    wanted: str,
    *,
    email: str = "",
    code_needed: bool = False,
    late: bool = False,
    problem: RolecallError | None = None,
) -> Response:
    status = problem_of(problem).status if problem else 200
    return desk.pages.bare(
        request,
        "sign_in.html",
        status,
        next=wanted,
        email=email,
        code_needed=code_needed,
        late=late,
        problem=problem,
    )


def enter(desk: Desk, signed: SignedIn, wanted: str) -> Response:
    """The browser with its new session, on the page it wanted."""
    answer = RedirectResponse(wanted, 303)
    desk.cookies.put(answer, "session", signed.token)
    return answer


async def sign_out_form(desk: Desk, request: Request) -> Response:
    """End the session of this browser."""
    await sign_out(desk.app, desk.cookies.read(request, "session"))
    answer = RedirectResponse("/sign-in", 303)
    desk.cookies.drop(answer, "session")
    # Whatever this browser kept of us is not for whoever sits down next.
    answer.headers["clear-site-data"] = '"cache", "storage"'
    return answer


async def provider_begin(desk: Desk, request: Request) -> Response:
    """Send the browser to the identity provider."""
    departure = await depart(desk.app, request.query_params.get("next", "/"))
    answer = RedirectResponse(departure.url, 303)
    desk.cookies.put(answer, "provider", departure.binding, BINDING_SECONDS)
    return answer


async def provider_end(desk: Desk, request: Request) -> Response:
    """The browser comes back from the identity provider."""
    given = request.query_params
    if given.get("error"):
        told = given.get("error_description") or given["error"]
        return desk.pages.bare(
            request,
            "refused_open.html",
            401,
            message=f"The identity provider said: {told[:300]}",
            hint="sign in again, or ask who looks after it",
        )
    arrival = await arrive(
        desk.app,
        state=given.get("state", ""),
        code=given.get("code", ""),
        binding=desk.cookies.read(request, "provider"),
        visitor=visitor_of(request),
        former_token=desk.cookies.read(request, "session"),
    )
    answer = enter(desk, arrival.signed_in, arrival.return_to)
    desk.cookies.drop(answer, "provider")
    return answer


async def link_page(desk: Desk, request: Request) -> Response:
    """What a one-time link would do; opening it does nothing, mail scanners open links too."""
    token = request.query_params.get("t", "")
    link = await peek_link(desk.app, token)
    if link.purpose is LinkPurpose.AGENCY_CONNECT:
        invitation = await look_at_invitation(desk.app, token)
        begin = f"{BEGIN}?t={quote(token, safe='')}"
        return desk.pages.bare(request, "link_connect.html", invitation=invitation, begin=begin)
    template = "link_answer.html" if link.purpose in ANSWERS else "link_password.html"
    return desk.pages.bare(request, template, link=link, token=token, email=link.email, name="",
                           problem=None)  # fmt: skip


async def link_form(desk: Desk, request: Request) -> Response:
    """Use a one-time link."""
    form = await request.form(max_fields=10)
    typed = {name: str(form.get(name, "")) for name in ("t", "email", "name", "password", "reason")}
    link = await peek_link(desk.app, typed["t"])
    if link.purpose in ANSWERS:
        answered = await answer_by_link(desk.app, typed["t"], reason=typed["reason"].strip())
        return desk.pages.bare(request, "link_done.html", request_=answered, link=link)
    try:
        signed = await _welcomed(desk, request, link.purpose, typed)
    except RolecallError as error:
        status = problem_of(error).status
        shown = {"email": link.email or typed["email"], "name": typed["name"]}
        return desk.pages.bare(request, "link_password.html", status, link=link, token=typed["t"],
                               problem=error, **shown)  # fmt: skip
    return enter(desk, signed, "/")


async def install_begin(desk: Desk, request: Request) -> Response:
    """Send a Super Admin to HubSpot, with what this browser must bring back."""
    departure = await leave_for_hubspot(desk.app, request.query_params.get("t", ""))
    answer = RedirectResponse(departure.url, 303)
    desk.cookies.put(answer, "install", departure.binding, BINDING_SECONDS)
    return answer


async def install_end(desk: Desk, request: Request) -> Response:
    """The browser comes back from HubSpot: the portal is connected, and read for the first time."""
    told = dict(request.query_params)
    report = await back_from_hubspot(desk.app, told, desk.cookies.read(request, "install"))
    portal = report.portal
    await desk.errands.start(f"sync:{portal.hub_id}", look(desk.app, SYSTEM, portal.name))
    answer = desk.pages.bare(request, "link_connected.html", report=report)
    desk.cookies.drop(answer, "install")
    return answer


async def _welcomed(
    desk: Desk, request: Request, purpose: LinkPurpose, typed: dict[str, str]
) -> SignedIn:
    visitor = visitor_of(request)
    name, password = typed["name"].strip(), typed["password"]
    if purpose is LinkPurpose.FIRST_OPERATOR:
        email = typed["email"].strip()
        return await become_first_operator(
            desk.app, typed["t"], email=email, name=name, password=password, visitor=visitor
        )
    return await accept_link(desk.app, typed["t"], password, name=name, visitor=visitor)


OPEN = (
    ("/sign-in", sign_in_page, ("GET",)),
    ("/sign-in", sign_in_form, ("POST",)),
    ("/sign-in/begin", provider_begin, ("GET",)),
    (CALLBACK, provider_end, ("GET",)),
    ("/sign-out", sign_out_form, ("POST",)),
    (BEGIN, install_begin, ("GET",)),
    (INSTALLED, install_end, ("GET",)),
    ("/link", link_page, ("GET",)),
    ("/link", link_form, ("POST",)),
)
