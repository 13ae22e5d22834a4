"""What time brings about for requests: expire, remind, begin, follow the plan, end. Called often.

Every step can be repeated: a process killed between two of them finishes at the next call.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace

from rolecall.domain.actor import SYSTEM
from rolecall.domain.assignment import Assignment, Origin, Slot
from rolecall.domain.events import Event
from rolecall.domain.plan import PlanState
from rolecall.domain.request import AccessRequest, RequestState
from rolecall.kit import logs
from rolecall.kit.errors import NeedsPerson, Refused, Retryable
from rolecall.policy.assign import assign
from rolecall.policy.desired import DesiredUser
from rolecall.requests.lifecycle import Due, assignments_of, due_acts
from rolecall.requests.wishing import Wish, begin_wish, former_of, reference_of, return_wish
from rolecall.services.app import App
from rolecall.services.plans.door import Order, PlanDoor
from rolecall.services.requests.requests import approver_emails, notice_of
from rolecall.services.requests.standing import Standing, standing_of
from rolecall.store import UnitOfWork
from rolecall.store.errors import OutOfDate

LOG = logging.getLogger("rolecall.requests")


@dataclass(slots=True)
class Turn:
    """One turn: what was done, and what could not be done yet and why."""

    done: list[tuple[str, str]] = field(default_factory=list)  # (act, request id)
    waiting: list[tuple[str, str]] = field(default_factory=list)  # (request id, why)


async def carry_out_due(app: App, door: PlanDoor) -> Turn:
    """Carry out whatever is due for any request of any portal; one trouble stops no other."""
    turn = Turn()
    if app.choices.security.read_only:
        return turn
    async with app.database.read() as view:
        due = due_acts(await view.requests.unfinished(), view.now)
    for one in due:
        try:
            await _ACTS[one.act](app, door, one)
            turn.done.append((one.act, one.request.id))
        except (Retryable, NeedsPerson, OutOfDate) as error:
            turn.waiting.append((one.request.id, error.message))
            LOG.info("request %s waits: %s", one.request.id, error.message, extra=logs.of(error))
    return turn


async def _expire(app: App, _door: PlanDoor, due: Due) -> None:
    async with app.database.begin(SYSTEM, "nobody answered in time") as work:
        after = await work.requests.change(due.request)
        _record(work, Event.REQUEST_ACCESS_EXPIRED, after)
        await _notify(work, "request.expired", after)


async def _remind(app: App, _door: PlanDoor, due: Due) -> None:
    topic = "request.ends_soon" if due.act == "remind_end" else "request.open"
    async with app.database.begin(SYSTEM, "reminder") as work:
        await _notify(work, topic, await work.requests.change(due.request))


async def _miss(app: App, _door: PlanDoor, due: Due) -> None:
    async with app.database.begin(SYSTEM, due.request.note) as work:
        await _fail(work, due.request, due.request.note)


async def _begin(app: App, door: PlanDoor, due: Due) -> None:
    """Claims first, then the plan: a crash between them finds the claims and plans again."""
    request = due.request
    async with app.database.begin(SYSTEM, request.reason) as work:
        standing = await standing_of(work, request.hub_id, about={request.subject})
        reference = reference_of(request.id)
        if not await work.assignments.find(request.hub_id, reference=reference):
            former = request.former or former_of(request, standing.snapshot)
            request = await work.requests.change(replace(request, former=former))
            await _end_vetoes(work, request)
            await work.assignments.put(assignments_of(request), work.now)
            _record(work, Event.ACCESS_ASSIGNMENT_MADE, request)
        stored = [one.assignment for one in await work.assignments.find(request.hub_id)]
        settled = _settled(standing, stored, request, work)
    wish = begin_wish(request, standing.snapshot, settled)
    try:
        plan_id = await door.propose(SYSTEM, _order(request, wish, "Give"))
    except Refused as error:
        await _give_up(app, request, error.message)
        return
    note = "; ".join(wish.notes)
    state = RequestState.APPROVED if plan_id else RequestState.ACTIVE
    async with app.database.begin(SYSTEM, request.reason) as work:
        after = replace(request, plan_id=plan_id, state=state, note=note or request.note)
        request = await work.requests.change(after)
        if state is RequestState.ACTIVE:
            await _tell_active(work, request)
    if plan_id:
        await _approve(app, door, request, plan_id)


async def _approve(app: App, door: PlanDoor, request: AccessRequest, plan_id: str) -> None:
    """The approvals of the request approve its plan; what stops that waits for a person."""
    approvers = [step.decided_by for step in request.steps if step.decision == "approved"]
    try:
        await door.approve(plan_id, approvers)
    except Refused as error:
        async with app.database.begin(SYSTEM, error.message) as work:
            fresh = await work.requests.get(request.id)
            fresh = await work.requests.change(replace(fresh, note=error.message))
            await _notify(work, "request.plan_waits", fresh)


async def _follow(app: App, _door: PlanDoor, due: Due) -> None:
    request = due.request
    assert request.plan_id is not None
    async with app.database.begin(SYSTEM, request.reason) as work:
        state = await work.plans.state(request.plan_id)
        if state is PlanState.DONE:
            after = await work.requests.change(replace(request, state=RequestState.ACTIVE))
            await _tell_active(work, after)
        elif state is PlanState.CANCELLED:
            await _end_claims(work, request)
            await _fail(work, request, "its plan was cancelled")
        elif state is PlanState.REPLACED:
            await work.requests.change(replace(request, plan_id=None))


async def _end(app: App, door: PlanDoor, due: Due) -> None:
    """The claims end, the former access is planned, then the request is over."""
    request = due.request
    async with app.database.begin(SYSTEM, "its time is over") as work:
        standing = await standing_of(work, request.hub_id, about={request.subject})
        await _end_claims(work, request)
        stored = [one.assignment for one in await work.assignments.find(request.hub_id)]
        settled = _settled(standing, stored, request, work)
    wish = return_wish(request, standing.snapshot, settled)
    plan_id = None
    note = "the user is gone" if wish is None else "; ".join(wish.notes)
    if wish is not None:
        try:
            plan_id = await door.propose(SYSTEM, _order(request, wish, "Return"))
        except Refused as error:
            note = f"the former access could not be planned: {error.message}"
    async with app.database.begin(SYSTEM, "its time is over") as work:
        after = replace(request, plan_id=plan_id or request.plan_id, note=note)
        after = await work.requests.change(after)
        _record(work, Event.REQUEST_ACCESS_ENDED, after)
        await _notify(work, "request.ended", after)
    if plan_id:
        await _approve(app, door, after, plan_id)


_ACTS: Mapping[str, Callable[[App, PlanDoor, Due], Awaitable[None]]] = {
    "expire": _expire,
    "remind": _remind,
    "remind_end": _remind,
    "miss": _miss,
    "begin": _begin,
    "follow": _follow,
    "end": _end,
}


def _settled(
    standing: Standing, stored: list[Assignment], request: AccessRequest, work: UnitOfWork
) -> DesiredUser | None:
    """Who wins each slot of the subject by rank; None while the policy names what is not there."""
    key = request.subject.casefold()
    own = [one for one in stored if one.subject == key]
    people = [standing.people[key]] if key in standing.people else []
    try:
        found = assign(standing.policy, standing.snapshot, people, own, work.now)
    except Refused:
        return None
    return found.users.get(key)


def _order(request: AccessRequest, wish: Wish, verb: str) -> Order:
    title = f"{verb} {request.profile}: {request.subject}"
    return Order(request.hub_id, (wish.user,), title, request.reason, reference_of(request.id))


async def _give_up(app: App, request: AccessRequest, why: str) -> None:
    async with app.database.begin(SYSTEM, why) as work:
        await _end_claims(work, request)
        await _fail(work, request, why)


async def _end_claims(work: UnitOfWork, request: AccessRequest) -> None:
    held = await work.assignments.find(request.hub_id, reference=reference_of(request.id))
    if held:
        await work.assignments.end([one.id for one in held], work.now)
        _record(work, Event.ACCESS_ASSIGNMENT_ENDED, request)


async def _end_vetoes(work: UnitOfWork, request: AccessRequest) -> None:
    """What reviews took away before somebody approved it anew no longer stands against it."""
    held = await work.assignments.find(
        request.hub_id, subject=request.subject, origin=Origin.REVIEW
    )
    asked = {*request.grants, (Slot.USER, "present")}
    ids = [one.id for one in held if (one.assignment.slot, one.assignment.value) in asked]
    if ids:
        await work.assignments.end(ids, work.now)
        _record(work, Event.ACCESS_ASSIGNMENT_ENDED, request)


async def _fail(work: UnitOfWork, request: AccessRequest, why: str) -> None:
    after = await work.requests.change(replace(request, state=RequestState.FAILED, note=why))
    _record(work, Event.REQUEST_ACCESS_FAILED, after)
    await _notify(work, "request.failed", after)


async def _tell_active(work: UnitOfWork, request: AccessRequest) -> None:
    _record(work, Event.REQUEST_ACCESS_BEGUN, request)
    await _notify(work, "request.active", request)


async def _notify(work: UnitOfWork, topic: str, request: AccessRequest) -> None:
    managers = await approver_emails(work, request.hub_id)
    work.notify(topic, notice_of(request, managers), hub_id=request.hub_id)


def _record(work: UnitOfWork, event: Event, request: AccessRequest) -> None:
    details = {"request": request.id, "profile": request.profile}
    work.record(event, subject=request.subject, hub_id=request.hub_id, details=details)
