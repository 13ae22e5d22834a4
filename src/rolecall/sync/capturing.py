"""Reads resources page by page and keeps each page, so that a killed run goes on where it was.

A page is kept as the rows that were read of it, so that its own words can be let go at once; where
nobody reads rows yet, in HubSpot's words. A digest of these words tells whether anything changed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import msgspec

from rolecall.hubspot import Reader
from rolecall.hubspot.errors import Failure, HubSpotError, Unreadable
from rolecall.store import Database, SyncPage
from rolecall.sync.ports import Progress, Step, silent
from rolecall.sync.resources import Material, Resource
from rolecall.sync.troubles import Gap, gap_of

# A kill costs at most the pages of so many seconds again. Keeping all of them is a third of what
# reading them costs, so a sync that is done sooner keeps none.
KEPT_EVERY = 5.0
# JSON as bytes, or as msgspec.Raw: a view of the answer it came in, which is not copied.
Words = bytes | msgspec.Raw
_COUNTED = msgspec.json.Decoder(tuple[msgspec.Raw, ...])
CHANGED = "try again later; if it stays, HubSpot's API has changed"


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A page that is not kept yet: its rows, or its words where `rows` is None."""

    resource: str
    number: int
    after: str | None
    digest: bytes
    rows: list[Any] | None
    words: Words = b""

    def written(self) -> SyncPage:
        """The page as the store keeps it."""
        body = self.words if self.rows is None else msgspec.json.encode(self.rows)
        read = self.rows is not None
        return SyncPage(self.resource, self.number, self.after, body, self.digest.hex(), read)


@dataclass(slots=True)
class Capture:
    """One run's reading: what came, what is missing, and a digest of it all.

    `lazy` True: rows of long lists are not looked at before `decode`, which a sync that finds
    nothing changed never calls.
    """

    database: Database
    run_id: str
    reader: Reader
    progress: Progress
    material: Material = field(default_factory=Material)
    gaps: list[Gap] = field(default_factory=list)
    failures: dict[str, HubSpotError] = field(default_factory=dict)  # by resource
    begun: frozenset[str] = frozenset()  # resources of which an earlier try kept pages
    lazy: bool = False
    _undecoded: dict[str, tuple[Resource[Any], list[Words]]] = field(default_factory=dict)
    _digests: dict[str, bytes] = field(default_factory=dict)
    _waiting: list[_Waiting] = field(default_factory=list)
    _writing: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def read(self, resource: Resource[Any], expected: int | None = None) -> bool:
        """Read one resource to its end; False leaves a gap. Errors that end the run are raised."""
        try:
            await self._read(resource, expected)
        except HubSpotError as error:
            self._miss(resource, error)
        except msgspec.DecodeError as error:
            self._miss(resource, _unreadable(resource, error))
        else:
            return True
        self.progress(Step(resource.name, 0, note=self.gaps[-1].reason, finished=True))
        return False

    def _miss(self, resource: Resource[Any], error: HubSpotError) -> None:
        self.gaps.append(gap_of(resource.name, error))
        self.failures[resource.name] = error

    async def _read(self, resource: Resource[Any], expected: int | None) -> None:
        last, count = await self._resume(resource)
        digest = b"" if last is None else bytes.fromhex(last.digest)
        if last is None or last.after is not None:
            number, after = (0, None) if last is None else (last.number + 1, last.after)
            async for page in resource.pages(self.reader, after):
                words = page.items[0] if resource.raw else msgspec.json.encode(page.items)
                digest = _chained(digest, words)
                count += self._take(resource, words, number, page.after, digest)
                number += 1
                self.progress(Step(resource.name, count, expected))
        self._digests[resource.name] = digest
        self.progress(Step(resource.name, count, count, finished=True))

    async def _resume(self, resource: Resource[Any]) -> tuple[SyncPage | None, int]:
        """Take up the pages kept before; the last one before any hole, and how many rows they had."""
        last: SyncPage | None = None
        count = 0
        if resource.name not in self.begun:
            return last, count
        async with self.database.read() as view:
            async for page in view.syncs.pages(self.run_id, resource.name):
                if page.number != (0 if last is None else last.number + 1):
                    break
                if page.read:
                    rows = resource.kept_decoder.decode(page.body)
                    self.material.rows_of(resource.name).extend(rows)
                    count += len(rows)
                else:
                    count += self._set_aside(resource, page.body)
                last = page
        return last, count

    def _take(
        self, resource: Resource[Any], words: Words, number: int, after: str | None, digest: bytes
    ) -> int:
        """Rows into the material, or their page aside until somebody asks for rows; how many."""
        if resource.raw and self.lazy:
            page = _Waiting(resource.name, number, after, digest, None, words)
            count = self._set_aside(resource, words)
        else:
            rows = resource.read(words)
            page = _Waiting(resource.name, number, after, digest, rows)
            self.material.rows_of(resource.name).extend(rows)
            count = len(rows)
        self._waiting.append(page)
        return count

    def _set_aside(self, resource: Resource[Any], words: Words) -> int:
        """Keep a page in HubSpot's words; how many rows it has, where anybody watches them."""
        self._undecoded.setdefault(resource.name, (resource, []))[1].append(words)
        return 0 if self.progress is silent else len(_COUNTED.decode(words))

    def decode(self) -> tuple[Gap, ...]:
        """Put the rows of every page set aside into the material; lists that make no sense."""
        gaps: list[Gap] = []
        undecoded, self._undecoded = self._undecoded, {}
        for name, (resource, bodies) in undecoded.items():
            rows = self.material.rows_of(name)
            try:
                while bodies:  # each page is let go as soon as its rows are there
                    rows.extend(resource.read(bodies.pop(0)))
            except msgspec.DecodeError as error:
                gaps.append(gap_of(name, _unreadable(resource, error)))
        return tuple(gaps)

    async def keep(self) -> None:
        """Write what came, every few seconds, until cancelled."""
        while True:
            await asyncio.sleep(KEPT_EVERY)
            await self.flush()

    async def flush(self) -> None:
        """Write the pages that wait, in one transaction; those not written go on waiting."""
        async with self._writing:
            batch, self._waiting = self._waiting, []
            if not batch:
                return
            try:
                pages = [one.written() for one in batch]
                async with self.database.work() as work:
                    await work.syncs.keep_pages(self.run_id, pages)
            except BaseException:
                self._waiting[:0] = batch
                raise

    def let_go(self) -> None:
        """Free the pages that wait; a kill from now on costs them again."""
        self._waiting.clear()

    def anything(self) -> bool:
        """Whether any list came to its end."""
        return bool(self._digests)

    def digest(self, gaps: Iterable[Gap]) -> str:
        """One digest of everything read and everything missing; equal means nothing changed."""
        whole = sha256()
        for name in sorted(self._digests):
            whole.update(self._digests[name])
        for gap in sorted(map(str, gaps)):
            whole.update(gap.encode())
        return whole.hexdigest()


def _chained(digest: bytes, words: Words) -> bytes:
    """The digest of everything before and these words; a kept page carries it on."""
    found = sha256(digest)
    found.update(words)
    return found.digest()


def _unreadable(resource: Resource[Any], error: msgspec.DecodeError) -> HubSpotError:
    return Unreadable(
        f"HubSpot's answer makes no sense: {error}", Failure("GET", resource.name), hint=CHANGED
    )
