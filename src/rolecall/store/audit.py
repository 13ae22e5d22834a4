"""The audit trail: one append-only hash chain per installation, written with the act itself.

Triggers refuse to change or delete a line on both databases. This room writes lines only through
the unit of work; nothing else may insert here.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    RowMapping,
    Select,
    Table,
    insert,
    select,
    update,
)

from rolecall.domain.actor import AuditEvent
from rolecall.domain.snapshot import EMPTY
from rolecall.store.encoding import plain
from rolecall.store.rows import Repository, narrowed
from rolecall.store.schema import Document, metadata, moment, text
from rolecall.store.verify_chain import START, Verdict, fault_of, line_hash

AUDIT = Table(
    "audit",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    moment("at"),
    text("event"),
    text("actor"),
    text("reason"),
    Column("hub_id", BigInteger),
    text("subject"),
    Column("details", Document, nullable=False),
    text("previous"),
    text("hash"),
    Index("ix_audit_hub_id_at", "hub_id", "at"),
)
# The end of the chain, one row: its lock puts writers in a queue on PostgreSQL.
HEAD = Table(
    "audit_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, nullable=False),
    text("hash"),
)
PAGE = 1_000


@dataclass(frozen=True, slots=True)
class AuditLine:
    """One line as stored: the event, its place in the chain and its hash."""

    seq: int
    event: AuditEvent
    previous: str
    hash: str


@dataclass(frozen=True, slots=True)
class AuditQuery:
    """Which lines to read, newest first; None = not limited."""

    hub_id: int | None = None
    event: str | None = None  # a name, or its beginning: "plan:"
    actor: str | None = None
    subject: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    before_seq: int | None = None  # cursor of the next page
    limit: int = 100


def exported(seq: int, event: AuditEvent, previous: str) -> dict[str, object]:
    """The line as it is hashed and exported, without its hash; times as UTC text."""
    return {
        "seq": seq,
        "at": event.at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "event": event.event,
        "actor": event.actor,
        "reason": event.reason,
        "hub_id": event.hub_id,
        "subject": event.subject,
        "details": dict(event.details),
        "previous": previous,
    }


class Audit(Repository):
    """Reads and checks the trail; `append` is called by the unit of work alone."""

    async def append(self, events: Sequence[AuditEvent]) -> None:
        """Add lines at the end of the chain, in order."""
        if not events:
            return
        head = await self.one(select(HEAD).where(HEAD.c.id == 1).with_for_update())
        start, previous = (head["seq"], head["hash"]) if head else (0, START)
        rows = []
        for seq, one in enumerate(events, start + 1):
            digest = line_hash(exported(seq, one, previous))
            rows.append(_row(seq, one, previous, digest))
            previous = digest
        await self.connection.execute(insert(AUDIT), rows)
        await self.connection.execute(
            update(HEAD).where(HEAD.c.id == 1).values(seq=start + len(rows), hash=previous)
        )

    async def lines(self, query: AuditQuery) -> tuple[AuditLine, ...]:
        """Matching lines, newest first."""
        return tuple(_line(row) for row in await self.rows(_selected(query)))

    async def export(self, since_seq: int = 0) -> AsyncGenerator[dict[str, object], None]:
        """Every line after this one with its hash, oldest first, as `verify_chain` reads them."""
        while True:
            page = await self.rows(
                select(AUDIT).where(AUDIT.c.seq > since_seq).order_by(AUDIT.c.seq).limit(PAGE)
            )
            for row in page:
                line = _line(row)
                yield {**exported(line.seq, line.event, line.previous), "hash": line.hash}
            if len(page) < PAGE:
                return
            since_seq = page[-1]["seq"]

    async def verify(self) -> Verdict:
        """Follow the whole chain, a page at a time, up to the head the store remembers."""
        previous, number = START, 0
        async for line in self.export():
            fault = fault_of(line, previous, number + 1)
            if fault:
                return Verdict(number, previous, fault)
            previous, number = str(line["hash"]), number + 1
        head = await self.one(select(HEAD).where(HEAD.c.id == 1))
        if head is None:
            return Verdict(number, previous, "where the chain ends is not known any more")
        if head["seq"] < number:
            return Verdict(number, previous, f"lines after {head['seq']} were not written by us")
        if (head["seq"], head["hash"]) != (number, previous):
            return Verdict(number, previous, f"lines after {number} are missing")
        return Verdict(number, previous)

    async def last(self) -> tuple[int, str]:
        """Number and hash of the last line; 0 and zeros for an empty trail."""
        head = await self.one(select(HEAD).where(HEAD.c.id == 1))
        return (head["seq"], head["hash"]) if head else (0, START)


def _selected(query: AuditQuery) -> Select[Any]:
    line = AUDIT.c
    found = narrowed(
        select(AUDIT),
        (query.hub_id, line.hub_id.__eq__),
        (query.actor, line.actor.__eq__),
        (query.subject, line.subject.__eq__),
        (query.since, line.at.__ge__),
        (query.until, line.at.__lt__),
        (query.before_seq, line.seq.__lt__),
        (query.event, lambda name: line.event.startswith(name, autoescape=True)),
    )
    return found.order_by(line.seq.desc()).limit(query.limit)


def _row(seq: int, one: AuditEvent, previous: str, digest: str) -> dict[str, object]:
    return {
        "seq": seq,
        "at": one.at,
        "event": one.event,
        "actor": one.actor,
        "reason": one.reason,
        "hub_id": one.hub_id,
        "subject": one.subject,
        "details": plain(one.details),
        "previous": previous,
        "hash": digest,
    }


def _line(row: RowMapping) -> AuditLine:
    told = AuditEvent(
        row["event"],
        row["actor"],
        row["at"],
        row["reason"],
        row["hub_id"],
        row["subject"],
        row["details"] or EMPTY,
    )
    return AuditLine(row["seq"], told, row["previous"], row["hash"])
