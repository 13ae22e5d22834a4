"""The loop inside the server or a waiting command: looks at due duties, runs them, sleeps."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field

from rolecall.kit.clock import Clock
from rolecall.wakeup.duty import ALL, Duty, done, due_keys

LONGEST_PAUSE = 60.0  # a duty that keeps failing is tried again within a minute
# Portals worked on together: each costs memory for its snapshot and a share of the one writer.
AT_ONCE = 4


@dataclass(slots=True)
class EmbeddedLoop:
    """Runs every key of every duty in a task of its own: a long sync delays no expiry."""

    duties: tuple[Duty, ...]
    clock: Clock
    _lanes: dict[tuple[str, str], asyncio.Task[None]] = field(default_factory=dict)
    _failures: Counter[tuple[str, str]] = field(default_factory=Counter)
    _gate: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    async def run(self, stop: asyncio.Event) -> None:
        """Run until `stop` is set; duties under way are cancelled at their next await."""
        looking = [asyncio.create_task(self._look(duty), name=duty.name) for duty in self.duties]
        try:
            await stop.wait()
        finally:
            tasks = [*looking, *self._lanes.values()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _look(self, duty: Duty) -> None:
        """Begin what is due and not under way, again and again."""
        while True:
            for key in await due_keys(duty) or ():
                lane = (duty.name, key)
                if lane not in self._lanes:
                    self._lanes[lane] = asyncio.create_task(self._lane(duty, key))
            await self.clock.sleep(duty.every)

    async def _lane(self, duty: Duty, key: str) -> None:
        """One key of a duty; after failures it pauses before it may begin again."""
        lane = (duty.name, key)
        try:
            if key in ALL:
                went_well = await done(duty, key)
            else:
                async with self._gate:
                    went_well = await done(duty, key)
            self._failures[lane] = 0 if went_well else self._failures[lane] + 1
            if failures := self._failures[lane]:
                await self.clock.sleep(min(duty.every * failures, max(duty.every, LONGEST_PAUSE)))
        finally:
            del self._lanes[lane]
