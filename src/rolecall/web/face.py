"""The console as one ASGI application: pages, forms and static files."""

from __future__ import annotations

import mimetypes
from dataclasses import dataclass
from importlib.resources import files

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router

from rolecall.http.asgi import App as AsgiApp
from rolecall.http.asgi import Receive, Scope, Send
from rolecall.http.layers import BodyLimit, SameOrigin
from rolecall.services.app import App
from rolecall.services.operators.sign_in import actor_of_session
from rolecall.web import catalogue_of_pages
from rolecall.web.cookies import Cookies
from rolecall.web.entrance import OPEN
from rolecall.web.errands import Errands
from rolecall.web.rendering import Pages, asset
from rolecall.web.routing import open_route, routes_of, to_sign_in
from rolecall.web.visits import Desk

MOST_BYTES = 34 * 2**20  # a bulk file or a users export of a large portal
MOST_OPEN_BYTES = 65_536  # what strangers may send: an e-mail, a password, a reason
OPEN_PATHS = frozenset(path for path, _, _ in OPEN)
STATIC = ("rolecall.css", "rolecall.js", "mark.svg")
FOREVER = "public, max-age=31536000, immutable"  # the address changes with the content


def create_face(app: App, public_url: str, errands: Errands | None = None) -> AsgiApp:
    """The console; `public_url` is where browsers reach it, forms come from there alone."""
    desk = Desk(
        app,
        Pages(app.clock, has_provider=app.provider is not None),
        Cookies(public_url.startswith("https://")),
        errands or Errands(),
    )
    routes = [open_route(path, handler, desk, methods) for path, handler, methods in OPEN]
    routes += [Route("/static/{digest}/{name}", _static, methods=["GET"])]
    routes += routes_of(catalogue_of_pages.PAGES, desk)
    router = Router(routes, redirect_slashes=False, default=_Nowhere(desk))
    ours = SameOrigin(router, public_url)
    return _BySign(BodyLimit(ours, MOST_BYTES), BodyLimit(ours, MOST_OPEN_BYTES))


async def _static(request: Request) -> Response:
    """One of the few files the console is made of."""
    name = request.path_params["name"]
    if name not in STATIC or asset(name) != request.url.path:
        return Response("", 404)
    data = (files("rolecall.web") / "static" / name).read_bytes()
    media = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return Response(data, media_type=media, headers={"cache-control": FOREVER})


@dataclass(frozen=True, slots=True)
class _BySign:
    """Large bodies only where somebody is signed in before the body is read."""

    pages: AsgiApp
    entrance: AsgiApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        at_entrance = scope["type"] == "http" and scope["path"] in OPEN_PATHS
        await (self.entrance if at_entrance else self.pages)(scope, receive, send)


@dataclass(frozen=True, slots=True)
class _Nowhere:
    """Addresses that are none: a page for who is signed in, the door for everybody else."""

    desk: Desk

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await (await self._answer(Request(scope)))(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        token = self.desk.cookies.read(request, "session")
        if await actor_of_session(self.desk.app, token) is None:
            return to_sign_in(request)
        told = {"message": "There is no such page", "hint": "the overview is at /"}
        return self.desk.pages.bare(request, "refused_open.html", 404, **told)
