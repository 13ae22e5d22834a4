"""Notices waiting to be sent, written in the transaction of the act they tell of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, Column, Index, Integer, Table, Text, insert, select, update

from rolecall.store.rows import Repository
from rolecall.store.schema import Document, metadata, moment, text

OUTBOX = Table(
    "outbox",
    metadata,
    Column("id", Text, primary_key=True),
    text("topic"),
    Column("hub_id", BigInteger),
    Column("payload", Document, nullable=False),
    moment("created_at"),
    moment("due_at"),
    Column("attempts", Integer, nullable=False),
    text("error"),
    moment("delivered_at", nullable=True),
    Index("ix_outbox_due_at", "delivered_at", "due_at"),
)


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice: a topic such as `plan.approved` and what there is to tell."""

    id: str  # a uuid7: notices go out in the order they were written
    topic: str
    hub_id: int | None
    payload: Mapping[str, str]
    created_at: datetime
    attempts: int = 0
    error: str = ""


class Outbox(Repository):
    """Notices on their way out; `append` is called by the unit of work alone."""

    async def append(self, notices: Sequence[Notice]) -> None:
        """Queue notices, due at once."""
        rows = [
            {
                "id": one.id,
                "topic": one.topic,
                "hub_id": one.hub_id,
                "payload": dict(one.payload),
                "created_at": one.created_at,
                "due_at": one.created_at,
                "attempts": 0,
                "error": "",
                "delivered_at": None,
            }
            for one in notices
        ]
        if rows:
            await self.connection.execute(insert(OUTBOX), rows)

    async def due(self, now: datetime, limit: int = 100) -> tuple[Notice, ...]:
        """Notices to send now, oldest first."""
        found = await self.rows(
            select(OUTBOX)
            .where(OUTBOX.c.delivered_at.is_(None), OUTBOX.c.due_at <= now)
            .order_by(OUTBOX.c.id)
            .limit(limit)
        )
        return tuple(
            Notice(
                row["id"],
                row["topic"],
                row["hub_id"],
                row["payload"],
                row["created_at"],
                row["attempts"],
                row["error"],
            )
            for row in found
        )

    async def newest(self, topic: str, hub_id: int) -> datetime | None:
        """When the newest notice of a topic was written for a portal."""
        here = (OUTBOX.c.topic == topic, OUTBOX.c.hub_id == hub_id)
        found = select(OUTBOX.c.created_at).where(*here).order_by(OUTBOX.c.id.desc()).limit(1)
        written: datetime | None = await self.value(found)
        return written

    async def delivered(self, notice_id: str, at: datetime) -> None:
        """It went out; never sent again."""
        await self.connection.execute(
            update(OUTBOX).where(OUTBOX.c.id == notice_id).values(delivered_at=at, error="")
        )

    async def failed(self, notice_id: str, next_at: datetime, error: str) -> None:
        """It did not go out; try again at `next_at`."""
        await self.connection.execute(
            update(OUTBOX)
            .where(OUTBOX.c.id == notice_id)
            .values(due_at=next_at, error=error, attempts=OUTBOX.c.attempts + 1)
        )
