"""Facts about a portal as the account-info APIs print them. Changes nothing."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from hubspot_emulator.wire import timestamp

if TYPE_CHECKING:
    from hubspot_emulator.limits import Limits
    from hubspot_emulator.world import Portal


def details(portal: Portal, now: datetime) -> dict[str, Any]:
    """What `details` answers; HubSpot tells no tier (recorded March 2026)."""
    offset = now.astimezone(ZoneInfo(portal.time_zone)).utcoffset() or timedelta()
    return {
        "portalId": portal.id,
        "accountType": portal.account_type,
        "timeZone": portal.time_zone,
        "companyCurrency": portal.currency,
        "additionalCurrencies": [],
        "utcOffset": offset_text(offset),
        "utcOffsetMilliseconds": int(offset.total_seconds() * 1000),
        "uiDomain": portal.ui_domain,
        "dataHostingLocation": portal.hosting,
    }


def offset_text(offset: timedelta) -> str:
    """A distance from UTC as `-04:00`."""
    minutes = int(offset.total_seconds() // 60)
    sign, size = ("-" if minutes < 0 else "+"), abs(minutes)
    return f"{sign}{size // 60:02d}:{size % 60:02d}"


def daily_usage(limits: Limits, portal: Portal, now: datetime) -> dict[str, Any]:
    """Calls of all private apps of the portal since its midnight."""
    usage = limits.usage(portal, now)
    return {
        "name": "private-apps-api-calls-daily",
        "usageLimit": usage.limit,
        "currentUsage": usage.used,
        "collectedAt": timestamp(now),
        "fetchStatus": "SUCCESS",
        "resetsAt": timestamp(usage.resets_at),
    }


def me(portal: Portal, now: datetime, app_id: int) -> dict[str, Any]:
    """The old `/integrations/v1/me`, which connectors still ask for the portal id."""
    facts = details(portal, now)
    return {
        "portalId": portal.id,
        "timeZone": portal.time_zone,
        "currency": portal.currency,
        "utcOffset": facts["utcOffset"],
        "utcOffsetMilliseconds": facts["utcOffsetMilliseconds"],
        "accountType": portal.account_type,
        "appId": app_id,
    }
