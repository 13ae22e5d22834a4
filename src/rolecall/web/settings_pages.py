"""Settings of a portal and of the installation: connection, operators, tokens, notices, audit."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, time

from starlette.responses import Response, StreamingResponse

from rolecall.domain.actor import Role
from rolecall.domain.features import MODES, minimal_scopes
from rolecall.domain.operator import ROLES_OF_SCOPE, TokenScope
from rolecall.domain.portal import CredentialKind
from rolecall.kit.errors import Refused, RolecallError
from rolecall.services.connections.credentials import (
    PRIVATE_APP_CLICKS,
    SERVICE_KEY_CLICKS,
    WHO_MAY,
)
from rolecall.services.connections.forms import change_interval, credential_of
from rolecall.services.connections.links import make_connect_link
from rolecall.services.connections.oauth_apps import list_oauth_apps
from rolecall.services.connections.portals import (
    add_portal,
    check_portal,
    list_portals,
    reconnect_portal,
)
from rolecall.services.evidence.auditing import audit_lines, export_audit, verify_audit
from rolecall.services.glance import glance
from rolecall.services.naming import names_of_actors
from rolecall.services.operators.operators import (
    invite,
    list_operators,
    password_link,
    reset_second_factor,
    set_disabled,
    set_roles,
)
from rolecall.services.operators.tokens import create_token, list_tokens, revoke_token
from rolecall.services.telling.lost import lost_notices, outlets_of, send_test, tell_again
from rolecall.services.telling.texts import TEXTS
from rolecall.services.telling.webhooks import add_webhook, list_webhooks, remove_webhook
from rolecall.services.upkeep import look
from rolecall.web.routing import Page, get, post
from rolecall.web.visits import Visit, number_of

PER_PAGE = 100


async def portals(visit: Visit) -> Response:
    """Every portal, its state and its age; the form to connect one."""
    return await _portals(visit, None)


async def _portals(visit: Visit, problem: RolecallError | None, link: str = "") -> Response:
    may_connect = visit.actor.holds(Role.ADMIN, 0)
    return visit.page(
        "portals.html",
        422 if problem else 200,
        lines=await list_portals(visit.app, visit.actor),
        may_connect=may_connect,
        oauth_apps=await list_oauth_apps(visit.app, visit.actor) if may_connect else (),
        link=link,
        service_clicks=SERVICE_KEY_CLICKS,
        app_clicks=PRIVATE_APP_CLICKS,
        who_may=WHO_MAY,
        scopes={mode: minimal_scopes(mode) for mode in MODES},
        problem=problem,
        typed=visit.form,
    )


async def connect(visit: Visit) -> Response:
    """Connect a portal; the token is tried before it is kept, and never shown again."""
    try:
        credential = credential_of(visit.text("token"), CredentialKind.SERVICE_KEY)
        report = await add_portal(visit.app, visit.actor, visit.text("name"), credential)
    except RolecallError as error:
        return await _portals(visit, error)
    name, hub_id = report.portal.name, report.portal.hub_id
    await visit.desk.errands.start(f"sync:{hub_id}", look(visit.app, visit.actor, name))
    return visit.go(f"/p/{name}/", f"Connected. Reading {name} for the first time.")


async def make_link(visit: Visit) -> Response:
    """A link with which a Super Admin connects their portal; shown this once."""
    try:
        hub_id = visit.number("hub_id")
        name, client_id = visit.text("name"), visit.text("app")
        new = await make_connect_link(visit.app, visit.actor, name, client_id, hub_id=hub_id)
    except RolecallError as error:
        return await _portals(visit, error)
    return await _portals(visit, None, _link_address(visit, new.token))


async def connection(visit: Visit) -> Response:
    """What works, what is missing and what that costs; the path Torii's users know."""
    return await _connection(visit, None)


async def _connection(visit: Visit, problem: RolecallError | None) -> Response:
    seen = await glance(visit.app, visit.actor, visit.name)
    return visit.page(
        "connection.html",
        422 if problem else 200,
        seen=seen,
        clicks=SERVICE_KEY_CLICKS,
        may_change=visit.holds(Role.ADMIN),
        report=None,
        problem=problem,
    )


async def check(visit: Visit) -> Response:
    """Ask HubSpot again what token and portal allow."""
    report = await check_portal(visit.app, visit.actor, visit.name)
    seen = await glance(visit.app, visit.actor, visit.name)
    return visit.page(
        "connection.html", seen=seen, clicks=SERVICE_KEY_CLICKS, may_change=True, report=report,
        problem=None,
    )  # fmt: skip


async def reconnect(visit: Visit) -> Response:
    """Swap the token of the same portal; history, plans and cursors stay."""
    try:
        credential = credential_of(visit.text("token"), visit.here.credential_kind)
        await reconnect_portal(visit.app, visit.actor, visit.name, credential)
    except RolecallError as error:
        return await _connection(visit, error)
    return visit.go(visit.url("settings"), "The new token is in use. The old one is forgotten.")


