"""How many requests a plan costs and how long it takes under today's quota."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from rolecall.domain.portal import CredentialKind, Tier
from rolecall.domain.snapshot import Snapshot
from rolecall.policy.moments import end_of_day, zone_named

# Requests per rolling ten seconds; HubSpot's usage guidelines, read 2026-08.
BURST_OAUTH = 110
BURST = {Tier.PROFESSIONAL: 190, Tier.ENTERPRISE: 190}
BURST_DEFAULT = 100
SECONDS_PER_REQUEST = 0.15  # what one answer takes when nothing limits; measured on the emulator


@dataclass(frozen=True, slots=True)
class Quota:
    """What the portal lets us send; None where unknown or unlimited."""

    per_ten_seconds: int = BURST_DEFAULT
    daily_limit: int | None = None
    daily_left: int | None = None


@dataclass(frozen=True, slots=True)
class Estimate:
    """At most so many requests, in so many seconds, over so many midnights."""

    requests: int
    seconds: float
    midnights: int = 0


def quota_of(snapshot: Snapshot, kind: CredentialKind = CredentialKind.SERVICE_KEY) -> Quota:
    """Today's quota as the snapshot's capabilities know it."""
    caps = snapshot.capabilities
    if kind is CredentialKind.OAUTH:
        return Quota(BURST_OAUTH)
    limit, used = caps.daily_limit, caps.daily_used
    left = None if limit is None or used is None else max(0, limit - used)
    return Quota(BURST.get(snapshot.tier, BURST_DEFAULT), limit, left)


def estimate(requests: int, quota: Quota, time_zone: str, now: datetime) -> Estimate:
    """Seconds under the burst limit, plus waiting for the portal's midnight when the day is spent."""
    fastest = requests * 10 / quota.per_ten_seconds if quota.per_ten_seconds else 0.0
    seconds = max(fastest, min(requests, quota.per_ten_seconds) * SECONDS_PER_REQUEST)
    if quota.daily_left is None or requests <= quota.daily_left:
        return Estimate(requests, round(seconds, 1))
    beyond = requests - quota.daily_left
    midnights = max(1, math.ceil(beyond / quota.daily_limit)) if quota.daily_limit else 1
    zone = zone_named(time_zone)
    first = end_of_day(now.astimezone(zone).date(), zone) - now
    waiting = first + timedelta(days=midnights - 1)
    return Estimate(requests, round(waiting.total_seconds() + seconds, 1), midnights)
