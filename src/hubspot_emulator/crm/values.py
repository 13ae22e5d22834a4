"""What HubSpot checks before it writes property values: existence, read-only, type, owner, hours."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from math import isfinite
from typing import Any
from zoneinfo import available_timezones

from hubspot_emulator.crm.definitions import PropertyDef
from hubspot_emulator.crm.ids import as_id
from hubspot_emulator.crm.records import ObjectStore, Values
from hubspot_emulator.crm.store import CrmStore
from hubspot_emulator.crm.working_hours import hours_problem
from hubspot_emulator.wire import ApiError, timestamp


class Problem(Exception):
    """One value that was not valid: HubSpot's error code and message."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def checked(
    crm: CrmStore,
    store: ObjectStore,
    sent: dict[str, Any],
    current: Values,
    *,
    archived_owners: bool,
) -> Values:
    """The values as stored; ApiError 400 naming every bad one.

    An empty string clears a value; null leaves it (told by users of the Node client, 2023).
    `archived_owners` says whether an archived owner may be given a record.
    """
    values: Values = {}
    problems: list[tuple[str, Problem]] = []
    for name, raw in sent.items():
        try:
            value = as_text(raw)
            stored = _checked(crm, store, name, value, archived_owners=archived_owners)
            if raw is not None:
                values[name] = stored
        except Problem as problem:
            problems.append((name, problem))
    if not problems and store.kind.name == "users":
        problems = _hours_problems({**current, **values}, values)
    if problems:
        raise invalid_values(problems)
    return values


def as_text(raw: Any) -> str | None:
    """A JSON value as HubSpot stores it; None and the empty string mean no value."""
    if raw is None or raw == "":
        return None
    if isinstance(raw, bool):
        return "true" if raw else "false"
    if isinstance(raw, str | int | float):
        return str(raw)
    raise Problem(
        "INVALID_TYPE", f"Cannot deserialize value of type `String` from {json.dumps(raw)}"
    )


def invalid_values(problems: list[tuple[str, Problem]]) -> ApiError:
    """400 as recorded: the list of problems as JSON inside the message, and again as errors."""
    details = [
        {
            "isValid": False,
            "message": problem.message,
            "error": problem.code,
            "name": name,
            "localizedErrorMessage": problem.message,
            "portalId": 0,
        }
        for name, problem in problems
    ]
    errors = [
        {"message": p.message, "code": p.code, "context": {"propertyName": [name]}}
        for name, p in problems
    ]
    text = json.dumps(details, separators=(",", ":"), ensure_ascii=False)
    return ApiError(400, f"Property values were not valid: {text}", errors=errors)


def _checked(
    crm: CrmStore, store: ObjectStore, name: str, value: str | None, *, archived_owners: bool
) -> str | None:
    definition = store.definitions.get(name)
    if definition is None or definition.archived:
        raise Problem("PROPERTY_DOESNT_EXIST", f'Property "{name}" does not exist')
    if definition.read_only or name in store.computed:
        raise Problem(
            "READ_ONLY_VALUE", f'"{name}" is a read only property; its value cannot be set'
        )
    if value is None:
        return None
    if definition.type != "string" and value != value.strip():
        # HubSpot's changelog: so since April 7th, 2025
        text = f'"{value}" includes leading or trailing whitespace.'
        raise Problem("LEADING_TRAILING_WHITESPACE", text)
    if definition.names_owner:
        _check_owner(crm, value, archived_owners=archived_owners)
        return value
    if name in ("email", "hs_email") and "@" not in value:
        raise Problem("INVALID_EMAIL", f"Email address {value} is invalid")
    if name == "hs_standard_time_zone":
        _check_zone(value)
    checker = _BY_TYPE.get(definition.type)
    return value if checker is None else checker(definition, value)


def _check_owner(crm: CrmStore, value: str, *, archived_owners: bool) -> None:
    owner = crm.owners.get(as_id(value) or 0)
    if owner is None or (owner.archived and not archived_owners):
        raise Problem("INVALID_OWNER_ID", f"Owner ID {value} does not exist or is not active")


def _number(_definition: PropertyDef, value: str) -> str:
    try:
        finite = isfinite(float(value))
    except ValueError:
        finite = False
    if not finite:
        raise Problem("INVALID_DOUBLE", f"{value} was not a valid number.")
    return value


def _instant(value: str) -> datetime:
    """A time given in milliseconds or as ISO 8601, in UTC where it names no zone."""
    try:
        if value.lstrip("-").isdecimal():
            return datetime.fromtimestamp(int(value) / 1000, UTC)
        at = datetime.fromisoformat(value)
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except (ValueError, OverflowError, OSError):
        raise Problem("INVALID_LONG", f"{value} was not a valid long.") from None


def _moment(_definition: PropertyDef, value: str) -> str:
    return timestamp(_instant(value))


def _day(_definition: PropertyDef, value: str) -> str:
    at = _instant(value)
    if (at.hour, at.minute, at.second, at.microsecond) != (0, 0, 0, 0):
        clock = f"{at.hour}:{at.minute}:{at.second}.{at.microsecond // 1000}"
        raise Problem("INVALID_DATE", f"{value} is at {clock} UTC, not midnight!")
    return at.date().isoformat()


def _option(definition: PropertyDef, value: str) -> str:
    allowed = [option.value for option in definition.options]
    for part in value.split(";") if allowed else ():
        if part and part not in allowed:
            text = f"{part} was not one of the allowed options: [{', '.join(allowed)}]"
            raise Problem("INVALID_OPTION", text)
    return value


@cache
def _zones() -> frozenset[str]:
    return frozenset(zone.casefold() for zone in available_timezones())


def _check_zone(value: str) -> None:
    if value.casefold() not in _zones():
        raise Problem("INVALID_OPTION", f"{value} was not one of the allowed options")


def _hours_problems(after: Values, written: Values) -> list[tuple[str, Problem]]:
    hours = written.get("hs_working_hours")
    if not hours:
        return []
    if not after.get("hs_standard_time_zone"):
        text = "hs_standard_time_zone must be set before hs_working_hours"
        return [("hs_working_hours", Problem("INVALID_WORKING_HOURS", text))]
    found = hours_problem(hours)
    return [] if found is None else [("hs_working_hours", Problem("INVALID_WORKING_HOURS", found))]


_BY_TYPE: dict[str, Callable[[PropertyDef, str], str]] = {
    "number": _number,
    "datetime": _moment,
    "date": _day,
    "enumeration": _option,
    "bool": _option,
}
