"""Keeps us inside HubSpot's limits: reserves a moment for every request, learns from headers.

Burst: so many per rolling 10 s and app; search: 5 a second and portal; daily: per portal, until
its local midnight. Never drops a request: it waits, or says until when.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from secrets import token_hex
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from rolecall.hubspot.ports import GUARD, QuotaLedger
from rolecall.kit.clock import Clock

WINDOW = 10.0
# The smallest burst of any edition; the first answer tells the real one.
FIRST_BURST = 100
# HubSpot allows 5 a second and portal, all apps together. No answer tells of the others, so we take
# all five until a 429 shows that somebody else searches too; then one less, for a minute.
SEARCHES = 5
SEARCH_WINDOW = 1.0
SEARCH_GUARD = 0.05  # in place of GUARD, which would cost a fifth of so short a window
FEWER_FOR = 60.0
# HubSpot counts a request somewhere between our sending it and its answer; so long after the
# answer it has certainly left the window, however slow the way was.
MARGIN = 0.02
CROWDED = 0.05  # seconds until looking again whether one of ours was answered
# Own requests in flight blur what headers tell of others; fewer strangers than this are noise.
NOISE = 3

BURST_WAIT = 10.0
SECONDLY_WAIT = 1.0
LOCKED_WAIT = 2.0
SILENT_ENOUGH = 5
UNKNOWN_MIDNIGHT = 3600.0  # the portal's time zone is not known yet: look again in an hour


BURST_MAX = "x-hubspot-ratelimit-max"
BURST_LEFT = "x-hubspot-ratelimit-remaining"
INTERVAL = "x-hubspot-ratelimit-interval-milliseconds"
DAILY_MAX = "x-hubspot-ratelimit-daily"
DAILY_LEFT = "x-hubspot-ratelimit-daily-remaining"


@dataclass(frozen=True, slots=True)
class QuotaView:
    """What HubSpot's headers told last; None = never told."""

    burst_limit: int | None = None
    burst_left: int | None = None
    daily_limit: int | None = None
    daily_left: int | None = None
    others: int = 0  # calls in the running window that were not ours


@dataclass(frozen=True, slots=True)
class Grant:
    """Permission to send in `wait` seconds; hand it to `learn` with the answer's headers."""

    used: int
    number: int
    wait: float


@dataclass(slots=True)
class _Log:
    """Our own requests under one limit: those on their way, and when the last were answered."""

    under_way: int = 0
    answered: deque[float] = field(default_factory=lambda: deque(maxlen=1_000))

    def crowded_for(self, limit: int, window: float, now: float) -> float:
        """Seconds until one more cannot break the limit, whenever HubSpot counted the others."""
        free = limit - self.under_way
        if free <= 0:
            return CROWDED
        if len(self.answered) < free:
            return 0.0
        return max(0.0, self.answered[-free] + window + MARGIN - now)


