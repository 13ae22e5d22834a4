"""Gives a leaver's CRM records to successors, 100 at a time, with a row per record to go back by.

A record is written down with its former owner before its batch is sent. After a crash the written
but unsettled ones are read again: given already, still to give, or changed by somebody else.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from msgspec import UNSET

from rolecall.domain.plan import Change, Effect, Outcome
from rolecall.hubspot.bodies import Filter, FilterGroup, RecordUpdate, Search, Sort
from rolecall.hubspot.errors import HubSpotError, Invalid, UnknownOutcome
from rolecall.kit.errors import NeedsPerson, Retryable
from rolecall.provision.effect import Carried, Stopped
from rolecall.provision.ports import Desk, Moment
from rolecall.provision.settle import Judged

BATCH = 100  # documented maximum of batch writes
PAGE = 200  # documented maximum of a search page
KEY = "hs_object_id"
START = "0"  # below every record id
INDEX_LAG_PAUSES = (2.0, 5.0, 10.0)  # HubSpot's search index follows writes after seconds


@dataclass(frozen=True, slots=True)
class Given:
    """One record on its way: from whom, to whom; `outcome` None = written down, not settled."""

    record_id: str
    former: str
    successor: str
    outcome: Outcome | None = None


class HandOverBooks(Protocol):
    """The rows of hand-overs; durable when each call returns."""

    async def last(self, change_id: str) -> str:
        """The highest record id written down so far, START when none."""
        ...

    async def write(self, change_id: str, rows: Sequence[Given]) -> Sequence[Given]:
        """Write records down before their batch is sent; gives those that were not known yet."""
        ...

    async def unsettled(self, change_id: str, limit: int) -> tuple[Given, ...]:
        """Written but unsettled records."""
        ...

    async def settle(self, change_id: str, ids: Sequence[str], outcome: Outcome) -> None:
        """What became of these records."""
        ...

    async def counts(self, change_id: str) -> Counter[Outcome]:
        """How many records have which outcome."""
        ...


@dataclass(frozen=True, slots=True)
class HandOver:
    """Carries effects of the route hand_over; one change is one property of one object type."""

    rows: HandOverBooks

    async def __call__(self, desk: Desk, effect: Effect, changes: tuple[Change, ...]) -> Carried:
        """Hand over until a search finds nothing of the leaver any more."""
        judged = []
        for change in changes:
            try:
                judged.append(await self._one(desk, effect, change))
            except (Retryable, NeedsPerson, UnknownOutcome) as error:
                if not isinstance(error, HubSpotError):
                    raise
                raise Stopped(error) from error
        await desk.books.settled(effect, judged)
        return Carried(tuple(judged), effect.subject_id)

    async def _one(self, desk: Desk, effect: Effect, change: Change) -> Judged:
        await self._resume(desk, change)
        await self._pass(desk, effect, change, await self.rows.last(change.id))
        for pause in INDEX_LAG_PAUSES:
            if not await self._pass(desk, effect, change, START):
                break
            await desk.clock.sleep(pause)
        return _judged(change, await self.rows.counts(change.id))

    async def _resume(self, desk: Desk, change: Change) -> None:
        """Settle what a former run wrote down and perhaps sent."""
        while rows := await self.rows.unsettled(change.id, BATCH):
            await self._settle_by_reading(desk, change, rows)

    async def _pass(self, desk: Desk, effect: Effect, change: Change, after: str) -> int:
        """One pass over all records found above an id; how many of them were new to us."""
        new = 0
        async for found in _pages(desk, change, after):
            rows = await self.rows.write(change.id, _given(change, found, new))
            batches = [rows[at : at + BATCH] for at in range(0, len(rows), BATCH)]
            await asyncio.gather(*[self._send(desk, change, batch) for batch in batches])
            new += len(rows)
            message = f"{new} {change.details.get('object_type', 'records')} handed over"
            desk.watch(Moment("batch", effect.id, effect.subject, effect.number, 0, message))
        return new

    async def _send(self, desk: Desk, change: Change, rows: Sequence[Given]) -> None:
        name = change.details["property"]
        updates = [RecordUpdate(row.record_id, {name: row.successor}) for row in rows]
        try:
            answer = await desk.writer.batch_update(change.details["object_type"], updates)
        except (UnknownOutcome, Invalid):
            await self._settle_by_reading(desk, change, rows)
            return
        done = {r.id for r in answer.results if r.properties.get(name) in _successors(change)}
        await self.rows.settle(change.id, sorted(done), Outcome.DONE)
        rest = [row for row in rows if row.record_id not in done]
        if rest:
            await self._settle_by_reading(desk, change, rest)

    async def _settle_by_reading(self, desk: Desk, change: Change, rows: Sequence[Given]) -> None:
        """Read the records: given, gone or changed outside, else given one by one, once."""
        kind, name = change.details["object_type"], change.details["property"]
        records = await desk.reader.crm_batch_read(kind, [r.record_id for r in rows], [name])
        now = {record.id: record.properties.get(name) for record in records}
        for row in rows:
            outcome = Outcome.SKIPPED  # gone, or somebody else's by now
            if now.get(row.record_id) == row.successor:
                outcome = Outcome.DONE
            elif now.get(row.record_id) == row.former:
                outcome = await self._single(desk, kind, name, row)
            await self.rows.settle(change.id, [row.record_id], outcome)

    async def _single(self, desk: Desk, kind: str, name: str, row: Given) -> Outcome:
        """One record alone, so that one bad record does not hold up ninety-nine."""
        try:
            answer = await desk.writer.batch_update(
                kind, [RecordUpdate(row.record_id, {name: row.successor})]
            )
        except Invalid:
            return Outcome.FAILED
        kept = [r for r in answer.results if r.properties.get(name) == row.successor]
        return Outcome.DONE if kept else Outcome.FAILED


async def _pages(desk: Desk, change: Change, after: str) -> AsyncIterator[list[str]]:
    """Ids of the leaver's records above `after`, 200 at a time; by id, so no 10,000 cap applies.

    The next page is fetched while the caller works on this one.
    """
    pending = asyncio.ensure_future(_search(desk, change, after))
    try:
        while ids := await pending:
            if len(ids) == PAGE:
                pending = asyncio.ensure_future(_search(desk, change, ids[-1]))
                yield ids
            else:
                yield ids
                return
    finally:
        pending.cancel()


async def _search(desk: Desk, change: Change, after: str) -> list[str]:
    mine = Filter(change.details["property"], "EQ", value=_former(change))
    later = Filter(KEY, "GT", value=after) if after != START else None
    filters = (mine,) if later is None else (mine, later)
    search = Search(
        filter_groups=(FilterGroup(filters),), sorts=(Sort(KEY),), properties=(KEY,),
        limit=PAGE, after=UNSET,
    )  # fmt: skip
    page = await desk.reader.crm_search(change.details["object_type"], search)
    return [record.id for record in page.items]


def _former(change: Change) -> str:
    return change.before if isinstance(change.before, str) else ""


def _successors(change: Change) -> tuple[str, ...]:
    after = change.after
    return after if isinstance(after, tuple) else tuple(filter(None, [after]))


def _given(change: Change, ids: Sequence[str], start: int) -> list[Given]:
    """Records with their successors, in turn where there are several (round-robin)."""
    to = _successors(change)
    return [Given(key, _former(change), to[(start + at) % len(to)]) for at, key in enumerate(ids)]


def _judged(change: Change, counts: Counter[Outcome]) -> Judged:
    done, failed = counts[Outcome.DONE], counts[Outcome.FAILED]
    kind = change.details.get("object_type", "records")
    message = f"{done} {kind} handed over"
    if counts[Outcome.SKIPPED]:
        message += f", {counts[Outcome.SKIPPED]} were gone or given to somebody else meanwhile"
    if failed:
        return Judged(change, Outcome.FAILED, f"{message}, {failed} were refused by HubSpot")
    return Judged(change, Outcome.DONE if done else Outcome.ALREADY, message)
