"""Refuses requests two programs on the way could read differently, before any face sees them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rolecall.http.asgi import App, Receive, Scope, Send, headers_of
from rolecall.http.problems import Problem, send_problem

# Headers that have one value; of two, a proxy may act on the one and we on the other.
SINGLE = (b"host", b"authorization", b"content-type", b"content-length", b"transfer-encoding")
MOST_HEADER_BYTES = 64 * 1024
# An escaped slash or backslash, a dot segment, a control character: no address of ours has one,
# and rules of a proxy about paths are written for the plain form.
_HIDDEN = re.compile(rb"%(?:2[fF]|5[cC]|[01][0-9a-fA-F]|7[fF])|\\")
_DOTS = re.compile(rb"(?:^|/)(?:\.|%2[eE]){1,2}(?:/|$)")


@dataclass(frozen=True, slots=True)
class PlainRequests:
    """Lets through requests with one plain path and single headers of bounded size."""

    app: App

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """400 for a path in disguise or a header twice, 431 for too many bytes of headers."""
        problem = _problem(scope) if scope["type"] == "http" else None
        if problem is not None:
            await send_problem(send, problem)
        else:
            await self.app(scope, receive, send)


def _problem(scope: Scope) -> Problem | None:
    if sum(len(key) + len(value) for key, value in scope["headers"]) > MOST_HEADER_BYTES:
        return Problem(431, "Headers too large", f"at most {MOST_HEADER_BYTES} bytes")
    for name in SINGLE:
        if len(headers_of(scope, name)) > 1:
            return Problem(400, f"Two {name.decode()} headers")
    path: bytes = (scope.get("raw_path") or scope["path"].encode()).partition(b"?")[0]
    if _HIDDEN.search(path) or _DOTS.search(path) or b"\x00" in path:
        return Problem(400, "Not a plain path")
    return None
