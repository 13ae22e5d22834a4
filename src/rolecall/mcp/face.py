"""MCP over HTTP at /mcp: bearer tokens as for REST, every call a line in the audit trail."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from mcp.server.transport_security import TransportSecuritySettings

from rolecall.http.asgi import App as AsgiApp
from rolecall.http.asgi import Receive, Scope, Send, answer, header
from rolecall.http.layers import BodyLimit
from rolecall.http.problems import MEDIA_TYPE, Problem
from rolecall.http.strict_json import read_body, replayed
from rolecall.mcp import PREFIX
from rolecall.mcp.tools import CALLER, create_server
from rolecall.services.app import App
from rolecall.services.operators.tokens import authenticate

MOST_BYTES = 262_144


def create_face(app: App) -> AsgiApp:
    """The ASGI application for /mcp; it wants the whole path."""
    return BodyLimit(McpFace(app), MOST_BYTES)


@dataclass(slots=True)
class McpFace:
    """Authenticates each request, then lets the library's server answer it, without sessions."""

    app: App
    inner: AsgiApp = field(init=False)
    _life: asyncio.Task[None] | None = None
    _begun: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request; 401 without a valid token."""
        if scope["type"] != "http":
            return
        kind, _, secret = header(scope, b"authorization").partition(" ")
        bearer = kind.lower() == "bearer"
        actor = await authenticate(self.app, secret.strip(), via="mcp") if bearer else None
        if actor is None:
            told = Problem(401, "Sign in", "send a token as Authorization: Bearer").body()
            await answer(send, 401, told, MEDIA_TYPE, [(b"www-authenticate", b"Bearer")])
            return
        # Read here, where the limit on bodies is told; the library would make a 500 of it.
        body = await read_body(receive)
        await self._started()
        token = CALLER.set(actor)
        try:
            await self.inner({**scope, "root_path": ""}, replayed(body, receive), send)
        finally:
            CALLER.reset(token)

    async def _started(self) -> None:
        """The library's task group lives as long as the face, begun with the first request."""
        if self._life is None:
            self._life = asyncio.create_task(self._live())
        await self._begun.wait()

    async def _live(self) -> None:
        server = create_server(self.app)
        # Hosts are not checked here: nothing is answered without a bearer token, which no page
        # of a foreign site can send.
        security = TransportSecuritySettings(enable_dns_rebinding_protection=False)
        inner = server.streamable_http_app(
            streamable_http_path=PREFIX,
            json_response=True,
            stateless_http=True,
            transport_security=security,
        )
        async with server.session_manager.run():
            self.inner = inner
            self._begun.set()
            await asyncio.Event().wait()

    async def stop(self) -> None:
        """End the library's task group."""
        if self._life is not None:
            self._life.cancel()
            await asyncio.wait({self._life})
