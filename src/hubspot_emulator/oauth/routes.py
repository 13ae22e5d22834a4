"""Routes of OAuth: authorize, token, introspect, revoke, token info, uninstall."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from hubspot_emulator.accounts import uninstall
from hubspot_emulator.auth import bearer_of, undecodable
from hubspot_emulator.oauth import consent, model, refusals, telling
from hubspot_emulator.oauth.refusals import OAuthRefused
from hubspot_emulator.pages import FORM, form_of
from hubspot_emulator.routing import Call, Route
from hubspot_emulator.tokens import Token
from hubspot_emulator.wire import Answer, ApiError, html_page, not_found

DATED = ("v3", "2026-03", "2026-09", "2026-09-beta")
HOME_REGION = "pat-na1-"  # keys that are found without an Authorization header
SECRETS = ("client_secret", "refresh_token", "code")


def show_authorize(call: Call) -> Answer:
    """The page asking a Super Admin for access."""
    values = {name: found[-1] for name, found in call.query.items()}
    if "portalId" in call.path:
        values["portal_id"] = call.path["portalId"]
    wish = consent.read_wish(call, values)
    return wish if isinstance(wish, Answer) else consent.show(call, wish, values)


def decide_authorize(call: Call) -> Answer:
    """What the person on the page decided."""
    values = dict(form_of(call.raw_body))
    wish = consent.read_wish(call, values)
    return wish if isinstance(wish, Answer) else consent.decide(call, wish, values)


def _form(call: Call) -> dict[str, str]:
    """The form of a token request; v1 also takes secrets from the URL, newer versions refuse."""
    from_url = {name: found[-1] for name, found in call.query.items()}
    if call.version != "v1" and any(name in from_url for name in SECRETS):
        raise OAuthRefused(refusals.BAD_BODY)
    kind = call.headers.get("content-type", FORM).partition(";")[0].strip().lower()
    if kind != FORM:
        raise OAuthRefused(refusals.BAD_BODY)
    return {**(from_url if call.version == "v1" else {}), **dict(form_of(call.raw_body))}


def _answered(work: Callable[[Call], Answer], call: Call) -> Answer:
    try:
        return work(call)
    except OAuthRefused as refused:
        if call.world.switches["oauth_error_body"] == "bare":
            return refused.refusal.bare(call.version)
        raise refused.refusal.enveloped(call.version) from refused


def token(call: Call) -> Answer:
    """Tokens for a code, a refresh token, or an app's own credentials."""
    form = _form(call)
    kind = form.get("grant_type")
    if kind == "client_credentials" and not call.version.startswith("2026-09"):
        return _client_token(call, form)
    giving = {"authorization_code": model.exchange_code, "refresh_token": model.refresh}
    if kind not in giving:
        raise OAuthRefused(refusals.BAD_GRANT_TYPE)
    app = model.check_client(call.world, form)
    given = giving[kind](call.world, app, form, call.now)
    return Answer(200, telling.token_answer(given, call.now, call.version))


def _client_token(call: Call, form: dict[str, str]) -> Answer:
    app = model.check_client(call.world, form)
    scopes = form.get("scope", "").split()
    if not scopes or not set(scopes) <= {*app.scopes, *app.optional_scopes, "oauth"}:
        raise OAuthRefused(refusals.BAD_SCOPE)
    value = model.access_value(call.world)
    return Answer(200, telling.client_answer(value, scopes, call.version))


def access_token_info(call: Call) -> Answer:
    """v1: who an access token speaks for."""
    known = call.world.tokens.find(call.path["token"])
    if known is None or known.kind != "oauth" or known.expired(call.now):
        raise not_found()
    return Answer(200, telling.access_info_v1(call.world, known, call.now))


def refresh_token_info(call: Call) -> Answer:
    """v1: who a refresh token speaks for."""
    grant = call.world.tokens.grants.get(call.path["token"])
    if grant is None or grant.portal_id not in call.world.portals:
        raise not_found()
    return Answer(200, telling.refresh_info_v1(call.world, grant))


def delete_refresh_token(call: Call) -> Answer:
    """v1: end a refresh token; ending it twice is no error."""
    call.world.tokens.grants.pop(call.path["token"], None)
    return Answer(204)


