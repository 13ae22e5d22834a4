"""Reads resources page by page and keeps each page, so that a killed run goes on where it was.

Pages are kept in HubSpot's words; they are also what tells whether anything changed at all.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from hashlib import blake2b
from time import monotonic
from typing import Any

import msgspec

from rolecall.hubspot import Reader
from rolecall.hubspot.errors import HubSpotError
from rolecall.store import Database, SyncPage
from rolecall.sync.ports import Progress, Step
from rolecall.sync.resources import Material, Resource
from rolecall.sync.troubles import Gap, gap_of

# A kill costs at most the pages of one second again, or this many where they come slowly; written
# one by one, transactions would cost as much as the pages.
BATCH = 20
KEPT_EVERY = 1.0  # seconds


@dataclass(slots=True)
class Capture:
    """One run's reading: what came, what is missing, and a digest of it all."""

    database: Database
    run_id: str
    reader: Reader
    progress: Progress
    material: Material = field(default_factory=Material)
    gaps: list[Gap] = field(default_factory=list)
    begun: frozenset[str] = frozenset()  # resources of which an earlier try kept pages
    _digests: dict[str, bytes] = field(default_factory=dict)
    _waiting: list[SyncPage] = field(default_factory=list)
    _writing: asyncio.Lock = field(default_factory=asyncio.Lock)
    _kept_at: float = field(default_factory=monotonic)

    async def read(self, resource: Resource[Any], expected: int | None = None) -> bool:
        """Read one resource to its end; False leaves a gap. Errors that end the run are raised."""
        try:
            await self._read(resource, expected)
        except HubSpotError as error:
            self.gaps.append(gap_of(resource.name, error))
            self.progress(Step(resource.name, 0, note=self.gaps[-1].reason, finished=True))
            return False
        return True

    async def _read(self, resource: Resource[Any], expected: int | None) -> None:
        rows = self.material.rows_of(resource.name)
        digest = blake2b(resource.name.encode(), digest_size=16)
        number, after, finished = await self._resume(resource, rows, digest)
        if not finished:
            async for page in resource.pages(self.reader, after):
                rows.extend(page.items)
                body = msgspec.json.encode(page.items)
                digest.update(body)
                await self._keep(SyncPage(resource.name, number, page.after, body))
                number += 1
                self.progress(Step(resource.name, len(rows), expected))
        self._digests[resource.name] = digest.digest()
        self.progress(Step(resource.name, len(rows), len(rows), finished=True))

    async def _resume(
        self, resource: Resource[Any], rows: list[Any], digest: Any
    ) -> tuple[int, str | None, bool]:
        """Take up the pages kept before; the next page's number and cursor, or that it is done."""
        if resource.name not in self.begun:
            return 0, None, False
        last: SyncPage | None = None
        async with self.database.read() as view:
            async for page in view.syncs.pages(self.run_id, resource.name):
                rows.extend(resource.decoder.decode(page.body))
                digest.update(page.body)
                last = page
        if last is None:
            return 0, None, False
        return last.number + 1, last.after, last.after is None

    async def _keep(self, page: SyncPage) -> None:
        self._waiting.append(page)
        due = monotonic() - self._kept_at >= KEPT_EVERY
        if due and len(self._waiting) >= BATCH:
            await self.flush()

    async def flush(self) -> None:
        """Write the pages that wait, in one transaction."""
        async with self._writing:
            if not self._waiting:
                return
            batch, self._waiting = self._waiting, []
            self._kept_at = monotonic()
            async with self.database.work() as work:
                await work.syncs.keep_pages(self.run_id, batch)

    def digest(self) -> str:
        """One digest of everything read and everything missing; equal means nothing changed."""
        whole = blake2b(digest_size=16)
        for name in sorted(self._digests):
            whole.update(self._digests[name])
        for gap in sorted(map(str, self.gaps)):
            whole.update(gap.encode())
        return whole.hexdigest()
