"""The emulator as one ASGI app; `CHAIN` lists what a request meets, in that order."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from functools import cache

from hubspot_emulator import auth, lifecycle, striking
from hubspot_emulator.asgi import AsgiApp
from hubspot_emulator.building import create_world
from hubspot_emulator.crm.ids import as_id
from hubspot_emulator.exchange import Exchange, Layer, Onward
from hubspot_emulator.limits import too_many
from hubspot_emulator.portals import add_portal, empty_world
from hubspot_emulator.recorder import Seen
from hubspot_emulator.registry import all_routes
from hubspot_emulator.routing import Call, Route, Router
from hubspot_emulator.tokens import Token
from hubspot_emulator.wire import Answer, ApiError, html_page
from hubspot_emulator.world import Portal, World

__all__ = ["CHAIN", "create_app", "create_world"]

CUT = 0  # the status recorded for a request whose answer never left
TARGET_MAX = 16_200  # characters of path and query (measured by one connector, April 2025)


async def recorder(exchange: Exchange, onward: Onward) -> Answer:
    """Note every request with its status, whatever becomes of it."""
    started = time.perf_counter()
    status = CUT
    try:
        answer = await onward(exchange)
        status = answer.status
        return answer
    finally:
        _note(exchange, status, (time.perf_counter() - started) * 1000)


async def gateway(exchange: Exchange, onward: Onward) -> Answer:
    """414 as HTML for an address that is too long, as one naming every property can be."""
    if exchange.target_length > TARGET_MAX:
        return html_page(414, "Request-URI Too Large")
    return await onward(exchange)


async def authenticate(exchange: Exchange, onward: Onward) -> Answer:
    """Find the token and its portal; 401 in HubSpot's words otherwise."""
    route = exchange.route
    if route is not None and route.open:
        exchange.portal = next(iter(exchange.world.portals.values()), None)
        return await onward(exchange)
    try:
        exchange.token = auth.identify(exchange)
    except ApiError as error:
        return refused(exchange, error)
    exchange.portal = exchange.world.portals.get(exchange.token.portal_id)
    if exchange.portal is None:  # the portal was deleted under its token
        return refused(exchange, auth.undecodable(exchange.now))
    return await onward(exchange)


async def scopes(exchange: Exchange, onward: Onward) -> Answer:
    """403 unless the token holds any one of the operation's scopes."""
    try:
        auth.check_scopes(exchange)
    except ApiError as error:
        return refused(exchange, error)
    return await onward(exchange)


async def rate_limit(exchange: Exchange, onward: Onward) -> Answer:
    """Count the request and put the rate headers on its answer; 429 when it is too many."""
    token, portal = exchange.token, exchange.portal
    if token is None or portal is None:
        return await onward(exchange)
    route = exchange.route
    search = route is not None and route.search
    admission = exchange.world.limits.admit(token, portal, exchange.now, search=search)
    if route is None or not route.silent:
        exchange.answer_headers.extend(admission.headers)
    if admission.broken is not None:
        switches = exchange.world.switches
        wait = admission.wait if switches["retry_after_on_429"] == "present" else None
        by_category = switches["rate_limit_body"] == "category"
        return refused(exchange, too_many(admission.broken, wait, category=by_category))
    return await onward(exchange)


async def faults(exchange: Exchange, onward: Onward) -> Answer:
    """Let scheduled misbehaviour strike, before or after the operation was carried out."""
    try:
        return await striking.strike(exchange, onward)
    except striking.Refused as struck:
        if isinstance(struck.answer, Answer):
            return struck.answer
        return refused(exchange, struck.answer)


async def routing(exchange: Exchange, onward: Onward) -> Answer:
    """HTML pages for unknown paths (404) and verbs (405), as HubSpot's gateway answers."""
    if exchange.route is not None:
        return await onward(exchange)
    if exchange.match.known_path:
        allowed = ("Allow", ", ".join(exchange.match.methods))
        return replace(html_page(405, "Method Not Allowed"), headers=(allowed,))
    return html_page(404, "Not Found")


async def envelope(exchange: Exchange, _: Onward) -> Answer:
    """Call the operation; what it refuses becomes HubSpot's error envelope."""
    assert exchange.route is not None
    if _mistyped(exchange, exchange.route):
        return html_page(415, "Unsupported Media Type")
    if exchange.portal is not None:
        lifecycle.settle(exchange.world, exchange.portal, exchange.now)
    try:
        answer = await answered(exchange.route, call_of(exchange))
    except ApiError as error:
        return refused(exchange, error)
    if exchange.world.switches["last_page_paging"] == "empty":
        return with_empty_paging(exchange.route, answer)
    return answer


