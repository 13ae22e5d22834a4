"""An OpenID Connect provider as an ASGI app: discovery, code with PKCE, signed ID tokens.

Strict where providers are strict, and it can be told to lie.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

CLIENT, SECRET = "rolecall-test", "client-secret"


@dataclass
class Provider:
    """One provider; `claims` is who signs in next, `lie` changes a token before it is signed."""

    issuer: str
    now: Callable[[], datetime]
    claims: dict[str, Any] = field(
        default_factory=lambda: {
            "sub": "u-1", "email": "kim@acme.test", "email_verified": True, "name": "Kim",
        }
    )  # fmt: skip
    lie: dict[str, Any] = field(default_factory=dict)
    algorithm: str = "RS256"
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    key: RSAKey = field(
        default_factory=lambda: RSAKey.generate_key(2048, {"kid": secrets.token_hex(4)})
    )

    def app(self) -> Starlette:
        """The provider's routes."""
        return Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self._discovery),
                Route("/keys", self._keys),
                Route("/authorize", self._authorize),
                Route("/token", self._token, methods=["POST"]),
            ]
        )

    async def _discovery(self, _request: Request) -> Response:
        return JSONResponse(
            {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
                "token_endpoint_auth_methods_supported": ["client_secret_basic"],
            }
        )

    async def _keys(self, _request: Request) -> Response:
        return JSONResponse(KeySet([self.key]).as_dict(private=False))

    async def _authorize(self, request: Request) -> Response:
        """Everybody is signed in at this provider already: a code, and back."""
        asked = dict(request.query_params)
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        back = urlencode({"code": code, "state": asked["state"]})
        return RedirectResponse(f"{asked['redirect_uri']}?{back}", 302)

    async def _token(self, request: Request) -> Response:
        form = await request.form()
        asked = self.codes.pop(str(form.get("code")), None)
        wanted = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        if request.headers.get("authorization") != f"Basic {wanted}":
            return JSONResponse({"error": "invalid_client"}, 401)
        digest = hashlib.sha256(str(form.get("code_verifier")).encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if asked is None or asked["code_challenge"] != challenge:
            return JSONResponse({"error": "invalid_grant"}, 400)
        if form.get("redirect_uri") != asked["redirect_uri"]:
            return JSONResponse({"error": "invalid_grant"}, 400)
        return JSONResponse({"id_token": self._signed(asked["nonce"]), "token_type": "Bearer"})

    def _signed(self, nonce: str) -> str:
        at = int(self.now().timestamp())
        told = {
            "iss": self.issuer, "aud": CLIENT, "iat": at, "exp": at + 300, "nonce": nonce,
            **self.claims, **self.lie,
        }  # fmt: skip
        if self.algorithm == "HS256":
            return _by_hmac({"alg": "HS256", "kid": self.key.kid}, told, self.key)
        header = {"alg": self.algorithm, "kid": self.key.kid}
        return jwt.encode(header, told, self.key)


def _by_hmac(header: dict[str, Any], claims: dict[str, Any], key: RSAKey) -> str:
    """A token signed with the public key as if it were a shared secret."""
    parts = [_encoded(json.dumps(one).encode()) for one in (header, claims)]
    mac = hmac.new(key.as_pem(private=False), ".".join(parts).encode(), hashlib.sha256)
    return ".".join([*parts, _encoded(mac.digest())])


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
