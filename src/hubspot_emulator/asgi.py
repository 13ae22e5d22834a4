"""ASGI in, ASGI out: reads a request into an Exchange and sends its Answer. Knows no rule."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qs

import msgspec

from hubspot_emulator.exchange import ConnectionCut, Exchange, Onward
from hubspot_emulator.routing import Router
from hubspot_emulator.wire import Answer, html_page, uuid7
from hubspot_emulator.world import World

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

TRANSPORT = "hubspot_emulator.transport"  # ASGI extension of our server: the raw connection


class AsgiApp:
    """One emulator behind ASGI; `world` is what it plays and may be read by tests."""

    def __init__(self, world: World, router: Router, chain: Onward, control: Onward) -> None:
        self.world = world
        self.router = router
        self._chain = chain
        self._control = control

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one request, or the lifespan messages of a server."""
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
        elif scope["type"] == "http":
            await self._http(scope, receive, send)

    async def _http(self, scope: Message, receive: Receive, send: Send) -> None:
        exchange = self._exchange(scope, await _body(receive))
        route = exchange.route
        try:
            if route is not None and route.control:
                answer = await self._control(exchange)
            elif route is None and exchange.raw_path.startswith("/_emulator"):
                answer = html_page(404, "Not Found")
            else:
                answer = await self._chain(exchange)
        except ConnectionCut as cut:
            await _cut(scope, send, exchange, cut)
            return
        await _send(send, exchange, answer)

    def _exchange(self, scope: Message, body: bytes) -> Exchange:
        raw = scope.get("raw_path") or scope["path"].encode()
        path = raw.split(b"?", 1)[0].decode("latin-1")
        headers = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        }
        query = scope.get("query_string", b"").decode("latin-1")
        now = self.world.clock.now()
        return Exchange(
            world=self.world,
            method=scope["method"],
            raw_path=path,
            query=parse_qs(query, keep_blank_values=True) if query else {},
            headers=headers,
            body=body,
            base_url=f"{scope.get('scheme', 'http')}://{headers.get('host', 'localhost')}",
            now=now,
            correlation_id=uuid7(now, self.world.random),
            match=self.router.match(scope["method"], path),
            target_length=len(path) + len(query) + bool(query),
        )


async def _body(receive: Receive) -> bytes:
    parts = []
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            break
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(parts)


def _encoded(answer: Answer) -> bytes:
    if answer.body is None:
        return b""
    return answer.body if isinstance(answer.body, bytes) else msgspec.json.encode(answer.body)


def _start(exchange: Exchange, answer: Answer, length: int) -> Message:
    pairs = [*exchange.answer_headers, *answer.headers]
    pairs.append(("X-HubSpot-Correlation-Id", exchange.correlation_id))
    if length:
        pairs.append(("Content-Type", answer.media_type))
    if answer.status not in (204, 304):
        pairs.append(("Content-Length", str(length)))
    headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in pairs]
    return {"type": "http.response.start", "status": answer.status, "headers": headers}


async def _send(send: Send, exchange: Exchange, answer: Answer) -> None:
    body = _encoded(answer)
    await send(_start(exchange, answer, len(body)))
    await send({"type": "http.response.body", "body": b"" if exchange.method == "HEAD" else body})


async def _cut(scope: Message, send: Send, exchange: Exchange, cut: ConnectionCut) -> None:
    """Break the connection for real where our server lends us its transport; else raise."""
    lent = scope.get("extensions", {}).get(TRANSPORT)
    if lent is None:
        raise cut
    if cut.answer is not None:
        await send(_start(exchange, cut.answer, len(_encoded(cut.answer))))
        await send({"type": "http.response.body", "body": cut.part, "more_body": True})
        await asyncio.sleep(0.02)  # let the first half leave the socket
    lent["transport"].abort()
    await asyncio.sleep(0.01)  # until the server has noticed, or it reports us as silent


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