async def interval(visit: Visit) -> Response:
    """How often the portal is read by itself."""
    minutes = visit.number("minutes") or 0
    await change_interval(visit.app, visit.actor, visit.name, minutes)
    return visit.go(visit.url("settings"), f"Read every {minutes} minutes from now on.")


async def operators(visit: Visit) -> Response:
    """Who may sign in here, with which roles."""
    return await _operators(visit, None, "")


async def _operators(visit: Visit, problem: RolecallError | None, link: str) -> Response:
    return visit.page(
        "operators.html",
        422 if problem else 200,
        operators=await list_operators(visit.app, visit.actor),
        roles=tuple(Role),
        everywhere=visit.actor.holds(Role.ADMIN, 0),
        link=link,
        problem=problem,
        typed=visit.form,
    )


def _roles(visit: Visit) -> dict[int, frozenset[Role]]:
    """The ticked roles, in this portal or everywhere."""
    known = {role.value: role for role in Role}
    ticked = frozenset(known[one] for one in visit.texts("role") if one in known)
    return {0 if visit.ticked("everywhere") else visit.here.hub_id: ticked}


def _link_address(visit: Visit, token: str) -> str:
    base = visit.app.choices.security.public_url or str(visit.request.base_url).rstrip("/")
    return f"{base}/link?t={token}"


async def invite_operator(visit: Visit) -> Response:
    """Invite somebody; the link is shown this once, to be sent by whoever invites."""
    try:
        if not visit.texts("role"):
            raise Refused("no role is ticked", hint="tick what they may do")
        email = visit.text("email")
        _, new = await invite(visit.app, visit.actor, email, _roles(visit), name=visit.text("name"))
    except RolecallError as error:
        return await _operators(visit, error, "")
    return await _operators(visit, None, _link_address(visit, new.token))


async def change_operator(visit: Visit) -> Response:
    """Roles, password link, second factor, shut out or let in."""
    who, what = visit.path("operator"), visit.text("what")
    app, actor, reason = visit.app, visit.actor, visit.text("reason")
    if what == "link":
        new = await password_link(app, actor, who)
        return await _operators(visit, None, _link_address(visit, new.token))
    if what == "roles":
        known = {one.id: one for one in await list_operators(app, actor)}
        before = known[who].roles if who in known else {}
        await set_roles(app, actor, who, {**before, **_roles(visit)}, reason=reason)
    elif what == "factor":
        await reset_second_factor(app, actor, who, reason or "lost second factor")
    else:
        await set_disabled(app, actor, who, what == "disable", reason=reason)
    return visit.go(visit.url("settings", "operators"), "Changed.")


SCOPE_WORDS = {
    "access:write": "put an access.yaml in force, take over a list of people",
    "manage": "operators, tokens, reports, settings",
    "plan:apply": "carry out approved plans",
    "plan:approve": "approve and refuse plans",
    "plan:propose": "make plans; nothing is sent by that",
    "read": "look at users, structure, findings, plans and the audit trail",
    "request:answer": "approve and refuse requests",
    "request:file": "ask for access",
    "review:decide": "decide what is put before its owner",
    "review:manage": "open, remind and close reviews",
    "scim": "be the SCIM endpoint of an identity provider",
}


async def tokens(visit: Visit) -> Response:
    """API tokens: made once in clear, then only their ends are shown."""
    return await _tokens(visit, None, "")


async def _tokens(visit: Visit, problem: RolecallError | None, secret: str) -> Response:
    found = await list_tokens(visit.app, visit.actor)
    hub_id = visit.here.hub_id
    usable = tuple(
        scope
        for scope in TokenScope
        if any(visit.actor.holds(role, hub_id) for role in ROLES_OF_SCOPE[scope])
    )
    return visit.page(
        "tokens.html",
        422 if problem else 200,
        tokens=[one for one in found if one.portals & {0, hub_id}],
        names=await names_of_actors(visit.app, [_owner(one.owner_id) for one in found]),
        owner=_owner,
        scopes=usable,
        scope_words=SCOPE_WORDS,
        secret=secret,
        problem=problem,
        typed=visit.form,
    )


def _owner(owner_id: str) -> str:
    return owner_id if ":" in owner_id else f"operator:{owner_id}"


async def make_token(visit: Visit) -> Response:
    """A new token; the secret is in this answer and nowhere else."""
    try:
        scopes = [TokenScope(one) for one in visit.texts("scope") if one in set(TokenScope)]
        day = visit.day("until")
        ends = datetime.combine(day, time.max, UTC) if day else None
        portals_ = [visit.here.hub_id]
        new = await create_token(
            visit.app, visit.actor, visit.text("name"), scopes, portals_, expires_at=ends
        )
    except RolecallError as error:
        return await _tokens(visit, error, "")
    return await _tokens(visit, None, new.secret)


