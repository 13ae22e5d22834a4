"""The price book: list prices of seats as ranges with their date, and the operator's own above.

List prices in USD per seat and month, from annual commitment (low) to monthly billing (high),
read from public price lists and partner posts, May 2026. Approximate; what is unknown stays so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from rolecall.domain.plan import Change, ChangeKind, Cost
from rolecall.domain.portal import Tier
from rolecall.domain.snapshot import Snapshot
from rolecall.plan.seats import is_free
from rolecall.policy.document import PriceSettings, SeatPrice

AS_OF = "2026-05"
CURRENCY = "USD"
CORE: Mapping[Tier, SeatPrice] = MappingProxyType(
    {
        Tier.STARTER: SeatPrice(9, 20),
        Tier.PROFESSIONAL: SeatPrice(45, 50),
        Tier.ENTERPRISE: SeatPrice(75, 75),
    }
)
LIST: Mapping[str, SeatPrice] = MappingProxyType(
    {
        "sales hub professional": SeatPrice(90, 100),
        "service hub professional": SeatPrice(90, 100),
        "sales hub enterprise": SeatPrice(150, 150),
        "service hub enterprise": SeatPrice(150, 150),
    }
)
_FREE = SeatPrice(0, 0)


def price_of(seat: str, tier: Tier, own: PriceSettings | None) -> SeatPrice | None:
    """The monthly price of a seat, or None where nobody knows it."""
    name = seat.strip().casefold()
    if own is not None and name in own.seats:
        return own.seats[name]
    if is_free(seat):
        return _FREE
    if own is not None and own.currency != CURRENCY:
        return None  # a list price in another currency would be a wrong number
    return CORE.get(tier) if name == "core" else LIST.get(name)


def seats_moved(changes: Iterable[Change]) -> dict[str, int]:
    """Seats taken (positive) and freed (negative) by name, free seats included."""
    moved: Counter[str] = Counter()
    for change in changes:
        if change.kind is ChangeKind.REMOVE_USER:
            held = change.details.get("frees_seats", "")
            moved.subtract(seat for seat in held.split(", ") if seat)
        elif change.kind is ChangeKind.SET_SEATS:
            moved.update(set(change.after or ()) - set(change.before or ()))
            moved.subtract(set(change.before or ()) - set(change.after or ()))
    return {seat: count for seat, count in sorted(moved.items()) if count}


def cost_of(changes: Iterable[Change], snapshot: Snapshot, own: PriceSettings | None) -> Cost:
    """Seats and money per month a plan moves; money is None when one seat has no price."""
    moved = seats_moved(changes)
    currency = own.currency if own is not None else CURRENCY
    source = f"list prices of {AS_OF}"
    if own is not None:
        source = f"your price book{f' of {own.as_of}' if own.as_of else ''}, else {source}"
    prices = {seat: price_of(seat, snapshot.tier, own) for seat in moved}
    known = [(price, moved[seat]) for seat, price in prices.items() if price is not None]
    if len(known) < len(moved):
        return Cost(moved, None, currency, None, source)
    low = sum(price.low * count for price, count in known)
    high = sum(price.high * count for price, count in known)
    return Cost(moved, min(low, high), currency, max(low, high), source)
