"""The books of one run, kept in the store: every call is one durable transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from rolecall.domain.actor import Actor
from rolecall.domain.events import Event
from rolecall.domain.plan import Effect, ManualTask, Plan, PlanState, Receipt, Route
from rolecall.provision.parked import remember_parking
from rolecall.provision.settle import Judged
from rolecall.store import Database, HandedRecord

MAKES_SUBJECT = frozenset({Route.CREATE_USER, Route.CREATE_TEAM})


@dataclass(frozen=True, slots=True)
class StoreBooks:
    """Satisfies `books.Books` and `hand_over.HandOverBooks` for one plan and one actor."""

    database: Database
    actor: Actor
    plan: Plan

    async def state(self) -> PlanState:
        """Where the plan stands now."""
        async with self.database.read() as view:
            return await view.plans.state(self.plan.id)

    async def effects(self) -> tuple[Effect, ...]:
        """All effects of the plan, in order."""
        async with self.database.read() as view:
            return await view.journal.effects(self.plan.id)

    async def receipts(self) -> tuple[Receipt, ...]:
        """What became of the changes so far."""
        async with self.database.read() as view:
            return await view.journal.receipts(self.plan.id)

    async def sending(
        self, effect: Effect, fingerprint: str, observed: Mapping[str, str]
    ) -> Effect:
        """Written down before it is sent."""
        async with self.database.begin(self.actor, self.plan.reason) as work:
            sent = await work.journal.sending(effect, fingerprint, observed)
            work.record(
                Event.PLAN_EFFECT_SENT,
                subject=effect.subject,
                hub_id=effect.hub_id,
                details={
                    "plan": self.plan.id,
                    "effect": effect.id,
                    "route": effect.route.value,
                    "attempt": str(sent.attempt),
                    "request": fingerprint,
                },
            )
            return sent

    async def settled(
        self,
        effect: Effect,
        judged: Sequence[Judged],
        *,
        correlation_id: str = "",
        effective_at: datetime | None = None,
        tasks: Sequence[ManualTask] = (),
        subject_id: str | None = None,
    ) -> None:
        """Receipts, tasks, audit line and the effect's end, in one transaction."""
        async with self.database.begin(self.actor, self.plan.reason) as work:
            receipts = [
                Receipt(
                    self.plan.id,
                    item.change.id,
                    effect.id,
                    effect.attempt,
                    item.outcome,
                    work.now,
                    item.message,
                    correlation_id,
                    effective_at,
                    item.refusal,
                )
                for item in judged
            ]
            await work.journal.add_receipts(receipts)
            await work.journal.settle(effect)
            await work.tasks.add(tasks)
            await remember_parking(work, self.plan, judged)
            if subject_id is not None and effect.route in MAKES_SUBJECT:
                await work.journal.name_subject(self.plan.id, effect.subject, subject_id)
            work.record(
                Event.PLAN_EFFECT_SETTLED,
                subject=effect.subject,
                hub_id=effect.hub_id,
                details=_settled_details(self.plan, effect, judged, correlation_id),
            )

    async def waiting(
        self, effect: Effect, until: datetime | None, why: str, *, unsent: bool = False
    ) -> None:
        """Put off until a time, or until a person has acted."""
        async with self.database.begin(self.actor, self.plan.reason) as work:
            await work.journal.wait(effect, until, why, unsent=unsent)

    async def newest(self, effect_id: str) -> HandedRecord | None:
        """The record of a hand-over written down last."""
        async with self.database.read() as view:
            return await view.handovers.newest(effect_id)

    async def unknown(self, effect_id: str, record_ids: Sequence[str]) -> Sequence[str]:
        """Those of these records that are not written down yet."""
        async with self.database.read() as view:
            known = await view.handovers.known(effect_id, record_ids)
        return [one for one in record_ids if one not in known]

    async def write(self, rows: Sequence[HandedRecord]) -> None:
        """Write records down."""
        async with self.database.begin(self.actor, self.plan.reason) as work:
            await work.handovers.add(rows)

    async def unsettled(self, effect_id: str) -> Sequence[HandedRecord]:
        """At most 100 written but unsettled records."""
        async with self.database.read() as view:
            return await view.handovers.batch(effect_id)

    async def settle(self, effect_id: str, states: Mapping[str, Sequence[int]]) -> None:
        """What became of records, with one audit line per batch."""
        async with self.database.begin(self.actor, self.plan.reason) as work:
            for state, numbers in states.items():
                await work.handovers.mark(effect_id, list(numbers), state, work.now)
            counts = {state: str(len(numbers)) for state, numbers in states.items() if numbers}
            work.record(
                Event.RECORDS_BATCH_MOVED,
                subject=effect_id,
                hub_id=self.plan.hub_id,
                details={"plan": self.plan.id, **counts},
            )

    async def counts(self, effect_id: str) -> Mapping[str, int]:
        """How many records stand in which state."""
        async with self.database.read() as view:
            return await view.handovers.progress(effect_id)

    async def given(self, effect_id: str) -> Sequence[HandedRecord]:
        """The records a hand-over gave, in order."""
        async with self.database.read() as view:
            return [one for one in await view.handovers.all(effect_id) if one.state == "done"]


def _settled_details(
    plan: Plan, effect: Effect, judged: Sequence[Judged], correlation_id: str
) -> dict[str, str]:
    """What the audit trail keeps of a settled effect: each change with before, after, outcome."""
    details = {"plan": plan.id, "effect": effect.id, "route": effect.route.value}
    if correlation_id:
        details["correlation_id"] = correlation_id
    for item in judged:
        change = item.change
        told = f"{change.before or '-'} -> {change.after or '-'}: {item.outcome.value}"
        details[f"{change.kind.value} {change.id}"] = told
    return details
