"""One run of a plan: its effects in order, several subjects at a time, until done or stopped."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import groupby

from rolecall.domain.plan import (
    Change,
    ChangeKind,
    Effect,
    EffectState,
    Outcome,
    Phase,
    Plan,
    PlanState,
    Receipt,
    Route,
)
from rolecall.kit.errors import NeedsPerson, Retryable
from rolecall.policy.desired import NEW_TEAM
from rolecall.provision.effect import Carried, Halted, Impossible, Stopped, carry_out
from rolecall.provision.ports import Desk, Moment
from rolecall.provision.settle import Judged

ORDER = tuple(Phase)  # prepare, revoke, move, grant, clean
BAD = frozenset({Outcome.REFUSED, Outcome.FAILED, Outcome.UNKNOWN, Outcome.SKIPPED})

LATER = 60.0  # seconds, where HubSpot names no time
TEAM_VALUES = frozenset(
    {
        ChangeKind.SET_MAIN_TEAM,
        ChangeKind.ADD_EXTRA_TEAM,
        ChangeKind.DROP_EXTRA_TEAM,
        ChangeKind.MOVE_TEAM,
    }
)

Carrier = Callable[[Desk, Effect, tuple[Change, ...]], Awaitable[Carried]]


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run ended: done, paused, cancelled, or waiting (until a time, or for a person)."""

    state: str  # done | paused | cancelled | waiting
    why: str = ""
    until: datetime | None = None


@dataclass(slots=True)
class _Run:
    desk: Desk
    changes: Mapping[str, Change]
    carriers: Mapping[Route, Carrier]
    made: dict[str, str] = field(default_factory=dict)  # stand-in of a new team -> its id
    created: dict[str, str] = field(default_factory=dict)  # e-mail -> id of the user it made
    spoiled: dict[str, str] = field(default_factory=dict)  # subject -> what went wrong
    stopped: Stopped | None = None
    state: PlanState = PlanState.APPLYING


async def run(desk: Desk, plan: Plan, carriers: Mapping[Route, Carrier]) -> Ended:
    """Carry the plan as far as it goes now; called again, it goes on where it stood.

    `carriers` handle the routes that are no single write: hand-over and manual tasks.
    """
    this = _Run(desk, {change.id: change for change in plan.changes}, carriers)
    effects = await desk.books.effects()
    _recall(this, effects, await desk.books.receipts())
    if settled := sum(effect.state is EffectState.SETTLED for effect in effects):
        desk.watch(Moment("taken_up", "", "", settled, len(effects)))
    for _, phase in groupby(sorted(effects, key=_place), key=lambda effect: effect.phase):
        await _phase(this, list(phase))
        if this.stopped is not None:
            return await _waiting(this.stopped, desk.clock.now())
        if this.state is not PlanState.APPLYING:
            break
    if this.state is PlanState.CANCELLED:
        return await _cancel(this, await desk.books.effects())
    return Ended("paused") if this.state is PlanState.PAUSED else Ended("done")


def _place(effect: Effect) -> tuple[int, int]:
    return ORDER.index(effect.phase), effect.number


def _recall(this: _Run, effects: Sequence[Effect], receipts: Sequence[Receipt]) -> None:
    """What earlier runs of the plan made, and what went wrong in them, from the journal."""
    last = {receipt.change_id: receipt for receipt in receipts}
    for effect in effects:
        told = [last[at] for at in effect.change_ids if at in last]
        _spoil(this, effect, [(this.changes[r.change_id], r.outcome, r.message) for r in told])
        if effect.state is not EffectState.SETTLED or effect.subject_id is None:
            continue
        if effect.route is Route.CREATE_TEAM:
            this.made[this.changes[effect.change_ids[0]].details["key"]] = effect.subject_id
        elif effect.route is Route.CREATE_USER:
            this.created[effect.subject] = effect.subject_id


async def _phase(this: _Run, effects: list[Effect]) -> None:
    """All effects of one phase; those of one subject one after another, others side by side."""
    lanes: dict[str, list[Effect]] = {}
    for effect in effects:
        if effect.state is not EffectState.SETTLED:
            lanes.setdefault(f"{effect.subject_kind}:{effect.subject}", []).append(effect)
    if any(effect.subject_kind == "team" for effect in effects):
        lanes = _teams_in_line(lanes)
    gate = asyncio.Semaphore(this.desk.patience.in_flight)
    try:
        async with asyncio.TaskGroup() as group:
            for lane in lanes.values():
                group.create_task(_lane(this, lane, gate))
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from failures


def _teams_in_line(lanes: dict[str, list[Effect]]) -> dict[str, list[Effect]]:
    """A team may have to exist before its child, so all team effects share one lane, in order."""
    teams = [e for name, lane in lanes.items() if name.startswith("team:") for e in lane]
    rest = {name: lane for name, lane in lanes.items() if not name.startswith("team:")}
    return {**rest, "teams": sorted(teams, key=_place)}


async def _lane(this: _Run, effects: Iterable[Effect], gate: asyncio.Semaphore) -> None:
    for effect in effects:
        async with gate:
            if this.stopped is not None or this.state is not PlanState.APPLYING:
                return
            this.state = await this.desk.books.state()
            if this.state is PlanState.APPLYING:
                await _one(this, effect)


