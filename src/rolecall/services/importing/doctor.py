"""Plays HubSpot's side of the User import source against any deployment, rightly and wrongly.

Signed events must be answered as HubSpot's page says, forged ones refused. Reads no people but
those the deployment itself answers with, and prints none.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

import httpx2
import msgspec

from rolecall.domain.actor import Actor, Role
from rolecall.domain.operator import ALL_PORTALS, TokenScope
from rolecall.services.app import App
from rolecall.services.connections.portals import list_portals
from rolecall.services.importing.source import EVENT_PATH, EventName, list_import_apps, secret_of
from rolecall.services.rights import need
from rolecall.signin.hubspot_signature import Signed, sign_v1, sign_v2, sign_v3

SLOW = 5.0  # seconds; HubSpot publishes no limit, its screens wait about this long
TIMEOUT = 20.0
SCOPE = "settings.users.write"
VERSIONS = (("v3", "v1"), ("v3", "v2"), ("v3",), ("v2",), ("v1",))
WRONG = "nobody"  # a secret no app has
HUGE = 1_048_576  # bytes no event has
_SHAPES = {
    EventName.FETCH_ACCOUNTS: ("accounts", ("id", "name")),
    EventName.FETCH_USERS: ("users", ("id", "email", "firstName", "lastName", "existingUserId")),
}
_ENVELOPE = ("portalId", "appId", "integrationComponentIdentifier", "eventType", "payload")


@dataclass(frozen=True, slots=True)
class Check:
    """One look at the deployment; `ok` None = only a person can see it."""

    name: str
    ok: bool | None
    told: str = ""


@dataclass(frozen=True, slots=True)
class Patient:
    """The deployment under examination.

    `url` is where requests go; `public_url` what is signed, as entered at HubSpot.
    """

    url: str
    public_url: str
    app_id: int
    portal_id: int
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request to be made; the defaults are what HubSpot sends."""

    event: str = EventName.FETCH_USERS.value
    versions: tuple[str, ...] = ("v3", "v1")
    secret: str | None = field(default=None, repr=False)
    minutes: float = 0.0  # how far off its clock is
    signed_url: str | None = None
    body: bytes | None = None  # sent, where it differs from what is signed
    app_id: int | None = None
    portal_id: int | None = None
    headers: tuple[tuple[str, str], ...] = ()


FORGED: tuple[tuple[str, Attempt], ...] = (
    ("no signature", Attempt(versions=())),
    ("another secret, v3", Attempt(versions=("v3",), secret=WRONG)),
    ("another secret, v2", Attempt(versions=("v2",), secret=WRONG)),
    ("another secret, v1", Attempt(versions=("v1",), secret=WRONG)),
    ("an altered body", Attempt(body=b"altered")),
    ("an altered URL", Attempt(versions=("v3",), signed_url="?forged=1")),
    ("a clock six minutes behind", Attempt(versions=("v3",), minutes=-6)),
    ("a clock six minutes ahead", Attempt(versions=("v3",), minutes=6)),
    ("a wrong v3 beside a right v1", Attempt(headers=(("X-HubSpot-Signature-v3", "AAAA"),))),
    (
        "another host in X-Forwarded-Host",
        Attempt(versions=("v3",), signed_url="https://forged.example",
                headers=(("X-Forwarded-Host", "forged.example"),)),
    ),
)  # fmt: skip
STRANGE: tuple[tuple[str, Attempt], ...] = (
    ("an unknown event", Attempt(event="FETCH_SECRETS")),
    ("an unknown app", Attempt(app_id=1)),
    ("an unknown portal", Attempt(portal_id=1)),
)
BROKEN: tuple[tuple[str, bytes], ...] = (
    ("a body that is no JSON", b"{"),
    ("a body that is not UTF-8", b'{"portalId":1,"appId":"\xff"}'),
    ("a body of a thousand nested lists", b"[" * 1_000 + b"]" * 1_000),
    ("a body of a megabyte", b'{"portalId":"' + b"1" * HUGE + b'"}'),
)


