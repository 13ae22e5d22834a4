"""An OpenID Connect provider over HTTP: discovery, code with PKCE, ID token checked by its keys.

Takes state, nonce and verifier from the caller and keeps none; knows no operators.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote_plus, urlencode, urlsplit

import httpx2
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from rolecall.kit.clock import Clock
from rolecall.kit.errors import Refused, Retryable

# Signatures only: `none` and shared-secret algorithms are never taken.
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"]
LEEWAY = 60  # seconds the provider's clock may differ
SECONDS = 15.0
SCOPES = "openid email profile"
USERINFO = "userinfo_endpoint"


class ProviderDown(Retryable):
    """The identity provider did not answer as it should."""


class ProviderRefused(Refused):
    """The identity provider's answer does not prove who somebody is."""

    http_status = 401


@dataclass(frozen=True, slots=True)
class Identity:
    """Who somebody is, as the provider signed it."""

    issuer: str
    subject: str
    email: str = ""
    email_verified: bool = False
    name: str = ""


@dataclass(frozen=True, slots=True)
class Handshake:
    """What one log-in keeps until the browser comes back; all of it random."""

    state: str
    nonce: str
    verifier: str = field(repr=False)


def new_handshake() -> Handshake:
    """Fresh random values for one log-in."""
    return Handshake(*(secrets.token_urlsafe(32) for _ in range(3)))


