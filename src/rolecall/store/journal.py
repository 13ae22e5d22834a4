"""The journal of runs: every effect is written down before it is sent, and settled once.

Killed at any instruction, a run goes on from here. Receipts are kept per change and attempt.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import BigInteger, Column, Index, Integer, RowMapping, Table, or_, select
from sqlalchemy import update as change

from rolecall.domain.plan import Effect, EffectState, Outcome, PlanState, Receipt
from rolecall.store.encoding import from_json, to_json
from rolecall.store.errors import OutOfDate
from rolecall.store.plans import PLANS
from rolecall.store.rows import Repository
from rolecall.store.schema import Key, metadata, moment, text

EFFECTS = Table(
    "effects", metadata,
    Column("id", Key, primary_key=True),
    Column("plan_id", Key, nullable=False),
    Column("hub_id", BigInteger, nullable=False),
    Column("number", Integer, nullable=False),
    text("subject"),
    text("state"),
    Column("attempt", Integer, nullable=False),
    moment("next_attempt_at", nullable=True),
    text("why"),  # it waits
    text("body"),
    Index("ix_effects_plan_id", "plan_id", "number"),
    Index("ix_effects_due", "state", "next_attempt_at"),
)  # fmt: skip
RECEIPTS = Table(
    "receipts", metadata,
    Column("plan_id", Key, primary_key=True),
    Column("change_id", Key, primary_key=True),
    Column("attempt", Integer, primary_key=True, autoincrement=False),
    text("effect_id"),
    text("outcome"),
    moment("observed_at"),
    text("body"),
)  # fmt: skip

MOST_REFUSALS = 500


@dataclass(frozen=True, slots=True)
class Due:
    """A plan with effects that can be worked on now."""

    plan_id: str
    hub_id: int


class Journal(Repository):
    """Effects by plan, in order; one row each, whatever happens to it."""

    async def start(self, effects: Iterable[Effect]) -> None:
        """Write down what a plan will do; effects that are there already stay as they are."""
        await self.add_new(EFFECTS, [_row(effect) for effect in effects])

    async def effects(self, plan_id: str) -> tuple[Effect, ...]:
        """All effects of a plan, in order, as journaled."""
        found = select(EFFECTS).where(EFFECTS.c.plan_id == plan_id).order_by(EFFECTS.c.number)
        return tuple(_effect(row) for row in await self.rows(found))

    async def waiting_for(self, plan_id: str) -> Mapping[str, str]:
        """Why each waiting effect waits, by effect id."""
        waits = (EFFECTS.c.plan_id == plan_id, EFFECTS.c.state == EffectState.WAITING.value)
        rows = await self.rows(select(EFFECTS.c.id, EFFECTS.c.why).where(*waits))
        return {row["id"]: row["why"] for row in rows}

    async def sending(
        self, effect: Effect, fingerprint: str, observed: Mapping[str, str]
    ) -> Effect:
        """Write down that an effect is about to be sent; the attempt counts from here.

        `observed` is kept from the first attempt only. Raises OutOfDate when the effect was
        taken further by somebody else.
        """
        sent = replace(
            effect,
            state=EffectState.SENT,
            attempt=effect.attempt + 1,
            next_attempt_at=None,
            fingerprint=fingerprint,
            observed=effect.observed or dict(observed),
        )
        await self._advance(effect, sent)
        return sent

    async def settle(self, effect: Effect) -> Effect:
        """Every change of the effect has its final receipt; nothing more happens to it."""
        settled = replace(effect, state=EffectState.SETTLED, next_attempt_at=None)
        await self._advance(effect, settled)
        return settled

    async def wait(
        self, effect: Effect, until: datetime | None, why: str, *, unsent: bool = False
    ) -> Effect:
        """Put an effect off until a time, or until a person has acted (None).

        `unsent` takes back the attempt written down last: it was refused at the door.
        """
        attempt = effect.attempt - 1 if unsent else effect.attempt
        waiting = replace(
            effect, state=EffectState.WAITING, next_attempt_at=until, attempt=max(attempt, 0)
        )
        await self._advance(effect, waiting, why)
        return waiting

    async def name_subject(self, plan_id: str, subject: str, subject_id: str) -> None:
        """Give the effects of a subject the id of what was created for it."""
        mine = (EFFECTS.c.plan_id == plan_id, EFFECTS.c.subject == subject)
        for row in await self.rows(select(EFFECTS).where(*mine)):
            effect = _effect(row)
            if effect.subject_id is None:
                named = to_json(replace(effect, subject_id=subject_id))
                here = change(EFFECTS).where(EFFECTS.c.id == effect.id)
                await self.connection.execute(here.values(body=named))

    async def due(self, now: datetime) -> tuple[Due, ...]:
        """Plans with an effect that is not settled and whose time has come.

        Effects that wait for a person (no time) do not count; `wake` ends their waiting. While
        one effect waits for a time, the others of its plan wait with it.
        """
        waits = EFFECTS.c.state == EffectState.WAITING.value
        ready = EFFECTS.c.state.in_([EffectState.PENDING.value, EffectState.SENT.value])
        come = waits & (EFFECTS.c.next_attempt_at <= now)
        later = select(EFFECTS.c.plan_id).where(waits, EFFECTS.c.next_attempt_at > now)
        open_now = or_(ready, come) & EFFECTS.c.plan_id.not_in(later)
        found = select(EFFECTS.c.plan_id, EFFECTS.c.hub_id).where(open_now).distinct()
        rows = await self.rows(found.order_by(EFFECTS.c.plan_id))
        return tuple(Due(row["plan_id"], row["hub_id"]) for row in rows)

    async def carried_out(self) -> tuple[Due, ...]:
        """Plans under way with nothing left to do: their run ended without a word."""
        left = select(EFFECTS.c.plan_id).where(EFFECTS.c.state != EffectState.SETTLED.value)
        found = select(PLANS.c.id, PLANS.c.hub_id).where(
            PLANS.c.state == PlanState.APPLYING.value, PLANS.c.id.not_in(left)
        )
        rows = await self.rows(found.order_by(PLANS.c.id))
        return tuple(Due(row["id"], row["hub_id"]) for row in rows)

    async def stuck(self, hub_id: int) -> tuple[str, ...]:
        """Plans of a portal with an effect that waits for a person."""
        waits = (EFFECTS.c.state == EffectState.WAITING.value, EFFECTS.c.next_attempt_at.is_(None))
        found = select(EFFECTS.c.plan_id).where(EFFECTS.c.hub_id == hub_id, *waits).distinct()
        return tuple(row["plan_id"] for row in await self.rows(found.order_by(EFFECTS.c.plan_id)))

    async def wake(self, plan_id: str, now: datetime) -> int:
        """A person has acted: every waiting effect of the plan is due; how many."""
        waits = (EFFECTS.c.plan_id == plan_id, EFFECTS.c.state == EffectState.WAITING.value)
        return await self.touched(change(EFFECTS).where(*waits).values(next_attempt_at=now))

    async def add_receipts(self, receipts: Sequence[Receipt]) -> None:
        """Write receipts; the same change and attempt again replaces itself."""
        rows = [
            {
                "plan_id": one.plan_id,
                "change_id": one.change_id,
                "attempt": one.attempt,
                "effect_id": one.effect_id,
                "outcome": one.outcome.value,
                "observed_at": one.observed_at,
                "body": to_json(one),
            }
            for one in receipts
        ]
        await self.upsert(RECEIPTS, rows)

    async def receipts(self, plan_id: str) -> tuple[Receipt, ...]:
        """Every receipt of a plan, in the order of attempts."""
        found = select(RECEIPTS.c.body).where(RECEIPTS.c.plan_id == plan_id)
        ordered = found.order_by(RECEIPTS.c.observed_at, RECEIPTS.c.change_id, RECEIPTS.c.attempt)
        return tuple(from_json(row["body"], Receipt) for row in await self.rows(ordered))

    async def refusals(self, hub_id: int, since: datetime) -> tuple[Receipt, ...]:
        """What HubSpot refused in a portal since a time, newest first."""
        mine = select(EFFECTS.c.id).where(EFFECTS.c.hub_id == hub_id)
        found = select(RECEIPTS.c.body).where(
            RECEIPTS.c.outcome == Outcome.REFUSED.value,
            RECEIPTS.c.observed_at >= since,
            RECEIPTS.c.effect_id.in_(mine),
        )
        rows = await self.rows(found.order_by(RECEIPTS.c.observed_at.desc()).limit(MOST_REFUSALS))
        return tuple(from_json(row["body"], Receipt) for row in rows)

    async def outcomes(self, plan_id: str) -> Mapping[str, Outcome]:
        """The last outcome of each change that has one, by change id."""
        return {one.change_id: one.outcome for one in await self.receipts(plan_id)}

    async def _advance(self, former: Effect, now: Effect, why: str = "") -> None:
        """Write an effect, if it still stands where the caller saw it."""
        here = (
            EFFECTS.c.id == former.id,
            EFFECTS.c.state == former.state.value,
            EFFECTS.c.attempt == former.attempt,
        )
        row = _row(now)
        del row["id"]
        if not await self.touched(change(EFFECTS).where(*here).values(**row | {"why": why})):
            hint = "another process took over this portal; follow it with `rolecall plan show`"
            raise OutOfDate(f"Effect {former.id} was taken further by another process", hint=hint)


def _row(effect: Effect) -> dict[str, object]:
    return {
        "id": effect.id,
        "plan_id": effect.plan_id,
        "hub_id": effect.hub_id,
        "number": effect.number,
        "subject": effect.subject,
        "state": effect.state.value,
        "attempt": effect.attempt,
        "next_attempt_at": effect.next_attempt_at,
        "why": "",
        "body": to_json(effect),
    }


def _effect(row: RowMapping) -> Effect:
    """State, attempt and time are the columns': `wake` changes them without the body."""
    return replace(
        from_json(row["body"], Effect),
        state=EffectState(row["state"]),
        attempt=row["attempt"],
        next_attempt_at=row["next_attempt_at"],
    )
