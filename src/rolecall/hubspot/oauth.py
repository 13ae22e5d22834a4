"""OAuth with HubSpot: the address to send an admin to, and the token endpoints.

Dated endpoints first, then v3, then v1 (which ends in 2027). Secrets travel in form bodies; only
v1 wants a token in a path, used where nothing newer answers and never shown.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar
from urllib.parse import quote, urlencode

import msgspec

from rolecall.hubspot import answers
from rolecall.hubspot.errors import Failure, HubSpotError
from rolecall.hubspot.ports import OAuthTokens
from rolecall.hubspot.sender import USER_AGENT, NoAnswer, NotSent, Reply, Sender
from rolecall.hubspot.versions import TOKEN, Version
from rolecall.hubspot.wire import Introspection, OAuthGrant

AUTHORIZE_BASE = "https://app.hubspot.com"
FORM = [
    ("content-type", "application/x-www-form-urlencoded"),
    ("accept", "application/json"),
    ("user-agent", USER_AGENT),
]
LOST = frozenset({"BAD_REFRESH_TOKEN", "BAD_HUB"})

Answer = TypeVar("Answer")

_GRANT = msgspec.json.Decoder(OAuthGrant)
_FACTS = msgspec.json.Decoder(Introspection)


@dataclass(frozen=True, slots=True)
class OAuthApp:
    """An OAuth app as registered with HubSpot."""

    client_id: str
    client_secret: str = field(repr=False)
    redirect_uri: str = ""
    scopes: tuple[str, ...] = ()
    optional_scopes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Challenge:
    """State and PKCE verifier of one authorisation; keep both until the admin comes back."""

    state: str = field(repr=False)
    verifier: str = field(repr=False)

    @classmethod
    def new(cls) -> Challenge:
        """Fresh random values."""
        return cls(secrets.token_urlsafe(24), secrets.token_urlsafe(48))

    @property
    def code_challenge(self) -> str:
        """S256 of the verifier (RFC 7636)."""
        digest = hashlib.sha256(self.verifier.encode()).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def authorize_url(app: OAuthApp, challenge: Challenge, base: str = AUTHORIZE_BASE) -> str:
    """Where the portal's admin must go to install the app."""
    query = {
        "client_id": app.client_id,
        "redirect_uri": app.redirect_uri,
        "scope": " ".join(app.scopes),
        "state": challenge.state,
        "code_challenge": challenge.code_challenge,
        "code_challenge_method": "S256",
    }
    if app.optional_scopes:
        query["optional_scope"] = " ".join(app.optional_scopes)
    return f"{base}/oauth/authorize?{urlencode(query, quote_via=quote)}"


@dataclass(frozen=True, slots=True)
class Installation:
    """What a finished authorisation gives; the hub id is None where an old endpoint tells none."""

    tokens: OAuthTokens
    hub_id: int | None
    user_id: int | None


