"""JSON bodies as HubSpot's reader takes them: objects, texts that may come as numbers, lists."""

from __future__ import annotations

from typing import Any

from hubspot_emulator.refusals import invalid


def object_of(body: Any) -> dict[str, Any]:
    """The body as an object; ApiError 400 when it is anything else."""
    if not isinstance(body, dict):
        raise invalid("Invalid input JSON on line 1, column 1: expected an object")
    return body


def text(fields: dict[str, Any], name: str) -> str | None:
    """A text field, None when absent or null; whole numbers pass as text."""
    value = fields.get(name)
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise invalid(f"{name} must be a string", name)


def texts(fields: dict[str, Any], name: str) -> tuple[str, ...] | None:
    """A list of texts without repetitions, None when absent or null."""
    values = fields.get(name)
    if values is None:
        return None
    if not isinstance(values, list):
        raise invalid(f"{name} must be an array of strings", name)
    found = (text({name: one}, name) for one in values)
    return tuple(dict.fromkeys(one for one in found if one is not None))
