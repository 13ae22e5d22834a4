"""Seats of a portal: what they cost, which could come back or be smaller, what to do at renewal.

Only tells; nothing here ever buys, drops or assigns a seat.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from rolecall.domain.actor import Actor
from rolecall.domain.portal import Portal
from rolecall.insights.seat_brain import (
    Reclaim,
    Renewal,
    RightSize,
    SeatBill,
    SeatLine,
    reclaim_queue,
    renewal_view,
    right_size,
    seat_bill,
)
from rolecall.insights.view import View as Look
from rolecall.insights.view import view_of
from rolecall.plan.prices import AS_OF
from rolecall.policy.document import PriceSettings, SeatPrice
from rolecall.policy.parse import parse_policy
from rolecall.services.app import App
from rolecall.services.connections.portals import portal_named
from rolecall.services.findings.findings import gathered_facts
from rolecall.services.permissions.files import newest_snapshot


@dataclass(frozen=True, slots=True)
class SeatReport:
    """Everything known of a portal's seats at one moment."""

    portal: Portal
    as_of: datetime
    bill: SeatBill
    queue: tuple[Reclaim, ...]
    sizes: tuple[RightSize, ...]
    prices: str  # where they are from
    renewal: Renewal | None = None


async def seat_report(
    app: App, actor: Actor, name: str, renews_on: date | None = None
) -> SeatReport:
    """Cost, reclaim queue with reasons and doubt, and right-size hints; NeedsPerson unsynced.

    Users whose work no log-in shows are doubtful, never idle; `renews_on` adds what to drop then.
    """
    portal = await portal_named(app, actor, name)
    async with app.database.read() as view:
        snapshot = await newest_snapshot(view, portal)
        told = await gathered_facts(app, view, portal, snapshot, view.now)
        stored = await view.policies.in_force(portal.hub_id)
    own = parse_policy(stored.text).prices if stored is not None else None
    look = view_of(snapshot, told.facts, told.thresholds, app.clock.now())
    return SeatReport(
        portal,
        snapshot.sealed_at,
        seat_bill(look, own),
        reclaim_queue(look, own),
        right_size(look, own),
        _source(own),
        _renewal(look, renews_on, own),
    )


def _renewal(look: Look, renews_on: date | None, own: PriceSettings | None) -> Renewal | None:
    return None if renews_on is None else renewal_view(look, renews_on, own)


def _source(own: PriceSettings | None) -> str:
    listed = f"list prices of {AS_OF}"
    if own is None:
        return listed
    return f"prices of access.yaml{f' of {own.as_of}' if own.as_of else ''}, else {listed}"


def price_shown(price: SeatPrice | None, currency: str) -> str:
    """A range as people read it; empty where nobody knows."""
    if price is None:
        return ""
    if price.low == price.high:
        return f"{price.low:,.0f} {currency}"
    return f"{price.low:,.0f} to {price.high:,.0f} {currency}"


def seat_shape(report: SeatReport) -> dict[str, Any]:
    """What `user seats --json` prints."""
    bill, renewal = report.bill, report.renewal
    return {
        "as_of": report.as_of,
        "currency": bill.currency,
        "prices": report.prices,
        "seats": [_line(one) for one in bill.lines],
        "monthly": _price(bill.monthly),
        "yearly": _price(bill.yearly),
        "unpriced": list(bill.unpriced),
        "reclaim": list(_queue(report.queue)),
        "right_size": [
            {
                "email": one.user.email,
                "seat": one.seat,
                "to": one.to,
                "reason": one.reason,
                "saves": _price(one.saves),
            }
            for one in report.sizes
        ],
        "renewal": None
        if renewal is None
        else {
            "renews_on": renewal.renews_on,
            "days_left": renewal.days_left,
            "drop": renewal.drop,
            "doubtful": renewal.doubtful,
            "saves_a_year": _price(renewal.saves),
        },
    }


def _line(one: SeatLine) -> dict[str, Any]:
    return {
        "seat": one.seat,
        "held": one.held,
        "deactivated": one.deactivated,
        "remaining": one.remaining,
        "price": _price(one.price),
        "monthly": _price(one.monthly),
        "yearly": _price(one.yearly),
    }


def _queue(queue: Iterable[Reclaim]) -> Iterable[dict[str, Any]]:
    for one in queue:
        yield {
            "email": one.user.email,
            "seat": one.seat,
            "reason": one.reason,
            "doubt": one.doubt or None,
            "price": _price(one.price),
        }


def _price(price: SeatPrice | None) -> dict[str, float] | None:
    return None if price is None else {"low": price.low, "high": price.high}