async def patient_of(
    app: App,
    actor: Actor,
    url: str,
    *,
    app_id: int | None = None,
    portal_id: int | None = None,
    secret: str = "",
    public_url: str = "",
) -> Patient | None:
    """Whom to examine: as given, the rest from the registered app of this URL; None = not enough."""
    public = (public_url or url).rstrip("/")
    for known in await list_import_apps(app, actor):
        if app_id == known.app_id or (app_id is None and known.public_url.rstrip("/") == public):
            app_id, public = known.app_id, public if public_url else known.public_url.rstrip("/")
            secret = secret or await secret_of(app, actor, known.app_id)
            portal_id = portal_id or next(iter(known.portals), None)
            break
    if portal_id is None:
        portals = await list_portals(app, actor)
        portal_id = portals[0].portal.hub_id if portals else None
    if app_id is None or portal_id is None or not secret:
        return None
    return Patient(url.rstrip("/"), public, app_id, portal_id, secret)


async def examine(
    patient: Patient, transport: httpx2.AsyncBaseTransport | None = None
) -> AsyncIterator[Check]:
    """Every check in order, each told as soon as it is done."""
    async with httpx2.AsyncClient(
        transport=transport, timeout=TIMEOUT, follow_redirects=False, trust_env=False
    ) as client:
        for event in EventName:
            for versions in VERSIONS:
                yield await _answered(client, patient, event, versions)
        for name, attempt in FORGED:
            yield await _refused(client, patient, f"refuses {name}", attempt, (401, 403))
        for name, attempt in STRANGE:
            yield await _refused(client, patient, f"404 for {name}", attempt, (404,))
        for name, body in BROKEN:
            attempt = Attempt(body=body)
            yield await _refused(client, patient, f"refuses {name}", attempt, range(400, 500))
        yield await _get_refused(client, patient)


async def set_up(app: App, actor: Actor, patient: Patient) -> tuple[Check, ...]:
    """HubSpot's own list of what has to be set, as far as anybody outside can see it."""
    need(actor, Role.ADMIN, ALL_PORTALS, "examine import sources", TokenScope.MANAGE)
    parts = urlsplit(patient.public_url)
    installed = next(
        (one.portal for one in await list_portals(app, actor)
         if one.portal.app_id == patient.app_id and one.portal.hub_id == patient.portal_id), None,
    )  # fmt: skip
    granted: bool | None = None
    if installed is not None:
        async with app.database.read() as view:
            known = await view.portals.capabilities(installed.hub_id)
        granted = SCOPE in known[0].scopes if known and known[0].scopes_known else None
    where = "in the developer account: Apps > the app"
    return (
        Check("the target URL is https", parts.scheme == "https", patient.public_url),
        Check("the app is public", None, f"{where}; private apps cannot be a source"),
        Check(f"the app asks for {SCOPE}", granted, f"{where} > Auth > Scopes > Add new scope"),
        Check(
            f"the app is installed in portal {patient.portal_id}",
            True if installed else None,
            "in the portal: Settings > Integrations > Connected Apps",
        ),
        Check(
            f"the target URL is {patient.public_url}", None, f"{where} > More features > Target URL"
        ),
        Check("User import source is switched on", None, f"{where} > More features, then Save"),
    )


async def _answered(
    client: httpx2.AsyncClient, patient: Patient, event: EventName, versions: tuple[str, ...]
) -> Check:
    name = f"answers {event.value} signed {' and '.join(versions)}"
    started = time.perf_counter()
    answer = await _send(client, patient, Attempt(event.value, versions))
    spent = time.perf_counter() - started
    if isinstance(answer, str):
        return Check(name, False, answer)
    if answer.status_code != 200:
        return Check(name, False, f"status {answer.status_code} instead of 200")
    rows, problems = _read(patient, event, answer.content)
    if spent > SLOW:
        problems.append(f"took {spent:.1f} seconds")
    return Check(name, not problems, "; ".join(problems) or f"{rows} rows, {spent * 1000:.0f} ms")


