"""The HTTP face HubSpot calls: POST .../feature/USER_IMPORT/event/FETCH_ACCOUNTS and FETCH_USERS.

Parses and renders, nothing else. Refusals carry no detail: whoever may not ask learns nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import msgspec

from rolecall.http.asgi import App as AsgiApp
from rolecall.http.asgi import Receive, Scope, Send, answer, header, headers_of
from rolecall.http.layers import BodyLimit
from rolecall.import_source.envelope import body_of
from rolecall.services.app import App
from rolecall.services.importing.source import (
    EVENT_PATH,
    EventName,
    ImportDesk,
    KnownApp,
    Offer,
)
from rolecall.signin.hubspot_signature import Signed

MOST_BYTES = 16_384  # HubSpot sends two numbers
JSON = "application/json"
# The documented example of a request ends in a comma; whoever sends it as printed is understood.
_LAST_COMMA = re.compile(rb",\s*}\s*$")
_MOST_DIGITS = 2**63


def create_face(app: App) -> AsgiApp:
    """The ASGI application; serve it at every path that `is_event_path` knows."""
    return BodyLimit(Face(ImportDesk(app)), MOST_BYTES)


def is_event_path(path: str) -> bool:
    """Whether a path is one of HubSpot's events, behind whatever prefix the target URL has."""
    return EVENT_PATH in path


class _Asked(msgspec.Struct, rename="camel"):
    """The body of an event; the selected account is an extension we understand if it is there."""

    portal_id: int
    app_id: int
    account_id: str | int | None = None
    payload: Any = None

    @property
    def account(self) -> str | None:
        """The selected account, wherever it was put."""
        inside = self.payload if isinstance(self.payload, dict) else {}
        chosen = self.account_id if self.account_id is not None else inside.get("accountId")
        return str(chosen) if isinstance(chosen, str | int) else None


_DECODER = msgspec.json.Decoder(_Asked)


@dataclass(slots=True)
class Face:
    """One server's answers; rendered bodies are kept as long as the offer they were made from."""

    desk: ImportDesk
    _bodies: dict[tuple[Any, ...], tuple[Offer, bytes]] = field(default_factory=dict)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One event; nothing but HTTP is spoken here."""
        if scope["type"] != "http":
            return
        prefix, _, name = _raw_path(scope).partition(EVENT_PATH)
        if name not in EventName.__members__:
            await answer(send, 404, b"", JSON)
        elif scope["method"] != "POST":
            await answer(send, 405, b"", JSON, [(b"allow", b"POST")])
        else:
            body = await _read(receive)
            status, told = await self._answered(scope, prefix, EventName(name), body)
            await answer(send, status, told, JSON)

    async def _answered(
        self, scope: Scope, prefix: str, event: EventName, body: bytes
    ) -> tuple[int, bytes]:
        asked = _asked(scope, body)
        if asked is None:
            return 400, b""
        known = await self.desk.known(asked.app_id)
        if known is None or prefix not in ("", urlsplit(known.app.public_url).path.rstrip("/")):
            return 404, b""
        if not self.desk.judge(known, _signed(scope, known, event, body)).valid:
            return 401, b""
        offer = await self.desk.offer(known, asked.portal_id)
        if offer is None:
            return 404, b""
        return 200, self._body(known, event, asked, offer)

    def _body(self, known: KnownApp, event: EventName, asked: _Asked, offer: Offer) -> bytes:
        chosen = None if known.app.strict else asked.account
        account = chosen if chosen in dict(offer.accounts) or chosen is None else ""
        key = (asked.app_id, asked.portal_id, event, account, known.app.strict)
        held = self._bodies.get(key)
        if held is None or held[0] is not offer:
            held = offer, body_of(event, asked.portal_id, known.app, offer, account)
            self._bodies[key] = held
        return held[1]


def _raw_path(scope: Scope) -> str:
    """The path as sent: an escaped slash or dot is not the path HubSpot calls."""
    raw = scope.get("raw_path") or scope["path"].encode()
    return str(raw.decode("latin-1").partition("?")[0])


async def _read(receive: Receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


def _asked(scope: Scope, body: bytes) -> _Asked | None:
    """What was asked; None for anything that is not the documented JSON."""
    media_type = header(scope, b"content-type").partition(";")[0].strip().lower()
    if media_type not in ("", JSON) or body.count(b"{") + body.count(b"[") > 32:
        return None
    try:
        body.decode("utf-8")
        asked = _DECODER.decode(_LAST_COMMA.sub(b"}", body))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    sane = 0 < asked.portal_id < _MOST_DIGITS and 0 < asked.app_id < _MOST_DIGITS
    return asked if sane else None


def _signed(scope: Scope, known: KnownApp, event: EventName, body: bytes) -> Signed:
    """The request as HubSpot signed it: our configured URL, never a host somebody forwarded."""
    query = scope.get("query_string", b"").decode("latin-1")
    url = known.app.public_url.rstrip("/") + EVENT_PATH + event.value
    return Signed(
        method="POST",
        url=f"{url}?{query}" if query else url,
        body=body,
        signature=_single(scope, b"x-hubspot-signature"),
        version=_single(scope, b"x-hubspot-signature-version"),
        signature_v3=_single(scope, b"x-hubspot-signature-v3"),
        timestamp=_single(scope, b"x-hubspot-request-timestamp"),
    )


def _single(scope: Scope, name: bytes) -> str:
    """The one value of a header; several are judged as one that fits no signature."""
    return ",".join(headers_of(scope, name))
