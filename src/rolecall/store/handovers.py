"""Records handed over to a successor, batch by batch: the rollback file, record by record."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, Index, Integer, Table, Text, func, select, update

from rolecall.store.bulk import insert_rows
from rolecall.store.rows import CHUNK, Repository
from rolecall.store.schema import Key, metadata, moment, text

HANDOVERS = Table(
    "handover_records", metadata,
    Column("effect_id", Key, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    text("object_type"),
    text("record_id"),
    text("property"),
    Column("before", Text),
    Column("after", Text),
    text("state"),
    text("message"),
    moment("settled_at", nullable=True),
    Index("ix_handover_records_state", "effect_id", "state", "number"),
    Index("ix_handover_records_record_id", "effect_id", "record_id"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class HandedRecord:
    """One property of one CRM record that changes hands; `number` is its place in the work."""

    effect_id: str
    number: int
    object_type: str  # contacts, companies, deals, tickets
    record_id: str
    property: str  # hubspot_owner_id, or a custom user property
    before: str | None
    after: str | None
    state: str = "pending"  # pending | sent | done | refused | gone | left
    message: str = ""
    settled_at: datetime | None = None


class HandOvers(Repository):
    """Rows by effect; `before` is what a return writes back."""

    async def add(self, records: Iterable[HandedRecord]) -> None:
        """Write down what will change hands, before anything is sent."""
        rows = (
            (
                one.effect_id, one.number, one.object_type, one.record_id, one.property,
                one.before, one.after, one.state, one.message, None,
            )
            for one in records
        )  # fmt: skip
        await insert_rows(self.connection, HANDOVERS, rows)

    async def batch(
        self, effect_id: str, states: Sequence[str] = ("pending", "sent"), limit: int = 100
    ) -> tuple[HandedRecord, ...]:
        """The next records in these states, in order."""
        here = (HANDOVERS.c.effect_id == effect_id, HANDOVERS.c.state.in_(states))
        found = select(HANDOVERS).where(*here).order_by(HANDOVERS.c.number).limit(limit)
        return tuple(HandedRecord(**row) for row in await self.rows(found))

    async def newest(self, effect_id: str) -> HandedRecord | None:
        """The record written down last, None before the first."""
        found = select(HANDOVERS).where(HANDOVERS.c.effect_id == effect_id)
        row = await self.one(found.order_by(HANDOVERS.c.number.desc()).limit(1))
        return None if row is None else HandedRecord(**row)

    async def known(self, effect_id: str, record_ids: Sequence[str]) -> frozenset[str]:
        """Which of these records are written down already."""
        mine = (HANDOVERS.c.effect_id == effect_id, HANDOVERS.c.record_id.in_(record_ids))
        return frozenset(
            row["record_id"] for row in await self.rows(select(HANDOVERS.c.record_id).where(*mine))
        )

    async def mark(
        self, effect_id: str, numbers: Sequence[int], state: str, at: datetime, message: str = ""
    ) -> None:
        """Bring records to a state."""
        values = {"state": state, "settled_at": at, "message": message}
        for start in range(0, len(numbers), CHUNK):
            batch = HANDOVERS.c.number.in_(numbers[start : start + CHUNK])
            mine = update(HANDOVERS).where(HANDOVERS.c.effect_id == effect_id, batch)
            await self.connection.execute(mine.values(**values))

    async def progress(self, effect_id: str) -> dict[str, int]:
        """How many records stand in each state."""
        counted = select(HANDOVERS.c.state, func.count().label("records"))
        rows = await self.rows(
            counted.where(HANDOVERS.c.effect_id == effect_id).group_by(HANDOVERS.c.state)
        )
        return {row["state"]: row["records"] for row in rows}

    async def all(self, effect_id: str) -> tuple[HandedRecord, ...]:
        """Every record of a hand-over: the rollback file."""
        found = select(HANDOVERS).where(HANDOVERS.c.effect_id == effect_id)
        rows = await self.rows(found.order_by(HANDOVERS.c.number))
        return tuple(HandedRecord(**row) for row in rows)
