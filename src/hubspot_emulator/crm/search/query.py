"""The body of a CRM search, parsed and held to HubSpot's limits. Looks at no record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hubspot_emulator.crm.ids import as_id
from hubspot_emulator.crm.records import ObjectStore
from hubspot_emulator.wire import ApiError

BODY_CHARS = 3000
GROUPS = 5
LIMIT_DEFAULT, LIMIT_MAX = 10, 200
RESULT_CAP = 10_000  # paging beyond answers 400 (HUBSPOT.md 2.3)

OPERATORS = frozenset(
    {
        "EQ", "NEQ", "LT", "LTE", "GT", "GTE", "BETWEEN", "IN", "NOT_IN",
        "HAS_PROPERTY", "NOT_HAS_PROPERTY", "CONTAINS_TOKEN", "NOT_CONTAINS_TOKEN",
    }
)  # fmt: skip
_WITHOUT_VALUE = frozenset({"HAS_PROPERTY", "NOT_HAS_PROPERTY"})
_WITH_LIST = frozenset({"IN", "NOT_IN"})


@dataclass(frozen=True, slots=True)
class Filter:
    """One condition on one property."""

    name: str
    operator: str
    value: str = ""
    high: str = ""
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FilterCaps:
    """How many filters HubSpot takes."""

    per_group: int
    total: int


CAPS = {"18": FilterCaps(6, 18), "25": FilterCaps(10, 25)}  # by switch search_filters


@dataclass(frozen=True, slots=True)
class Query:
    """A whole search: any group may match, within a group every filter must.

    A group without filters matches every record (recorded March 2026).
    """

    groups: tuple[tuple[Filter, ...], ...]
    words: tuple[str, ...]
    sort: str | None
    descending: bool
    limit: int
    after: int


def parse(
    body: dict[str, Any],
    length: int,
    store: ObjectStore,
    caps: FilterCaps,
    hidden: frozenset[str] = frozenset(),
) -> Query:
    """The query of a body `length` characters long; 400 for what HubSpot refuses.

    `hidden` names properties that exist only in other portals.
    """
    if length > BODY_CHARS:
        raise refused(f"The request body may have {BODY_CHARS} characters, but has {length}")
    groups = tuple(_group(group) for group in _list(body, "filterGroups"))
    _check_counts(groups, caps)
    for one in (one for group in groups for one in group):
        _check_property(store, one.name, hidden)
    sort, descending = _sort(_list(body, "sorts"))
    if sort is not None:
        _check_property(store, sort, hidden)
    words = str(body.get("query") or "").casefold().split()
    limit, after = _page(body)
    return Query(groups, tuple(words), sort, descending, limit, after)


def refused(text: str) -> ApiError:
    """400 with the reason both as message and as error."""
    return ApiError(400, text, errors=[{"message": text}])


def _list(body: dict[str, Any], name: str) -> list[Any]:
    value = body.get(name) or []
    if not isinstance(value, list):
        raise refused(f"Invalid input JSON: {name} must be a list")
    return value


def _group(group: Any) -> tuple[Filter, ...]:
    if not isinstance(group, dict):
        raise refused("Invalid input JSON: a filter group must be an object")
    return tuple(_filter(item) for item in _list(group, "filters"))


def _filter(item: Any) -> Filter:
    if not isinstance(item, dict) or not isinstance(item.get("propertyName"), str):
        raise refused("Cannot build Filter, some of required attributes are not set [propertyName]")
    name, operator = item["propertyName"], item.get("operator")
    if not isinstance(operator, str) or operator not in OPERATORS:
        raise refused(f"Cannot deserialize value of type `OperatorEnum` from {operator!r}")
    if operator in _WITHOUT_VALUE:
        return Filter(name, operator)
    if operator in _WITH_LIST:
        return Filter(name, operator, values=_values(item, operator))
    high = _text(item, "highValue", operator) if operator == "BETWEEN" else ""
    return Filter(name, operator, _text(item, "value", operator), high)


def _values(item: dict[str, Any], operator: str) -> tuple[str, ...]:
    values = item.get("values")
    if not isinstance(values, list) or not values:
        raise refused(f"operator {operator} requires values")
    return tuple(str(value) for value in values)


def _text(item: dict[str, Any], key: str, operator: str) -> str:
    value = item.get(key)
    if value is None or isinstance(value, dict | list):
        raise refused(f"operator {operator} requires {key}")
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _check_counts(groups: tuple[tuple[Filter, ...], ...], caps: FilterCaps) -> None:
    if len(groups) > GROUPS:
        raise refused(f"A search may have {GROUPS} filter groups, but has {len(groups)}")
    if any(len(group) > caps.per_group for group in groups):
        raise refused(f"A filter group may have {caps.per_group} filters")
    total = sum(len(group) for group in groups)
    if total > caps.total:
        raise refused(f"A search may have {caps.total} filters in all, but has {total}")


def _check_property(store: ObjectStore, name: str, hidden: frozenset[str]) -> None:
    definition = store.definitions.get(name)
    if definition is None or definition.archived or name in hidden:
        text = f'Property "{name}" does not exist'
        error = {
            "message": text,
            "code": "PROPERTY_DOESNT_EXIST",
            "context": {"propertyName": [name]},
        }
        raise ApiError(400, f"There was a problem with the request. {text}", errors=[error])


def _sort(sorts: list[Any]) -> tuple[str | None, bool]:
    if not sorts:
        return None, False
    if len(sorts) > 1:
        raise refused("A search may have one sort")
    sort = sorts[0]
    if isinstance(sort, str):
        return sort.removeprefix("-"), sort.startswith("-")
    if not isinstance(sort, dict) or not isinstance(sort.get("propertyName"), str):
        raise refused("Cannot build Sort, some of required attributes are not set [propertyName]")
    return sort["propertyName"], sort.get("direction", "ASCENDING") == "DESCENDING"


def _page(body: dict[str, Any]) -> tuple[int, int]:
    limit, after = body.get("limit"), body.get("after")
    limit = LIMIT_DEFAULT if limit is None else limit
    if isinstance(limit, str):  # numbers sent as text are read, as Java's readers do
        number = as_id(limit)
        limit = limit if number is None else number
    if not isinstance(limit, int) or isinstance(limit, bool) or not 0 <= limit <= LIMIT_MAX:
        raise refused(f"limit must be between 0 and {LIMIT_MAX}, but was {limit}")
    start = as_id(str(after or 0))
    if start is None:
        raise refused(f"after must be a number, but was {after}")
    if start + limit > RESULT_CAP:
        raise refused(f"Searches answer {RESULT_CAP} results at most; after was {after}")
    return limit, start
