"""Time as a value one can pass in: the system's clock, and one wound by hand for tests."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """What tells the time and waits."""

    def now(self) -> datetime:
        """Aware UTC time."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait; a hand-wound clock moves itself instead."""
        ...


@dataclass(frozen=True, slots=True)
class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Aware UTC time."""
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        """Wait in real time."""
        await asyncio.sleep(seconds)


@dataclass(slots=True)
class HandClock:
    """A clock wound by hand; sleeping moves it, so waiting costs no time in tests."""

    at: datetime

    def now(self) -> datetime:
        """Aware UTC time, as wound."""
        return self.at

    async def sleep(self, seconds: float) -> None:
        """Move the clock on and let other tasks run once."""
        self.at += timedelta(seconds=seconds)
        await asyncio.sleep(0)

    def advance(self, by: timedelta) -> None:
        """Move the clock on."""
        self.at += by
