"""The layers every request passes, outermost first: id and log, headers, body limit, origin."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from rolecall.http.asgi import SAFE_METHODS, App, Message, Receive, Scope, Send, header, headers_of
from rolecall.http.problems import Problem, problem_of, send_problem
from rolecall.kit.errors import RolecallError
from rolecall.kit.ids import uuid7
from rolecall.kit.logs import about

LOG = logging.getLogger("rolecall.http")
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
CORRELATION = (b"x-correlation-id", b"x-hubspot-correlation-id")

CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
SECURITY_HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (b"content-security-policy", CONTENT_POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
)


def _unobserved(_method: str, _status: int, _seconds: float) -> None:
    """Where nobody counts requests."""


@dataclass(frozen=True, slots=True)
class RequestLog:
    """Gives each request an id, answers it in a header, writes one line when it is over.

    A correlation id, by which a caller follows its own act through several of our requests, is
    taken over, answered and written as well; HubSpot names the calls it makes by its own.
    """

    app: App
    observe: Callable[[str, int, float], None] = _unobserved

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request; an id sent by a proxy is kept when it looks like one."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = _given(scope, b"x-request-id") or uuid7()
        correlation = next(filter(None, (_given(scope, name) for name in CORRELATION)), "")
        scope.setdefault("state", {})["request_id"] = request_id
        with about(request_id=request_id, correlation_id=correlation):
            await self._answered(scope, receive, send, request_id, correlation)

    async def _answered(
        self, scope: Scope, receive: Receive, send: Send, request_id: str, correlation: str
    ) -> None:
        ids = [(b"x-request-id", request_id.encode())]
        ids += [(b"x-correlation-id", correlation.encode())] if correlation else []
        seen = {"status": 500}
        started = time.perf_counter()

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                seen["status"] = message["status"]
                message["headers"] = [*message.get("headers", ()), *ids]
            await send(message)

        try:
            await self.app(scope, receive, send_with_id)
        finally:
            spent = time.perf_counter() - started
            self.observe(scope["method"], seen["status"], spent)
            LOG.info("request", extra={"facts": _facts(scope, seen["status"], spent)})


def _given(scope: Scope, name: bytes) -> str:
    """An id somebody before us gave, when it looks like one."""
    given = header(scope, name)
    return given if REQUEST_ID.fullmatch(given) else ""


def _facts(scope: Scope, status: int, seconds: float) -> dict[str, Any]:
    return {
        "method": scope["method"],
        "path": scope["path"],  # never the query: it may hold what somebody typed
        "status": status,
        "ms": round(seconds * 1000, 1),
    }


@dataclass(frozen=True, slots=True)
class SecurityHeaders:
    """Puts the content policy and its companions on every answer that brings none itself."""

    app: App
    https: bool = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request; errors included."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = list(message.get("headers", ()))
                names = {key.lower() for key, _ in own}
                own += [pair for pair in SECURITY_HEADERS if pair[0] not in names]
                if self.https:
                    own.append((b"strict-transport-security", b"max-age=31536000"))
                message["headers"] = own
            await send(message)

        await self.app(scope, receive, send_with_headers)


@dataclass(frozen=True, slots=True)
class BodyLimit:
    """Refuses bodies over the limit before they are in memory, whatever their headers claim."""

    app: App
    most: int

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """413 when too large, 400 when two lengths or a length and chunks are claimed."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        lengths = headers_of(scope, b"content-length")
        if len(lengths) > 1 or (lengths and headers_of(scope, b"transfer-encoding")):
            await send_problem(send, Problem(400, "Two lengths for one body"))
            return
        if lengths and not (lengths[0].isascii() and lengths[0].isdigit()):
            await send_problem(send, Problem(400, "A length that is no number"))
            return
        if lengths and int(lengths[0]) > self.most:
            await send_problem(send, _too_large(self.most))
            return
        await self._bounded(scope, receive, send)

    async def _bounded(self, scope: Scope, receive: Receive, send: Send) -> None:
        seen, started = 0, False

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self.most:
                raise _TooLarge
            return message

        async def noted(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self.app(scope, counted, noted)
        except _TooLarge:
            if not started:
                await send_problem(send, _too_large(self.most))


class _TooLarge(Exception):
    """More bytes came than allowed."""


def _too_large(most: int) -> Problem:
    return Problem(413, "Body too large", f"at most {most} bytes are taken here")


@dataclass(frozen=True, slots=True)
class SameOrigin:
    """Refuses unsafe requests a browser sends from another site (CSRF) to cookie-bearing faces.

    Browsers tell by Sec-Fetch-Site and Origin, and they are believed without a cookie too: a
    foreign page must not sign anybody in either. A request with neither header and without a cookie
    comes from no browser and has nothing to abuse.
    """

    app: App
    public_url: str

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """403 for a cross-site unsafe request."""
        if scope["type"] == "http" and not self._allowed(scope):
            detail = "this form was not sent from Rolecall's own pages"
            await send_problem(send, Problem(403, "Cross-site request refused", detail))
            return
        await self.app(scope, receive, send)

    def _allowed(self, scope: Scope) -> bool:
        if scope["method"] in SAFE_METHODS:
            return True
        site = header(scope, b"sec-fetch-site")
        if site:
            return site in {"same-origin", "none"}
        origin = header(scope, b"origin")
        if origin:
            return origin.lower() == origin_of(self.public_url)
        return not header(scope, b"cookie")


def origin_of(url: str) -> str:
    """scheme://host[:port] of a URL, lower case."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()


@dataclass(frozen=True, slots=True)
class Problems:
    """Turns what a face lets through of our error tree into problem details."""

    app: App

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request; an answer already begun is left to end."""
        started = False

        async def noted(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self.app(scope, receive, noted)
        except RolecallError as error:
            if started or scope["type"] != "http":
                raise
            instance = scope.get("state", {}).get("request_id", "")
            await send_problem(send, problem_of(error, f"urn:uuid:{instance}" if instance else ""))
