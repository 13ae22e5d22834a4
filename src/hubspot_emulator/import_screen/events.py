"""One event of the User import source: built, signed (or forged), sent, and its answer checked."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx2
import msgspec

from hubspot_emulator.import_screen.sample import answer_of, is_sample
from hubspot_emulator.import_screen.signing import signature_headers

if TYPE_CHECKING:
    from hubspot_emulator.accounts import ImportApp

EVENTS = ("FETCH_ACCOUNTS", "FETCH_USERS")
COMPONENT = "USER_IMPORT"
TIMEOUT = 10.0  # seconds; HubSpot publishes none
MOST_BYTES = 50_000_000  # an answer longer than this is given up
# Ways to get it wrong on purpose, for tests of the receiving side.
FORGERIES = ("secret", "body", "url", "stale", "future", "downgrade", "unsigned")
_SHAPES = {
    "FETCH_ACCOUNTS": ("accounts", {"id", "name"}),
    "FETCH_USERS": ("users", {"id", "email", "firstName", "lastName", "existingUserId"}),
}


@dataclass(frozen=True, slots=True)
class Event:
    """What to send where; `forge` is one of FORGERIES or empty."""

    name: str
    portal_id: int
    target: str
    versions: tuple[str, ...] = ("v3", "v1")
    forge: str = ""
    account_id: str | None = None  # an extension: HubSpot's page does not send it


@dataclass(frozen=True, slots=True)
class Sent:
    """One event on the wire, and what came back."""

    url: str
    headers: dict[str, str]
    body: str
    status: int | None
    answer: str
    milliseconds: float
    problems: tuple[str, ...] = ()
    payload: list[dict[str, Any]] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """For the control surface."""
        request = {"method": "POST", "url": self.url, "headers": self.headers, "body": self.body}
        answer = {"status": self.status, "body": self.answer, "ms": self.milliseconds}
        return {"request": request, "answer": answer, "problems": list(self.problems)}


async def send(app: ImportApp, event: Event, now: datetime) -> Sent:
    """POST an event to the app's server; a server out of reach is a problem, not an exception."""
    url = f"{event.target.rstrip('/')}/feature/{COMPONENT}/event/{event.name}"
    body = _body(app, event)
    headers = {"Content-Type": "application/json", **_signed(app, event, url, body, now)}
    if event.forge == "body":
        body = body.replace(b"{", b"{ ", 1)
    started = time.perf_counter()
    status, answer = await _post(app, event, url, headers, body)
    taken = round((time.perf_counter() - started) * 1000, 3)
    problems, payload = check_answer(app, event, status, answer)
    text = answer.decode(errors="replace")
    return Sent(url, headers, body.decode(), status, text, taken, problems, payload)


def _body(app: ImportApp, event: Event) -> bytes:
    values: dict[str, Any] = {"portalId": event.portal_id, "appId": app.id}
    if event.account_id is not None:
        values["accountId"] = event.account_id
    return msgspec.json.encode(values)


def _signed(app: ImportApp, event: Event, url: str, body: bytes, now: datetime) -> dict[str, str]:
    secret = "not-the-secret" if event.forge == "secret" else app.client_secret
    signed_url = f"{url}?forged=1" if event.forge == "url" else url
    shift = {"stale": timedelta(minutes=-6), "future": timedelta(minutes=6)}
    at = int((now + shift.get(event.forge, timedelta())).timestamp() * 1000)
    versions = () if event.forge == "unsigned" else event.versions
    headers = signature_headers(versions, secret, "POST", signed_url, body, at)
    if event.forge == "downgrade":  # a broken v3 beside a right v1: must not be let through
        right = signature_headers(("v3", "v1"), app.client_secret, "POST", url, body, at)
        headers = {**right, "X-HubSpot-Signature-v3": "AAAA" + right["X-HubSpot-Signature-v3"][4:]}
    return headers


async def _post(
    app: ImportApp, event: Event, url: str, headers: dict[str, str], body: bytes
) -> tuple[int | None, bytes]:
    if is_sample(event.target):
        return answer_of(event.name, body)
    try:
        async with httpx2.AsyncClient(
            transport=app.transport, timeout=TIMEOUT, trust_env=False
        ) as client:
            answer = await client.post(url, content=body, headers=headers)
            return answer.status_code, answer.content[:MOST_BYTES]
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
        return None, f"{type(error).__name__}: {error}".encode()


def check_answer(
    app: ImportApp, event: Event, status: int | None, answer: bytes
) -> tuple[tuple[str, ...], list[dict[str, Any]]]:
    """What is wrong with an answer by HubSpot's page on the source, and the rows it brings."""
    if status != 200:
        return (f"status {status} instead of 200",), []
    try:
        body = msgspec.json.decode(answer)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return (f"the answer is no JSON: {error}",), []
    if not isinstance(body, dict):
        return ("the answer is no JSON object",), []
    expected = {
        "portalId": event.portal_id,
        "appId": app.id,
        "integrationComponentIdentifier": COMPONENT,
        "eventType": event.name,
    }
    problems = [
        f"{key} is {body.get(key)!r}, not {value!r}"
        for key, value in expected.items()
        if body.get(key) != value
    ]
    problems += [f"unknown key {key}" for key in sorted(set(body) - {*expected, "payload"})]
    rows = _rows(event, body.get("payload"), problems)
    return tuple(problems), rows


def _rows(event: Event, payload: Any, problems: list[str]) -> list[dict[str, Any]]:
    name, keys = _SHAPES[event.name]
    rows = payload.get(name) if isinstance(payload, dict) else None
    if not isinstance(rows, list):
        problems.append(f"payload.{name} is no list")
        return []
    good = []
    for at, row in enumerate(rows):
        if not isinstance(row, dict) or set(row) != keys:
            problems.append(f"payload.{name}[{at}] must have exactly {', '.join(sorted(keys))}")
        elif not isinstance(row["id"], str):
            problems.append(f"payload.{name}[{at}].id is no string")
        else:
            good.append(row)
    return good