CHAIN: tuple[Layer, ...] = (
    recorder,
    gateway,
    authenticate,
    scopes,
    rate_limit,
    faults,
    routing,
    envelope,
)


def _mistyped(exchange: Exchange, route: Route) -> bool:
    """Whether a body is refused for its Content-Type; forms of OAuth judge theirs themselves."""
    if route.open or route.control or not exchange.body or route.method in ("GET", "DELETE"):
        return False
    if exchange.world.switches["wrong_content_type"] == "read":
        return False
    media_type = exchange.headers.get("content-type", "").partition(";")[0].strip().casefold()
    return not (media_type == "application/json" or media_type.endswith("+json"))


async def answered(route: Route, call: Call) -> Answer:
    """The answer of an operation, awaited where it has to call another server first."""
    answer = route.handler(call)
    return answer if isinstance(answer, Answer) else await answer


def refused(exchange: Exchange, error: ApiError) -> Answer:
    """An error as the answer HubSpot would send."""
    missing = (("X-HubSpot-NotFound", "true"),) if error.status == 404 else ()
    switch = error.category_switch
    if switch is not None and exchange.world.switches[switch] == "absent":
        error.category = None
    return Answer(error.status, error.body(exchange.correlation_id), (*error.headers, *missing))


def with_empty_paging(route: Route, answer: Answer) -> Answer:
    """A last page that says `paging: {}`, as one connector's tests expect it (contested)."""
    if route.method != "GET" or not isinstance(answer.body, dict):
        return answer
    if "results" not in answer.body or "paging" in answer.body:
        return answer
    return Answer(answer.status, {**answer.body, "paging": {}}, answer.headers)


def call_of(exchange: Exchange) -> Call:
    """What a handler gets to see of a request."""
    portal = exchange.portal or _first_portal(exchange.world)
    route = exchange.route
    return Call(
        world=exchange.world,
        portal=portal,
        token=exchange.token or _nobody(portal),
        method=exchange.method,
        path=exchange.match.parameters,
        query=exchange.query,
        raw_body=exchange.body,
        headers=exchange.headers,
        version=route.version if route else "",
        now=exchange.now,
        base_url=exchange.base_url,
        url_path=exchange.raw_path,
    )


def create_app(world: World) -> AsgiApp:
    """The ASGI app of a world: HubSpot's routes through the chain, control routes beside it."""
    return AsgiApp(world, _router(), compose(CHAIN), _control)


@cache
def _router() -> Router:
    """One tree for every app: it never changes, and growing it takes longer than most tests."""
    return Router(all_routes())


def compose(layers: Sequence[Layer]) -> Onward:
    """One callable out of layers, the first being the outermost."""
    whole: Onward = _nothing_left
    for layer in reversed(layers):
        whole = _around(whole, layer)
    return whole


def _around(inner: Onward, layer: Layer) -> Onward:
    async def step(exchange: Exchange) -> Answer:
        return await layer(exchange, inner)

    return step


async def _nothing_left(_: Exchange) -> Answer:
    raise LookupError("the last layer of the chain must answer")


async def _control(exchange: Exchange) -> Answer:
    assert exchange.route is not None
    portals = exchange.world.portals
    wanted = exchange.query.get("portal", [""])[-1]
    exchange.portal = portals.get(as_id(wanted) or 0)
    try:
        return await answered(exchange.route, call_of(exchange))
    except ApiError as error:
        return refused(exchange, error)
    except (ValueError, TypeError, KeyError) as error:
        return refused(exchange, ApiError(400, str(error)))


def _first_portal(world: World) -> Portal:
    """The portal meant when none is named; an empty stand-in once every one was deleted."""
    found = next(iter(world.portals.values()), None)
    return found or add_portal(empty_world(clock=world.clock), "nowhere")


def _nobody(portal: Portal) -> Token:
    return Token("", "private_app", portal.id, 0, frozenset())


def _note(exchange: Exchange, status: int, ms: float) -> None:
    route = exchange.route
    exchange.world.recorder.note(
        Seen(
            method=exchange.method,
            path=route.template if route else exchange.raw_path,
            operation=route.operation if route else "unknown",
            status=status,
            ms=round(ms, 3),
            at=exchange.now,
            portal_id=exchange.portal.id if exchange.portal else None,
            fault=exchange.fault,
        )
    )
