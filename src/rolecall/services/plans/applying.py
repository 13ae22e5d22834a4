"""Apply an approved plan: start it, go on with it after a crash, pause it, cancel it.

One run per portal at a time, on any machine. A run that must wait (the day's calls are spent, a
person must act) stays on the books with its reason and goes on from there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from rolecall.domain.actor import Actor, Role
from rolecall.domain.events import Event
from rolecall.domain.operator import TokenScope
from rolecall.domain.plan import ManualTask, Plan, PlanState, Receipt
from rolecall.domain.portal import Portal
from rolecall.domain.snapshot import Snapshot
from rolecall.kit.errors import Refused, Retryable
from rolecall.kit.logs import about
from rolecall.plan.clicks import manual_tasks
from rolecall.plan.effects import effects_of
from rolecall.plan.look import Knowledge
from rolecall.plan.stale import stale
from rolecall.policy.document import GuardrailSettings
from rolecall.policy.parse import parse_policy
from rolecall.services.app import App
from rolecall.services.connections.leases import one_at_a_time
from rolecall.services.connections.quota import count_requests
from rolecall.services.drafts.refusals import learned
from rolecall.services.plans.seen import seen_plan
from rolecall.services.rights import may_change
from rolecall.store import Due, StoredPlan, View

if TYPE_CHECKING:
    from rolecall.provision.applying import Carrying
    from rolecall.provision.ports import Moment, Patience
    from rolecall.provision.run import Ended

Answer = TypeVar("Answer")

SHARE = "apply"
STORE_PAUSES = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 30.0)  # a database may be away for a minute


LOOK_WHILE_WAITING = 15.0  # seconds between looks whether a person wants it ended


class StalePlan(Refused):
    """The portal changed since the plan was made; what differs is named in the message."""

    http_status = 409


class NotApplyable(Refused):
    """The plan cannot be applied as it stands."""

    http_status = 409


def _unwatched(_moment: Moment) -> None:
    """Where nobody watches."""


@dataclass(frozen=True, slots=True)
class Watching:
    """How a person follows a run: each moment, whoever is waited for, and how patient we are."""

    moment: Callable[[Moment], None] = _unwatched
    waiting: Callable[[str], None] = lambda _holder: None
    put_off: Callable[[str, datetime], None] = lambda _why, _until: (
        None
    )  # the day's calls are spent
    patience: Patience | None = None


@dataclass(frozen=True, slots=True)
class Applied:
    """Where a plan stands after a run, with every receipt."""

    plan: Plan
    state: PlanState
    receipts: tuple[Receipt, ...]
    message: str = ""  # why it waits
    until: datetime | None = None  # and until when, None = until a person has acted
    requests: int = 0


@dataclass(slots=True)
class _Job:
    app: App
    actor: Actor
    plan: Plan
    portal: Portal
    watching: Watching
    requests: int = 0


async def apply_plan(
    app: App,
    actor: Actor,
    plan_id: str,
    *,
    watching: Watching | None = None,
    wait: bool = False,
) -> Applied:
    """Carry an approved plan out, or go on with one that was begun.

    `wait` True: sleep through quota waits instead of returning while it waits.
    Raises NotApplyable, StalePlan; store trouble is sat out for about a minute.
    """
    watch = watching or Watching()
    async with app.database.read() as view:
        stored = await seen_plan(view, actor, plan_id)
        portal = await view.portals.get(stored.plan.hub_id)
    if portal is None:
        raise NotApplyable(f"the portal of plan {plan_id} is not connected any more")
    may_change(app, actor, Role.APPROVER, portal.hub_id, "apply plans", TokenScope.PLAN_APPLY)
    job = _Job(app, actor, stored.plan, portal, watch)
    async with one_at_a_time(app.database, f"portal:{portal.hub_id}", watch.waiting):
        await _begin(job)
        while True:
            ended = await _patiently(partial(_stretch, job))
            applied = await _patiently(partial(_close, job, ended))
            if not (wait and applied.until):
                return applied
            watch.put_off(applied.message, applied.until)
            if not await _slept(app, stored.plan.id, applied.until):
                return applied


async def _slept(app: App, plan_id: str, until: datetime) -> bool:
    """Wait until a time; False when the plan was paused or cancelled meanwhile."""
    while (left := (until - app.clock.now()).total_seconds()) > 0:
        await app.clock.sleep(min(left, LOOK_WHILE_WAITING))
        async with app.database.read() as view:
            if await view.plans.state(plan_id) is not PlanState.APPLYING:
                return False
    return True


async def _begin(job: _Job) -> None:
    """Bring the plan to applying: check it once, write its effects down."""
    async with job.app.database.read() as view:
        stored = await view.plans.get(job.plan.id)
        begun = bool(await view.journal.effects(job.plan.id))
        if stored.state is PlanState.APPROVED and not begun:
            await _check(view, job)
    since = _since(stored, begun)
    async with job.app.database.begin(job.actor, job.plan.reason) as work:
        if stored.state is not PlanState.CANCELLED:
            await work.plans.move(job.plan.id, PlanState.APPLYING, since=since, at=work.now)
        await work.journal.start(effects_of(job.plan))
        event = Event.PLAN_RUN_RESUMED if begun else Event.PLAN_RUN_STARTED
        work.record(event, subject=job.plan.id, hub_id=job.plan.hub_id)


def _since(stored: StoredPlan, begun: bool) -> tuple[PlanState, ...]:
    """The states a run may begin in; the others are told with the way out."""
    if stored.state in {PlanState.APPROVED, PlanState.APPLYING, PlanState.PAUSED}:
        return (stored.state,)
    if stored.state is PlanState.CANCELLED and begun:
        return ()
    hints = {
        PlanState.PROPOSED: f"approve it first: rolecall plan approve {stored.plan.id}",
        PlanState.DONE: f"see its receipts: rolecall plan show {stored.plan.id}",
        PlanState.REPLACED: f"apply the plan that took its place: {stored.replaced_by}",
    }
    raise NotApplyable(
        f"plan {stored.plan.id} is {stored.state.value}", hint=hints.get(stored.state)
    )


async def _check(view: View, job: _Job) -> None:
    """Guardrails and freshness, against the newest complete snapshot."""
    stopping = [verdict for verdict in job.plan.guardrails if verdict.stops]
    if stopping:
        raise NotApplyable(
            f"stopped by the guardrail {stopping[0].guardrail}: {stopping[0].message}",
            hint=stopping[0].hint or None,
        )
    newest = await view.snapshots.load(job.portal.hub_id, complete=True)
    if newest is None:
        return
    knowledge = await knowledge_of(view, job.portal, job.actor, newest)
    reasons = stale(job.plan, newest, knowledge, job.app.clock.now())
    if reasons:
        said = "; ".join(f"{reason.subject}: {reason.message}" for reason in reasons[:5])
        more = f" and {len(reasons) - 5} more" if len(reasons) > 5 else ""
        raise StalePlan(
            f"the portal changed since plan {job.plan.id} was made: {said}{more}",
            hint=f"plan again from what is there now: rolecall plan replan {job.plan.id}",
        )


async def knowledge_of(view: View, portal: Portal, actor: Actor, snapshot: Snapshot) -> Knowledge:
    """What guardrails are told beside the snapshot, from the policy in force and the portal."""
    stored = await view.policies.in_force(portal.hub_id)
    settings = parse_policy(stored.text).guardrails if stored else GuardrailSettings()
    refused = await learned(view, portal, snapshot)
    return Knowledge(
        settings=settings,
        operator_email=actor.email.casefold(),
        credential_user_id=portal.credential_user_id,
        refused_sets=refused.sets,
        invalid_pairs=refused.pairs,
    )


async def _patiently(work: Callable[[], Awaitable[Answer]]) -> Answer:
    """Work that may be done again; a database that is away is waited for, the journal rules."""
    for pause in (*STORE_PAUSES, None):
        try:
            return await work()
        except Retryable as error:
            if pause is None or not _is_of_store(error):
                raise
            await asyncio.sleep(pause)
    raise AssertionError("the last pause raises")


def _is_of_store(error: Retryable) -> bool:
    return type(error).__module__.startswith("rolecall.store")


async def _stretch(job: _Job) -> Ended:
    from rolecall.provision.applying import Order, carry_out_plan
    from rolecall.provision.ports import Patience

    async with job.app.database.read() as view:
        snapshot = await view.snapshots.load(job.plan.hub_id, snapshot_id=job.plan.snapshot_id)
    tasks = _tasks_of(job, snapshot)
    seats_told = snapshot is None or bool(snapshot.capabilities.seats)
    order = Order(
        job.plan,
        job.portal,
        job.actor,
        lambda change: tasks[change.id],
        seats_told=seats_told,
        patience=job.watching.patience or Patience(),
        watch=job.watching.moment,
        names=_names(snapshot) if snapshot is not None else {},
    )
    with about(plan=job.plan.id):
        carrying: Carrying = await carry_out_plan(
            job.app.hands, job.app.database, job.app.clock, order
        )
    job.requests += carrying.requests
    await count_requests(job.app, job.portal, carrying.requests, SHARE)
    return carrying.ended


def _names(snapshot: Snapshot) -> dict[str, str]:
    sets = {one.id: one.name for one in snapshot.permission_sets}
    return sets | {one.id: one.name for one in snapshot.teams}


def _tasks_of(job: _Job, snapshot: Snapshot | None) -> dict[str, ManualTask]:
    if snapshot is None:
        return {}
    made = manual_tasks(job.plan, snapshot, job.portal.ui_domain)
    return {task.change_id: task for task in made if task.change_id is not None}


async def _close(job: _Job, ended: Ended) -> Applied:
    """Write down how the stretch ended."""
    async with job.app.database.begin(job.actor, job.plan.reason) as work:
        # A commit whose answer got lost is not done twice.
        under_way = await work.plans.state(job.plan.id) is PlanState.APPLYING
        applying = (PlanState.APPLYING,)
        if ended.state == "done" and under_way:
            await work.plans.move(job.plan.id, PlanState.DONE, since=applying, at=work.now)
        if ended.state == "waiting" and ended.until is None and under_way:
            paused, why = PlanState.PAUSED, ended.why
            await work.plans.move(job.plan.id, paused, since=applying, at=work.now, message=why)
        event = Event.PLAN_RUN_PAUSED if ended.state in {"paused", "waiting"} else None
        work.record(
            event or Event.PLAN_RUN_ENDED,
            subject=job.plan.id,
            hub_id=job.plan.hub_id,
            details={"state": ended.state, **({"why": ended.why} if ended.why else {})},
        )
        stored = await work.plans.get(job.plan.id)
        receipts = await work.journal.receipts(job.plan.id)
    return Applied(job.plan, stored.state, receipts, ended.why, ended.until, job.requests)


async def pause_plan(app: App, actor: Actor, plan_id: str, reason: str) -> StoredPlan:
    """Stop a run after the effects under way; what is not sent stays unsent until it goes on."""
    return await _moved(
        app,
        actor,
        plan_id,
        reason,
        PlanState.PAUSED,
        (PlanState.APPLYING,),
        Event.PLAN_RUN_PAUSED,
    )


async def cancel_plan(app: App, actor: Actor, plan_id: str, reason: str) -> StoredPlan:
    """End a plan: nothing more is sent; what was sent is still settled by looking."""
    open_states = (
        PlanState.PROPOSED,
        PlanState.APPROVED,
        PlanState.APPLYING,
        PlanState.PAUSED,
    )
    stored = await _moved(
        app, actor, plan_id, reason, PlanState.CANCELLED, open_states, Event.PLAN_DRAFT_CANCELLED
    )
    async with app.database.read() as view:
        begun = bool(await view.journal.effects(stored.plan.id))
        busy = await app.database.leases.holder(f"portal:{stored.plan.hub_id}")
    if begun and busy is None:
        await apply_plan(app, actor, stored.plan.id)
    return stored


async def _moved(
    app: App,
    actor: Actor,
    plan_id: str,
    reason: str,
    state: PlanState,
    since: tuple[PlanState, ...],
    event: Event,
) -> StoredPlan:
    async with app.database.read() as view:
        hub_id = (await seen_plan(view, actor, plan_id)).plan.hub_id
    may_change(app, actor, Role.APPROVER, hub_id, f"bring plans to {state.value}",
               TokenScope.PLAN_APPLY)  # fmt: skip
    async with app.database.begin(actor, reason) as work:
        stored = await work.plans.get(plan_id)
        await work.plans.move(stored.plan.id, state, since=since, at=work.now, message=reason)
        work.record(event, subject=stored.plan.id, hub_id=hub_id)
        return await work.plans.get(stored.plan.id)


async def unfinished(app: App) -> tuple[Due, ...]:
    """Runs whose time has come: after a crash, a quota wait, a lost lease, or only to be closed."""
    async with app.database.read() as view:
        due = await view.journal.due(app.clock.now())
        states = {one.plan_id: await view.plans.state(one.plan_id) for one in due}
        closing = await view.journal.carried_out()
    going = [one for one in due if states[one.plan_id] in {PlanState.APPLYING, PlanState.CANCELLED}]
    return (*going, *closing)