async def end_token(visit: Visit) -> Response:
    """Revoke a token for good."""
    await revoke_token(visit.app, visit.actor, visit.path("token"))
    return visit.go(visit.url("settings", "tokens"), "Revoked. Whoever used it is shut out.")


async def notices(visit: Visit) -> Response:
    """Addresses notices are posted to."""
    return await _notices(visit, None, "")


async def _notices(visit: Visit, problem: RolecallError | None, secret: str) -> Response:
    found = await list_webhooks(visit.app, visit.actor)
    hub_id, may_change = visit.here.hub_id, visit.holds(Role.ADMIN)
    return visit.page(
        "notices.html",
        422 if problem else 200,
        outlets=outlets_of(visit.app),
        quiet=visit.app.outlets.quiet,
        lost=await lost_notices(visit.app, visit.actor, hub_id) if may_change else (),
        webhooks=[one for one in found if one.hub_id in {None, hub_id}],
        may_change=may_change,
        secret=secret,
        problem=problem,
        typed=visit.form,
        topics=sorted(TEXTS),
    )


async def add_notice(visit: Visit) -> Response:
    """A new address; its signing secret is shown this once."""
    try:
        topics = visit.text("topics").replace(",", " ").split()
        new = await add_webhook(
            visit.app, visit.actor, visit.text("url"), topics, visit.here.hub_id
        )
    except RolecallError as error:
        return await _notices(visit, error, "")
    return await _notices(visit, None, new.secret)


async def drop_notice(visit: Visit) -> Response:
    """Post there no more."""
    await remove_webhook(visit.app, visit.actor, visit.path("webhook"))
    return visit.go(visit.url("settings", "notices"), "Nothing is posted there any more.")


async def notice_again(visit: Visit) -> Response:
    """Tell again what reached nobody."""
    await tell_again(visit.app, visit.actor, visit.here.hub_id, visit.path("delivery"))
    return visit.go(visit.url("settings", "notices"), "It is tried again within seconds.")


async def notice_test(visit: Visit) -> Response:
    """A notice that says it is a test."""
    await send_test(visit.app, visit.actor, visit.here.hub_id)
    return visit.go(visit.url("settings", "notices"), "A test is on its way.")


async def audit(visit: Visit) -> Response:
    """The trail of this portal, newest first."""
    return await _audit(visit, None)


async def _audit(visit: Visit, verdict: object) -> Response:
    before = number_of(visit.query("before"), "before")
    lines = await audit_lines(
        visit.app,
        visit.actor,
        visit.here.hub_id,
        event=visit.query("event") or None,
        subject=visit.query("subject") or None,
        before=before,
        limit=PER_PAGE,
    )
    return visit.page(
        "audit.html",
        lines=lines,
        names=await names_of_actors(visit.app, [one.event.actor for one in lines]),
        verdict=verdict,
        more=len(lines) == PER_PAGE,
        given={"event": visit.query("event"), "subject": visit.query("subject")},
    )


async def verify(visit: Visit) -> Response:
    """Follow the whole chain now."""
    return await _audit(visit, await verify_audit(visit.app, visit.actor))


async def audit_file(visit: Visit) -> Response:
    """The whole trail as JSON Lines, which the stand-alone verifier reads."""
    parts: list[str] = []
    await export_audit(visit.app, visit.actor, parts.append)
    return StreamingResponse(
        _each(parts),
        media_type="application/x-ndjson",
        headers={"content-disposition": 'attachment; filename="audit.jsonl"'},
    )


async def _each(parts: list[str]) -> AsyncIterator[str]:
    for part in parts:
        yield part


async def elsewhere(visit: Visit) -> Response:
    """Settings without a portal: the first portal's, or the list."""
    return visit.go(f"/p/{visit.portals[0].name}/settings" if visit.portals else "/portals")


PAGES: tuple[Page, ...] = (
    get("/portals", portals),
    post("/portals", connect),
    post("/portals/link", make_link),
    get("/settings", elsewhere),
    get("/p/{portal}/settings", connection),
    post("/p/{portal}/settings/check", check),
    post("/p/{portal}/settings/reconnect", reconnect),
    post("/p/{portal}/settings/interval", interval),
    get("/p/{portal}/settings/operators", operators),
    post("/p/{portal}/settings/operators", invite_operator),
    post("/p/{portal}/settings/operators/{operator}", change_operator),
    get("/p/{portal}/settings/tokens", tokens),
    post("/p/{portal}/settings/tokens", make_token),
    post("/p/{portal}/settings/tokens/{token}/revoke", end_token),
    get("/p/{portal}/settings/notices", notices),
    post("/p/{portal}/settings/notices", add_notice),
    post("/p/{portal}/settings/notices/test", notice_test),
    post("/p/{portal}/settings/notices/lost/{delivery}", notice_again),
    post("/p/{portal}/settings/notices/{webhook}/remove", drop_notice),
    get("/p/{portal}/settings/audit", audit),
    post("/p/{portal}/settings/audit/verify", verify),
    get("/p/{portal}/settings/audit.jsonl", audit_file),
)