def introspect(call: Call) -> Answer:
    """Since v3: what a token is, or that it is active no more."""
    form = _form(call)
    if "client_id" in form:
        model.check_client(call.world, form)
    body = _introspected(call, _token_of(form))
    bare = call.world.switches["introspect_2026_09"] == "bare"
    if bare and call.version.startswith("2026-09"):
        body = {"active": body["active"]}
    return Answer(200, body)


def _token_of(form: dict[str, str]) -> str:
    """The token a form is about; RFC 7662 and 7009 require it."""
    value = form.get("token")
    if not value:
        raise OAuthRefused(refusals.NO_TOKEN)
    return value


def _introspected(call: Call, value: str) -> dict[str, object]:
    known, grant = call.world.tokens.find(value), call.world.tokens.grants.get(value)
    if known is not None and known.kind == "oauth" and not known.expired(call.now):
        return telling.access_info(call.world, known, call.now)
    if grant is not None and grant.portal_id in call.world.portals:
        return telling.refresh_info(call.world, grant)
    return {"active": False}


def revoke(call: Call) -> Answer:
    """Since v3: end a token; an unknown one is no error (RFC 7009)."""
    form = _form(call)
    app = model.check_client(call.world, form)
    value = _token_of(form)
    known = call.world.tokens.grants.get(value) or call.world.tokens.find(value)
    if known is not None and known.client_id == app.client_id:
        model.end_token(call.world, value)
    return Answer(200)


def key_info(call: Call) -> Answer:
    """Whom a private app's token or a service key speaks for; asks for no scope."""
    body = call.json()
    value = body.get("tokenKey") if isinstance(body, dict) else None
    known = call.world.tokens.find(value) if isinstance(value, str) else None
    if known is None or known.kind == "oauth" or known.disconnected or _led_astray(call, known):
        if call.world.switches["unknown_key_info"] == "html_404":
            return html_page(404, "Not Found")
        raise undecodable(call.now)
    return Answer(200, telling.key_info(known))


def _led_astray(call: Call, known: Token) -> bool:
    """Whether a key of another region comes without the header that leads there (seen 2026)."""
    return not known.value.startswith(HOME_REGION) and bearer_of(call.headers) is None


def uninstall_self(call: Call) -> Answer:
    """An app takes itself out of the account its token is for."""
    app = call.world.import_apps.get(call.token.app_id)
    if app is None or call.token.kind != "oauth":
        raise ApiError(403, "This API can only be called using an OAuth access token.", "FORBIDDEN")
    uninstall(call.world, call.portal, app, call.token.user_id or 0, call.now)
    return Answer(204)


def _dated(version: str) -> tuple[Route, ...]:
    base = f"/oauth/{version}/token"
    return (
        _open("POST", base, "oauth.token", token, version),
        _open("POST", f"{base}/introspect", "oauth.introspect", introspect, version),
        _open("POST", f"{base}/revoke", "oauth.revoke", revoke, version),
    )


def _open(
    method: str, path: str, operation: str, work: Callable[[Call], Answer], version: str
) -> Route:
    handler = partial(_answered, work)
    return Route(method, path, operation, handler, version=version, open=True)


_V1 = "/oauth/v1"
ROUTES = (
    Route("GET", "/oauth/authorize", "oauth.authorize", show_authorize, open=True),
    Route("GET", "/oauth/{portalId}/authorize", "oauth.authorize", show_authorize, open=True),
    Route("POST", "/oauth/authorize", "oauth.decide", decide_authorize, open=True),
    _open("POST", f"{_V1}/token", "oauth.token", token, "v1"),
    _open("GET", f"{_V1}/access-tokens/{{token}}", "oauth.access_info", access_token_info, "v1"),
    _open("GET", f"{_V1}/refresh-tokens/{{token}}", "oauth.refresh_info", refresh_token_info, "v1"),
    _open(
        *("DELETE", f"{_V1}/refresh-tokens/{{token}}", "oauth.delete_refresh"),
        *(delete_refresh_token, "v1"),
    ),
    *(route for version in DATED for route in _dated(version)),
    Route(
        *("POST", "/oauth/v2/private-apps/get/access-token-info", "oauth.key_info", key_info),
        version="v2",
        open=True,
    ),
    Route("DELETE", "/appinstalls/v3/external-install", "oauth.uninstall", uninstall_self),
)
