"""Codes, access and refresh tokens: giving, renewing, telling about and ending them. No HTTP."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from hubspot_emulator.accounts import ImportApp, app_of_client
from hubspot_emulator.oauth import refusals
from hubspot_emulator.oauth.refusals import OAuthRefused
from hubspot_emulator.tokens import AuthorizationCode, RefreshGrant, Token

if TYPE_CHECKING:
    from hubspot_emulator.world import World

ACCESS_SECONDS = 1_800
CODE_LIFE = timedelta(minutes=10)  # HubSpot publishes none; codes are meant to be used at once
ACCESS_LENGTH = 300  # HubSpot asks clients to allow for 512 characters


def authorize(
    world: World,
    app: ImportApp,
    *,
    portal_id: int,
    user_id: int,
    scopes: Iterable[str],
    redirect_uri: str,
    challenge: tuple[str, str] | None,
    now: datetime,
) -> AuthorizationCode:
    """A code for what was granted; `challenge` is PKCE's value and method."""
    value, method = challenge or (None, "plain")
    code = AuthorizationCode(
        value=_random_uuid(world),
        client_id=app.client_id,
        portal_id=portal_id,
        user_id=user_id,
        scopes=frozenset(scopes),
        redirect_uri=redirect_uri,
        expires_at=now + CODE_LIFE,
        challenge=value,
        challenge_method=method,
    )
    world.tokens.codes[code.value] = code
    return code


def check_client(world: World, form: Mapping[str, str]) -> ImportApp:
    """The app whose id and secret the form carries; OAuthRefused otherwise."""
    app = app_of_client(world, form.get("client_id"))
    if app is None:
        raise OAuthRefused(refusals.BAD_CLIENT_ID)
    if not hmac.compare_digest(form.get("client_secret", "").encode(), app.client_secret.encode()):
        raise OAuthRefused(refusals.BAD_CLIENT_SECRET)
    return app


def exchange_code(world: World, app: ImportApp, form: Mapping[str, str], now: datetime) -> Token:
    """Tokens for a code, once; OAuthRefused for one unknown, used, expired or not this app's."""
    code = world.tokens.codes.get(form.get("code", ""))
    if code is None or code.client_id != app.client_id:
        raise OAuthRefused(refusals.BAD_AUTH_CODE)
    if code.redirect_uri != form.get("redirect_uri"):
        raise OAuthRefused(refusals.BAD_REDIRECT_URI)
    _check_verifier(code, form.get("code_verifier"))
    del world.tokens.codes[code.value]
    if code.expires_at <= now:
        raise OAuthRefused(refusals.EXPIRED_AUTH_CODE)
    if code.portal_id not in world.portals:
        raise OAuthRefused(refusals.BAD_HUB)
    grant = give_grant(world, app, code.portal_id, code.user_id, code.scopes)
    return give_access(world, grant, now)


def _check_verifier(code: AuthorizationCode, verifier: str | None) -> None:
    if code.challenge is None:
        return
    expected = verifier or ""
    if code.challenge_method == "S256":
        digest = hashlib.sha256(expected.encode()).digest()
        expected = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    if not verifier or not hmac.compare_digest(expected.encode(), code.challenge.encode()):
        raise OAuthRefused(refusals.BAD_CODE_VERIFIER)


def refresh(world: World, app: ImportApp, form: Mapping[str, str], now: datetime) -> Token:
    """A new access token; by switch `refresh_rotation` also a new refresh token."""
    grant = world.tokens.grants.get(form.get("refresh_token", ""))
    if grant is None or grant.client_id != app.client_id:
        raise OAuthRefused(refusals.BAD_REFRESH_TOKEN)
    if grant.portal_id not in world.portals:
        raise OAuthRefused(refusals.BAD_HUB)
    if world.switches["refresh_rotation"] == "rotate":
        new = _random_uuid(world)
        world.tokens.renew(grant.value, new)
        grant = world.tokens.grants[new]
    return give_access(world, grant, now)


def give_grant(
    world: World,
    app: ImportApp,
    portal_id: int,
    user_id: int | None,
    scopes: frozenset[str] | None,
) -> RefreshGrant:
    """A refresh token of an app for a portal."""
    value = _random_uuid(world)
    grant = RefreshGrant(value, app.client_id, app.id, portal_id, user_id, scopes)
    world.tokens.grants[value] = grant
    return grant


def give_access(
    world: World, grant: RefreshGrant, now: datetime, seconds: float = ACCESS_SECONDS
) -> Token:
    """An access token of a grant; an app disconnected in the portal stays disconnected."""
    known = world.tokens.of_portal(grant.portal_id)
    cut = any(token.disconnected for token in known if token.app_id == grant.app_id)
    return world.tokens.issue(
        Token(
            value=access_value(world),
            kind="oauth",
            portal_id=grant.portal_id,
            app_id=grant.app_id,
            scopes=grant.scopes,
            user_id=grant.user_id,
            expires_at=now + timedelta(seconds=seconds),
            refresh_token=grant.value,
            client_id=grant.client_id,
            disconnected=cut,
        )
    )


def end_token(world: World, value: str) -> None:
    """Revoke an access token alone, or a refresh token; access tokens out live on till they end."""
    token = world.tokens.find(value)
    if token is not None and token.kind == "oauth":
        token.refresh_token = None
        world.tokens.revoke(value)
    world.tokens.grants.pop(value, None)


def access_value(world: World) -> str:
    """A fresh access token, long as HubSpot's are."""
    return "C" + f"{world.random.getrandbits(ACCESS_LENGTH * 4):0{ACCESS_LENGTH}x}"[1:]


def _random_uuid(world: World) -> str:
    text = f"{world.random.getrandbits(128):032x}"
    return f"na1-{text[:4]}-{text[4:8]}-{text[8:12]}-{text[12:16]}-{text[16:]}"
