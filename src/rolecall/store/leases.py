"""Leases: who alone may work on something now, by database time, taken over when they lapse."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import BigInteger, Column, ColumnElement, Table, Text, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from rolecall.store.engines import Engines
from rolecall.store.errors import StoreBusy, explaining
from rolecall.store.rows import inserting
from rolecall.store.schema import database_now, from_micros, metadata, text

LEASES = Table(
    "leases",
    metadata,
    Column("key", Text, primary_key=True),
    text("holder"),
    # Grows at every change of hands, so a holder that slept through its lease can be told apart.
    Column("fence", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Lease:
    """A held lease; `fence` proves that it is still this holding."""

    key: str  # portal:HUB_ID, oauth:HUB_ID, ...
    holder: str  # host, process and run, for people to read
    fence: int
    expires_at: datetime  # database time


@dataclass(frozen=True, slots=True)
class Leases:
    """Every call is one short transaction of its own."""

    engines: Engines

    async def acquire(self, key: str, holder: str, seconds: float) -> Lease | None:
        """Take a free or lapsed lease; None while somebody else holds it.

        The holder itself gets its own lease again (same `holder` text), with a new fence.
        """
        async with self._transaction() as connection:
            insert = inserting(LEASES, self.engines.dialect == "postgresql")
            until = database_now() + _micros(seconds)
            fresh = insert.values(key=key, holder=holder, fence=1, expires_at=until)
            taken = fresh.on_conflict_do_update(
                index_elements=["key"],
                set_={"holder": holder, "fence": LEASES.c.fence + 1, "expires_at": until},
                where=(LEASES.c.expires_at <= database_now()) | (LEASES.c.holder == holder),
            ).returning(LEASES.c.fence, LEASES.c.expires_at)
            row = (await connection.execute(taken)).first()
        return Lease(key, holder, row[0], from_micros(row[1])) if row else None

    async def heartbeat(self, lease: Lease, seconds: float) -> Lease | None:
        """Prolong a lease from now; None when it changed hands: stop working.

        One that lapsed unnoticed (a long write kept the database busy) is ours as long as nobody
        took it: the fence says so.
        """
        async with self._transaction() as connection:
            prolonged = (
                update(LEASES)
                .where(*_held(lease))
                .values(expires_at=database_now() + _micros(seconds))
                .returning(LEASES.c.expires_at)
            )
            row = (await connection.execute(prolonged)).first()
        return replace(lease, expires_at=from_micros(row[0])) if row else None

    async def release(self, lease: Lease) -> None:
        """Give a lease back; one that changed hands meanwhile stays with its new holder."""
        async with self._transaction() as connection:
            lapsed = update(LEASES).where(*_held(lease)).values(expires_at=0, holder="")
            await connection.execute(lapsed)

    async def holder(self, key: str) -> Lease | None:
        """Who holds it now, for people to read; None when it is free."""
        with explaining(self.engines.place):
            async with self.engines.reader.connect() as connection:
                held = select(LEASES).where(
                    LEASES.c.key == key, LEASES.c.expires_at > database_now()
                )
                row = (await connection.execute(held)).mappings().first()
        if row is None:
            return None
        return Lease(key, row["holder"], row["fence"], from_micros(row["expires_at"]))

    async def forget(self, key: str) -> None:
        """Drop the row of a lease nobody will want again."""
        async with self._transaction() as connection:
            await connection.execute(delete(LEASES).where(LEASES.c.key == key))

    @asynccontextmanager
    async def held(
        self, key: str, holder: str, *, seconds: float, wait: float, pause: float = 0.05
    ) -> AsyncIterator[Lease]:
        """Wait up to `wait` seconds for a lease, hold it for the block, give it back.

        The lease is not prolonged: choose `seconds` longer than the block can take.
        Raises StoreBusy when it stays with somebody else.
        """
        lease = await self.acquire(key, holder, seconds)
        tries = int(wait / pause)
        while lease is None and tries > 0:
            await asyncio.sleep(pause)
            tries -= 1
            lease = await self.acquire(key, holder, seconds)
        if lease is None:
            raise StoreBusy(f"{key} is held by another process", hint="try again in a moment")
        try:
            yield lease
        finally:
            await self.release(lease)

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[AsyncConnection]:
        with explaining(self.engines.place):
            async with self.engines.pulse.begin() as connection:
                yield connection


def _held(lease: Lease) -> tuple[ColumnElement[bool], ...]:
    return (
        LEASES.c.key == lease.key,
        LEASES.c.holder == lease.holder,
        LEASES.c.fence == lease.fence,
    )


def _micros(seconds: float) -> int:
    return int(seconds * 1_000_000)
