"""Syncs and their checkpoints: pages kept as they came, so a killed sync reads none twice."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, replace

from msgspec import Raw
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    RowMapping,
    Table,
    Text,
    delete,
    func,
    select,
)

from rolecall.domain.sync import SyncRun, SyncState
from rolecall.store.encoding import from_json, to_json
from rolecall.store.rows import Repository
from rolecall.store.schema import Key, metadata, moment, text

SYNC_RUNS = Table(
    "sync_runs",
    metadata,
    Column("id", Text, primary_key=True),
    Column("hub_id", BigInteger, nullable=False),
    moment("started_at"),
    text("state"),
    text("body"),
    Index("ix_sync_runs_hub_id", "hub_id", "started_at"),
)
SYNC_PAGES = Table(
    "sync_pages",
    metadata,
    Column("run_id", Text, primary_key=True),
    Column("resource", Key, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("after", Text),  # cursor of the next page; NULL on the last one
    Column("body", LargeBinary, nullable=False),
    text("digest"),
    Column("read", Boolean, nullable=False),
    sqlite_with_rowid=False,
)
PAGES_AT_ONCE = 50  # some megabytes of bodies in memory while reading them back
# Pages are written, checkpointed and deleted again: an eighth of the bytes is worth the fastest
# compression, above all on disks of small machines.
LEVEL = 1


@dataclass(frozen=True, slots=True)
class SyncPage:
    """One page of a resource; `after` None = the last one.

    `body` is a JSON array: the rows as they were `read`, or as HubSpot wrote them. `digest` is of
    all that was read of the resource up to here, in HubSpot's words.
    """

    resource: str
    number: int  # from 0
    after: str | None
    body: bytes | Raw
    digest: str = ""
    read: bool = False


@dataclass(frozen=True, slots=True)
class Reached:
    """How far the reading of one resource came."""

    pages: int
    after: str | None  # where to go on; None with `pages` > 0 = finished

    @property
    def finished(self) -> bool:
        """The last page is here."""
        return self.pages > 0 and self.after is None


class Syncs(Repository):
    """Runs of syncs by portal, and the pages of those that are not finished."""

    async def start(self, run: SyncRun) -> None:
        """Write down that a sync begins; one that was left running is replaced, its pages go."""
        former = await self.running(run.hub_id)
        if former and former.id != run.id:
            await self._write(replace(former, state=SyncState.REPLACED))
            await self.drop_pages(former.id)
        await self._write(run)

    async def running(self, hub_id: int) -> SyncRun | None:
        """The sync that is running, or was killed and can be taken up."""
        found = select(SYNC_RUNS).where(
            SYNC_RUNS.c.hub_id == hub_id, SYNC_RUNS.c.state == SyncState.RUNNING.value
        )
        row = await self.one(found.order_by(SYNC_RUNS.c.started_at.desc()))
        return _run(row) if row else None

    async def finish(self, run: SyncRun) -> None:
        """Write down how a sync ended; its pages are no longer needed."""
        await self._write(run)
        await self.drop_pages(run.id)

    async def note(self, run: SyncRun) -> None:
        """Write down how far a running sync came; its pages stay."""
        await self._write(run)

    async def runs(self, hub_id: int | None = None, limit: int = 50) -> tuple[SyncRun, ...]:
        """The newest syncs, newest first; of every portal without a hub id."""
        found = select(SYNC_RUNS).order_by(SYNC_RUNS.c.started_at.desc()).limit(limit)
        if hub_id is not None:
            found = found.where(SYNC_RUNS.c.hub_id == hub_id)
        return tuple(_run(row) for row in await self.rows(found))

    async def keep_pages(self, run_id: str, pages: Iterable[SyncPage]) -> None:
        """Checkpoint: keep pages as they came; the same page again replaces itself."""
        kept = list(pages)
        bodies = await asyncio.to_thread(_packed, kept)
        rows = [
            {
                "run_id": run_id,
                "resource": page.resource,
                "number": page.number,
                "after": page.after,
                "body": body,
                "digest": page.digest,
                "read": page.read,
            }
            for page, body in zip(kept, bodies, strict=True)
        ]
        await self.upsert(SYNC_PAGES, rows)

    async def reached(self, run_id: str) -> dict[str, Reached]:
        """How far each resource of a run was read; absent = not begun."""
        page = SYNC_PAGES.c
        last = (
            select(page.resource, func.max(page.number).label("number"))
            .where(page.run_id == run_id)
            .group_by(page.resource)
            .subquery()
        )
        same = (page.resource == last.c.resource) & (page.number == last.c.number)
        found = select(page.resource, page.number, page.after).join(last, same)
        rows = await self.rows(found.where(page.run_id == run_id))
        return {row["resource"]: Reached(row["number"] + 1, row["after"]) for row in rows}

    async def pages(self, run_id: str, resource: str) -> AsyncIterator[SyncPage]:
        """The kept pages of one resource, in order."""
        number = 0
        while True:
            found = select(SYNC_PAGES).where(
                SYNC_PAGES.c.run_id == run_id,
                SYNC_PAGES.c.resource == resource,
                SYNC_PAGES.c.number >= number,
            )
            rows = await self.rows(found.order_by(SYNC_PAGES.c.number).limit(PAGES_AT_ONCE))
            for row in rows:
                body = zlib.decompress(row["body"])
                yield SyncPage(
                    row["resource"], row["number"], row["after"], body, row["digest"], row["read"]
                )
            if len(rows) < PAGES_AT_ONCE:
                return
            number = rows[-1]["number"] + 1

    async def drop_pages(self, run_id: str) -> None:
        """Forget the pages of a run."""
        await self.connection.execute(delete(SYNC_PAGES).where(SYNC_PAGES.c.run_id == run_id))

    async def _write(self, run: SyncRun) -> None:
        row = {
            "id": run.id,
            "hub_id": run.hub_id,
            "started_at": run.started_at,
            "state": run.state.value,
            "body": to_json(run),
        }
        await self.upsert(SYNC_RUNS, [row])


def _packed(pages: Sequence[SyncPage]) -> list[bytes]:
    return [zlib.compress(page.body, LEVEL) for page in pages]


def _run(row: RowMapping) -> SyncRun:
    return from_json(row["body"], SyncRun)
