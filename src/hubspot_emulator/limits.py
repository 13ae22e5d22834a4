"""HubSpot's rate limits: burst per app, search per portal, daily per portal. Never sleeps.

Numbers: developers.hubspot.com usage guidelines as read in 2026, and recorded headers.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo

from hubspot_emulator.wire import ApiError

if TYPE_CHECKING:
    from hubspot_emulator.tokens import Token
    from hubspot_emulator.world import Portal

INTERVAL_SECONDS = 10.0
SEARCH_PER_SECOND = 5
OAUTH_BURST = 110
PACK_BURST = 250
PACK_DAILY = 1_000_000
BURST_BY_TIER = {"free": 100, "starter": 100, "professional": 190, "enterprise": 190}
DAILY_BY_TIER = {
    "free": 250_000,
    "starter": 250_000,
    "professional": 625_000,
    "enterprise": 1_000_000,
}

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Allowance:
    """What one token may spend: calls per ten seconds, and per day where days count."""

    burst: int
    daily: int | None


@dataclass(frozen=True, slots=True)
class Admission:
    """The answer to one request: its rate headers, and the policy it broke with seconds to wait."""

    headers: Headers = ()
    broken: str | None = None  # TEN_SECONDLY_ROLLING | SECONDLY | DAILY
    wait: int = 0


@dataclass(frozen=True, slots=True)
class Usage:
    """The shared daily count of a portal's private apps."""

    limit: int
    used: int
    resets_at: datetime


@dataclass(frozen=True, slots=True)
class Traffic:
    """Scripted calls of the portal's other apps, on the emulator's clock."""

    portal_id: int
    starts: datetime
    ends: datetime | None = None
    calls_per_day: int = 0
    at_midnight: bool = True  # the day's calls at its very start; else spread evenly
    searches_per_second: int = 0


@dataclass(slots=True)
class _Day:
    ends: datetime
    starts: datetime
    used: int = 0


def allowance(token: Token, portal: Portal) -> Allowance:
    """What this kind of token may spend in this tier."""
    if token.kind == "oauth":
        return Allowance(OAUTH_BURST, None)
    burst = PACK_BURST if portal.api_limit_packs else BURST_BY_TIER[portal.tier]
    return Allowance(burst, daily_limit(portal))


def daily_limit(portal: Portal) -> int:
    """Calls per day all private apps and service keys of a portal share."""
    return DAILY_BY_TIER[portal.tier] + PACK_DAILY * min(portal.api_limit_packs, 2)


def day_of(portal: Portal, now: datetime) -> tuple[datetime, datetime]:
    """Start and end of the portal's day in UTC; its midnight is in its own time zone."""
    zone = ZoneInfo(portal.time_zone)
    today = now.astimezone(zone).date()
    start = datetime(today.year, today.month, today.day, tzinfo=zone)
    tomorrow = today + timedelta(days=1)
    end = datetime(tomorrow.year, tomorrow.month, tomorrow.day, tzinfo=zone)
    return start.astimezone(UTC), end.astimezone(UTC)


