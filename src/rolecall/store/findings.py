"""Findings as they stand: first seen, last seen, closed when a later look found them gone.

The leaves to break a rule (exceptions) lie beside them.
"""

from __future__ import annotations

from collections.abc import Iterable
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
    func,
    insert,
    or_,
    select,
    update,
)

from rolecall.domain.finding import Finding, Severity
from rolecall.kit.ids import uuid7
from rolecall.store.encoding import from_json, to_json
from rolecall.store.errors import NotThere
from rolecall.store.rows import CHUNK, Repository
from rolecall.store.schema import Key, metadata, moment, text

SHORTEST_END = 6  # characters of an id that may stand for all of it
FINDINGS = Table(
    "findings", metadata,
    Column("id", Key, primary_key=True),
    Column("hub_id", BigInteger, nullable=False),
    text("key"),
    text("rule"),
    Column("severity", Integer, nullable=False),
    text("subject_id"),
    moment("first_seen"),
    moment("last_seen"),
    moment("closed_at", nullable=True),
    text("body"),
    Index("ix_findings_open", "hub_id", "closed_at"),
)  # fmt: skip
EXCEPTIONS = Table(
    "exceptions", metadata,
    Column("id", Key, primary_key=True),
    Column("hub_id", BigInteger, nullable=False),
    moment("ends_at"),
    moment("ended_at", nullable=True),
    text("body"),
    Index("ix_exceptions_hub_id", "hub_id", "ended_at"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class StoredFinding:
    """A finding and since when; one that comes back after it was closed is a new one."""

    id: str
    hub_id: int
    finding: Finding
    first_seen: datetime
    last_seen: datetime
    closed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a look found new and found gone."""

    opened: tuple[StoredFinding, ...]
    closed: tuple[StoredFinding, ...]


@dataclass(frozen=True, slots=True)
class RuleException:
    """A dated, owned, justified leave to break one rule."""

    id: str
    hub_id: int
    subject: str  # the user's e-mail, case-folded; "" = everybody
    finding: str  # the rule
    ends_at: datetime  # exclusive
    owner: str
    reason: str
    made_by: str
    made_at: datetime
    compensating: str = ""  # what is done instead while it stands


class Findings(Repository):
    """Findings by portal; `Finding.key` says which is the same one again."""

    async def record(self, hub_id: int, found: Iterable[Finding], at: datetime) -> Recorded:
        """Compare a complete look with the open findings: open new ones, close those gone."""
        held = {one.finding.key: one for one in await self.open(hub_id)}
        seen = {one.key: one for one in found}
        opened = tuple(
            StoredFinding(uuid7(), hub_id, one, at, at)
            for key, one in seen.items()
            if key not in held
        )
        closed = tuple(one for key, one in held.items() if key not in seen)
        if opened:
            await self.connection.execute(insert(FINDINGS), [_row(one) for one in opened])
        kept = [held[key] for key in seen if key in held]
        await self._touch(kept, seen, at)
        await self._close([one.id for one in closed], at)
        return Recorded(opened, closed)

    async def open(self, hub_id: int | None = None) -> tuple[StoredFinding, ...]:
        """Open findings, the gravest and oldest first."""
        found = select(FINDINGS).where(FINDINGS.c.closed_at.is_(None))
        if hub_id is not None:
            found = found.where(FINDINGS.c.hub_id == hub_id)
        return await self._found(found.order_by(FINDINGS.c.severity.desc(), FINDINGS.c.id))

    async def some(
        self,
        hub_id: int,
        *,
        severity: Severity | None = None,
        rule: str = "",
        search: str = "",
        limit: int = 100,
        skip: int = 0,
    ) -> tuple[StoredFinding, ...]:
        """A page of the open findings, the gravest first; a large portal has thousands."""
        found = select(FINDINGS).where(FINDINGS.c.closed_at.is_(None), FINDINGS.c.hub_id == hub_id)
        if severity is not None:
            found = found.where(FINDINGS.c.severity == severity.value)
        if rule:
            found = found.where(FINDINGS.c.rule == rule)
        if search:
            found = found.where(FINDINGS.c.body.icontains(search, autoescape=True))
        ordered = found.order_by(FINDINGS.c.severity.desc(), FINDINGS.c.id)
        return await self._found(ordered.limit(limit).offset(skip))

    async def about(self, hub_id: int, subject_id: str) -> tuple[StoredFinding, ...]:
        """Open findings of one subject, or that name it among the related, the gravest first."""
        here = (FINDINGS.c.closed_at.is_(None), FINDINGS.c.hub_id == hub_id)
        named = FINDINGS.c.body.contains(f'"{subject_id}"', autoescape=True)
        found = select(FINDINGS).where(*here, or_(FINDINGS.c.subject_id == subject_id, named))
        return await self._found(found.order_by(FINDINGS.c.severity.desc(), FINDINGS.c.id))

    async def tally(self, hub_id: int) -> tuple[tuple[str, Severity, int], ...]:
        """How many open findings each rule has, by severity, the gravest first."""
        rule, severity, number = FINDINGS.c.rule, FINDINGS.c.severity, func.count().label("number")
        mine = (FINDINGS.c.closed_at.is_(None), FINDINGS.c.hub_id == hub_id)
        found = select(rule, severity, number).where(*mine).group_by(rule, severity)
        rows = await self.rows(found.order_by(severity.desc(), number.desc(), rule))
        return tuple((row["rule"], Severity(row["severity"]), row["number"]) for row in rows)

    async def all(self, hub_id: int) -> tuple[StoredFinding, ...]:
        """Open and closed ones, newest first."""
        found = select(FINDINGS).where(FINDINGS.c.hub_id == hub_id)
        return await self._found(found.order_by(FINDINGS.c.id.desc()))

    async def get(self, finding_id: str) -> StoredFinding:
        """One finding by its id or the end of it; NotThere when none or several have it."""
        wanted = FINDINGS.c.id == finding_id
        if len(finding_id) >= SHORTEST_END:
            wanted = FINDINGS.c.id.endswith(finding_id, autoescape=True)
        rows = await self.rows(select(FINDINGS).where(wanted).limit(2))
        if len(rows) != 1:
            count = "Several findings have" if rows else "No finding has"
            hint = "`rolecall finding list NAME --json` has the whole ids"
            raise NotThere(f"{count} the id {finding_id}", hint=hint)
        return _finding(rows[0])

    async def put_exception(self, leave: RuleException) -> None:
        """Write down a leave to break a rule."""
        row = {
            "id": leave.id,
            "hub_id": leave.hub_id,
            "ends_at": leave.ends_at,
            "body": to_json(leave),
        }
        await self.connection.execute(insert(EXCEPTIONS), row)

    async def exceptions(self, hub_id: int, at: datetime) -> tuple[RuleException, ...]:
        """Leaves that count at this time."""
        found = select(EXCEPTIONS.c.body).where(
            EXCEPTIONS.c.hub_id == hub_id,
            EXCEPTIONS.c.ended_at.is_(None),
            EXCEPTIONS.c.ends_at > at,
        )
        rows = await self.rows(found.order_by(EXCEPTIONS.c.id))
        return tuple(from_json(row["body"], RuleException) for row in rows)

    async def end_exception(self, exception_id: str, at: datetime) -> None:
        """End a leave before its date."""
        mine = (EXCEPTIONS.c.id == exception_id, EXCEPTIONS.c.ended_at.is_(None))
        if not await self.touched(update(EXCEPTIONS).where(*mine).values(ended_at=at)):
            raise NotThere(f"No open exception has the id {exception_id}")

    async def _found(self, statement: Select[Any]) -> tuple[StoredFinding, ...]:
        return tuple(_finding(row) for row in await self.rows(statement))

    async def _touch(
        self, kept: list[StoredFinding], seen: dict[str, Finding], at: datetime
    ) -> None:
        """Seen again: one statement for all, and the new wording where it changed."""
        for start in range(0, len(kept), CHUNK):
            ids = [one.id for one in kept[start : start + CHUNK]]
            again = update(FINDINGS).where(FINDINGS.c.id.in_(ids))
            await self.connection.execute(again.values(last_seen=at))
        for one in kept:
            now = seen[one.finding.key]
            if now != one.finding:
                told = {"body": to_json(now), "severity": now.severity.value}
                changed = update(FINDINGS).where(FINDINGS.c.id == one.id)
                await self.connection.execute(changed.values(**told))

    async def _close(self, ids: list[str], at: datetime) -> None:
        for start in range(0, len(ids), CHUNK):
            gone = FINDINGS.c.id.in_(ids[start : start + CHUNK])
            await self.connection.execute(update(FINDINGS).where(gone).values(closed_at=at))


def _row(one: StoredFinding) -> dict[str, object]:
    return {
        "id": one.id,
        "hub_id": one.hub_id,
        "key": one.finding.key,
        "rule": one.finding.rule,
        "severity": one.finding.severity.value,
        "subject_id": one.finding.subject_id,
        "first_seen": one.first_seen,
        "last_seen": one.last_seen,
        "closed_at": None,
        "body": to_json(one.finding),
    }


def _finding(row: RowMapping) -> StoredFinding:
    return StoredFinding(
        row["id"],
        row["hub_id"],
        from_json(row["body"], Finding),
        row["first_seen"],
        row["last_seen"],
        row["closed_at"],
    )
