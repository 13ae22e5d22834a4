"""Strict JSON before anything is parsed twice: type, UTF-8, depth, repeated keys, no NaN."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from rolecall.http.asgi import App, Message, Receive, Scope, Send, header, headers_of
from rolecall.http.problems import Problem, send_problem

DEPTH = 32
_WITHOUT_BODY = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
# A string that never ends is one too, and nothing is tried twice: else each quote in it would be
# tried to the end of the body, and a few kilobytes would stop the server for minutes.
_STRINGS = re.compile(rb'"(?:[^"\\]++|\\.?)*+(?:"|\Z)', re.DOTALL)
_BRACKETS = re.compile(rb"[\[\]{}]")


class Unfit(Exception):
    """A body that is refused, with the reason."""


@dataclass(frozen=True, slots=True)
class StrictJson:
    """Refuses bodies two parsers could read differently; what passes goes on unchanged."""

    app: App

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """415 for another type, 400 for anything that is not plain JSON."""
        if scope["type"] != "http" or scope["method"] in _WITHOUT_BODY:
            await self.app(scope, receive, send)
            return
        body = await read_body(receive)
        if body:
            types = headers_of(scope, b"content-type")
            if len(types) != 1 or _media_type(scope) != "application/json":
                await send_problem(send, Problem(415, "Send application/json"))
                return
            try:
                checked(body)
            except Unfit as error:
                await send_problem(send, Problem(400, "Not acceptable JSON", str(error)))
                return
        await self.app(scope, replayed(body, receive), send)


async def read_body(receive: Receive) -> bytes:
    """The whole body of a request."""
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


def replayed(body: bytes, receive: Receive) -> Receive:
    """The body once more, then whatever the server says (a disconnect)."""
    told = False

    async def again() -> Message:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


def checked(body: bytes) -> Any:
    """The parsed body; raises Unfit with the reason."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Unfit(f"not UTF-8 at byte {error.start}") from error
    if _depth(body) > DEPTH:
        raise Unfit(f"nested deeper than {DEPTH}")
    try:
        return json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant)
    except (json.JSONDecodeError, RecursionError, ValueError) as error:
        raise Unfit(str(error)) from error


def _depth(body: bytes) -> int:
    depth = deepest = 0
    for found in _BRACKETS.finditer(_STRINGS.sub(b"", body)):
        depth += 1 if found[0] in (b"[", b"{") else -1
        deepest = max(deepest, depth)
    return deepest


def _once(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise Unfit(f"the key {key!r} is there twice")
        found[key] = value
    return found


def _no_constant(name: str) -> Any:
    raise Unfit(f"{name} is no JSON")


def _media_type(scope: Scope) -> str:
    return header(scope, b"content-type").partition(";")[0].strip().lower()
