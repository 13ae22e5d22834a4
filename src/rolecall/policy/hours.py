"""Working hours between the way people write them and HubSpot's JSON text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

DAYS = (
    "MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY",
    "MONDAY_TO_FRIDAY", "SATURDAY_SUNDAY", "EVERY_DAY",
)  # fmt: skip
_SPAN = re.compile(r"(?P<days>[A-Za-z_]+)\s+(?P<start>\d{1,2}:\d{2})\s*-\s*(?P<end>\d{1,2}:\d{2})")


def to_hubspot(spans: Iterable[str]) -> str:
    """`MONDAY_TO_FRIDAY 09:00-17:00` lines as HubSpot's text; raises ValueError saying why."""
    text = [_read_span(span) for span in spans]
    return json.dumps(text, separators=(",", ":"))


def to_lines(stored: str) -> tuple[str, ...] | None:
    """HubSpot's text as lines, or None where it does not come back the same."""
    try:
        spans = json.loads(stored)
        lines = tuple(
            f"{span['days']} {_clock(span['startMinute'])}-{_clock(span['endMinute'])}"
            for span in spans
        )
        return lines if same_hours(to_hubspot(lines), stored) else None
    except (ValueError, KeyError, TypeError):
        return None


def same_hours(one: str, other: str) -> bool:
    """Equal as HubSpot means it: spacing and key order do not count."""
    try:
        return bool(json.loads(one) == json.loads(other))
    except ValueError:
        return one == other


def _read_span(span: str) -> dict[str, str | int]:
    match = _SPAN.fullmatch(span.strip())
    if not match or match["days"].upper() not in DAYS:
        raise ValueError(f"{span!r} is not like 'MONDAY_TO_FRIDAY 09:00-17:00'")
    start, end = _minutes(match["start"]), _minutes(match["end"])
    if not start < end <= 1440:
        raise ValueError(f"{span!r} must end after it starts, at 24:00 the latest")
    return {"days": match["days"].upper(), "startMinute": start, "endMinute": end}


def _minutes(clock: str) -> int:
    hours, minutes = clock.split(":")
    if int(minutes) > 59:
        raise ValueError(f"{clock!r} is not a time")
    return int(hours) * 60 + int(minutes)


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"