class Limiter:
    """Grants moments to send for one portal and app.

    Real HubSpot tells its limit with every answer that counts against the burst. Where the first
    answers tell none, nothing is limited and nothing is paced, until a header or a 429 says so.
    """

    def __init__(self, ledger: QuotaLedger, clock: Clock, *, portal: str, app: str) -> None:
        self.view = QuotaView()
        self._ledger = ledger
        self._clock = clock
        self._burst_key = f"burst:{portal}:{app}"
        self._search_key = f"search:{portal}"
        self._holder = token_hex(8)
        self._limit = FIRST_BURST
        self._window = WINDOW
        self._granted = 0
        self._silent = 0  # answers without rate headers, while none was seen
        self._told = False
        self._spent_until: datetime | None = None
        self._searches = SEARCHES
        self._fewer_until: datetime | None = None
        self._logs = {True: _Log(), False: _Log()}  # by whether they are searches

    @property
    def _unlimited(self) -> bool:
        return not self._told and self._silent >= SILENT_ENOUGH

    async def reserve(self, *, search: bool) -> Grant:
        """Reserve the next moment; the caller waits `wait` seconds before sending."""
        self._granted += 1
        if self._unlimited:
            return Grant(0, self._granted, 0.0)
        slot = await self._ledger.reserve(
            self._search_key if search else self._burst_key,
            limit=self._searches_now() if search else self._limit,
            window=SEARCH_WINDOW if search else self._window,
            guard=SEARCH_GUARD if search else GUARD,
            holder=self._holder,
        )
        return Grant(slot.used, self._granted, slot.wait)

    def crowded_for(self, *, search: bool) -> float:
        """Seconds to wait on top of a grant, because answers of ours were slow; 0 = send now.

        Grants count when requests leave. On a busy machine one that left long ago may arrive
        together with the next window's, and HubSpot sees too many.
        """
        if self._unlimited:
            return 0.0
        limit, window = self._limit, self._window
        if search:
            limit, window = self._searches_now(), SEARCH_WINDOW
        return self._logs[search].crowded_for(limit, window, self._clock.now().timestamp())

    def leaves(self, *, search: bool) -> None:
        """A request is being sent."""
        self._logs[search].under_way += 1

    def answered(self, *, search: bool) -> None:
        """It was answered, or never will be."""
        log = self._logs[search]
        log.under_way -= 1
        log.answered.append(self._clock.now().timestamp())

    def _searches_now(self) -> int:
        if self._fewer_until is not None and self._clock.now() >= self._fewer_until:
            self._searches, self._fewer_until = SEARCHES, None
        return self._searches

    def spent_for(self) -> float | None:
        """Seconds until today's calls come back; None while there are some, as far as we know."""
        if self._spent_until is None:
            return None
        left = (self._spent_until - self._clock.now()).total_seconds()
        if left > 0:
            return left
        self._spent_until = None
        return None

    def learn(self, headers: Mapping[str, str], grant: Grant, *, search: bool) -> None:
        """Take limit and rest from an answer; share the burst with strangers it reveals."""
        top, left = _number(headers, BURST_MAX), _number(headers, BURST_LEFT)
        if top is None or top < 1:
            self._silent += not (self._told or search)
            self._learn_daily(headers)
            return
        self._told = True
        interval = _number(headers, INTERVAL)
        if interval:
            self._window = interval / 1000
        ours = grant.used + self._granted - grant.number
        others = 0 if left is None else max(0, top - left - ours)
        self._limit = max(1, top - others) if others > NOISE else top
        self.view = QuotaView(top, left, self.view.daily_limit, self.view.daily_left, others)
        self._learn_daily(headers)

    async def refused(self, policy: str, retry_after: float | None, zone: str | None) -> float:
        """After a 429: keep everybody of this key from sending, and say for how many seconds."""
        self._told = True
        if policy == "DAILY":
            wait = until_midnight(self._clock.now(), zone) if retry_after is None else retry_after
            self._spent_until = self._clock.now() + timedelta(seconds=wait)
            return wait
        secondly = policy == "SECONDLY"
        if secondly:
            self._searches = max(1, self._searches - 1)
            self._fewer_until = self._clock.now() + timedelta(seconds=FEWER_FOR)
        wait = retry_after or (SECONDLY_WAIT if secondly else BURST_WAIT)
        await self._ledger.hold(self._search_key if secondly else self._burst_key, wait)
        return wait

    def _learn_daily(self, headers: Mapping[str, str]) -> None:
        top, left = _number(headers, DAILY_MAX), _number(headers, DAILY_LEFT)
        if top is not None:
            view = self.view
            self.view = QuotaView(view.burst_limit, view.burst_left, top, left, view.others)


def _number(headers: Mapping[str, str], name: str) -> int | None:
    value = headers.get(name)
    return int(value) if value is not None and value.isdecimal() else None


def until_midnight(now: datetime, zone: str | None) -> float:
    """Seconds until the portal's day ends; an hour where its time zone is not known."""
    try:
        local = now.astimezone(ZoneInfo(zone or ""))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UNKNOWN_MIDNIGHT
    tomorrow = local.date() + timedelta(days=1)
    midnight = datetime(tomorrow.year, tomorrow.month, tomorrow.day, tzinfo=local.tzinfo)
    return max(1.0, (midnight.astimezone(UTC) - now).total_seconds())
