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


class TokenEndpoint:
    """The token endpoints for one app; remembers which version answered."""

    def __init__(self, sender: Sender, app: OAuthApp, api_base: str) -> None:
        self.app = app
        self.requests = 0
        self._sender = sender
        self._base = api_base.rstrip("/")
        self._working: Version | None = None

    async def exchange(self, code: str, verifier: str, now: datetime) -> OAuthTokens:
        """Trade the code of a finished authorisation for tokens."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.app.redirect_uri,
            "code_verifier": verifier,
        }
        return await self._grant(form, now, "")

    async def refresh(self, refresh_token: str, now: datetime) -> OAuthTokens:
        """New access token; GrantLost when the app was uninstalled. Safe to repeat."""
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        return await self._grant(form, now, refresh_token)

    async def introspect(self, access_token: str) -> Introspection:
        """What an access token may do, for whom and how long."""
        reply = await self._post("/introspect", {"token": access_token})
        if reply is None:
            path = f"/oauth/v1/access-tokens/{quote(access_token, safe='')}"
            reply = await self._send("GET", path, "/oauth/v1/access-tokens/***")
        return _decoded(_FACTS, self._checked(reply, "POST", "/introspect"), "/introspect")

    async def revoke(self, refresh_token: str) -> None:
        """End the grant; gone already is fine."""
        form = {"token": refresh_token, "token_type_hint": "refresh_token"}
        reply = await self._post("/revoke", form)
        if reply is None:
            path = f"/oauth/v1/refresh-tokens/{quote(refresh_token, safe='')}"
            reply = await self._send("DELETE", path, "/oauth/v1/refresh-tokens/***")
        if reply.status != 404:
            self._checked(reply, "POST", "/revoke")

    async def _grant(self, form: dict[str, str], now: datetime, kept: str) -> OAuthTokens:
        reply = await self._post("", form)
        if reply is None:
            raise answers.unreadable(Failure("POST", "/oauth/token"), "no token endpoint answers")
        grant = _decoded(_GRANT, self._checked(reply, "POST", ""), "")
        return OAuthTokens(
            grant.access_token,
            grant.refresh_token or kept,
            now + timedelta(seconds=grant.expires_in),
        )

    async def _post(self, below: str, form: dict[str, str]) -> Reply | None:
        """The first version's answer; None when only v1 is left and has no such form."""
        form = form | {"client_id": self.app.client_id, "client_secret": self.app.client_secret}
        body = urlencode(form).encode()
        for version in (self._working,) if self._working else TOKEN.versions:
            if version.name == "v1" and below:
                return None
            path = version.prefix + below
            reply = await self._send("POST", path, path, body)
            if not _missing(reply):
                self._working = version
                return reply
        self._working = None
        return None

    async def _send(self, method: str, path: str, shown: str, body: bytes | None = None) -> Reply:
        self.requests += 1
        try:
            return await self._sender.send(method, self._base + path, list(FORM), body)
        except (NotSent, NoAnswer) as error:
            raise answers.no_answer(method, shown, str(error), sent=False, writes=False) from None

    def _checked(self, reply: Reply, method: str, below: str) -> Reply:
        if reply.status < 400:
            return reply
        path = (self._working.prefix if self._working else "/oauth") + below
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
        failure = Failure("POST", f"/oauth{path}", reply.status)
        raise answers.unreadable(failure, answers.looks_like(reply)) from None
