"""Working hours of a user: a JSON string of day ranges with minutes; checked and compared here."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeGuard

import msgspec

_WEEK = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")
DAYS: dict[str, tuple[str, ...]] = {day: (day,) for day in _WEEK} | {
    "MONDAY_TO_FRIDAY": _WEEK[:5],
    "SATURDAY_SUNDAY": _WEEK[5:],
    "EVERY_DAY": _WEEK,
}
LAST_MINUTE = 1440  # minutes count from midnight, both ends allowed (HUBSPOT.md 2.3)


def hours_problem(text: str) -> str | None:
    """What is wrong with a value of `hs_working_hours`, or None."""
    rows = _rows(text)
    if rows is None:
        return "hs_working_hours must be a JSON array of working hours"
    spans: list[tuple[str, int, int]] = []
    for row in rows:
        problem = _row_problem(row)
        if problem is not None:
            return problem
        spans.extend((day, row["startMinute"], row["endMinute"]) for day in DAYS[row["days"]])
    return _overlap(spans)


def same_hours(one: str | None, other: str | None) -> bool:
    """Whether two values say the same, however they are spaced and ordered."""
    if not one or not other:
        return one == other
    first, second = _canonical(one), _canonical(other)
    return first is not None and first == second


def _rows(text: str) -> list[Any] | None:
    try:
        rows = msgspec.json.decode(text)
    except msgspec.DecodeError:
        return None
    return rows if isinstance(rows, list) else None


def _row_problem(row: Any) -> str | None:
    if not isinstance(row, dict) or row.get("days") not in DAYS:
        return f"days must be one of {', '.join(DAYS)}"
    start, end = row.get("startMinute"), row.get("endMinute")
    if not _is_minute(start) or not _is_minute(end):
        return f"startMinute and endMinute must be between 0 and {LAST_MINUTE}"
    return None if start < end else "startMinute must be before endMinute"


def _is_minute(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LAST_MINUTE


def _overlap(spans: list[tuple[str, int, int]]) -> str | None:
    last: dict[str, int] = {}
    for day, start, end in sorted(spans):
        if start < last.get(day, 0):
            return f"working hours overlap on {day}"
        last[day] = end
    return None


def _canonical(text: str) -> list[tuple[str, int, int]] | None:
    rows = _rows(text)
    if rows is None or any(_row_problem(row) for row in rows):
        return None
    return sorted(_spans(rows))


def _spans(rows: list[Any]) -> Iterator[tuple[str, int, int]]:
    for row in rows:
        for day in DAYS[row["days"]]:
            yield day, row["startMinute"], row["endMinute"]
