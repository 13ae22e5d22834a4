"""One request on its way through the chain: what came in, what was found out, what goes back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from hubspot_emulator.crm.ids import as_id
from hubspot_emulator.routing import Match
from hubspot_emulator.wire import Answer

if TYPE_CHECKING:
    from hubspot_emulator.routing import Route
    from hubspot_emulator.tokens import Token
    from hubspot_emulator.world import Portal, World


class ConnectionCut(ConnectionError):
    """The connection broke before the answer was whole; a server aborts its socket here."""

    def __init__(self, part: bytes = b"", answer: Answer | None = None) -> None:
        super().__init__("connection cut by a fault")
        self.part = part
        self.answer = answer


@dataclass(slots=True)
class Exchange:
    """State of one request; each layer of the chain fills in what it finds out."""

    world: World
    method: str
    raw_path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes
    base_url: str
    now: datetime
    correlation_id: str
    match: Match
    target_length: int = 0  # characters of path and query as they came
    token: Token | None = None
    portal: Portal | None = None
    answer_headers: list[tuple[str, str]] = field(default_factory=list)
    fault: str | None = None

    @property
    def route(self) -> Route | None:
        """The operation asked for, if the path and verb name one."""
        return self.match.route

    def subjects(self) -> frozenset[str]:
        """Whom or what the request is about: path values, else e-mail, name or cursor.

        A user named by id in one request and by e-mail in the next is one subject: both
        words are given for either.
        """
        words = set(self.match.parameters.values()) or _named_in(self.body)
        words |= set(self.query.get("after", ()))
        return frozenset(words | {other for word in words for other in self._also(word)})

    def _also(self, word: str) -> tuple[str, ...]:
        if "@" in word:
            known = self.world.identity(word)
            return () if known is None else (str(known.id),)
        identity = self.world.identities.get(as_id(word) or 0)
        return () if identity is None else (identity.email,)


Onward = Callable[[Exchange], Awaitable[Answer]]
Layer = Callable[[Exchange, Onward], Awaitable[Answer]]


def _named_in(body: bytes) -> set[str]:
    try:
        data = msgspec.json.decode(body) if body else None
    except (msgspec.DecodeError, UnicodeDecodeError):
        return set()
    if not isinstance(data, dict):
        return set()
    return {data[key] for key in ("email", "name") if isinstance(data.get(key), str)}
