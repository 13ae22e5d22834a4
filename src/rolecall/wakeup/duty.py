"""What is woken: a use case, how often one looks whether it is due, and for what."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from rolecall.kit import logs
from rolecall.kit.errors import RolecallError
from rolecall.kit.ids import uuid7
from rolecall.kit.logs import about

LOG = logging.getLogger("rolecall.wakeup")
ALL = ("",)  # the one key of a duty that finds its due rows itself


async def everything() -> Sequence[str]:
    """The due keys of a duty that finds its due rows itself."""
    return ALL


@dataclass(frozen=True, slots=True)
class Duty:
    """A use case, called for each key that `due` names; one looks every `every` seconds.

    Different keys (portals) are worked on side by side, the same key never twice at once.
    """

    name: str
    run: Callable[[str], Awaitable[object]]
    every: float
    due: Callable[[], Awaitable[Sequence[str]]] = everything


class Waker(Protocol):
    """Calls duties when they are due."""

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop` is set; what is under way then ends at its next await."""
        ...


async def due_keys(duty: Duty) -> Sequence[str] | None:
    """What is due now; None where that could not be told, which is logged."""
    try:
        return await duty.due()
    except RolecallError as error:
        LOG.warning("%s: %s", duty.name, error.message, extra=logs.of(error))
    except Exception:
        LOG.exception("%s failed", duty.name)
    return None


async def done(duty: Duty, key: str) -> bool:
    """One turn of a duty for one key; a failure is logged and never ends the waking."""
    shown = f"{duty.name} {key}".strip()
    with about(duty=shown, turn=uuid7()):
        return await _done(duty, key, shown)


async def _done(duty: Duty, key: str, shown: str) -> bool:
    try:
        await duty.run(key)
    except RolecallError as error:
        LOG.warning("%s: %s", shown, error.message, extra=logs.of(error))
        return False
    except Exception:
        LOG.exception("%s failed", shown)
        return False
    return True
