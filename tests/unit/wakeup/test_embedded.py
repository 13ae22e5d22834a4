"""The embedded loop: duties run apart from each other and survive failures."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from rolecall.kit.clock import HandClock
from rolecall.kit.errors import Retryable
from rolecall.wakeup import Duty, EmbeddedLoop

NOW = datetime(2026, 11, 2, tzinfo=UTC)


async def test_a_failing_duty_is_tried_again_and_harms_no_other() -> None:
    """One duty fails twice and then works; another one runs all the while."""
    calls: list[str] = []
    stop = asyncio.Event()

    async def shaky() -> None:
        calls.append("shaky")
        if calls.count("shaky") < 3:
            raise Retryable("not yet")
        stop.set()

    async def steady() -> None:
        calls.append("steady")

    duties = (Duty("shaky", shaky, 1), Duty("steady", steady, 1))
    await asyncio.wait_for(EmbeddedLoop(duties, HandClock(NOW)).run(stop), 5)

    assert 3 == calls.count("shaky")
    assert "steady" in calls


async def test_a_duty_can_be_woken() -> None:
    """Waking does not wait for the next turn."""
    stop, began, turns = asyncio.Event(), asyncio.Event(), []

    async def work() -> None:
        turns.append(1)
        began.set()
        if len(turns) == 2:
            stop.set()

    class Still:
        """A clock whose sleep never ends."""

        def now(self) -> datetime:
            return NOW

        async def sleep(self, seconds: float) -> None:
            await asyncio.Event().wait()

    loop = EmbeddedLoop((Duty("work", work, 3600),), Still())
    running = asyncio.create_task(loop.run(stop))
    await began.wait()
    loop.wake("work")
    await asyncio.wait_for(running, 5)

    assert 2 == len(turns)