def challenge_of(verifier: str) -> str:
    """The S256 code challenge of a verifier (RFC 7636)."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


@dataclass(slots=True)
class IdentityProvider:
    """One provider and our registration there."""

    issuer: str
    client_id: str
    clock: Clock
    client_secret: str = field(default="", repr=False)
    transport: httpx2.AsyncBaseTransport | None = field(default=None, repr=False)
    _metadata: dict[str, Any] = field(default_factory=dict)
    _keys: KeySet | None = field(default=None, repr=False)

    async def authorize_url(self, handshake: Handshake, redirect_uri: str) -> str:
        """Where to send the browser."""
        query = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": redirect_uri,
            "scope": SCOPES,
            "state": handshake.state,
            "nonce": handshake.nonce,
            "code_challenge": challenge_of(handshake.verifier),
            "code_challenge_method": "S256",
        }
        endpoint = (await self.metadata())["authorization_endpoint"]
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(query)}"

    async def identify(self, code: str, handshake: Handshake, redirect_uri: str) -> Identity:
        """Exchange a code for an ID token and check it: signature, issuer, audience, nonce, time.

        Raises ProviderRefused for a token that proves nothing, ProviderDown to try again.
        """
        answer = await self._exchange(code, handshake, redirect_uri)
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise ProviderRefused("the identity provider sent no ID token")
        claims = await self._claims(token, handshake.nonce)
        return self._identity(await self._completed(claims, answer.get("access_token")))

    async def metadata(self) -> Mapping[str, Any]:
        """The provider's own description, read once; its issuer must be the one configured."""
        if not self._metadata:
            url = f"{self.issuer.rstrip('/')}/.well-known/openid-configuration"
            told = await self._json("GET", url)
            if told.get("issuer") != self.issuer:
                raise ProviderRefused(
                    f"the identity provider calls itself {told.get('issuer')}, not {self.issuer}",
                    hint="set ROLECALL_OIDC_ISSUER to exactly what its discovery document says",
                )
            for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
                self._check_endpoint(name, told.get(name))
            if USERINFO in told:
                self._check_endpoint(USERINFO, told[USERINFO])
            self._metadata.update(told)
        return self._metadata

    def _check_endpoint(self, name: str, url: object) -> None:
        scheme = urlsplit(url).scheme if isinstance(url, str) else ""
        plain_allowed = urlsplit(self.issuer).hostname in {"127.0.0.1", "localhost", "::1"}
        if scheme != "https" and not (scheme == "http" and plain_allowed):
            raise ProviderRefused(f"the identity provider's {name} is not an https address")

    async def _exchange(
        self, code: str, handshake: Handshake, redirect_uri: str
    ) -> Mapping[str, Any]:
        told = await self.metadata()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": handshake.verifier,
        }
        methods = told.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        auth = None
        if self.client_secret and "client_secret_basic" in methods:
            # RFC 6749, 2.3.1: form-encoded before they are joined, `:` and `%` would break them.
            auth = (quote_plus(self.client_id), quote_plus(self.client_secret))
        else:
            form["client_id"] = self.client_id
            if self.client_secret:
                form["client_secret"] = self.client_secret
        return await self._json("POST", told["token_endpoint"], form, auth)

    async def _claims(self, token: str, nonce: str) -> Mapping[str, Any]:
        for fresh in (False, True):  # a key we do not know may be new: read the keys once more
            try:
                decoded = jwt.decode(token, await self._key_set(fresh), algorithms=ALGORITHMS)
                self._registry(nonce).validate(decoded.claims)
            except (JoseError, ValueError) as error:
                if fresh:
                    raise ProviderRefused(f"the ID token is not valid: {error}") from error
            else:
                return decoded.claims
        raise ProviderRefused("the ID token is not valid")

    async def _completed(
        self, claims: Mapping[str, Any], access_token: object
    ) -> Mapping[str, Any]:
        """With what the provider tells at its userinfo endpoint, where the ID token names nobody.

        OpenID Connect Core 5.4: e-mail and name are in the ID token only where no access token
        comes with it, so a strict provider has them there. What was signed counts first.
        """
        endpoint = (await self.metadata()).get(USERINFO)
        if "email" in claims or not endpoint or not isinstance(access_token, str):
            return claims
        told = await self._json(
            "GET", endpoint, headers={"authorization": f"Bearer {access_token}"}
        )
        if told.get("sub") != claims["sub"]:  # Core 5.3.2: else it may be about somebody else
            raise ProviderRefused("the identity provider told of somebody else")
        return {**told, **claims}

    def _registry(self, nonce: str) -> jwt.JWTClaimsRegistry:
        return jwt.JWTClaimsRegistry(
            now=int(self.clock.now().timestamp()),
            leeway=LEEWAY,
            iss={"essential": True, "value": self.issuer},
            aud={"essential": True, "value": self.client_id},
            sub={"essential": True},
            exp={"essential": True},
            nonce={"essential": True, "value": nonce},
        )

    def _identity(self, claims: Mapping[str, Any]) -> Identity:
        audience = claims.get("aud")
        several = isinstance(audience, list) and len(audience) > 1
        if several and claims.get("azp") != self.client_id:
            raise ProviderRefused("the ID token was made for another client")
        return Identity(
            self.issuer,
            str(claims["sub"]),
            str(claims.get("email") or ""),
            claims.get("email_verified") is True,
            str(claims.get("name") or ""),
        )

    async def _key_set(self, fresh: bool) -> KeySet:
        if fresh or self._keys is None:
            told = await self._json("GET", (await self.metadata())["jwks_uri"])
            self._keys = KeySet.import_key_set(told)  # type: ignore[arg-type]
        return self._keys

    async def _json(
        self,
        method: str,
        url: str,
        form: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Mapping[str, Any]:
        host = urlsplit(url).hostname
        try:
            async with httpx2.AsyncClient(transport=self.transport, timeout=SECONDS) as client:
                answer = await client.request(method, url, data=form, auth=auth, headers=headers)
        except httpx2.HTTPError as error:
            raise ProviderDown(f"{host} did not answer: {type(error).__name__}") from error
        if answer.status_code >= 500 or answer.status_code == 429:
            raise ProviderDown(f"{host} answered {answer.status_code}")
        try:
            told = answer.json()
        except ValueError as error:
            raise ProviderDown(f"{host} did not answer with JSON") from error
        if not answer.is_success or not isinstance(told, dict):
            raise ProviderRefused(f"{host} refused the log-in ({answer.status_code})")
        return told
