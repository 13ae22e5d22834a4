"""Real limits: alone we never cause a 429, together with others we share, and lose no time."""

from __future__ import annotations

import asyncio

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hubspot_emulator.app import create_world
from hubspot_emulator.clock import EmulatorClock
from rolecall.hubspot import MemoryLedger
from tests.support.emulator import a_token
from tests.support.hubspot import Bench, TideClock, a_bench


async def _ask(bench: Bench, times: int) -> None:
    """So many requests, several at the same time."""
    await asyncio.gather(*(bench.reader.account_details() for _ in range(times)))


async def _together(calls: list[int], *, strangers: bool = False) -> tuple[list[Bench], float]:
    """Clients of one portal and app, each making its calls; seconds on the portal's clock."""
    clock = TideClock()
    world = create_world(seed="tiny", clock=EmulatorClock(source=clock.now))
    shared = MemoryLedger(clock)
    benches = [
        a_bench(world=world, clock=clock, ledger=MemoryLedger(clock) if strangers else shared)
        for _ in calls
    ]
    started = clock.now()
    async with clock.running():
        await asyncio.gather(
            *(_ask(bench, times) for bench, times in zip(benches, calls, strict=True))
        )
    return benches, (clock.now() - started).total_seconds()


class TestAlone:
    async def test_no_429_of_our_own_and_no_time_lost(self) -> None:
        """600 calls at 190 per 10 s: never refused, at most 1.15 times the forced time."""
        (bench,), seconds = await _together([600])

        # 190 at once, then 190 after each window: 600 calls need three full windows.
        assert bench.paths(429) == []
        assert seconds <= 3 * 10 * 1.15

    async def test_oauth_apps_have_a_smaller_burst(self) -> None:
        """The limit is learned from the answers, not assumed."""
        clock = TideClock()
        world = create_world(seed="tiny", clock=EmulatorClock(source=clock.now))
        token = a_token(world, kind="oauth")
        bench = a_bench(world=world, clock=clock, token=token.value)
        async with clock.running():
            await _ask(bench, 300)

        assert bench.paths(429) == []
        assert bench.connection.quota.burst_limit == 110

    async def test_searches_keep_their_own_limit(self) -> None:
        """Forty counts in a row, none refused."""
        clock = TideClock()
        world = create_world(seed="tiny", clock=EmulatorClock(source=clock.now))
        bench = a_bench(world=world, clock=clock)
        async with clock.running():
            await asyncio.gather(*(bench.reader.crm_count("contacts") for _ in range(40)))

        assert bench.paths(429) == []
        assert bench.connection.counts.requests == 40

    async def test_switched_off_limits_cost_no_time(self) -> None:
        """Without limits nothing is paced."""
        clock = TideClock()
        world = create_world(seed="tiny", limits="off", clock=EmulatorClock(source=clock.now))
        bench = a_bench(world=world, clock=clock)
        async with clock.running():
            await _ask(bench, 400)

        assert bench.connection.counts.waited == 0


class TestTogether:
    @settings(
        max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
    )
    @given(calls=st.lists(st.integers(1, 150), min_size=2, max_size=4))
    async def test_clients_of_one_ledger_never_see_a_429(self, calls: list[int]) -> None:
        """However the calls are spread over clients, the window never holds too many."""
        benches, _ = await _together(calls)

        assert [bench.paths(429) for bench in benches] == [[] for _ in calls]
        assert [len(bench.paths(200)) for bench in benches] == calls

    async def test_a_stranger_with_the_same_key_is_survived(self) -> None:
        """A client that shares the key but not the ledger: both finish, refusals stay rare."""
        benches, _ = await _together([300, 300], strangers=True)
        refused = sum(bench.connection.counts.refused for bench in benches)

        assert [len(bench.paths(200)) for bench in benches] == [300, 300]
        assert refused <= 10


class TestDaily:
    async def test_the_shared_day_is_told_with_used_and_limit(self) -> None:
        """What HubSpot says of the day is at hand for messages."""
        bench = a_bench()
        await bench.reader.account_details()

        assert bench.connection.quota.daily_limit == 1_000_000
        assert bench.connection.quota.daily_left is not None
