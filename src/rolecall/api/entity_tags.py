"""Entity tags: every answer that can be read again carries one, and is not sent to who has it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from rolecall.http.asgi import App as AsgiApp
from rolecall.http.asgi import Message, Receive, Scope, Send, header

JSON = b"application/json"
IF_NONE_MATCH = "If-None-Match"


def tag_of(body: bytes) -> str:
    """The strong entity tag of a body."""
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def tags_in(told: str) -> list[str]:
    """The tags of an If-Match or If-None-Match header."""
    return [one.strip().removeprefix("W/") for one in told.split(",") if one.strip()]


@dataclass(frozen=True, slots=True)
class EntityTags:
    """Tags the JSON of every successful GET; 304 without a body where the caller holds it."""

    app: AsgiApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request; files and streams go through untouched."""
        if scope["type"] != "http" or scope["method"] != "GET":
            await self.app(scope, receive, send)
            return
        held = tags_in(header(scope, IF_NONE_MATCH.lower().encode()))
        await self.app(scope, receive, _Tagging(send, held))


@dataclass(slots=True)
class _Tagging:
    """Holds an answer back until its body is whole, then sends it with its tag."""

    send: Send
    held: list[str]
    start: Message | None = None
    body: list[bytes] = field(default_factory=list)

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and _is_json(message):
            self.start = message
        elif self.start is None:
            await self.send(message)
        else:
            self.body.append(message.get("body", b""))
            if not message.get("more_body", False):
                await self._whole(self.start, b"".join(self.body))

    async def _whole(self, start: Message, body: bytes) -> None:
        tag = tag_of(body)
        if tag in self.held:
            start, body = {**start, "status": 304, "headers": []}, b""
        headers = [*start["headers"], (b"etag", tag.encode())]
        await self.send({**start, "headers": headers})
        await self.send({"type": "http.response.body", "body": body})


def _is_json(start: Message) -> bool:
    kinds = [value for name, value in start["headers"] if name.lower() == b"content-type"]
    return start["status"] == 200 and any(kind.startswith(JSON) for kind in kinds)