async def _one(this: _Run, effect: Effect) -> None:
    changes = tuple(_resolved(this, this.changes[at]) for at in effect.change_ids)
    try:
        carried = await _carried(this, _placed(this, effect), changes)
    except Stopped as stopped:
        this.stopped = this.stopped or stopped
        await _put_off(this.desk, stopped)
    except Halted:
        this.state = await this.desk.books.state()
    else:
        _note(this, effect, carried)
        this.desk.watch(Moment("settled", effect.id, effect.subject, effect.number, 0))


async def _carried(this: _Run, effect: Effect, changes: tuple[Change, ...]) -> Carried:
    """Carry one effect out; an assumption of ours that does not hold fails this effect only."""
    if spoiled := this.spoiled.get(effect.subject) or _unmade(changes):
        judged = tuple(Judged(change, Outcome.SKIPPED, spoiled) for change in changes)
        await this.desk.books.settled(effect, judged)
        return Carried(judged)
    carrier = this.carriers.get(effect.route, carry_out)
    try:
        return await carrier(this.desk, effect, changes)
    except Impossible as error:
        judged = tuple(Judged(change, Outcome.FAILED, str(error)) for change in changes)
        await this.desk.books.settled(error.effect, judged)
        return Carried(judged)


def _resolved(this: _Run, change: Change) -> Change:
    """The change with ids of teams made by this plan in place of their stand-ins."""

    def real(value: str | tuple[str, ...] | None) -> str | tuple[str, ...] | None:
        if isinstance(value, tuple):
            return tuple(this.made.get(one, one) for one in value)
        return None if value is None else this.made.get(value, value)

    details = dict(change.details)
    if "parent" in details:
        details["parent"] = this.made.get(details["parent"], details["parent"])
    return replace(change, before=real(change.before), after=real(change.after), details=details)


def _unmade(changes: Sequence[Change]) -> str:
    """Why these changes cannot be made: a team of the plan they speak of was not made."""
    for change in changes:
        teams: list[str | tuple[str, ...] | None] = [change.details.get("parent")]
        teams += [change.before, change.after] if change.kind in TEAM_VALUES else []
        if any(isinstance(team, str) and team.startswith(NEW_TEAM) for team in teams):
            return "a team it needs was not made"
    return ""


def _placed(this: _Run, effect: Effect) -> Effect:
    """The effect with the id of its subject, where this plan made the subject."""
    if effect.subject_id is None and effect.route is not Route.CREATE_USER:
        return replace(effect, subject_id=this.created.get(effect.subject))
    return effect


def _note(this: _Run, effect: Effect, carried: Carried) -> None:
    """Remember what later effects need: ids of what was made, and what went wrong."""
    if carried.subject_id and effect.route is Route.CREATE_TEAM:
        this.made[this.changes[effect.change_ids[0]].details["key"]] = carried.subject_id
    if carried.subject_id and effect.route is Route.CREATE_USER:
        this.created[effect.subject] = carried.subject_id
    _spoil(this, effect, [(item.change, item.outcome, item.message) for item in carried.judged])


def _spoil(this: _Run, effect: Effect, told: Iterable[tuple[Change, Outcome, str]]) -> None:
    """Where something went wrong, nothing more happens to the subject."""
    for change, outcome, message in told:
        if outcome in BAD:
            reason = f"skipped because of {change.kind.value}: {message}"
            this.spoiled.setdefault(effect.subject, reason)


async def _put_off(desk: Desk, stopped: Stopped) -> None:
    until = _until(stopped, desk.clock.now())
    await desk.books.waiting(stopped.effect, until, stopped.error.message, unsent=stopped.unsent)


def _until(stopped: Stopped, now: datetime) -> datetime | None:
    """When to go on; None where a person must act first."""
    if isinstance(stopped.error, NeedsPerson):
        return None
    after = stopped.error.retry_after if isinstance(stopped.error, Retryable) else None
    return now + timedelta(seconds=after or LATER)


async def _waiting(stopped: Stopped, now: datetime) -> Ended:
    return Ended("waiting", stopped.error.message, _until(stopped, now))


async def _cancel(this: _Run, effects: Iterable[Effect]) -> Ended:
    """Nothing more is sent; what may have arrived is still looked at before it is settled."""
    this.desk = replace(this.desk, patience=replace(this.desk.patience, attempts=0))
    for effect in effects:
        if effect.state is EffectState.SETTLED:
            continue
        changes = tuple(_resolved(this, this.changes[at]) for at in effect.change_ids)
        try:
            await _called_off(this, _placed(this, effect), changes)
        except Stopped as stopped:
            await _put_off(this.desk, stopped)
            return await _waiting(stopped, this.desk.clock.now())
    return Ended("cancelled")


async def _called_off(this: _Run, effect: Effect, changes: tuple[Change, ...]) -> None:
    sent = effect.attempt > 0 and effect.route not in this.carriers
    if sent or effect.route is Route.HAND_OVER:
        await _carried(this, effect, changes)
        return
    judged = [Judged(change, Outcome.SKIPPED, "the plan was cancelled") for change in changes]
    await this.desk.books.settled(effect, judged)