@dataclass(slots=True)
class Limits:
    """All counters of one emulator; `mode` off lets everything pass without headers."""

    mode: Literal["real", "off"] = "real"
    _bursts: dict[tuple[int, int], deque[float]] = field(default_factory=dict)
    _searches: dict[int, deque[float]] = field(default_factory=dict)
    _days: dict[int, _Day] = field(default_factory=dict)
    traffic: list[Traffic] = field(default_factory=list)

    def admit(self, token: Token, portal: Portal, now: datetime, *, search: bool) -> Admission:
        """Count one request and say whether it passes; a refused one is not counted."""
        if self.mode == "off" or token.limits == "off":
            return Admission()
        allowed = allowance(token, portal)
        if search:
            return self._admit_search(allowed, portal, now)
        window = self._window(token, now)
        free_of_day = self._left_today(allowed, portal, now)
        if free_of_day is not None and free_of_day <= 0:
            headers = _headers(allowed, window, now, free_of_day)
            return Admission(headers, "DAILY", self._until_midnight(portal, now))
        if len(window) >= allowed.burst:
            headers = _headers(allowed, window, now, free_of_day)
            return Admission(headers, "TEN_SECONDLY_ROLLING", 10)
        window.append(now.timestamp())
        if free_of_day is not None:
            self._today(portal, now).used += 1
            free_of_day -= 1
        return Admission(_headers(allowed, window, now, free_of_day))

    def spend(self, portal: Portal, calls: int, now: datetime) -> None:
        """Calls other private apps of the portal made just now; they share the day's limit."""
        self._today(portal, now).used += calls

    def stop_traffic(self, portal: Portal, now: datetime) -> None:
        """Scripted traffic of the portal ends; what it spent today stays spent."""
        day = self._today(portal, now)
        day.used += sum(self._scripted(item, day, now) for item in self._of(portal))
        self.traffic = [item for item in self.traffic if item.portal_id != portal.id]

    def usage(self, portal: Portal, now: datetime) -> Usage:
        """The portal's daily count, scripted traffic of other apps included."""
        day = self._today(portal, now)
        used = day.used + sum(self._scripted(item, day, now) for item in self._of(portal))
        limit = daily_limit(portal)
        return Usage(limit, min(used, limit), day.ends)

    def _admit_search(self, allowed: Allowance, portal: Portal, now: datetime) -> Admission:
        left = self._left_today(allowed, portal, now)
        if left is not None and left <= 0:
            return Admission((), "DAILY", self._until_midnight(portal, now))
        window = self._searches.setdefault(portal.id, deque())
        moment = now.timestamp()
        _forget(window, moment, 1.0)
        busy = sum(t.searches_per_second for t in self._of(portal) if _runs(t, now))
        if len(window) + busy >= SEARCH_PER_SECOND:
            return Admission((), "SECONDLY", 1)
        window.append(moment)
        if left is not None:
            self._today(portal, now).used += 1
        return Admission()

    def _window(self, token: Token, now: datetime) -> deque[float]:
        window = self._bursts.setdefault((token.app_id, token.portal_id), deque())
        _forget(window, now.timestamp(), INTERVAL_SECONDS)
        return window

    def _today(self, portal: Portal, now: datetime) -> _Day:
        day = self._days.get(portal.id)
        if day is None or not day.starts <= now < day.ends:
            starts, ends = day_of(portal, now)
            day = self._days[portal.id] = _Day(ends, starts)
        return day

    def _left_today(self, allowed: Allowance, portal: Portal, now: datetime) -> int | None:
        if allowed.daily is None:
            return None
        usage = self.usage(portal, now)
        return usage.limit - usage.used

    def _of(self, portal: Portal) -> list[Traffic]:
        return [item for item in self.traffic if item.portal_id == portal.id]

    @staticmethod
    def _scripted(item: Traffic, day: _Day, now: datetime) -> int:
        begin = max(item.starts, day.starts)
        end = min(now, item.ends or now, day.ends)
        if end < begin or item.starts >= day.ends or (item.ends or now) < day.starts:
            return 0
        if item.at_midnight:
            return item.calls_per_day
        share = (end - begin) / (day.ends - day.starts)
        return int(item.calls_per_day * share)

    def _until_midnight(self, portal: Portal, now: datetime) -> int:
        return int((self._today(portal, now).ends - now).total_seconds()) + 1


def too_many(policy: str, retry_after: int | None = None, *, category: bool = False) -> ApiError:
    """The 429 of one policy: TEN_SECONDLY_ROLLING, SECONDLY or DAILY, in HubSpot's words."""
    headers = () if retry_after is None else (("Retry-After", str(retry_after)),)
    return ApiError(
        429,
        f"You have reached your {policy.lower()} limit.",
        category="RATE_LIMITS" if category else None,
        extra={"policyName": policy}
        if category
        else {"errorType": "RATE_LIMIT", "policyName": policy},
        headers=headers,
    )


def _runs(item: Traffic, now: datetime) -> bool:
    return item.starts <= now and (item.ends is None or now < item.ends)


def _forget(window: deque[float], now: float, seconds: float) -> None:
    """Drop what is older than the window, and what a clock that was set back has not reached."""
    while window and window[0] <= now - seconds:
        window.popleft()
    while window and window[-1] > now:
        window.pop()


def _headers(
    allowed: Allowance, window: deque[float], now: datetime, left_today: int | None
) -> Headers:
    moment = now.timestamp()
    secondly = allowed.burst // 10
    last_second = 0
    for at in reversed(window):
        if at <= moment - 1.0:
            break
        last_second += 1
    daily: Headers = ()
    if allowed.daily is not None and left_today is not None:
        daily = (
            ("X-HubSpot-RateLimit-Daily", str(allowed.daily)),
            ("X-HubSpot-RateLimit-Daily-Remaining", str(max(left_today, 0))),
        )
    return (
        *daily,
        ("X-HubSpot-RateLimit-Interval-Milliseconds", "10000"),
        ("X-HubSpot-RateLimit-Max", str(allowed.burst)),
        ("X-HubSpot-RateLimit-Remaining", str(max(allowed.burst - len(window), 0))),
        ("X-HubSpot-RateLimit-Secondly", str(secondly)),
        ("X-HubSpot-RateLimit-Secondly-Remaining", str(max(secondly - last_second, 0))),
    )
