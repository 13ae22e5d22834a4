"""HubSpot's time stamps, in every form it uses, as aware UTC times. Never raises."""

from __future__ import annotations

from datetime import UTC, datetime


def moment(value: str | int | None) -> datetime | None:
    """ISO 8601 with or without zone or time, or Unix milliseconds; None when it is neither."""
    if value is None or value == "":
        return None
    try:
        if isinstance(value, int):
            return datetime.fromtimestamp(value / 1000, UTC)
        if value.isdecimal() and len(value) > 8:  # eight digits would be a date, 20261101
            return datetime.fromtimestamp(int(value) / 1000, UTC)
        at = datetime.fromisoformat(value)
    except (ValueError, OverflowError, OSError):
        return None
    if at.tzinfo is UTC:
        return at
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
