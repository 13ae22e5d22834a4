"""One search filter as a function of a value, typed by the property it looks at."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime

from hubspot_emulator.crm.definitions import PropertyDef
from hubspot_emulator.crm.search.query import Filter, refused

Test = Callable[[str | None], bool]
Comparable = float | str
_TOKENS = re.compile(r"[^\W_]+")


def matcher(definition: PropertyDef, one: Filter, *, unset_matches: bool) -> Test:
    """Whether a value passes the filter; `unset_matches` rules NEQ and NOT_IN without a value."""
    match one.operator:
        case "HAS_PROPERTY":
            return lambda value: value is not None
        case "NOT_HAS_PROPERTY":
            return lambda value: value is None
        case "CONTAINS_TOKEN":
            return _contains(one.value)
        case "NOT_CONTAINS_TOKEN":
            contains = _contains(one.value)
            return lambda value: not contains(value)
        case "EQ" | "NEQ":
            return _equal(definition, one, unset_matches=unset_matches)
        case "IN" | "NOT_IN":
            return _among(definition, one, unset_matches=unset_matches)
        case _:
            return _ordered(definition, one)


def comparable(definition: PropertyDef, value: str) -> Comparable:
    """A value as it is compared: numbers and times as numbers, text case-folded."""
    if definition.type == "number":
        return float(value)
    if definition.type in ("date", "datetime"):
        return _milliseconds(value)
    return value if definition.type == "enumeration" else value.casefold()


def _milliseconds(value: str) -> float:
    if value.lstrip("-").isdecimal():
        return float(value)
    moment = datetime.fromisoformat(value)
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return aware.timestamp() * 1000


def _wanted(definition: PropertyDef, value: str) -> Comparable:
    try:
        return comparable(definition, value)
    except ValueError:
        raise refused(f"{value} is not a valid value for property {definition.name}") from None


def _equal(definition: PropertyDef, one: Filter, *, unset_matches: bool) -> Test:
    wanted = _wanted(definition, one.value)
    if one.operator == "EQ":
        return lambda value: value is not None and comparable(definition, value) == wanted
    return lambda value: unset_matches if value is None else comparable(definition, value) != wanted


def _among(definition: PropertyDef, one: Filter, *, unset_matches: bool) -> Test:
    """Text is lower-cased in the index, so upper-case values never match (HubSpot's guide)."""
    if definition.type in ("number", "date", "datetime"):
        wanted = frozenset(_wanted(definition, value) for value in one.values)
    else:
        wanted = frozenset(one.values)

    def among(value: str) -> bool:
        return comparable(definition, value) in wanted

    if one.operator == "IN":
        return lambda value: value is not None and among(value)
    return lambda value: unset_matches if value is None else not among(value)


def _ordered(definition: PropertyDef, one: Filter) -> Test:
    low = _wanted(definition, one.value)
    high = _wanted(definition, one.high) if one.operator == "BETWEEN" else low
    test = _COMPARE[one.operator]
    return lambda value: value is not None and test(comparable(definition, value), low, high)


_COMPARE: dict[str, Callable[[Comparable, Comparable, Comparable], bool]] = {
    "LT": lambda value, low, _: value < low,  # type: ignore[operator]
    "LTE": lambda value, low, _: value <= low,  # type: ignore[operator]
    "GT": lambda value, low, _: value > low,  # type: ignore[operator]
    "GTE": lambda value, low, _: value >= low,  # type: ignore[operator]
    "BETWEEN": lambda value, low, high: low <= value <= high,  # type: ignore[operator]
}


def _contains(wanted: str) -> Test:
    """Every token of the pattern is a token of the value; `*` stands for any run of characters."""
    if "*" in wanted:
        pattern = re.compile(".*".join(map(re.escape, wanted.casefold().split("*"))))
        return lambda value: value is not None and _matches_wildcard(pattern, value.casefold())
    needles = frozenset(tokens(wanted))
    return lambda value: value is not None and needles <= set(tokens(value))


def _matches_wildcard(pattern: re.Pattern[str], value: str) -> bool:
    parts = (value, *value.split(), *_TOKENS.findall(value))
    return any(pattern.fullmatch(part) for part in parts)


def tokens(value: str) -> list[str]:
    """The words search sees in a value: letters and digits, case-folded."""
    return _TOKENS.findall(value.casefold())
