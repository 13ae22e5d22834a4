"""When a notice may go out: quiet hours in somebody's own time zone, growing pauses. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from rolecall.domain.notice import Notice, QuietHours
from rolecall.kit.errors import Retryable, RolecallError

SATURDAY = 5
# Waits after each failed attempt, two days in all; when they are used up it is given up.
PAUSES = tuple(timedelta(minutes=one) for one in (1, 5, 30, 120, 360, 720, 1_440))
LOOK_AHEAD = 8  # days; longer than any quiet stretch of hours and a weekend


def held_until(notice: Notice, quiet: QuietHours | None, now: datetime) -> datetime | None:
    """The UTC time a notice waits for, None when it may go out now."""
    if quiet is None or notice.urgent or not _is_quiet(now, quiet):
        return None
    local = now.astimezone(ZoneInfo(quiet.time_zone))
    for day in range(LOOK_AHEAD):
        wake = datetime.combine(local.date() + timedelta(days=day), quiet.ends, local.tzinfo)
        if wake > local and not _is_quiet(wake, quiet):
            return wake.astimezone(UTC)
    return None


def wait_after(error: RolecallError, attempts: int) -> timedelta | None:
    """How long to wait after a failure that `attempts` others went before; None = give up."""
    if not isinstance(error, Retryable) or attempts >= len(PAUSES):
        return None
    asked = min(error.retry_after or 0.0, PAUSES[-1].total_seconds())
    return max(PAUSES[attempts], timedelta(seconds=asked))


def _is_quiet(at: datetime, quiet: QuietHours) -> bool:
    local = at.astimezone(ZoneInfo(quiet.time_zone))
    if quiet.weekends and local.weekday() >= SATURDAY:
        return True
    clock = local.time()
    if quiet.begins <= quiet.ends:
        return quiet.begins <= clock < quiet.ends
    return clock >= quiet.begins or clock < quiet.ends
