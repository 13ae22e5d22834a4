"""Shared request quota: one row per key with the times of the last grants, in database time.

Reserves moments, sends nothing. All processes and machines on one database share the row.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from typing import Generic, TypeVar

from sqlalchemy import BigInteger, Column, Date, Integer, Table, Text, select, update
from sqlalchemy import text as sql
from sqlalchemy.ext.asyncio import AsyncConnection

from rolecall.store.engines import Engines
from rolecall.store.errors import explaining
from rolecall.store.rows import Repository, inserting
from rolecall.store.schema import database_now, metadata, text

QUOTA = Table(
    "quota",
    metadata,
    Column("key", Text, primary_key=True),
    text("grants"),  # microseconds, oldest first, separated by spaces; at most `limit` of them
    Column("held_until", BigInteger, nullable=False),
)
DAILY = Table(
    "daily_use",
    metadata,
    Column("hub_id", BigInteger, primary_key=True, autoincrement=False),
    Column("day", Date, primary_key=True),  # in the portal's zone, where HubSpot resets
    Column("share", Text, primary_key=True),  # sync, apply, hand-over, ...
    Column("used", Integer, nullable=False),
)
# A request leaves a little after its moment, so the next window starts that much later:
# without it two grants `window` apart were seen as `limit` + 1 in one window.
GUARD = 250_000  # microseconds

SlotT = TypeVar("SlotT")


@dataclass(frozen=True, slots=True)
class SharedQuota(Generic[SlotT]):
    """`hubspot.ports.QuotaLedger` over the store; `slot` makes the client's own value."""

    engines: Engines
    slot: Callable[[float, int], SlotT]

    async def reserve(self, key: str, *, limit: int, window: float) -> SlotT:
        """Take the next free moment, so that no `window` seconds ever hold more than `limit`."""
        width = int(window * 1_000_000)
        async with self._transaction() as connection:
            if self.engines.dialect == "postgresql":
                wait, used = await _reserve_at_once(connection, key, limit, width)
            else:
                wait, used = await _reserve_in_place(connection, key, limit, width)
        return self.slot(wait / 1_000_000, used)

    async def hold(self, key: str, seconds: float) -> None:
        """Give no new grant of this key before now + `seconds`; a longer hold stays."""
        until = database_now() + int(seconds * 1_000_000)
        async with self._transaction() as connection:
            insert = inserting(QUOTA, self.engines.dialect == "postgresql")
            held = insert.values(key=key, grants="", held_until=until)
            await connection.execute(
                held.on_conflict_do_update(
                    index_elements=["key"],
                    set_={"held_until": held.excluded.held_until},
                    where=QUOTA.c.held_until < held.excluded.held_until,
                )
            )

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[AsyncConnection]:
        with explaining(self.engines.place):
            async with self.engines.pulse.begin() as connection:
                yield connection


def granted(
    times: list[int], held: int, now: int, limit: int, width: int
) -> tuple[int, int, list[int]]:
    """The next moment, how many grants its window holds, and the grants to remember.

    The same arithmetic as the function reserve_quota of migration 0002; all in microseconds.
    """
    moment = max(now, held, times[-1] if times else 0)
    if len(times) >= limit:
        moment = max(moment, times[-limit] + width + GUARD)
    kept = [*times, moment][-limit:]
    return moment, sum(1 for at in kept if at > moment - width), kept


async def _reserve_at_once(
    connection: AsyncConnection, key: str, limit: int, width: int
) -> tuple[int, int]:
    call = sql("SELECT wait, used FROM reserve_quota(:key, :most, :width, :guard)")
    told = {"key": key, "most": limit, "width": width, "guard": GUARD}
    wait, used = (await connection.execute(call, told)).one()
    return wait, used


async def _reserve_in_place(
    connection: AsyncConnection, key: str, limit: int, width: int
) -> tuple[int, int]:
    found = select(database_now(), QUOTA.c.grants, QUOTA.c.held_until).where(QUOTA.c.key == key)
    row = (await connection.execute(found)).first()
    if row is None:
        now = (await connection.execute(select(database_now()))).scalar_one()
        moment, used, kept = granted([], 0, now, limit, width)
        fresh = {"key": key, "grants": _joined(kept), "held_until": 0}
        await connection.execute(QUOTA.insert(), fresh)
        return moment - now, used
    now, grants, held = row
    moment, used, kept = granted([int(at) for at in grants.split()], held, now, limit, width)
    changed = update(QUOTA).where(QUOTA.c.key == key).values(grants=_joined(kept))
    await connection.execute(changed)
    return moment - now, used


def _joined(times: list[int]) -> str:
    return " ".join(map(str, times))


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
