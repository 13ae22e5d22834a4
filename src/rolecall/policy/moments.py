"""Days of a portal as moments in UTC: from starts a day, until ends it."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


def zone_named(name: str) -> ZoneInfo:
    """A portal's time zone; UTC where HubSpot's name for it is unknown here."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return ZoneInfo("UTC")


def end_of_day(day: date, zone: ZoneInfo) -> datetime:
    """24:00 of a day in a zone, as UTC; at this very moment the day is over."""
    if day == date.max:
        return datetime.max.replace(tzinfo=UTC)
    return datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC)


def start_of_day(day: date, zone: ZoneInfo) -> datetime:
    """0:00 of a day in a zone, as UTC."""
    return datetime.combine(day, time(), zone).astimezone(UTC)