class TokenEndpoint:
    """The token endpoints for one app; remembers which version answered."""

    def __init__(self, sender: Sender, app: OAuthApp, api_base: str) -> None:
        self.app = app
        self.requests = 0
        self._sender = sender
        self._base = api_base.rstrip("/")
        self._working: Version | None = None

    async def exchange(self, code: str, verifier: str, now: datetime) -> Installation:
        """Trade the code of a finished authorisation for tokens."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.app.redirect_uri,
            "code_verifier": verifier,
        }
        grant = await self._grant(form)
        return Installation(_tokens(grant, now, ""), grant.hub_id, grant.user_id)

    async def refresh(self, refresh_token: str, now: datetime) -> OAuthTokens:
        """A new access token; GrantLost when the app was uninstalled.

        Safe to repeat as long as HubSpot keeps refresh tokens as they are; one it would change
        is saved, but lost with a lost answer.
        """
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        return _tokens(await self._grant(form), now, refresh_token)

    async def introspect(self, access_token: str) -> Introspection:
        """What an access token may do, for whom and how long.

        2026-09 promises no more than whether the token is active, so older forms are asked until
        one says more; v1, with the token in its path, last.
        """
        told = Introspection(active=False)
        for version in TOKEN.versions:
            reply = await self._introspected(version, access_token)
            if _missing(reply):
                continue
            path = f"{version.prefix}/introspect"
            told = _decoded(_FACTS, _checked(reply, "POST", path), path)
            if told.active is False or told.hub_id is not None:
                break
        return told

    async def revoke(self, refresh_token: str) -> None:
        """End the grant; gone already is fine."""
        form = {"token": refresh_token, "token_type_hint": "refresh_token"}
        newer = tuple(version for version in TOKEN.versions if version.name != "v1")
        found = await self._first("/revoke", form, newer)
        if found is not None:
            _checked(found[1], "POST", f"{found[0].prefix}/revoke")
            return
        path = f"/oauth/v1/refresh-tokens/{quote(refresh_token, safe='')}"
        reply = await self._send("DELETE", path, "/oauth/v1/refresh-tokens/***")
        if reply.status != 404:
            _checked(reply, "DELETE", "/oauth/v1/refresh-tokens/***")

    async def _grant(self, form: dict[str, str]) -> OAuthGrant:
        first = (self._working,) if self._working else ()
        found = await self._first("", form, (*first, *TOKEN.versions))
        if found is None:
            failure = Failure("POST", TOKEN.versions[0].prefix)
            raise answers.version_missing(failure)
        version, reply = found
        self._working = version
        return _decoded(_GRANT, _checked(reply, "POST", version.prefix), version.prefix)

    async def _introspected(self, version: Version, access_token: str) -> Reply:
        if version.name == "v1":
            path = f"/oauth/v1/access-tokens/{quote(access_token, safe='')}"
            return await self._send("GET", path, "/oauth/v1/access-tokens/***")
        return await self._post(version.prefix + "/introspect", {"token": access_token})

    async def _first(
        self, below: str, form: dict[str, str], versions: tuple[Version, ...]
    ) -> tuple[Version, Reply] | None:
        """The first version that exists, and its answer."""
        for version in versions:
            reply = await self._post(version.prefix + below, form)
            if not _missing(reply):
                return version, reply
        return None

    async def _post(self, path: str, form: dict[str, str]) -> Reply:
        form = form | {"client_id": self.app.client_id, "client_secret": self.app.client_secret}
        return await self._send("POST", path, path, urlencode(form).encode())

    async def _send(self, method: str, path: str, shown: str, body: bytes | None = None) -> Reply:
        self.requests += 1
        try:
            return await self._sender.send(method, self._base + path, list(FORM), body)
        except NotSent as error:
            raise answers.never_left(method, shown, str(error)) from None
        except NoAnswer as error:
            raise answers.no_answer(method, shown, str(error), writes=False) from None


def _tokens(grant: OAuthGrant, now: datetime, kept: str) -> OAuthTokens:
    """HubSpot may leave out a refresh token that has not changed."""
    ends = now + timedelta(seconds=grant.expires_in)
    return OAuthTokens(grant.access_token, grant.refresh_token or kept, ends)


def _checked(reply: Reply, method: str, path: str) -> Reply:
    if reply.status < 400:
        return reply
    raise token_error(reply, method, path)


def token_error(reply: Reply, method: str, path: str) -> HubSpotError:
    """The error of a token endpoint; its `status` field holds HubSpot's own code."""
    failure = answers.failure_of(reply, method, path)
    if reply.status >= 500 or reply.status == 429:
        return answers.unavailable(failure)
    body = answers.error_body(reply)
    if body.status in LOST or body.error == "invalid_grant":
        return answers.grant_lost(failure)
    return answers.error_of(reply, method, path)


def _missing(reply: Reply) -> bool:
    """No such endpoint: an HTML page, or a 404 that is not OAuth's own error."""
    return reply.status in {404, 405} and not answers.error_body(reply).error


def _decoded(decoder: msgspec.json.Decoder[Answer], reply: Reply, path: str) -> Answer:
    try:
        return decoder.decode(reply.body)
    except msgspec.DecodeError:
        # The body may hold a token: say what it looks like, never what it is.
        failure = Failure("POST", path, reply.status)
        raise answers.unreadable(failure, answers.looks_like(reply)) from None
