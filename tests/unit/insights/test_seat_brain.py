"""Seats: costs stay ranges, doubtful users are never idle, nothing is bought."""

from __future__ import annotations

from datetime import date

from rolecall.domain.portal import Tier
from rolecall.domain.snapshot import Seat, User, UserState
from rolecall.insights.facts import Facts
from rolecall.insights.seat_brain import reclaim_queue, renewal_view, right_size, seat_bill
from rolecall.insights.view import View, view_of
from rolecall.permissions.access import Resolver
from rolecall.permissions.book import evidence_book
from rolecall.permissions.evidence import PermissionRecord
from rolecall.policy.document import PriceSettings, SeatPrice
from rolecall.policy.thresholds import Thresholds
from rolecall.sources import shipped
from tests.support.portals import NOW, a_snapshot, a_user, days_ago

SALES = "Sales Hub Enterprise"


def looked(*users: User, facts: Facts | None = None) -> View:
    """An Enterprise portal with these users and a stock of three kinds."""
    seats = (Seat("Core", remaining=2), Seat(SALES, remaining=0), Seat("View-Only"))
    snapshot = a_snapshot(users, tier=Tier.ENTERPRISE, seats=seats)
    return view_of(snapshot, facts or Facts(), Thresholds(), NOW)


IDLE = a_user(1, seat_names=(SALES,), last_active_at=days_ago(100))
EXTENSION = a_user(2, seat_names=(SALES,), last_active_at=days_ago(100))
BUSY = a_user(3, seat_names=("Core",))
GONE = a_user(4, seat_names=("Core",), state=UserState.DEACTIVATED)
FREE = a_user(5, seat_names=("View-Only",), last_active_at=days_ago(300))


def test_queue_names_reason_and_doubt() -> None:
    """The idle seat comes first, the extension user's with its doubt, busy and free ones never."""
    facts = Facts(extension_users=frozenset({"2"}))
    queue = reclaim_queue(looked(IDLE, EXTENSION, BUSY, GONE, FREE, facts=facts))

    assert [("1", True), ("2", False)] == [(one.user.id, one.sure) for one in queue]
    assert "idle for 100 days" == queue[0].reason
    assert "extension" in queue[1].doubt
    assert SeatPrice(150, 150) == queue[0].price


def test_bill() -> None:
    """Only active users count; months and years are sums; a price nobody knows leaves no sum."""
    bill = seat_bill(looked(IDLE, EXTENSION, BUSY, GONE, FREE))
    own = PriceSettings("EUR", "2026-11", {"core": SeatPrice(40, 60)})

    assert SeatPrice(375, 375) == bill.monthly
    assert SeatPrice(4500, 4500) == bill.yearly
    assert 1 == next(line.deactivated for line in bill.lines if line.seat == "Core")
    foreign = seat_bill(looked(IDLE, BUSY), own)
    assert (None, (SALES,)) == (foreign.monthly, foreign.unpriced)
    assert SeatPrice(40, 60) == next(line.price for line in foreign.lines if line.seat == "Core")


def test_renewal() -> None:
    """Sure seats and spare stock can go, doubtful ones are told apart."""
    facts = Facts(extension_users=frozenset({"2"}))
    view = renewal_view(looked(IDLE, EXTENSION, BUSY, facts=facts), date(2026, 12, 20))

    assert {SALES: 1, "Core": 2} == view.drop
    assert {SALES: 1} == view.doubtful
    assert 30 == view.days_left
    assert SeatPrice(3600, 3600) == view.saves


def test_right_size() -> None:
    """A sales seat without a sales permission shrinks; without evidence nothing is said."""
    reader = a_user(1, seat_names=(SALES,))
    editor = a_user(2, seat_names=(SALES,))
    seller = a_user(3, seat_names=(SALES,))
    held = {
        "1": {"crm_objects.contacts.view": "all"},
        "2": {"crm_objects.contacts.edit": "all"},
        "3": {"sales.sequences": "on"},
        "9": {"crm_objects.contacts.edit": "all"},  # above the View-Only seat: a stored export
    }
    viewer = a_user(9, seat_names=("View-Only",))
    snapshot = looked(reader, editor, seller, viewer).snapshot
    records = [PermissionRecord(one, "", grants, NOW) for one, grants in held.items()]
    catalogue = shipped.catalogue()
    resolver = Resolver(catalogue, snapshot, NOW, evidence_book(catalogue, snapshot, records))
    view = looked(reader, editor, seller, viewer, facts=Facts(access=resolver))

    assert {("1", "View-Only"), ("2", "Core")} == {(o.user.id, o.to) for o in right_size(view)}
    assert () == right_size(looked(reader, editor, seller))
