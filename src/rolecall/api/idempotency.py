"""Idempotency keys: the same request sent again gets the same answer, and is no second act."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from rolecall.http.asgi import App as AsgiApp
from rolecall.http.asgi import Message, Receive, Scope, Send, header
from rolecall.http.problems import Problem, send_problem
from rolecall.http.strict_json import read_body, replayed
from rolecall.services.app import App
from rolecall.services.operators.tokens import authenticate
from rolecall.services.repeats import EarlierAnswer, claim_key, keep_answer, release_key

MOST_BYTES = 1_000_000  # of an answer; larger ones are not kept, and are told as done
KEY = re.compile(r"[!-~]{1,128}")
WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_KEPT_HEADERS = frozenset({"content-type", "etag", "location"})


@dataclass(frozen=True, slots=True)
class Idempotency:
    """Wraps writes that carry an Idempotency-Key; keys belong to the token that sent them."""

    app: AsgiApp
    rolecall: App

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """422 for a key of another request, 409 while the first one is being answered."""
        key = header(scope, b"idempotency-key") if scope["type"] == "http" else ""
        if not key or scope["method"] not in WRITES:
            await self.app(scope, receive, send)
            return
        if not KEY.fullmatch(key):
            await send_problem(send, Problem(422, "Idempotency-Key is 1 to 128 visible characters"))
            return
        body = await read_body(receive)
        if not await self._known(scope):  # strangers keep nothing here; the face says 401
            await self.app(scope, replayed(body, receive), send)
            return
        owner = hashlib.sha256(header(scope, b"authorization").encode()).hexdigest()
        fingerprint = _fingerprint(scope, body)
        before = await claim_key(self.rolecall, owner, key, fingerprint)
        if before is not None:
            await _again(send, before, fingerprint)
            return
        await self._first(scope, replayed(body, receive), send, owner, key)

    async def _known(self, scope: Scope) -> bool:
        """Whether the token is valid now: a revoked one is not even told what it did before."""
        kind, _, secret = header(scope, b"authorization").partition(" ")
        if kind.lower() != "bearer":
            return False
        return await authenticate(self.rolecall, secret.strip()) is not None

    async def _first(
        self, scope: Scope, receive: Receive, send: Send, owner: str, key: str
    ) -> None:
        heard = _Heard(send)
        try:
            await self.app(scope, receive, heard)
        finally:
            if heard.status < 400:
                await keep_answer(self.rolecall, owner, key, *heard.kept())
            else:
                await release_key(self.rolecall, owner, key)


class _Heard:
    """Passes an answer on and remembers it."""

    def __init__(self, send: Send) -> None:
        self.send = send
        self.status = 500
        self.headers: list[tuple[str, str]] = []
        self.body = b""
        self.secret = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            raw = [(k.decode("latin-1"), v.decode("latin-1")) for k, v in message["headers"]]
            self.headers = [pair for pair in raw if pair[0].lower() in _KEPT_HEADERS]
            self.secret = ("cache-control", "no-store") in [(k.lower(), v) for k, v in raw]
        else:
            self.body += message.get("body", b"")
        await self.send(message)

    def kept(self) -> tuple[int, list[tuple[str, str]], str]:
        """What is remembered; an answer with a secret is not, only that it was given."""
        if self.secret or len(self.body) > MOST_BYTES:
            problem = Problem(409, "This was done already; its answer is not shown twice")
            return 409, [("content-type", "application/problem+json")], problem.body().decode()
        return self.status, self.headers, self.body.decode("utf-8", "replace")


def _fingerprint(scope: Scope, body: bytes) -> str:
    head = f"{scope['method']} {scope['path']}?{scope.get('query_string', b'').decode('latin-1')}\n"
    return hashlib.sha256(head.encode() + body).hexdigest()


async def _again(send: Send, before: EarlierAnswer, fingerprint: str) -> None:
    if before.fingerprint != fingerprint:
        await send_problem(send, Problem(422, "This Idempotency-Key belongs to another request"))
    elif before.status == 0:
        await send_problem(send, Problem(409, "The first request with this key is still answered"))
    else:
        body = before.body.encode()
        headers = [(k.encode("latin-1"), v.encode("latin-1")) for k, v in before.headers]
        headers += [(b"content-length", b"%d" % len(body)), (b"idempotency-replayed", b"true")]
        start = {"type": "http.response.start", "status": before.status, "headers": headers}
        await send(start)
        await send({"type": "http.response.body", "body": body})
