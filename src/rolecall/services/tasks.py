"""Manual tasks: listed, done by hand, or closed by themselves when something proves them done."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from rolecall.domain.actor import SYSTEM, Actor, Role
from rolecall.domain.events import Event
from rolecall.domain.operator import TokenScope
from rolecall.domain.plan import Change, ManualTask, Outcome, Plan, Receipt
from rolecall.permissions.access import Resolver
from rolecall.permissions.set_change import proof_of_set
from rolecall.permissions.toggles import proof_of_toggles
from rolecall.plan.proofs import proof_of
from rolecall.services.app import App
from rolecall.services.connections.portals import portal_named
from rolecall.services.permissions.book import resolver_of
from rolecall.services.rights import may_change, may_read, need_scope
from rolecall.store import FeedQuery, UnitOfWork, View
from rolecall.store.errors import NotThere

EVENTS_READ = 5_000
FINDING = "finding"  # word of a proof: a later look finds it gone
EVIDENCE = "evidence"  # word of a proof: a users export or permission history will show it


async def list_tasks(
    app: App, actor: Actor, name: str = "", *, state: str | None = "open"
) -> tuple[ManualTask, ...]:
    """Tasks of one portal or of all the actor may look at, oldest first; `state` None = all."""
    need_scope(actor, TokenScope.READ, "list tasks")
    hub_id = (await portal_named(app, actor, name)).hub_id if name else None
    async with app.database.read() as view:
        found = await view.tasks.find(hub_id, state=state)
    return tuple(one for one in found if may_read(actor, one.hub_id))


async def done_task(
    app: App, actor: Actor, task_id: str, reason: str = "", *, drop: bool = False
) -> ManualTask:
    """Say that a task was done, or (`drop`) that it will not be; the receipt says who said so."""
    async with app.database.read() as view:
        task = await task_named(view, actor, task_id)
    scope = TokenScope.PLAN_APPLY
    may_change(app, actor, Role.APPROVER, task.hub_id, "close tasks", scope)
    why = reason or ("will not be done" if drop else "done by hand")
    async with app.database.begin(actor, why) as work:
        return await close(work, task, "dropped" if drop else "done", why)


async def task_named(view: View, actor: Actor, task_id: str) -> ManualTask:
    """The task with this id, or the only one whose id begins so, where the actor may look."""
    seen = [one for one in await view.tasks.find(state=None) if may_read(actor, one.hub_id)]
    alike = [one for one in seen if one.id.startswith(task_id)]
    exact = [one for one in alike if one.id == task_id] or alike
    if len(exact) != 1 or not task_id:
        raise NotThere(f"No single task has the id {task_id}", hint="see `rolecall task list`")
    return exact[0]


async def close(work: UnitOfWork, task: ManualTask, state: str, why: str) -> ManualTask:
    """Close a task and add the receipt of its change."""
    closed = replace(task, state=state, closed_at=work.now, closed_by=work.actor.id)
    await work.tasks.close(closed)
    await _add_receipt(work, task, Outcome.DONE if state == "done" else Outcome.SKIPPED, why)
    details = {"title": task.title, "state": state}
    work.record(
        Event.TASK_MANUAL_CLOSED,
        subject=task.subject,
        hub_id=task.hub_id,
        details=details,
        reason=why,
    )
    return closed


async def withdraw(work: UnitOfWork, plan: Plan, why: str) -> None:
    """Drop what a plan asked of people, where nobody has done it yet."""
    for task in await work.tasks.find(plan.hub_id, plan_id=plan.id):
        await close(work, task, "dropped", why)


async def _add_receipt(work: UnitOfWork, task: ManualTask, outcome: Outcome, why: str) -> None:
    if task.plan_id is None or task.change_id is None:
        return
    former = [
        one for one in await work.journal.receipts(task.plan_id) if one.change_id == task.change_id
    ]
    if former:
        last = max(former, key=lambda one: one.attempt)
        receipt = replace(
            last, attempt=last.attempt + 1, outcome=outcome, observed_at=work.now, message=why
        )
        await work.journal.add_receipts([receipt])


@dataclass(frozen=True, slots=True)
class OpenTask:
    """An open task with the change it stands for, and when it was handed out."""

    task: ManualTask
    change: Change
    since: datetime


async def close_proved(app: App, hub_id: int) -> tuple[ManualTask, ...]:
    """Close every open task that the newest snapshot, a feed or HubSpot's own files prove done."""
    async with app.database.read() as view:
        waiting = await open_tasks(view, hub_id)
        snapshot = await view.snapshots.load(hub_id) if waiting else None
        if snapshot is None:
            return ()
        oldest = min(one.since for one in waiting)
        query = FeedQuery(feed="security", since=oldest, limit=EVENTS_READ)
        events = await view.feeds.events(hub_id, query)
        by_files = any(EVIDENCE in one.task.proof.split() for one in waiting)
        resolver = await resolver_of(app, view, snapshot, view.now) if by_files else None
        gone = {one.task.id: await _gone(view, one) for one in waiting}
    proved = [
        (one.task, proof)
        for one in waiting
        if (
            proof := proof_of(one.task, one.change, snapshot, events, one.since)
            or _shown(resolver, one)
            or gone[one.task.id]
        )
    ]
    closed = []
    for task, proof in proved:
        async with app.database.begin(SYSTEM, proof) as work:
            closed.append(await close(work, task, "done", proof))
    return tuple(closed)


