"""Gives a leaver's CRM records to successors, 100 at a time, with a row per record to go back by.

A record is written down with its former owner before its batch is sent. After a crash the written
but unsettled ones are read again: given already, still to give, or changed by somebody else.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from rolecall.domain.plan import Change, Effect, Outcome
from rolecall.hubspot.bodies import Filter, FilterGroup, RecordUpdate, Search, Sort
from rolecall.hubspot.errors import HubSpotError, Invalid, UnknownOutcome
from rolecall.kit.errors import NeedsPerson, Retryable
from rolecall.provision.effect import Carried, Stopped
from rolecall.provision.ports import Desk, Moment
from rolecall.provision.settle import Judged
from rolecall.store import HandedRecord

BATCH = 100  # documented maximum of batch writes
PAGE = 200  # documented maximum of a search page
KEY = "hs_object_id"
START = "0"  # below every record id
INDEX_LAG_PAUSES = (2.0, 5.0, 10.0)  # HubSpot's search index follows writes after seconds

DONE, REFUSED, GONE = "done", "refused", "gone"
# Detail of a change that undoes a hand-over: the effect whose records go back, one by one.
RETURNS = "returns"


class HandOverBooks(Protocol):
    """The rows of hand-overs; durable when each call returns."""

    async def newest(self, effect_id: str) -> HandedRecord | None:
        """The record written down last, None before the first."""
        ...

    async def write(self, rows: Sequence[HandedRecord]) -> Sequence[HandedRecord]:
        """Write records down before their batch is sent; gives those that were not known yet."""
        ...

    async def unsettled(self, effect_id: str) -> Sequence[HandedRecord]:
        """At most 100 written but unsettled records."""
        ...

    async def settle(self, effect_id: str, states: Mapping[str, Sequence[int]]) -> None:
        """What became of these records: numbers by state, in one transaction."""
        ...

    async def counts(self, effect_id: str) -> Mapping[str, int]:
        """How many records stand in which state."""
        ...

    async def given(self, effect_id: str) -> Sequence[HandedRecord]:
        """The records a hand-over gave: its rollback file."""
        ...


@dataclass(frozen=True, slots=True)
class HandOver:
    """Carries effects of the route hand_over; its change is one property of one object type."""

    rows: HandOverBooks

    async def __call__(self, desk: Desk, effect: Effect, changes: tuple[Change, ...]) -> Carried:
        """Hand over until a search finds nothing of the leaver any more."""
        (change,) = changes
        try:
            judged = await _Handing(desk, effect, change, self.rows).carry_out()
        except (Retryable, NeedsPerson, UnknownOutcome) as error:
            if not isinstance(error, HubSpotError):
                raise
            raise Stopped(error, effect) from error
        await desk.books.settled(effect, [judged])
        return Carried((judged,), effect.subject_id)


@dataclass(slots=True)
class _Handing:
    """One hand-over under way; `written` counts the records on paper."""

    desk: Desk
    effect: Effect
    change: Change
    rows: HandOverBooks
    written: int = 0

    @property
    def kind(self) -> str:
        return self.change.details["object_type"]

    @property
    def name(self) -> str:
        return self.change.details["property"]

    async def carry_out(self) -> Judged:
        newest = await self.rows.newest(self.effect.id)
        self.written = 0 if newest is None else newest.number
        while left := await self.rows.unsettled(self.effect.id):
            await self._settle_by_reading(left)
        if RETURNS in self.change.details:
            await self._give_back(self.change.details[RETURNS])
            return _judged(self.change, await self.rows.counts(self.effect.id), "given back")
        await self._pass(START if newest is None else newest.record_id)
        for pause in INDEX_LAG_PAUSES:
            if not await self._pass(START):
                break
            await self.desk.clock.sleep(pause)
        return _judged(self.change, await self.rows.counts(self.effect.id))

    async def _pass(self, after: str) -> int:
        """One pass over all records found above an id; how many of them were new to us."""
        new = 0
        async for found in self._pages(after):
            rows = await self.rows.write(self._given(found))
            self.written += len(rows)
            new += len(rows)
            batches = [rows[at : at + BATCH] for at in range(0, len(rows), BATCH)]
            await asyncio.gather(*[self._send(batch) for batch in batches])
            self._tell(f"{self.written} {self.kind} handed over")
        return new

    async def _give_back(self, effect_id: str) -> None:
        """What a former hand-over gave, to whom it came from; what moved on since stays."""
        given = await self.rows.given(effect_id)
        for start in range(0, len(given), BATCH):
            rows = await self.rows.write([self._back(one) for one in given[start : start + BATCH]])
            if theirs := await self._still_theirs(rows):
                await self._send(theirs)
            self._tell(f"{min(start + BATCH, len(given))} {self.kind} given back")

    def _back(self, one: HandedRecord) -> HandedRecord:
        return replace(
            one, effect_id=self.effect.id, before=one.after, after=one.before, state="pending",
            message="", settled_at=None,
        )  # fmt: skip

    async def _still_theirs(self, rows: Sequence[HandedRecord]) -> list[HandedRecord]:
        """The rows whose records still belong to whom they were given; the others are settled."""
        if not rows:
            return []
        ids = [row.record_id for row in rows]
        records = await self.desk.reader.crm_batch_read(self.kind, ids, [self.name])
        now = {record.id: record.properties.get(self.name) for record in records}
        moved = [row for row in rows if now.get(row.record_id) != row.before]
        states: dict[str, list[int]] = {}
        for row in moved:
            state = DONE if now.get(row.record_id) == row.after else GONE
            states.setdefault(state, []).append(row.number)
        if states:
            await self.rows.settle(self.effect.id, states)
        return [row for row in rows if row not in moved]

    def _tell(self, message: str) -> None:
        effect = self.effect
        self.desk.watch(Moment("batch", effect.id, effect.subject, effect.number, 0, message))

    def _given(self, ids: Sequence[str]) -> list[HandedRecord]:
        """Records with their successors, in turn where there are several (round-robin)."""
        to, start = _successors(self.change), self.written
        former = self.change.before if isinstance(self.change.before, str) else None
        return [
            HandedRecord(
                self.effect.id,
                start + at,
                self.kind,
                record_id,
                self.name,
                former,
                to[(start + at) % len(to)],
            )
            for at, record_id in enumerate(ids, 1)
        ]

    async def _send(self, rows: Sequence[HandedRecord]) -> None:
        updates = [RecordUpdate(row.record_id, {self.name: row.after or ""}) for row in rows]
        try:
            answer = await self.desk.writer.batch_update(self.kind, updates)
        except (UnknownOutcome, Invalid):
            await self._settle_by_reading(rows)
            return
        shown = {record.id: record.properties.get(self.name) for record in answer.results}
        done = [row for row in rows if shown.get(row.record_id) == row.after]
        await self.rows.settle(self.effect.id, {DONE: [row.number for row in done]})
        if rest := [row for row in rows if row not in done]:
            await self._settle_by_reading(rest)

    async def _settle_by_reading(self, rows: Sequence[HandedRecord]) -> None:
        """Read the records: given, gone or changed outside, else given one by one, once."""
        ids = [row.record_id for row in rows]
        records = await self.desk.reader.crm_batch_read(self.kind, ids, [self.name])
        now = {record.id: record.properties.get(self.name) for record in records}
        states: dict[str, list[int]] = {}
        for row in rows:
            state = await self._state(row, now.get(row.record_id))
            states.setdefault(state, []).append(row.number)
        await self.rows.settle(self.effect.id, states)

    async def _state(self, row: HandedRecord, shown: str | None) -> str:
        if shown == row.after:
            return DONE
        if shown != row.before:
            return GONE
        return await self._single(row)

    async def _single(self, row: HandedRecord) -> str:
        """One record alone, so that one bad record does not hold up ninety-nine."""
        update = RecordUpdate(row.record_id, {self.name: row.after or ""})
        try:
            answer = await self.desk.writer.batch_update(self.kind, [update])
        except Invalid:
            return REFUSED
        kept = [r for r in answer.results if r.properties.get(self.name) == row.after]
        return DONE if kept else REFUSED

    async def _pages(self, after: str) -> AsyncIterator[list[str]]:
        """Ids of the leaver's records above `after`, 200 at a time; by id: no 10,000 cap applies.

        The next page is fetched while the caller works on this one.
        """
        pending = asyncio.ensure_future(self._search(after))
        try:
            while ids := await pending:
                if len(ids) < PAGE:
                    yield ids
                    return
                pending = asyncio.ensure_future(self._search(ids[-1]))
                yield ids
        finally:
            pending.cancel()

    async def _search(self, after: str) -> list[str]:
        former = self.change.before if isinstance(self.change.before, str) else ""
        filters = [Filter(self.name, "EQ", value=former)]
        filters += [Filter(KEY, "GT", value=after)] if after != START else []
        groups = (FilterGroup(tuple(filters)),)
        search = Search(filter_groups=groups, sorts=(Sort(KEY),), properties=(KEY,), limit=PAGE)
        page = await self.desk.reader.crm_search(self.kind, search)
        return [record.id for record in page.items]


def _successors(change: Change) -> tuple[str, ...]:
    after = change.after
    return after if isinstance(after, tuple) else tuple(filter(None, [after]))


def _judged(change: Change, counts: Mapping[str, int], how: str = "handed over") -> Judged:
    done, refused, gone = counts.get(DONE, 0), counts.get(REFUSED, 0), counts.get(GONE, 0)
    message = f"{done} {change.details['object_type']} {how}"
    if gone:
        message += f", {gone} were gone or given to somebody else meanwhile"
    if refused:
        return Judged(change, Outcome.FAILED, f"{message}, {refused} were refused by HubSpot")
    return Judged(change, Outcome.DONE if done else Outcome.ALREADY, message)
