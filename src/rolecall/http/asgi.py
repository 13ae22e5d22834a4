"""The ASGI types and the few lines every layer here needs. No framework, no product words."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = Iterable[tuple[bytes, bytes]]

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})


def header(scope: Scope, name: bytes) -> str:
    """The first value of a request header, "" when absent."""
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), "")


def headers_of(scope: Scope, name: bytes) -> list[str]:
    """Every value of a request header; more than one of a single-valued header is suspicious."""
    return [value.decode("latin-1") for key, value in scope["headers"] if key == name]


async def answer(
    send: Send, status: int, body: bytes, media_type: str, extra: Headers = ()
) -> None:
    """Send one whole answer."""
    headers = [(b"content-type", media_type.encode()), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": [*headers, *extra]})
    await send({"type": "http.response.body", "body": body})
