"""The answers as HubSpot's page on the User import source gives them: keys, order, nothing more."""

from __future__ import annotations

from typing import Any

import msgspec

from rolecall.domain.import_app import ImportApp
from rolecall.services.importing.source import EventName, Offer, Offered

COMPONENT = "USER_IMPORT"


def body_of(
    event: EventName, portal_id: int, app: ImportApp, offer: Offer, account: str | None
) -> bytes:
    """The whole answer to one event; in strict mode spaced as the page prints it."""
    answer = {
        "portalId": portal_id,
        "appId": app.app_id,
        "integrationComponentIdentifier": COMPONENT,
        "eventType": event.value,
        "payload": _payload(event, offer, account),
    }
    return printed(answer).encode() if app.strict else msgspec.json.encode(answer)


def _payload(event: EventName, offer: Offer, account: str | None) -> dict[str, Any]:
    if event is EventName.FETCH_ACCOUNTS:
        return {"accounts": [{"id": key, "name": name} for key, name in offer.accounts]}
    return {"users": [_user(one) for one in offer.of_account(account)]}


def _user(one: Offered) -> dict[str, Any]:
    return {
        "id": one.id,
        "email": one.email,
        "firstName": one.first_name,
        "lastName": one.last_name,
        "existingUserId": one.existing,
    }


def printed(value: Any) -> str:
    """JSON with the spaces of the documented example: `{ "a": [ 1, 2 ] }`."""
    if isinstance(value, dict):
        members = (
            f"{msgspec.json.encode(key).decode()}: {printed(one)}" for key, one in value.items()
        )
        return f"{{ {', '.join(members)} }}" if value else "{}"
    if isinstance(value, list):
        return f"[ {', '.join(map(printed, value))} ]" if value else "[]"
    return msgspec.json.encode(value).decode()
