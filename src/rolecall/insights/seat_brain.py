"""Seats: what they cost, which could come back, which could be smaller. Never buys anything."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from rolecall.domain.snapshot import User, UserState
from rolecall.insights.activity import activity_of, idle_days, never_came
from rolecall.insights.seats import paid_seats
from rolecall.insights.view import View
from rolecall.permissions.access import Resolver
from rolecall.permissions.levels import NONE
from rolecall.plan.prices import price_of
from rolecall.plan.seats import is_free, seat_rank
from rolecall.policy.document import PriceSettings, SeatPrice

MONTHS = 12


@dataclass(frozen=True, slots=True)
class Reclaim:
    """One paid seat that could come back; `doubt` says what speaks against it, empty = nothing.

    `price` is per month, None where nobody knows it.
    """

    user: User
    seat: str
    reason: str
    doubt: str
    price: SeatPrice | None

    @property
    def sure(self) -> bool:
        """Nothing speaks against it."""
        return not self.doubt


@dataclass(frozen=True, slots=True)
class RightSize:
    """A seat larger than what the user may do with it; `to` is the smaller one that is enough."""

    user: User
    seat: str
    to: str
    reason: str
    saves: SeatPrice | None


@dataclass(frozen=True, slots=True)
class SeatLine:
    """One kind of seat: who holds it, what is left, what it costs a month and a year."""

    seat: str
    held: int
    deactivated: int  # hold it on paper; HubSpot does not count them
    remaining: int | None
    price: SeatPrice | None
    monthly: SeatPrice | None
    yearly: SeatPrice | None


@dataclass(frozen=True, slots=True)
class SeatBill:
    """All seats with their sum; the sum is None when one price is not known."""

    lines: tuple[SeatLine, ...]
    currency: str
    monthly: SeatPrice | None
    yearly: SeatPrice | None
    unpriced: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Renewal:
    """What to decide before a contract renews: seats to drop and what that saves in a year."""

    renews_on: date
    days_left: int
    drop: dict[str, int]
    saves: SeatPrice | None
    doubtful: dict[str, int]


def reclaim_queue(view: View, own: PriceSettings | None = None) -> tuple[Reclaim, ...]:
    """Paid seats nobody seems to use, surest and dearest first.

    Users whose work log-ins do not show are listed with the doubt, never as idle.
    """
    found = [one for user in view.active for one in _of_user(view, user, own)]
    return tuple(sorted(found, key=lambda one: (bool(one.doubt), -_high(one.price), one.user.id)))


def _of_user(view: View, user: User, own: PriceSettings | None) -> Iterator[Reclaim]:
    told = _unused(view, user)
    if told is None:
        return
    reason, doubt = told
    for seat in paid_seats(user):
        yield Reclaim(user, seat, reason, doubt, price_of(seat, view.snapshot.tier, own))


def _unused(view: View, user: User) -> tuple[str, str] | None:
    """Why the seat looks unused, and what speaks against it; None when it is used."""
    limits = view.thresholds
    arrival = view.arrival(user)
    if never_came(view, user):
        late = arrival is not None and arrival.at <= view.ago(limits.invitation_days)
        return ("never signed in", "") if late else None
    days = idle_days(view, user)
    if days is not None:
        return (f"idle for {days} days", "") if days >= limits.seat_idle_days else None
    activity = activity_of(view, user)
    since = activity.idle_since()
    seen = 0 if since is None else view.days_since(since)
    # Where nothing tells anything nobody is listed: a queue of everybody helps nobody.
    if seen < limits.seat_idle_days or not activity.doubt:
        return None
    return f"no log-in for {seen} days", activity.doubt


def right_size(view: View, own: PriceSettings | None = None) -> tuple[RightSize, ...]:
    """Seats whose further tools the user has no permission for; silent without evidence."""
    resolver = view.facts.access
    if resolver is None:
        return ()
    found = []
    for user in view.active:
        for seat in paid_seats(user):
            hint = _smaller(view, resolver, user, seat, own)
            if hint is not None:
                found.append(hint)
    return tuple(sorted(found, key=lambda one: (-_high(one.saves), one.user.id)))


def _smaller(
    view: View, resolver: Resolver, user: User, seat: str, own: PriceSettings | None
) -> RightSize | None:
    given = resolver.access_of(user).given
    ceiling = resolver.catalogue.ceiling(seat)
    if ceiling is None or user.super_admin:
        return None
    for to in ("View-Only", "Core"):
        smaller = resolver.catalogue.ceiling(to)
        if smaller is None or seat_rank(to) >= seat_rank(seat):
            continue
        needs = [
            one
            for one in resolver.catalogue.permissions.values()
            if given.of(one).high != NONE and smaller.get(one.id, NONE) != ceiling.get(one.id, NONE)
        ]
        if not needs:
            reason = f"holds no permission that {seat} opens and {to} does not"
            return RightSize(user, seat, to, reason, _difference(view, seat, to, own))
    return None


def _difference(view: View, seat: str, to: str, own: PriceSettings | None) -> SeatPrice | None:
    now, then = price_of(seat, view.snapshot.tier, own), price_of(to, view.snapshot.tier, own)
    if now is None or then is None:
        return None
    return SeatPrice(max(0.0, now.low - then.high), max(0.0, now.high - then.low))


def seat_bill(view: View, own: PriceSettings | None = None) -> SeatBill:
    """What the seats in use cost by the price book, as ranges that stay ranges."""
    held: Counter[str] = Counter()
    idle: Counter[str] = Counter()
    for user in view.present:
        counter = idle if user.state is UserState.DEACTIVATED else held
        counter.update(user.seat_names or ())
    remaining = {seat.name: seat.remaining for seat in view.snapshot.seats}
    names = sorted({*held, *idle, *remaining})
    lines = tuple(
        _line(name, held[name], idle[name], remaining.get(name), _price(view, name, own))
        for name in names
    )
    unpriced = tuple(one.seat for one in lines if one.price is None and one.held)
    monthly = None if unpriced else _sum(one.monthly for one in lines if one.monthly)
    yearly = None if monthly is None else _times(monthly, MONTHS)
    return SeatBill(lines, own.currency if own else "USD", monthly, yearly, unpriced)


def _price(view: View, seat: str, own: PriceSettings | None) -> SeatPrice | None:
    return price_of(seat, view.snapshot.tier, own)


def _line(
    seat: str, held: int, idle: int, remaining: int | None, price: SeatPrice | None
) -> SeatLine:
    monthly = None if price is None else _times(price, held)
    yearly = None if monthly is None else _times(monthly, MONTHS)
    return SeatLine(seat, held, idle, remaining, price, monthly, yearly)


def renewal_view(view: View, renews_on: date, own: PriceSettings | None = None) -> Renewal:
    """What could be dropped at the next renewal; seats drop at the end of a term, never before."""
    queue = reclaim_queue(view, own)
    spare = {s.name: s.remaining or 0 for s in view.snapshot.seats if not is_free(s.name)}
    drop = Counter(one.seat for one in queue if one.sure)
    drop.update({name: count for name, count in spare.items() if count})
    prices = {seat: price_of(seat, view.snapshot.tier, own) for seat in drop}
    known = [_times(price, drop[seat] * MONTHS) for seat, price in prices.items() if price]
    saves = _sum(known) if len(known) == len(prices) else None
    doubtful = Counter(one.seat for one in queue if not one.sure)
    days = (renews_on - view.now.date()).days
    return Renewal(renews_on, days, dict(drop), saves, dict(doubtful))


def _times(price: SeatPrice, count: float) -> SeatPrice:
    return SeatPrice(price.low * count, price.high * count)


def _sum(prices: Iterable[SeatPrice]) -> SeatPrice:
    total = SeatPrice(0, 0)
    for one in prices:
        total = SeatPrice(total.low + one.low, total.high + one.high)
    return total


def _high(price: SeatPrice | None) -> float:
    return 0.0 if price is None else price.high
