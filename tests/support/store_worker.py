"""Small programs that tests run as processes of their own, to be killed or set against each other.

python -m tests.support.store_worker URL audit|seal|lease|quota [ARGUMENT...]
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime

from rolecall.domain.actor import local_actor
from rolecall.domain.events import Event
from rolecall.domain.snapshot import Snapshot, User
from rolecall.kit.ids import uuid7
from rolecall.store import Database, SharedQuota

ANNA = local_actor("anna")


@dataclass(frozen=True)
class Slot:
    """What the client makes of a reservation."""

    wait: float
    used: int


def told(text: str) -> None:
    """One line the parent reads at once."""
    print(text, flush=True)


async def audit(database: Database) -> None:
    """Act and record for ever; the number of the last act that was durable is told."""
    number = 0
    while True:
        async with database.begin(ANNA, "until killed") as work:
            work.record(Event.PORTAL_SETTINGS_CHANGED, subject=str(number), hub_id=7)
            await work.daily_use.add(7, datetime.now(UTC).date(), "acts", 1)
        number += 1
        told(str(number))


async def seal(database: Database) -> None:
    """Seal snapshots of ever different users for ever."""
    number = 0
    while True:
        number += 1
        now = datetime.now(UTC)
        users = tuple(User(f"{n:05d}", f"u{n}@acme.test", f"v{number}") for n in range(3_000))
        async with database.begin(ANNA, "until killed") as work:
            await work.snapshots.seal(Snapshot(7, uuid7(), now, now, True, users))
        told(str(number))


async def lease(database: Database, key: str, seconds: str) -> None:
    """Take a lease as often as possible; tell every turn as (begin, end), never overlapping."""
    holder, until = str(os.getpid()), time.time() + float(seconds)
    while time.time() < until:
        held = await database.leases.acquire(key, holder, 5)
        if held is None:
            await asyncio.sleep(0.005)
            continue
        begun = time.time()
        await asyncio.sleep(0.01)
        ended = time.time()
        await database.leases.release(held)
        told(f"{begun} {ended}")


async def quota(database: Database, limit: str, window: str, times: str) -> None:
    """Reserve and "send" some requests as a client does; tell when each left."""
    ledger = SharedQuota(database.engines, Slot)
    most, width, holder = int(limit), float(window), str(os.getpid())
    sent: deque[float] = deque(maxlen=most)
    for _ in range(int(times)):
        slot = await ledger.reserve("portal:7", limit=most, window=width, guard=0.25, holder=holder)
        await asyncio.sleep(slot.wait)
        if len(sent) == most:  # its own it knows
            await asyncio.sleep(max(0.0, sent[0] + width + 0.02 - time.time()))
        sent.append(time.time())
        told(str(sent[-1]))


async def main(url: str, name: str, *arguments: str) -> None:
    """Open the store and run one of the programs above."""
    database = await Database.open(url)
    told("ready")
    await {"audit": audit, "seal": seal, "lease": lease, "quota": quota}[name](database, *arguments)
    await database.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
