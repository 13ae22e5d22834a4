"""From a request to a page: who is asking, which portal, which form; and errors as pages."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from rolecall.domain.portal import Portal
from rolecall.http.asgi import SAFE_METHODS
from rolecall.http.problems import problem_of
from rolecall.kit.errors import NotThere, RolecallError
from rolecall.kit.redact import redacted
from rolecall.services.connections.portals import portals_of
from rolecall.services.operators.provider import safe_return
from rolecall.services.operators.sign_in import actor_of_session
from rolecall.services.rights import need_reading
from rolecall.web.visits import Desk, Visit

LOG = logging.getLogger("rolecall.web")
MOST_FIELDS = 60_000  # a bulk selection of a whole large portal is one form
MOST_FILE_BYTES = 32 * 2**20
Handler = Callable[[Visit], Awaitable[Response]]
Open = Callable[[Desk, Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Page:
    """One address; `open_to_requesters` pages need any role in the portal, others reading."""

    path: str
    handler: Handler
    methods: tuple[str, ...] = ("GET",)
    open_to_requesters: bool = False


def get(path: str, handler: Handler, *, open_to_requesters: bool = False) -> Page:
    """A page that is looked at."""
    return Page(path, handler, ("GET",), open_to_requesters)


def post(path: str, handler: Handler, *, open_to_requesters: bool = False) -> Page:
    """A form that is sent."""
    return Page(path, handler, ("POST",), open_to_requesters)


def routes_of(pages: Iterable[Page], desk: Desk) -> list[Route]:
    """The routes of these pages."""
    return [
        Route(page.path, _signed_in(page, desk), methods=list(page.methods), name=page.path)
        for page in pages
    ]


def open_route(path: str, handler: Open, desk: Desk, methods: tuple[str, ...]) -> Route:
    """A route for people who are not signed in."""

    async def endpoint(request: Request) -> Response:
        try:
            return await handler(desk, request)
        except RolecallError as error:
            return refused(desk, request, error)

    return Route(path, endpoint, methods=list(methods), name=path)


def _signed_in(page: Page, desk: Desk) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        known = await actor_of_session(desk.app, desk.cookies.read(request, "session"))
        if known is None:
            return to_sign_in(request)
        actor, session = known
        visit = Visit(desk, request, actor, session)
        try:
            visit = await _prepared(page, visit)
            return await page.handler(visit)
        except HTTPException as error:
            return _lost(visit, error)
        except RolecallError as error:
            return _failed(visit, error)
        except Exception:
            LOG.exception("%s %s failed", request.method, request.url.path)
            return visit.page("broken.html", 500, request_id=_request_id(request))

    return endpoint


async def _prepared(page: Page, visit: Visit) -> Visit:
    """The visit with its portals, the portal of its address, and what was typed."""
    portals = await portals_of(visit.app, visit.actor)
    visit = replace(visit, portals=portals)
    if "portal" in visit.request.path_params:
        visit = replace(visit, portal=_named(portals, visit.path("portal")))
        if not page.open_to_requesters:
            need_reading(visit.actor, visit.here.hub_id)
    if visit.request.method not in SAFE_METHODS:
        form = await visit.request.form(max_fields=MOST_FIELDS, max_part_size=MOST_FILE_BYTES)
        visit = replace(visit, form=form)
    return visit


def _named(portals: tuple[Portal, ...], name: str) -> Portal:
    """The portal of an address; one without a role in it is not there."""
    found = next((one for one in portals if one.name == name), None)
    if found is None:
        raise NotThere(f"There is no portal {name} here")
    return found


def to_sign_in(request: Request) -> Response:
    """Ask to sign in, and come back to the page afterwards."""
    if request.headers.get("x-rolecall") == "part":
        return Response("", 401)  # our script opens the sign-in page in the whole window
    if request.method not in SAFE_METHODS:
        back = _back(request)
        query = "" if back == "/" else f"&next={quote(back, safe='')}"
        return RedirectResponse(f"/sign-in?late=1{query}", 303)
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    query = "" if wanted == "/" else f"?next={quote(wanted, safe='')}"
    return RedirectResponse(f"/sign-in{query}", 303)


def _failed(visit: Visit, error: RolecallError) -> Response:
    """What happened, what was not changed, what to do."""
    status = problem_of(error).status
    changed = visit.request.method not in SAFE_METHODS
    return visit.page(
        "refused.html",
        status,
        status=status,
        problem=error,
        message=redacted(error.message),
        hint=redacted(error.hint or ""),
        changed_nothing=changed,
        back=_back(visit.request),
    )


def _lost(visit: Visit, error: HTTPException) -> Response:
    return visit.page(
        "refused.html",
        error.status_code,
        status=error.status_code,
        problem=None,
        message=str(error.detail),
        hint="",
        changed_nothing=visit.request.method not in SAFE_METHODS,
        back=_back(visit.request),
    )


def refused(desk: Desk, request: Request, error: RolecallError) -> Response:
    """A refusal for somebody who is not signed in."""
    return desk.pages.bare(
        request,
        "refused_open.html",
        problem_of(error).status,
        message=redacted(error.message),
        hint=redacted(error.hint or ""),
    )


def _back(request: Request) -> str:
    """The page a form was on, when the browser tells and it is ours."""
    referer = request.headers.get("referer", "")
    own = f"{request.url.scheme}://{request.headers.get('host', '')}/"
    return safe_return("/" + referer.removeprefix(own)) if referer.startswith(own) else "/"


def _request_id(request: Request) -> str:
    return str(request.scope.get("state", {}).get("request_id", ""))
