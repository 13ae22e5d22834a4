"""Gives a leaver's CRM records to successors, 100 at a time, with a row per record to go back by.

A record is written down with its former owner before its batch is sent. After a crash the written
but unsettled ones are read again: given already, still to give, or changed by somebody else.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from rolecall.domain.plan import Change, Effect, Outcome, PlanState
from rolecall.hubspot.bodies import Filter, FilterGroup, RecordUpdate, Search, Sort
from rolecall.hubspot.errors import HubSpotError, Invalid, UnknownOutcome
from rolecall.kit.errors import Refused
from rolecall.plan.effects import RETURNS
from rolecall.provision.effect import Carried, Halted, Stopped
from rolecall.provision.ports import Desk, Moment
from rolecall.provision.settle import Judged
from rolecall.store import HandedRecord

BATCH = 100  # documented maximum of batch writes
PAGE = 200  # documented maximum of a search page
KEY = "hs_object_id"
START = "0"  # below every record id
# So many refusals one after another are no matter of single records (a successor who is gone); each
# costs a call of the day.
MOST_REFUSED = 200
INDEX_LAG_PAUSES = (2.0, 5.0, 10.0)  # HubSpot's search index follows writes after seconds

# What became of a record; left: with its former owner, because the plan was cancelled.
DONE, REFUSED, GONE, LEFT = "done", "refused", "gone", "left"


class HandOverBooks(Protocol):
    """The rows of hand-overs; durable when each call returns."""

    async def newest(self, effect_id: str) -> HandedRecord | None:
        """The record written down last, None before the first."""
        ...

    async def unknown(self, effect_id: str, record_ids: Sequence[str]) -> Sequence[str]:
        """Those of these records that are not written down yet."""
        ...

    async def write(self, rows: Sequence[HandedRecord]) -> None:
        """Write records down before their batch is sent."""
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
        """Hand over until a search finds nothing of the leaver any more.

        Where no attempt is left to the desk nothing is sent, only what may have arrived is judged.
        """
        (change,) = changes
        handing = _Handing(desk, effect, change, self.rows)
        try:
            judged = await (handing.carry_out() if desk.patience.attempts else handing.close())
        except HubSpotError as error:
            if not isinstance(error, Refused):
                raise Stopped(error, effect) from error
            judged = await handing.judged(refusal=error.message)
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
    told: str = ""  # how far it is
    refused: int = 0  # one after another, by now

    @property
    def kind(self) -> str:
        return self.change.details["object_type"]

    @property
    def name(self) -> str:
        return self.change.details["property"]

    @property
    def returns(self) -> bool:
        """Whether it takes a former hand-over back."""
        return RETURNS in self.change.details

    async def carry_out(self) -> Judged:
        newest = await self.rows.newest(self.effect.id)
        self.written = 0 if newest is None else newest.number
        while left := await self.rows.unsettled(self.effect.id):
            await self._take_up(left)
        if self.returns:
            await self._give_back(self.change.details[RETURNS])
            return await self.judged()
        await self._pass(START if newest is None else newest.record_id)
        for pause in INDEX_LAG_PAUSES:
            if not await self._pass(START):
                break
            await self.desk.clock.sleep(pause)
        return await self.judged()

    async def close(self) -> Judged:
        """The plan was cancelled: what is on paper is looked at, and the rest is left."""
        while rows := await self.rows.unsettled(self.effect.id):
            left = await self._not_given(rows)
            await self._settle({LEFT: left})
        given = (await self.rows.counts(self.effect.id)).get(DONE, 0)
        before = f"{given} {self.kind} {self._how} before " if given else ""
        return Judged(self.change, Outcome.SKIPPED, f"{before}the plan was cancelled")

    async def judged(self, refusal: str = "") -> Judged:
        """The receipt, from what stands on paper."""
        counts = await self.rows.counts(self.effect.id)
        done, refused, gone = counts.get(DONE, 0), counts.get(REFUSED, 0), counts.get(GONE, 0)
        message = f"{done} {self.kind} {self._how}"
        if gone:
            message += f", {gone} were gone or given to somebody else meanwhile"
        if refused:
            message += f", {refused} were refused by HubSpot"
        if refusal:
            message += f"; {refusal}"
        if refused or refusal:
            return Judged(self.change, Outcome.FAILED, message)
        return Judged(self.change, Outcome.DONE if done else Outcome.ALREADY, message)

    @property
    def _how(self) -> str:
        return "given back" if self.returns else "handed over"

    async def _pass(self, after: str) -> int:
        """One pass over all records found above an id; how many of them were new to us."""
        new = 0
        async for found in self._pages(after):
            await self._go_on()
            rows = self._given(await self.rows.unknown(self.effect.id, found))
            await self._written(rows)
            self.written += len(rows)
            new += len(rows)
            await self._send_all([rows[at : at + BATCH] for at in range(0, len(rows), BATCH)])
            self._tell("batch", f"{self.written} {self.kind} handed over")
        return new

    async def _go_on(self) -> None:
        """A person may pause or cancel between two batches; what was sent is settled by then."""
        if await self.desk.books.state() is not PlanState.APPLYING:
            raise Halted

    async def _written(self, rows: Sequence[HandedRecord]) -> None:
        if rows:
            await self.rows.write(rows)
            self._tell("batch_journaled")

    async def _send_all(self, batches: Sequence[Sequence[HandedRecord]]) -> None:
        """Batches side by side; each comes to its end before a failure of one is told."""
        ended = await asyncio.gather(*map(self._send, batches), return_exceptions=True)
        for failure in ended:
            if failure is not None:
                raise failure

    async def _give_back(self, effect_id: str) -> None:
        """What a former hand-over gave, to whom it came from; what moved on since stays."""
        given = await self.rows.given(effect_id)
        for start in range(0, len(given), BATCH):
            await self._go_on()
            part = {one.record_id: self._back(one) for one in given[start : start + BATCH]}
            rows = [part[key] for key in await self.rows.unknown(self.effect.id, list(part))]
            await self._written(rows)
            await self._take_up(rows)
            self._tell("batch", f"{min(start + BATCH, len(given))} {self.kind} given back")

    def _back(self, one: HandedRecord) -> HandedRecord:
        return replace(
            one, effect_id=self.effect.id, before=one.after, after=one.before, state="pending",
            message="", settled_at=None,
        )  # fmt: skip

    async def _take_up(self, rows: Sequence[HandedRecord], tries: int = 1) -> None:
        """Records on paper of which it is not known who has them: looked at, then given."""
        if left := await self._not_given(rows):
            await self._send(left, tries)

    async def _not_given(self, rows: Sequence[HandedRecord]) -> list[HandedRecord]:
        """The rows whose records are still with whom they come from; the others are settled."""
        if not rows:
            return []
        ids = [row.record_id for row in rows]
        records = await self.desk.reader.crm_batch_read(self.kind, ids, [self.name])
        now = {record.id: record.properties.get(self.name) for record in records}
        moved = [row for row in rows if now.get(row.record_id) != row.before]
        states: dict[str, list[HandedRecord]] = {}
        for row in moved:
            state = DONE if now.get(row.record_id) == row.after else GONE
            states.setdefault(state, []).append(row)
        await self._settle(states)
        return [row for row in rows if row not in moved]

    async def _settle(self, states: Mapping[str, Sequence[HandedRecord]]) -> None:
        numbers = {state: [row.number for row in rows] for state, rows in states.items() if rows}
        if numbers:
            await self.rows.settle(self.effect.id, numbers)

    def _tell(self, name: str, message: str = "") -> None:
        effect = self.effect
        self.told = message or self.told
        self.desk.watch(Moment(name, effect.id, effect.subject, effect.number, 0, self.told))

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

    async def _send(self, rows: Sequence[HandedRecord], tries: int = 1) -> None:
        """Give one batch; what its answer does not show is settled by looking."""
        updates = [RecordUpdate(row.record_id, {self.name: row.after or ""}) for row in rows]
        try:
            answer = await self.desk.writer.batch_update(self.kind, updates)
        except UnknownOutcome:
            if tries >= self.desk.patience.attempts:
                raise
            await self.desk.clock.sleep(self.desk.patience.before_look(tries))
            await self._take_up(rows, tries + 1)
            return
        except Invalid:
            await self._one_by_one(rows)
            return
        except HubSpotError as error:
            if isinstance(error, Refused):
                await self._settle({REFUSED: rows})
            raise
        self._tell("batch_sent")
        shown = {record.id: record.properties.get(self.name) for record in answer.results}
        await self._settle({DONE: [row for row in rows if shown.get(row.record_id) == row.after]})
        await self._one_by_one([row for row in rows if shown.get(row.record_id) != row.after])

    async def _one_by_one(self, rows: Sequence[HandedRecord]) -> None:
        """Each record alone, so that one bad record does not hold up ninety-nine."""
        states: dict[str, list[HandedRecord]] = {}
        left = await self._not_given(rows)
        for at, row in enumerate(left):
            try:
                state = await self._single(row)
            except Invalid:
                state = REFUSED
                if self.refused >= MOST_REFUSED:
                    states.setdefault(REFUSED, []).extend(left[at:])
                    await self._settle(states)
                    raise
            self.refused = 0 if state == DONE else self.refused + 1
            states.setdefault(state, []).append(row)
        await self._settle(states)

    async def _single(self, row: HandedRecord) -> str:
        update = RecordUpdate(row.record_id, {self.name: row.after or ""})
        answer = await self.desk.writer.batch_update(self.kind, [update])
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
