"""Work a page starts and does not wait for: a sync, a run. What fails is told on the next page."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any

from rolecall.kit.errors import RolecallError

LOG = logging.getLogger("rolecall.web")
AT_ONCE = 1.0  # seconds a page waits, so that quick refusals are told where the button was
MOST_TOLD = 200  # failures kept for a page nobody opens


@dataclass(slots=True)
class Errands:
    """Tasks of one server by key (`sync:HUB`, `plan:ID`); a running one is not started twice."""

    _tasks: dict[str, asyncio.Task[Any]] = field(default_factory=dict)
    _failed: dict[str, RolecallError] = field(default_factory=dict)

    async def start(self, key: str, work: Coroutine[Any, Any, Any]) -> None:
        """Start the work; raises what it raises within a moment, later failures are kept."""
        if self.running(key):
            work.close()
            return
        self._failed.pop(key, None)
        task = asyncio.create_task(work, name=key)
        self._tasks[key] = task
        task.add_done_callback(lambda done: self._ended(key, done))
        await asyncio.wait({task}, timeout=AT_ONCE)
        if task.done() and isinstance(error := task.exception(), RolecallError):
            self._failed.pop(key, None)
            raise error

    def running(self, key: str) -> bool:
        """Whether this work is under way here."""
        return key in self._tasks

    def failure(self, key: str) -> RolecallError | None:
        """What the last such work failed with; told until it is started again."""
        return self._failed.get(key)

    async def stop(self) -> None:
        """Cancel what runs; the journal and the checkpoints know where to go on."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _ended(self, key: str, task: asyncio.Task[Any]) -> None:
        self._tasks.pop(key, None)
        if task.cancelled():
            return
        error = task.exception()
        if isinstance(error, RolecallError):
            self._failed[key] = error
            while len(self._failed) > MOST_TOLD:
                self._failed.pop(next(iter(self._failed)))
        elif error is not None:
            LOG.error("%s failed", key, exc_info=error)
