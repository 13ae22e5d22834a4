"""What CRM requests ask for: query parameters and bodies, parsed once, refused in HubSpot's words."""

from __future__ import annotations

from typing import Any

from hubspot_emulator.crm.display import display_names
from hubspot_emulator.crm.ids import as_id
from hubspot_emulator.crm.kinds import USERS
from hubspot_emulator.crm.records import ObjectStore
from hubspot_emulator.crm.wire import Selection, select
from hubspot_emulator.refusals import unparsable
from hubspot_emulator.routing import Call
from hubspot_emulator.wire import Answer, ApiError

BATCH_MAX = 100  # inputs per batch call (HUBSPOT.md 11)


def whole_number(call: Call, name: str, default: int) -> int:
    """A whole-number query parameter; 400 when it is none."""
    text = call.one(name)
    if text is None or text == "":
        return default
    number = as_id(text.removeprefix("-"))
    if number is None:
        raise unparsable("query", name)
    return -number if text.startswith("-") else number


def page_limit(call: Call, default: int, maximum: int) -> int:
    """`limit` between 1 and the maximum; 400 beyond."""
    limit = whole_number(call, "limit", default)
    if not 1 <= limit <= maximum:
        text = f"limit must be between 1 and {maximum}, but was {limit}"
        raise ApiError(400, text, errors=[{"message": text, "in": "limit"}])
    return limit


def flag(call: Call, name: str) -> bool:
    """A true/false query parameter, false when absent."""
    text = (call.one(name) or "false").casefold()
    if text not in ("true", "false"):
        raise unparsable("query", name)
    return text == "true"


def names(call: Call, parameter: str) -> list[str]:
    """A list parameter, given repeatedly or with commas."""
    values = call.query.get(parameter, [])
    return [part.strip() for value in values for part in value.split(",") if part.strip()]


def hidden_properties(call: Call, store: ObjectStore) -> frozenset[str]:
    """Properties this portal does not have under the switch `user_display_properties`."""
    if store.kind is not USERS or call.world.switches["user_display_properties"] == "present":
        return frozenset()
    return display_names(call.portal.crm.display_style)


def record_page(call: Call, store: ObjectStore) -> str | None:
    """What a record's id is put behind to address its page in the app (recorded March 2026)."""
    if not store.kind.has_page:
        return None
    portal = call.portal
    return f"https://{portal.ui_domain}/contacts/{portal.id}/record/{store.kind.type_id}/"


def cleared_value(call: Call) -> str | None:
    """What stands for a value that was set and taken away again."""
    return "" if call.world.switches["cleared_value"] == "empty" else None


def query_selection(call: Call, store: ObjectStore) -> Selection:
    """What a GET wants to see of each record."""
    wanted, history = names(call, "properties"), names(call, "propertiesWithHistory")
    hidden = hidden_properties(call, store)
    page, cleared = record_page(call, store), cleared_value(call)
    return select(store, wanted, history, hidden, page, cleared)


def body_selection(call: Call, store: ObjectStore, body: dict[str, Any]) -> Selection:
    """What a POST wants to see of each record."""
    wanted = text_list(body, "properties")
    history = text_list(body, "propertiesWithHistory")
    hidden = hidden_properties(call, store)
    page, cleared = record_page(call, store), cleared_value(call)
    return select(store, wanted, history, hidden, page, cleared)


def body_object(call: Call) -> dict[str, Any]:
    """The body as a JSON object; 400 when it is something else."""
    body = call.json()
    if not isinstance(body, dict):
        raise ApiError(400, "Invalid input JSON on line 1, column 1: an object is expected")
    return body


def text_list(body: dict[str, Any], name: str) -> list[str]:
    """A list of strings out of a body; absent and null mean empty."""
    value = body.get(name) or []
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ApiError(400, f"Invalid input JSON: {name} must be a list of strings")
    return value


def properties_of(body: dict[str, Any]) -> dict[str, Any]:
    """The `properties` of a write; 400 when they are missing or no object."""
    properties = body.get("properties")
    if not isinstance(properties, dict):
        raise required("SimplePublicObjectInput", "properties")
    return properties


def batch_inputs(call: Call) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The body of a batch call and its inputs, 1 to 100 of them."""
    body = body_object(call)
    inputs = body.get("inputs")
    if not isinstance(inputs, list) or not all(isinstance(item, dict) for item in inputs):
        raise required("BatchInput", "inputs")
    if len(inputs) > BATCH_MAX:
        text = f"Batch requests are limited to {BATCH_MAX} inputs, but {len(inputs)} were sent"
        raise ApiError(400, text, errors=[{"message": text, "in": "inputs"}])
    return body, inputs


def input_id(item: dict[str, Any]) -> str:
    """The `id` of one batch input as text."""
    value = item.get("id")
    if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
        raise required("BatchInputItem", "id")
    return str(value)


def refuse_type(call: Call) -> Answer:
    """400 for an object type that does not exist."""
    message = f"Unable to infer object type from: {call.path['objectType']}"
    raise ApiError(400, message, category_switch="bad_parameter_category")


def optional_text(body: dict[str, Any], name: str) -> str | None:
    """A string out of a body; None when absent or null, 400 when it is something else."""
    value = body.get(name)
    if value is not None and not isinstance(value, str):
        raise ApiError(400, f"Invalid input JSON: {name} must be a string")
    return value


def required(what: str, name: str) -> ApiError:
    """400 for a missing field, as HubSpot's Java builders word it."""
    text = f"Invalid input JSON on line 1, column 1: Cannot build {what}, some of required attributes are not set [{name}]"
    return ApiError(400, text)
