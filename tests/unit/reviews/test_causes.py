"""When campaigns open by themselves, what their closing takes, and how it is proved."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from rolecall.domain.assignment import Slot
from rolecall.domain.review import Cadence, Campaign, ReviewItem, Scope, Verdict
from rolecall.reviews.causes import MONTHS, following, next_after, of_users
from rolecall.reviews.remediation import Leftovers, claims_of, gone_by, wishes_of
from tests.support.governed import NOW, USERS, a_snapshot

CAMPAIGN = Campaign("c", 11, "Q4", Scope(), "s", NOW, NOW, "root", NOW)
LEFT = Leftovers("View-Only")
MOMENTS = st.datetimes(
    datetime(2024, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)
)  # fmt: skip


def an_item(slot: Slot, value: str, verdict: Verdict, **changes: str) -> ReviewItem:
    """A decided item about Ana."""
    return ReviewItem(
        f"i:{slot}:{value}", "c", "1", "ana@acme.test", slot, value, value, "mia@acme.test",
        verdict=verdict, **changes,
    )  # fmt: skip


@given(MOMENTS, st.sampled_from(list(Cadence)))
def test_turns_come_in_whole_months(at: datetime, cadence: Cadence) -> None:
    """The next turn is so many months on, on the same day or the last of a short month."""
    later = following(at, cadence)
    months = (later.year - at.year) * 12 + later.month - at.month

    assert MONTHS[cadence] == months
    assert at.day - 3 <= later.day <= at.day


@given(MOMENTS, MOMENTS, st.sampled_from(list(Cadence)))
def test_next_turn_lies_ahead(at: datetime, now: datetime, cadence: Cadence) -> None:
    """However long nobody looked, one turn follows, after now."""
    later = next_after(at, cadence, now)

    assert later > now
    assert later > at


def test_first_admins_of_a_portal_are_no_event_twice() -> None:
    """A Super Admin who was one before is none anew."""
    assert () == of_users(11, USERS, USERS, "s2")


def test_whoever_keeps_nothing_is_parked() -> None:
    """All of it revoked: parked, not left with an empty hull; one kept: only the rest goes."""
    revoke = [
        an_item(Slot.PERMISSION_SET, "s1", Verdict.REVOKE),
        an_item(Slot.MAIN_TEAM, "t1", Verdict.REVOKE),
        an_item(Slot.SEAT, "Core", Verdict.REVOKE),
    ]
    (whole,) = wishes_of(revoke, CAMPAIGN, a_snapshot(), LEFT)
    kept = [replace(revoke[0], verdict=Verdict.KEEP), *revoke[1:]]
    (part,) = wishes_of(kept, CAMPAIGN, a_snapshot(), LEFT)

    assert whole.presence is not None
    assert part.presence is not None
    assert part.seats is not None
    assert (("parked",), ("present",)) == (whole.presence.values, part.presence.values)
    assert ("View-Only",) == part.seats.values
    assert part.permission_sets is None


def test_a_seat_review_parks_nobody() -> None:
    """A review of seats alone takes the seat, never the rest."""
    (wish,) = wishes_of([an_item(Slot.SEAT, "Core", Verdict.REVOKE)], CAMPAIGN, a_snapshot(), LEFT)

    assert wish.presence is not None
    assert ("present",) == wish.presence.values


def test_reduced_is_replaced() -> None:
    """Instead of the set, the smaller one."""
    item = an_item(Slot.PERMISSION_SET, "s1", Verdict.REDUCE, reduce_to="s3")
    (wish,) = wishes_of([item], CAMPAIGN, a_snapshot(), LEFT)

    assert wish.permission_sets is not None
    assert ("s3",) == wish.permission_sets.values


def test_the_no_access_set_is_left() -> None:
    """Where the operator named one, nobody has to click."""
    item = an_item(Slot.PERMISSION_SET, "s1", Verdict.REVOKE)
    (wish,) = wishes_of([item], CAMPAIGN, a_snapshot(), Leftovers("View-Only", "s3"))

    assert wish.permission_sets is not None
    assert ("s3",) == wish.permission_sets.values


def test_incomplete_pictures_prove_nothing() -> None:
    """A user missing from a partial list is not a user without access."""
    item = an_item(Slot.PERMISSION_SET, "s1", Verdict.REVOKE)
    partial = a_snapshot((), complete=False)

    assert {item.id: False} == gone_by([item], CAMPAIGN, partial)
    assert {item.id: True} == gone_by([item], CAMPAIGN, a_snapshot(()))


def test_super_admin_is_a_task_not_a_claim() -> None:
    """No claim can take Super Admin away; the wish says a person must."""
    item = replace(an_item(Slot.USER, "super_admin", Verdict.REVOKE), user_id="3")
    (wish,) = wishes_of([item], CAMPAIGN, a_snapshot(), LEFT)

    assert () == claims_of([item], CAMPAIGN, NOW)
    assert wish.super_admin is False
