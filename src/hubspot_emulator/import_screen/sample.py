"""HubSpot's own test target for the User import source: two accounts and three users, always."""

from __future__ import annotations

from urllib.parse import urlsplit

import msgspec

from hubspot_emulator.accounts import SAMPLE_TARGET

SAMPLE_PATH = urlsplit(SAMPLE_TARGET).path
_ACCOUNTS = [{"id": f"testId{n}", "name": f"testAccount{n}"} for n in (1, 2)]
_USERS = [
    {
        "id": f"testUser{n}",
        "email": f"testuser{n}-invalid@hubspot.com",
        "firstName": "Test",
        "lastName": f"User-{word}",
        "existingUserId": None,
    }
    for n, word in ((1, "One"), (2, "Two"), (3, "Three"))
]
_PAYLOADS = {"FETCH_ACCOUNTS": {"accounts": _ACCOUNTS}, "FETCH_USERS": {"users": _USERS}}


def is_sample(target: str) -> bool:
    """Whether a target is HubSpot's test server, which is answered here and never called."""
    parts = urlsplit(target)
    return parts.hostname in ("api.hubspot.com", "api.hubapi.com") and (
        parts.path.rstrip("/") == SAMPLE_PATH
    )


def answer_of(event: str, body: bytes) -> tuple[int, bytes]:
    """Status and body of the test target for one event."""
    payload = _PAYLOADS.get(event)
    try:
        asked = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return 400, b""
    if payload is None or not isinstance(asked, dict):
        return 404, b""
    answer = {
        "portalId": asked.get("portalId"),
        "appId": asked.get("appId"),
        "integrationComponentIdentifier": "USER_IMPORT",
        "eventType": event,
        "payload": payload,
    }
    return 200, msgspec.json.encode(answer)
