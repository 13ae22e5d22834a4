"""Assignments: the claims of who should hold what, where they come from and until when."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, Column, Index, Integer, RowMapping, Table, insert, or_, select
from sqlalchemy import update as change
from sqlalchemy.sql.elements import ColumnElement

from rolecall.domain.assignment import Assignment, Origin, Slot
from rolecall.kit.ids import uuid7
from rolecall.store.encoding import from_json, to_json
from rolecall.store.rows import CHUNK, Repository
from rolecall.store.schema import Key, metadata, moment, text

ASSIGNMENTS = Table(
    "assignments", metadata,
    Column("id", Key, primary_key=True),
    Column("hub_id", BigInteger, nullable=False),
    Column("subject", Key, nullable=False),
    text("slot"),
    Column("origin", Integer, nullable=False),
    text("reference"),
    moment("starts_at", nullable=True),
    moment("ends_at", nullable=True),
    moment("made_at"),
    moment("ended_at", nullable=True),
    text("body"),
    Index("ix_assignments_open", "hub_id", "ended_at", "subject"),
    Index("ix_assignments_ends_at", "ended_at", "ends_at"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class StoredAssignment:
    """An assignment and its own life: made, and ended early where somebody ended it."""

    id: str
    assignment: Assignment
    made_at: datetime
    ended_at: datetime | None = None


class Assignments(Repository):
    """Claims are never changed: a new one is made and the old one ended, so history stays."""

    async def put(self, assignments: Iterable[Assignment], at: datetime) -> tuple[str, ...]:
        """Make claims; their ids, in order."""
        rows = [_row(one, at) for one in assignments]
        if rows:
            await self.connection.execute(insert(ASSIGNMENTS), rows)
        return tuple(str(row["id"]) for row in rows)

    async def end(self, ids: Sequence[str], at: datetime) -> int:
        """End claims now, before their own end date; how many were still open."""
        ended = 0
        for start in range(0, len(ids), CHUNK):
            batch = ids[start : start + CHUNK]
            still_open = (ASSIGNMENTS.c.id.in_(batch), ASSIGNMENTS.c.ended_at.is_(None))
            closed = change(ASSIGNMENTS).where(*still_open).values(ended_at=at)
            ended += await self.touched(closed)
        return ended

    async def replace(
        self, hub_id: int, origin: Origin, assignments: Sequence[Assignment], at: datetime
    ) -> tuple[int, int]:
        """Make the claims of one origin exactly these; how many were made and how many ended.

        A claim that stays the same keeps its row.
        """
        held = await self.find(hub_id, origin=origin)
        wanted = {to_json(one): one for one in assignments}
        kept = {to_json(one.assignment) for one in held}
        gone = [one.id for one in held if to_json(one.assignment) not in wanted]
        fresh = [one for body, one in wanted.items() if body not in kept]
        await self.put(fresh, at)
        return len(fresh), await self.end(gone, at) if gone else 0

    async def in_force(self, hub_id: int, at: datetime) -> tuple[StoredAssignment, ...]:
        """Claims that count at this time: begun, not over, not ended."""
        begun = or_(ASSIGNMENTS.c.starts_at.is_(None), ASSIGNMENTS.c.starts_at <= at)
        lasting = or_(ASSIGNMENTS.c.ends_at.is_(None), ASSIGNMENTS.c.ends_at > at)
        made = ASSIGNMENTS.c.made_at <= at
        held = or_(ASSIGNMENTS.c.ended_at.is_(None), ASSIGNMENTS.c.ended_at > at)
        return await self._found(ASSIGNMENTS.c.hub_id == hub_id, begun, lasting, made, held)

    async def find(
        self, hub_id: int, *, subject: str | None = None, origin: Origin | None = None,
        slot: Slot | None = None, reference: str | None = None, ended: bool = False,
    ) -> tuple[StoredAssignment, ...]:  # fmt: skip
        """Open claims (with `ended` the ended ones too), future and past their date included."""
        here: list[ColumnElement[bool]] = [ASSIGNMENTS.c.hub_id == hub_id]
        if not ended:
            here.append(ASSIGNMENTS.c.ended_at.is_(None))
        if subject is not None:
            here.append(ASSIGNMENTS.c.subject == subject.casefold())
        if origin is not None:
            here.append(ASSIGNMENTS.c.origin == origin.value)
        if slot is not None:
            here.append(ASSIGNMENTS.c.slot == slot.value)
        if reference is not None:
            here.append(ASSIGNMENTS.c.reference == reference)
        return await self._found(*here)

    async def about(self, hub_id: int, subjects: Sequence[str]) -> tuple[StoredAssignment, ...]:
        """Open claims of every origin about these subjects, which are case-folded e-mails."""
        here = ASSIGNMENTS.c.hub_id == hub_id, ASSIGNMENTS.c.ended_at.is_(None)
        found: list[StoredAssignment] = []
        for start in range(0, len(subjects), CHUNK):
            batch = subjects[start : start + CHUNK]
            found += await self._found(*here, ASSIGNMENTS.c.subject.in_(batch))
        return tuple(found)

    async def due(self, now: datetime) -> tuple[StoredAssignment, ...]:
        """Open claims whose end date has passed or whose start has come, in every portal."""
        open_ones = ASSIGNMENTS.c.ended_at.is_(None)
        reached = or_(ASSIGNMENTS.c.ends_at <= now, ASSIGNMENTS.c.starts_at <= now)
        return await self._found(open_ones, reached)

    async def _found(self, *here: ColumnElement[bool]) -> tuple[StoredAssignment, ...]:
        rows = await self.rows(select(ASSIGNMENTS).where(*here).order_by(ASSIGNMENTS.c.id))
        return tuple(_stored(row) for row in rows)


def _row(one: Assignment, at: datetime) -> dict[str, object]:
    return {
        "id": uuid7(),
        "hub_id": one.hub_id,
        "subject": one.subject.casefold(),
        "slot": one.slot.value,
        "origin": one.origin.value,
        "reference": one.reference,
        "starts_at": one.starts_at,
        "ends_at": one.ends_at,
        "made_at": at,
        "ended_at": None,
        "body": to_json(one),
    }


def _stored(row: RowMapping) -> StoredAssignment:
    body = from_json(row["body"], Assignment)
    return StoredAssignment(row["id"], body, row["made_at"], row["ended_at"])
