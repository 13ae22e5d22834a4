"""The embedded loop: duties run apart from each other and survive failures."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

from rolecall.kit.clock import HandClock
from rolecall.kit.errors import Retryable
from rolecall.wakeup import Duty, EmbeddedLoop

NOW = datetime(2026, 11, 2, tzinfo=UTC)


async def test_a_failing_duty_is_tried_again_and_harms_no_other() -> None:
    """One duty fails twice and then works; another one runs all the while."""
    calls: list[str] = []
    stop = asyncio.Event()

    async def shaky(_key: str) -> None:
        calls.append("shaky")
        if calls.count("shaky") < 3:
            raise Retryable("not yet")
        stop.set()

    async def steady(_key: str) -> None:
        calls.append("steady")

    duties = (Duty("shaky", shaky, 1), Duty("steady", steady, 1))
    await asyncio.wait_for(EmbeddedLoop(duties, HandClock(NOW)).run(stop), 5)

    assert 3 == calls.count("shaky")
    assert "steady" in calls


async def test_portals_are_worked_on_side_by_side_and_each_once() -> None:
    """A long run of one portal holds up no other, and is not begun a second time."""
    began: list[str] = []
    stop, long = asyncio.Event(), asyncio.Event()

    async def due() -> Sequence[str]:
        return ("long", "short")

    async def work(key: str) -> None:
        began.append(key)
        if key == "long":
            await long.wait()
        if began.count("short") == 3:
            stop.set()

    duty = Duty("runs", work, 1, due)
    await asyncio.wait_for(EmbeddedLoop((duty,), HandClock(NOW)).run(stop), 5)

    assert 1 == began.count("long")


async def test_what_is_due_cannot_be_told_for_a_while() -> None:
    """The database is away when the loop looks; it looks again."""
    looks: list[int] = []
    stop = asyncio.Event()

    async def due() -> Sequence[str]:
        looks.append(1)
        if len(looks) == 1:
            raise Retryable("the database is away")
        return ("7",)

    async def work(_key: str) -> None:
        stop.set()

    await asyncio.wait_for(EmbeddedLoop((Duty("runs", work, 1, due),), HandClock(NOW)).run(stop), 5)

    assert 2 <= len(looks)