async def _refused(
    client: httpx2.AsyncClient,
    patient: Patient,
    name: str,
    attempt: Attempt,
    wanted: Sequence[int],
) -> Check:
    answer = await _send(client, patient, attempt)
    if isinstance(answer, str):
        # A server may hang up on a body it will not read; anything else should have answered.
        hung_up = len(attempt.body or b"") >= HUGE
        return Check(name, hung_up, answer)
    told = f"status {answer.status_code}"
    if attempt.secret is None and str(patient.app_id).encode() in answer.content:
        return Check(name, False, f"{told}, and the answer tells details")
    return Check(name, answer.status_code in wanted, told)


async def _get_refused(client: httpx2.AsyncClient, patient: Patient) -> Check:
    url = f"{patient.url}{EVENT_PATH}{EventName.FETCH_USERS.value}"
    try:
        status = (await client.get(url)).status_code
    except httpx2.HTTPError as error:
        return Check("405 for GET", False, f"{type(error).__name__}: {error}")
    return Check("405 for GET", status == 405, f"status {status}")


async def _send(
    client: httpx2.AsyncClient, patient: Patient, attempt: Attempt
) -> httpx2.Response | str:
    """The answer, or why there was none."""
    body = msgspec.json.encode(
        {
            "portalId": attempt.portal_id or patient.portal_id,
            "appId": attempt.app_id or patient.app_id,
        }
    )
    headers = {"Content-Type": "application/json", **_signed(patient, attempt, body)}
    sent = body.replace(b"{", b"{ ", 1) if attempt.body == b"altered" else attempt.body or body
    url = f"{patient.url}{EVENT_PATH}{attempt.event}"
    try:
        return await client.post(url, content=sent, headers={**headers, **dict(attempt.headers)})
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
        return f"{type(error).__name__}: {error}"


def _signed(patient: Patient, attempt: Attempt, body: bytes) -> dict[str, str]:
    url = f"{patient.public_url}{EVENT_PATH}{attempt.event}"
    wrong = attempt.signed_url or ""
    if wrong:
        url = f"{url}{wrong}" if wrong.startswith("?") else f"{wrong}{urlsplit(url).path}"
    secret = patient.secret if attempt.secret is None else attempt.secret
    at = str(int((time.time() + attempt.minutes * 60) * 1000))
    signed = Signed("POST", url, body, timestamp=at)
    headers: dict[str, str] = {}
    for version in attempt.versions:
        if version == "v3":
            headers["X-HubSpot-Signature-v3"] = sign_v3(secret, signed)
            headers["X-HubSpot-Request-Timestamp"] = at
            continue
        older = sign_v1(secret, body) if version == "v1" else sign_v2(secret, replace(signed))
        headers |= {"X-HubSpot-Signature": older, "X-HubSpot-Signature-Version": version}
    return headers


def _read(patient: Patient, event: EventName, content: bytes) -> tuple[int, list[str]]:
    """How many rows an answer has, and what is wrong with it by HubSpot's page."""
    try:
        answer: Any = msgspec.json.decode(content)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        return 0, [f"no JSON: {error}"]
    if not isinstance(answer, dict) or tuple(answer) != _ENVELOPE:
        return 0, [f"the answer must have exactly {', '.join(_ENVELOPE)}"]
    wanted = (patient.portal_id, patient.app_id, "USER_IMPORT", event.value)
    told = tuple(answer[key] for key in _ENVELOPE[:4])
    problems = [] if told == wanted else [f"the envelope says {told}, not {wanted}"]
    kind, keys = _SHAPES[event]
    payload = answer["payload"]
    rows = payload.get(kind) if isinstance(payload, dict) else None
    if not isinstance(rows, list) or list(payload) != [kind]:
        return 0, [*problems, f"payload must hold {kind} alone"]
    return len(rows), problems + _rows_wrong(rows, kind, keys)


def _rows_wrong(rows: list[Any], kind: str, keys: tuple[str, ...]) -> list[str]:
    odd = [
        at
        for at, row in enumerate(rows)
        if not isinstance(row, dict) or tuple(row) != keys or not isinstance(row["id"], str)
    ]
    if odd:
        return [f"{kind}[{odd[0]}] must have exactly {', '.join(keys)}, its id a string"]
    repeated = len({row["id"] for row in rows}) != len(rows)
    return [f"{kind} repeat an id"] if repeated else []
