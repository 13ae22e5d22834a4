"""The rate limit all private apps of a portal share: how it is told when it is spent.

Rolecall never disables a portal for it: reads answer from the last picture, work waits.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from rolecall.domain.portal import ConnectionState, Portal, QuotaWait
from rolecall.kit.errors import Retryable
from rolecall.services.app import App
from rolecall.store import SnapshotHead

SHARED_LIMIT = "HubSpot API shared rate limit reached"
ADVICE = "adjust your other private apps; it starts again at the portal's midnight"
SHARE = "sync"
AGAIN = timedelta(hours=1)  # where nobody tells when the calls come back


class SharedLimitReached(Retryable):
    """HubSpot API shared rate limit reached for today."""


@dataclass(frozen=True, slots=True)
class DayUse:
    """Calls of today in the portal's zone; None = HubSpot did not tell."""

    used: int | None
    limit: int | None
    ours: int

    def __str__(self) -> str:
        told = f"{self.used:,} of {self.limit:,} calls used today" if self.told else "used up today"
        return f"{told}, {self.ours:,} of them by Rolecall"

    @property
    def told(self) -> bool:
        """HubSpot told use and limit."""
        return self.used is not None and self.limit is not None


async def count_requests(app: App, portal: Portal, requests: int, share: str = SHARE) -> None:
    """Add to our own share of the portal's day."""
    if requests:
        async with app.database.work() as work:
            day = local_day(portal, app.clock.now())
            await work.daily_use.add(portal.hub_id, day.date(), share, requests)


async def our_share(app: App, portal: Portal) -> int:
    """Our own calls of today."""
    async with app.database.read() as view:
        day = local_day(portal, app.clock.now())
        return sum((await view.daily_use.used(portal.hub_id, day.date())).values())


async def limit_reached(
    app: App, portal: Portal, used: int | None, limit: int | None, retry_after: float | None
) -> SharedLimitReached:
    """The error that says all a person wants to know; the portal waits from now on.

    Somebody is told once the calls have been spent for `quota_notice_days`, and again after as
    many days more.
    """
    now = app.clock.now()
    day = DayUse(used if used is not None else limit, limit, await our_share(app, portal))
    async with app.database.read() as view:
        head = await view.snapshots.head(portal.hub_id, complete=True)
    message = f"{SHARED_LIMIT} in {portal.name}: {day}; {_picture(head, now)}"
    wait = portal.quota_wait or QuotaWait(since=now)
    tell = now - (wait.told_at or wait.since) >= timedelta(days=app.choices.quota_notice_days)
    wait = replace(wait, told_at=now) if tell else wait
    waiting = replace(
        portal,
        state=ConnectionState.WAITING,
        state_reason=message,
        retry_at=now + (AGAIN if retry_after is None else timedelta(seconds=retry_after)),
        quota_wait=wait,
    )
    async with app.database.work() as work:
        await work.portals.change(waiting)
        if tell:
            facts = {"portal": portal.name, "message": message, "advice": ADVICE}
            facts["since"] = wait.since.isoformat()
            work.notify("portal.quota_spent", facts, hub_id=portal.hub_id)
    return SharedLimitReached(message, hint=ADVICE, retry_after=retry_after)


def local_day(portal: Portal, now: datetime) -> datetime:
    """Now in the portal's zone, where HubSpot's day begins and ends; UTC when it is unknown."""
    try:
        return now.astimezone(ZoneInfo(portal.time_zone))
    except (ZoneInfoNotFoundError, ValueError):
        return now


def _picture(head: SnapshotHead | None, now: datetime) -> str:
    if head is None:
        return "there is no complete snapshot yet"
    hours = (now - head.sealed_at).total_seconds() / 3600
    count, unit = (hours, "hour") if hours >= 1 else (hours * 60, "minute")
    age = f"{count:.0f} {unit}{'' if round(count) == 1 else 's'}"
    return f"the last complete snapshot is {age} old ({head.sealed_at:%Y-%m-%d %H:%M} UTC)"
