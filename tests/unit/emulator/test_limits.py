"""Rate limits of the emulator as arithmetic on a clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from hubspot_emulator.limits import Traffic, allowance, day_of
from hubspot_emulator.portals import add_portal, empty_world
from hubspot_emulator.tokens import Token
from hubspot_emulator.world import Portal, World

NOON = datetime(2026, 3, 28, 12, tzinfo=UTC)


def a_portal(tier: str = "free", zone: str = "Europe/Berlin") -> tuple[World, Portal, Token]:
    """A portal with one private app."""
    world = empty_world()
    portal = add_portal(world, "Acme", tier=tier, time_zone=zone)
    return world, portal, Token("x", "private_app", portal.id, 1)


@given(steps=st.lists(st.floats(0, 3), min_size=1, max_size=400))
def test_never_more_than_the_burst_in_any_ten_seconds(steps: list[float]) -> None:
    """Whatever the pace, no window of ten seconds holds more than the allowance."""
    world, portal, token = a_portal()
    burst = allowance(token, portal).burst
    now, passed = NOON, []
    for step in steps * 2:
        now += timedelta(seconds=step / 40)
        if world.limits.admit(token, portal, now, search=False).broken is None:
            passed.append(now)

    for at, start in enumerate(passed):
        within = [one for one in passed[at:] if one - start < timedelta(seconds=10)]
        assert len(within) <= burst


@given(calls=st.integers(0, 300))
def test_remaining_falls_one_by_one(calls: int) -> None:
    """The header counts down with every admitted call and stays at zero."""
    world, portal, token = a_portal()
    last = None
    for _ in range(calls):
        last = world.limits.admit(token, portal, NOON, search=False)

    if last is not None:
        shown = dict(last.headers)["X-HubSpot-RateLimit-Remaining"]
        assert int(shown) == max(100 - calls, 0)


@given(
    hours=st.integers(0, 24 * 400),
    zone=st.sampled_from(["Europe/Berlin", "US/Eastern", "Asia/Kolkata"]),
)
def test_a_day_is_the_portals_own(hours: int, zone: str) -> None:
    """Every moment lies in a day of 23 to 25 hours that starts at local midnight."""
    _, portal, _ = a_portal(zone=zone)
    now = NOON + timedelta(hours=hours)
    start, end = day_of(portal, now)

    assert start <= now < end
    assert timedelta(hours=23) <= end - start <= timedelta(hours=25)


def test_even_traffic_spreads_over_the_day() -> None:
    """Traffic spread evenly has spent half of it at noon of a full day."""
    world, portal, _ = a_portal(zone="UTC")
    world.limits.traffic.append(
        Traffic(portal.id, NOON - timedelta(days=3), calls_per_day=1000, at_midnight=False)
    )

    assert world.limits.usage(portal, NOON).used == 500


def test_searches_of_other_apps_count() -> None:
    """Other apps' searches leave fewer of the five a second."""
    world, portal, token = a_portal()
    world.limits.traffic.append(Traffic(portal.id, NOON, searches_per_second=3))
    answers = [world.limits.admit(token, portal, NOON, search=True).broken for _ in range(3)]

    assert answers == [None, None, "SECONDLY"]


def test_apps_have_their_own_burst_and_one_day() -> None:
    """Two private apps do not share the burst; they share the day."""
    world, portal, token = a_portal()
    other = Token("y", "service_key", portal.id, 2)
    for _ in range(100):
        world.limits.admit(token, portal, NOON, search=False)
    first = world.limits.admit(token, portal, NOON, search=False)
    second = world.limits.admit(other, portal, NOON, search=False)

    assert (first.broken, second.broken) == ("TEN_SECONDLY_ROLLING", None)
    assert world.limits.usage(portal, NOON).used == 101