def _shown(resolver: Resolver | None, one: OpenTask) -> str:
    """The evidence that shows every toggle of a task set; empty while it does not."""
    if resolver is None or EVIDENCE not in one.task.proof.split():
        return ""
    toggles = _lines(one, "toggles")
    if one.change.subject_kind == "permission_set":
        levels = dict(_pair(line) for line in _lines(one, "levels"))
        return proof_of_set(resolver, one.change.subject_id or "", levels, one.since)
    if not toggles:
        return ""
    user = resolver.snapshot.user(one.change.subject_id or one.change.subject)
    shown = "" if user is None else proof_of_toggles(resolver, user, toggles, one.since)
    return f"{shown} shows it" if shown else ""


def _lines(one: OpenTask, detail: str) -> list[str]:
    return [line for line in one.change.details.get(detail, "").split("\n") if line]


def _pair(line: str) -> tuple[str, str]:
    permission, _, level = line.partition("=")
    return permission, level


async def _gone(view: View, one: OpenTask) -> str:
    """That the finding a task came from was not found any more; empty while it stands."""
    finding_id = one.change.details.get("finding_id", "")
    if FINDING not in one.task.proof.split() or not finding_id:
        return ""
    found = await view.findings.get(finding_id)
    return f"{found.finding.rule} is not found any more" if found.closed_at else ""


async def open_tasks(view: View, hub_id: int) -> list[OpenTask]:
    """Every open task that stands for a change of a plan."""
    found = []
    plans: dict[str, tuple[Plan, tuple[Receipt, ...]]] = {}
    for task in await view.tasks.open(hub_id):
        if task.plan_id is None or task.change_id is None:
            continue
        if task.plan_id not in plans:
            plan = (await view.plans.get(task.plan_id)).plan
            plans[task.plan_id] = (plan, await view.journal.receipts(task.plan_id))
        plan, receipts = plans[task.plan_id]
        change = next((one for one in plan.changes if one.id == task.change_id), None)
        since = _handed_out(receipts, task) or plan.created_at
        if change is not None:
            found.append(OpenTask(task, change, since))
    return found


def _handed_out(receipts: tuple[Receipt, ...], task: ManualTask) -> datetime | None:
    mine = (one.observed_at for one in receipts if one.change_id == task.change_id)
    return min(mine, default=None)
