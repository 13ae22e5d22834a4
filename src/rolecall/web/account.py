"""One's own sign-in: password, second factor, sessions."""

from __future__ import annotations

from starlette.responses import Response

from rolecall.kit.errors import RolecallError
from rolecall.services.operators.operators import change_password, end_session, own_sessions
from rolecall.services.operators.own_sign_in import own_factor
from rolecall.services.operators.second_factor import (
    begin_second_factor,
    confirm_second_factor,
    drop_second_factor,
)
from rolecall.web.routing import Page, get, post
from rolecall.web.visits import Visit


async def account(visit: Visit) -> Response:
    """The page of one's own sign-in."""
    return await _account(visit)


async def _account(
    visit: Visit,
    problem: RolecallError | None = None,
    *,
    secret: str = "",
    uri: str = "",
    recovery: tuple[str, ...] = (),
) -> Response:
    return visit.page(
        "account.html",
        422 if problem else 200,
        sessions=await own_sessions(visit.app, visit.actor),
        factor=await own_factor(visit.app, visit.actor),
        current=visit.session.id if visit.session else "",
        secret=secret,
        uri=uri,
        recovery=recovery,
        problem=problem,
    )


async def new_password(visit: Visit) -> Response:
    """A new password; every other session ends."""
    mine = visit.session.id if visit.session else ""
    old, new = visit.raw("old"), visit.raw("new")
    try:
        await change_password(visit.app, visit.actor, old, new, session_id=mine)
    except RolecallError as error:
        return await _account(visit, error)
    return visit.go("/account", "The password is changed. Every other session has ended.")


async def factor(visit: Visit) -> Response:
    """Set a second factor up in two steps, or turn it off by a last code."""
    what, code = visit.text("what"), visit.text("code")
    try:
        if what == "begin":
            setup = await begin_second_factor(visit.app, visit.actor)
            return await _account(visit, secret=setup.secret, uri=setup.uri)
        if what == "confirm":
            recovery = await confirm_second_factor(visit.app, visit.actor, code)
            return await _account(visit, recovery=recovery)
        await drop_second_factor(visit.app, visit.actor, code)
    except RolecallError as error:
        return await _account(visit, error)
    return visit.go("/account", "The second factor is off.")


async def end(visit: Visit) -> Response:
    """End one of one's own sessions."""
    await end_session(visit.app, visit.actor, visit.path("session"))
    return visit.go("/account", "That session has ended.")


PAGES: tuple[Page, ...] = (
    get("/account", account),
    post("/account/password", new_password),
    post("/account/factor", factor),
    post("/account/sessions/{session}/end", end),
)
