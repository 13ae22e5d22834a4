"""Shared request quota: one row per key with the times of the last grants, in database time.

Reserves moments, sends nothing. All processes and machines on one database share the row.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from time import monotonic
from typing import Generic, TypeVar

from sqlalchemy import BigInteger, Column, Date, Engine, Integer, Table, Text, select
from sqlalchemy import text as sql
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine

from rolecall.store.engines import BUSY_SECONDS, Engines
from rolecall.store.errors import explaining
from rolecall.store.rows import Repository, inserting
from rolecall.store.schema import SQLITE_NOW, database_now, metadata, text

QUOTA = Table(
    "quota",
    metadata,
    Column("key", Text, primary_key=True),
    text("grants"),  # microseconds, oldest first, separated by spaces; at most `limit` of them
    Column("held_until", BigInteger, nullable=False),
    text("holder"),  # which client took the last grant
    Column("shared_until", BigInteger, nullable=False),  # until then others' grants count too
)
DAILY = Table(
    "daily_use",
    metadata,
    Column("hub_id", BigInteger, primary_key=True, autoincrement=False),
    Column("day", Date, primary_key=True),  # in the portal's zone, where HubSpot resets
    Column("share", Text, primary_key=True),  # sync, apply, hand-over, ...
    Column("used", Integer, nullable=False),
)
LOOK_AGAIN = 0.01  # seconds until a locked SQLite is asked again

SlotT = TypeVar("SlotT")


@dataclass(frozen=True, slots=True)
class SharedQuota(Generic[SlotT]):
    """`hubspot.ports.QuotaLedger` over the store; `slot` makes the client's own value."""

    engines: Engines
    slot: Callable[[float, int], SlotT]

    async def reserve(
        self, key: str, *, limit: int, window: float, guard: float, holder: str
    ) -> SlotT:
        """Take the next free moment, so that no `window` seconds ever hold more than `limit`."""
        rule = Rule(limit, int(window * 1_000_000), int(guard * 1_000_000), holder)
        with explaining(self.engines.place):
            if self.engines.ledger is None:
                wait, used = await _reserve_at_once(self.engines.pulse, key, rule)
            else:
                wait, used = await _reserve_in_turn(self.engines.ledger, key, rule)
        return self.slot(wait / 1_000_000, used)

    async def hold(self, key: str, seconds: float) -> None:
        """Give no new grant of this key before now + `seconds`; a longer hold stays."""
        until = database_now() + int(seconds * 1_000_000)
        insert = inserting(QUOTA, self.engines.dialect == "postgresql")
        held = insert.values(key=key, grants="", held_until=until, holder="", shared_until=0)
        longer = held.on_conflict_do_update(
            index_elements=["key"],
            set_={"held_until": held.excluded.held_until},
            where=QUOTA.c.held_until < held.excluded.held_until,
        )
        with explaining(self.engines.place):
            async with self.engines.pulse.begin() as connection:
                await connection.execute(longer)


@dataclass(frozen=True, slots=True)
class Rule:
    """How many grants a window holds, and who asks for the next; microseconds."""

    limit: int
    width: int
    guard: int  # added to the width while another holder's grants are in the window
    holder: str


@dataclass(frozen=True, slots=True)
class Grants:
    """The row of a key; microseconds, oldest grant first, at most `limit` of them."""

    times: list[int]
    held_until: int = 0
    holder: str = ""
    shared_until: int = 0


def granted(found: Grants, now: int, rule: Rule) -> tuple[int, int, Grants]:
    """The next moment, how many grants its window holds, and what to remember.

    The same arithmetic as the function reserve_quota of migration 0013, and as the client's ledger
    in memory (`hubspot.memory`), which a stranger to the store has to have of its own.
    """
    times, shared = found.times, found.shared_until
    if times and found.holder != rule.holder:
        shared = times[-1] + rule.width + rule.guard
    moment = max(now, found.held_until, times[-1] if times else 0)
    if len(times) >= rule.limit:
        free = times[-rule.limit] + rule.width
        moment = max(moment, free)
        if moment < shared:
            moment = max(moment, free + rule.guard)
    kept = [*times, moment][-rule.limit :]
    used = sum(1 for at in kept if at > moment - rule.width)
    return moment, used, Grants(kept, found.held_until, rule.holder, shared)


async def _reserve_at_once(engine: AsyncEngine, key: str, rule: Rule) -> tuple[int, int]:
    """One round trip on PostgreSQL."""
    call = sql("SELECT wait, used FROM reserve_quota(:key, :most, :width, :guard, :holder)")
    told = {
        "key": key, "most": rule.limit, "width": rule.width, "guard": rule.guard,
        "holder": rule.holder,
    }  # fmt: skip
    async with engine.begin() as connection:
        wait, used = (await connection.execute(call, told)).one()
    return wait, used


async def _reserve_in_turn(engine: Engine, key: str, rule: Rule) -> tuple[int, int]:
    """A quarter of a millisecond on SQLite; while somebody else writes, tried again and again."""
    last = monotonic() + BUSY_SECONDS
    while True:
        try:
            return _reserve_in_place(engine, key, rule)
        except OperationalError as error:
            if "locked" not in str(error.orig) or monotonic() > last:
                raise
        await asyncio.sleep(LOOK_AGAIN)


# As text: SQLAlchemy would spend more on putting them together than SQLite on carrying them out.
_FOUND = f"""SELECT {SQLITE_NOW}, grants, held_until, holder, shared_until
FROM (SELECT 1) LEFT JOIN quota ON key = ?"""  # noqa: S608 -- the text is ours
_KEPT = """INSERT INTO quota (key, grants, held_until, holder, shared_until) VALUES (?, ?, 0, ?, ?)
ON CONFLICT (key) DO UPDATE SET grants = excluded.grants, holder = excluded.holder,
shared_until = excluded.shared_until"""


def _reserve_in_place(engine: Engine, key: str, rule: Rule) -> tuple[int, int]:
    with engine.begin() as connection:
        row = connection.exec_driver_sql(_FOUND, (key,)).one()
        times = [int(at) for at in (row[1] or "").split()]
        found = Grants([]) if row[1] is None else Grants(times, row[2], row[3], row[4])
        moment, used, kept = granted(found, row[0], rule)
        told = " ".join(map(str, kept.times))
        connection.exec_driver_sql(_KEPT, (key, told, kept.holder, kept.shared_until))
    return moment - row[0], used


class DailyUse(Repository):
    """How many requests each part of the product made per portal and day."""

    async def add(self, hub_id: int, day: date, share: str, requests: int) -> int:
        """Count requests, atomically; the day's new sum of this share."""
        insert = inserting(DAILY, self.on_postgres)
        counted = insert.values(hub_id=hub_id, day=day, share=share, used=requests)
        total = counted.on_conflict_do_update(
            index_elements=["hub_id", "day", "share"],
            set_={"used": DAILY.c.used + counted.excluded.used},
        ).returning(DAILY.c.used)
        return int(await self.value(total))

    async def used(self, hub_id: int, day: date) -> dict[str, int]:
        """Requests of a day by share."""
        found = select(DAILY.c.share, DAILY.c.used)
        rows = await self.rows(found.where(DAILY.c.hub_id == hub_id, DAILY.c.day == day))
        return {row["share"]: row["used"] for row in rows}
