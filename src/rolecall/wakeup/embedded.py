"""The loop inside the server or a waiting command: looks at due duties, runs them, sleeps."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from rolecall.kit.clock import Clock
from rolecall.kit.errors import RolecallError

LOG = logging.getLogger("rolecall.wakeup")
LONGEST_PAUSE = 60.0  # a duty that keeps failing is tried again within a minute


@dataclass(frozen=True, slots=True)
class Duty:
    """A use case to call every `every` seconds; it looks for due rows itself."""

    name: str
    run: Callable[[], Awaitable[object]]
    every: float


@dataclass(slots=True)
class EmbeddedLoop:
    """Runs each duty in its own task, so a long sync never delays an expiry."""

    duties: tuple[Duty, ...]
    clock: Clock
    _wake: dict[str, asyncio.Event] = field(default_factory=dict)

    async def run(self, stop: asyncio.Event) -> None:
        """Run until `stop` is set; duties under way are cancelled at their next await."""
        tasks = [asyncio.create_task(self._serve(duty), name=duty.name) for duty in self.duties]
        try:
            await stop.wait()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def wake(self, name: str) -> None:
        """Let one duty look again now instead of at its next turn."""
        self._wake.setdefault(name, asyncio.Event()).set()

    async def _serve(self, duty: Duty) -> None:
        failures = 0
        while True:
            failures = 0 if await _done(duty) else failures + 1
            pause = min(duty.every * (failures + 1), max(duty.every, LONGEST_PAUSE))
            await self._pause(duty.name, pause)

    async def _pause(self, name: str, seconds: float) -> None:
        woken = self._wake.setdefault(name, asyncio.Event())
        sleeping = asyncio.ensure_future(self.clock.sleep(seconds))
        waiting = asyncio.ensure_future(woken.wait())
        try:
            await asyncio.wait({sleeping, waiting}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            sleeping.cancel()
            waiting.cancel()
            woken.clear()


async def _done(duty: Duty) -> bool:
    """One turn of a duty; a failure is logged and never ends the loop."""
    try:
        await duty.run()
    except RolecallError as error:
        LOG.warning("%s: %s", duty.name, error.message)
        return False
    except Exception:
        LOG.exception("%s failed", duty.name)
        return False
    return True
