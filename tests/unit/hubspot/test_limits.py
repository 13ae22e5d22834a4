"""The limiter: no window ever holds too many, and strangers' calls are left room."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolecall.hubspot.limits import (
    FIRST_BURST,
    SILENT_ENOUGH,
    WINDOW,
    Limiter,
    until_midnight,
)
from rolecall.hubspot.memory import MemoryLedger
from rolecall.hubspot.ports import GUARD
from rolecall.kit.clock import HandClock
from tests.support.hubspot import START


def _headers(top: int, left: int) -> dict[str, str]:
    return {
        "x-hubspot-ratelimit-max": str(top),
        "x-hubspot-ratelimit-remaining": str(left),
        "x-hubspot-ratelimit-interval-milliseconds": "10000",
    }


class TestLedger:
    @given(
        st.integers(1, 12),
        st.lists(st.floats(0, 5, allow_nan=False), min_size=1, max_size=80),
        st.floats(0.5, 12),
        st.booleans(),
    )
    async def test_no_window_holds_more_than_the_limit(
        self, limit: int, pauses: list[float], window: float, shared: bool
    ) -> None:
        """Whenever requests come, any rolling window holds at most `limit` grants.

        Where several clients take turns, a window is longer by the guard.
        """
        clock = HandClock(START)
        ledger = MemoryLedger(clock)
        grants = []
        for number, pause in enumerate(pauses):
            clock.advance(timedelta(seconds=pause))
            holder = str(number % 2) if shared else "a"
            slot = await ledger.reserve("k", limit=limit, window=window, guard=GUARD, holder=holder)
            grants.append(clock.now().timestamp() + slot.wait)

        assert grants == sorted(grants)
        least = window + GUARD if shared and limit > 1 else window
        for first, last in zip(grants, grants[limit:], strict=False):
            assert last - first >= least - 1e-5

    async def test_nothing_is_granted_while_held(self) -> None:
        """After a 429 every client of the key waits."""
        clock = HandClock(START)
        ledger = MemoryLedger(clock)
        await ledger.hold("k", 10)

        async def wait(key: str) -> float:
            return (await ledger.reserve(key, limit=5, window=1, guard=GUARD, holder="a")).wait

        assert await wait("k") == pytest.approx(10)
        assert await wait("other") == 0

    @given(st.integers(2, 5), st.integers(3, 10), st.lists(st.integers(0, 4), max_size=60))
    async def test_clients_of_one_ledger_share_one_limit(
        self, clients: int, limit: int, turns: list[int]
    ) -> None:
        """Several limiters on one ledger together stay within the window."""
        clock = HandClock(START)
        ledger = MemoryLedger(clock)
        limiters = [Limiter(ledger, clock, portal="1", app="a") for _ in range(clients)]
        grants: list[float] = []
        for turn in turns:
            limiter = limiters[turn % clients]
            grant = await limiter.reserve(search=False)
            await clock.sleep(grant.wait)
            grants.append(clock.now().timestamp())
            window = [at for at in grants if at > grants[-1] - WINDOW]
            limiter.learn(_headers(limit, limit - len(window)), grant, search=False)
            clock.advance(timedelta(milliseconds=20))

        # Every client starts with the smallest known burst until its first answer.
        learned = grants[clients + limit :]
        for at in learned:
            assert sum(1 for other in grants if at - WINDOW < other <= at) <= limit + clients


class TestLearning:
    async def test_strangers_are_left_their_share(self) -> None:
        """Calls in the window that were not ours lower what we take."""
        clock = HandClock(START)
        limiter = Limiter(MemoryLedger(clock), clock, portal="1", app="a")
        grant = await limiter.reserve(search=False)
        limiter.learn(_headers(100, 39), grant, search=False)

        assert limiter.view.others == 60
        for _ in range(39):
            assert (await limiter.reserve(search=False)).wait == 0
        assert (await limiter.reserve(search=False)).wait == pytest.approx(WINDOW)

    async def test_without_headers_nothing_is_paced(self) -> None:
        """Where answers tell no limit there is none, until a 429 says otherwise."""
        clock = HandClock(START)
        limiter = Limiter(MemoryLedger(clock), clock, portal="1", app="a")
        for _ in range(SILENT_ENOUGH):
            limiter.learn({}, await limiter.reserve(search=False), search=False)
        waits = [(await limiter.reserve(search=False)).wait for _ in range(FIRST_BURST * 2)]

        assert set(waits) == {0.0}

        await limiter.refused("TEN_SECONDLY_ROLLING", None, None)

        assert (await limiter.reserve(search=False)).wait == pytest.approx(10)

    async def test_search_has_its_own_even_pace(self) -> None:
        """At most five in any second, whoever counts and however."""
        clock = HandClock(START)
        limiter = Limiter(MemoryLedger(clock), clock, portal="1", app="a")
        times = [(await limiter.reserve(search=True)).wait for _ in range(20)]

        for first, sixth in zip(times, times[5:], strict=False):
            assert sixth - first >= 1

    async def test_a_stranger_who_searches_is_left_room_for_a_minute(self) -> None:
        """Five searches a second until a 429 shows somebody else; four then, five again later."""
        clock = HandClock(START)
        limiter = Limiter(MemoryLedger(clock), clock, portal="1", app="a")

        async def at_once() -> int:
            clock.advance(timedelta(seconds=5))
            waits = [(await limiter.reserve(search=True)).wait for _ in range(6)]
            return waits.count(0.0)

        assert await at_once() == 5

        await limiter.refused("SECONDLY", None, None)

        assert await at_once() == 4

        clock.advance(timedelta(seconds=60))

        assert await at_once() == 5

    @given(st.lists(st.floats(0, 3), min_size=1, max_size=60))
    async def test_slow_answers_never_crowd_a_window(self, delays: list[float]) -> None:
        """HubSpot may count a request as late as its answer: five at most in any second."""
        clock = HandClock(START)
        limiter = Limiter(MemoryLedger(clock), clock, portal="1", app="a")
        counted: list[float] = []
        for delay in delays:
            await clock.sleep((await limiter.reserve(search=True)).wait)
            await clock.sleep(limiter.crowded_for(search=True))
            limiter.leaves(search=True)
            sent = clock.now().timestamp()
            clock.advance(timedelta(seconds=delay))
            limiter.answered(search=True)
            counted += [sent, clock.now().timestamp()]

        late = counted[1::2]
        for first, sixth in zip(late, counted[::2][5:], strict=False):
            assert sixth - first > 1

    @pytest.mark.parametrize("value", ["", "many", "-1", "1.5", "²"])
    async def test_odd_headers_are_ignored(self, value: str) -> None:
        """A header nobody understands changes nothing."""
        clock = HandClock(START)
        limiter = Limiter(MemoryLedger(clock), clock, portal="1", app="a")
        grant = await limiter.reserve(search=False)
        limiter.learn({"x-hubspot-ratelimit-max": value}, grant, search=False)

        assert limiter.view.burst_limit is None


class TestRefused:
    @pytest.mark.parametrize(
        ("policy", "told", "wait"),
        [
            ("TEN_SECONDLY_ROLLING", None, 10),
            ("TEN_SECONDLY_ROLLING", 4.0, 4),
            ("SECONDLY", None, 1),
            ("", None, 10),
            ("SOMETHING_NEW", None, 10),
            ("DAILY", 77.0, 77),
        ],
    )
    async def test_the_wait_is_what_the_policy_says(
        self, policy: str, told: float | None, wait: float
    ) -> None:
        """Retry-After first, else what each limit is known to need."""
        clock = HandClock(START)
        limiter = Limiter(MemoryLedger(clock), clock, portal="1", app="a")

        assert await limiter.refused(policy, told, "UTC") == wait

    async def test_a_spent_day_comes_back_at_the_portals_midnight(self) -> None:
        """Daily waits end in the portal's own time zone."""
        clock = HandClock(datetime(2026, 11, 20, 22, 30, tzinfo=UTC))
        limiter = Limiter(MemoryLedger(clock), clock, portal="1", app="a")
        await limiter.refused("DAILY", None, "Europe/Berlin")

        assert limiter.spent_for() == pytest.approx(1800)

        clock.advance(timedelta(seconds=1801))

        assert limiter.spent_for() is None


class TestMidnight:
    @given(
        st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC)),
        st.sampled_from(["US/Eastern", "Europe/Berlin", "Asia/Kolkata", "UTC", "Pacific/Chatham"]),
    )
    def test_it_is_at_most_a_day_and_a_change_of_clocks_away(
        self, now: datetime, zone: str
    ) -> None:
        """Always ahead, never more than 25 hours."""
        assert 0 < until_midnight(now, zone) <= 25 * 3600

    @pytest.mark.parametrize("zone", [None, "", "Middle/Earth", "../etc/passwd"])
    def test_an_unknown_zone_means_look_again_in_an_hour(self, zone: str | None) -> None:
        """Nobody guesses somebody else's midnight."""
        assert until_midnight(START, zone) == 3600
