"""Plans: what will change, who let it, how it goes, what came of it, and the way back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.responses import Response

from rolecall.domain.actor import Role
from rolecall.domain.plan import Outcome, PlanState, Receipt
from rolecall.kit.errors import NotThere
from rolecall.plan.view import view
from rolecall.services.naming import names_of_actors
from rolecall.services.plans.applying import cancel_plan, pause_plan
from rolecall.services.plans.plans import (
    PlanCard,
    approve_plan,
    list_plans,
    override_guardrail,
    replan,
    show_plan,
    undo_plan,
)
from rolecall.services.tasks import done_task, list_tasks
from rolecall.services.upkeep import carry_out
from rolecall.web.routing import Page, get, post
from rolecall.web.visits import Visit

GROUPS = {
    "": None,
    "open": (PlanState.PROPOSED, PlanState.APPROVED),
    "running": (PlanState.APPLYING, PlanState.PAUSED),
    "over": (PlanState.DONE, PlanState.CANCELLED, PlanState.REPLACED),
}
FINAL = frozenset({Outcome.DONE, Outcome.ALREADY, Outcome.REFUSED, Outcome.FAILED, Outcome.SKIPPED})


@dataclass(frozen=True, slots=True)
class Going:
    """How far a run is: changes with a final receipt, and all that have one to come."""

    done: int
    total: int
    live: bool  # it moves by itself; the page asks again

    @property
    def words(self) -> str:
        """For the progress bar and the screen reader."""
        return f"{self.done} of {self.total} changes done"


async def plans(visit: Visit) -> Response:
    """Every plan of the portal, newest first."""
    group = visit.query("show")
    found = await list_plans(visit.app, visit.actor, visit.name, GROUPS.get(group))
    tasks = await list_tasks(visit.app, visit.actor, visit.name)
    return visit.page(
        "plans.html", plans=found, group=group, groups=tuple(GROUPS), tasks=len(tasks), view=view
    )


async def _card(visit: Visit) -> PlanCard:
    """The plan of the address; one of another portal is not there."""
    card = await show_plan(visit.app, visit.actor, visit.path("plan"))
    if card.plan.hub_id != visit.here.hub_id:
        raise NotThere(f"There is no plan {visit.path('plan')} here")
    return card


async def plan(visit: Visit) -> Response:
    """One plan, before, during and after its run."""
    card = await _card(visit)
    receipts = {one.change_id: one for one in card.receipts}
    key = f"plan:{card.plan.id}"
    going = going_of(card, receipts, busy=visit.desk.errands.running(key))
    who = (card.plan.created_by, *(one.actor for one in card.approvals))
    return visit.page(
        "plan.html",
        card=card,
        names=await names_of_actors(visit.app, who),
        seen=view(card.plan),
        receipts=receipts,
        going=going,
        trouble=visit.desk.errands.failure(key),
        may_apply=visit.holds(Role.APPROVER),
        may_override=visit.holds(Role.ADMIN),
        way_back=card.stored.state in {PlanState.DONE, PlanState.CANCELLED} and bool(receipts),
    )


def going_of(card: PlanCard, receipts: dict[str, Receipt], *, busy: bool) -> Going:
    """How far the run of a plan is."""
    done = sum(one.outcome in FINAL for one in receipts.values())
    live = busy or card.stored.state is PlanState.APPLYING
    return Going(done, len(card.plan.changes), live)


async def approve(visit: Visit) -> Response:
    """Yes to exactly this plan; with the second button it begins at once."""
    card = await _card(visit)
    await approve_plan(
        visit.app,
        visit.actor,
        card.plan.id,
        digest=visit.text("digest"),
        reason=visit.text("reason"),
    )
    if visit.text("then") == "apply":
        return await _begin(visit, card)
    return visit.go(_address(visit, card), "Approved. Nothing was sent to HubSpot yet.")


async def apply(visit: Visit) -> Response:
    """Begin a run, or let one that waits go on; the page follows it."""
    return await _begin(visit, await _card(visit))


async def _begin(visit: Visit, card: PlanCard) -> Response:
    run = carry_out(visit.app, visit.actor, card.plan.id)
    await visit.desk.errands.start(f"plan:{card.plan.id}", run)
    return visit.go(_address(visit, card))


def _address(visit: Visit, card: PlanCard) -> str:
    return visit.url("plans", card.plan.id)


async def refuse(visit: Visit) -> Response:
    """No to a plan, or the end of a run; what was sent stays sent and is settled by looking."""
    card = await _card(visit)
    reason = visit.text("reason") or "refused in the console"
    await cancel_plan(visit.app, visit.actor, card.plan.id, reason)
    return visit.go(_address(visit, card), "Cancelled. Nothing more is sent to HubSpot.")


async def pause(visit: Visit) -> Response:
    """Stop a run after what is under way."""
    card = await _card(visit)
    reason = visit.text("reason") or "paused in the console"
    await pause_plan(visit.app, visit.actor, card.plan.id, reason)
    return visit.go(_address(visit, card), "Paused. What is not sent stays unsent.")


async def _remade(visit: Visit, make: Callable[[PlanCard], Awaitable[object]]) -> Response:
    card = await _card(visit)
    drafted = await make(card)
    made = getattr(drafted, "plan", card.plan)
    if not getattr(drafted, "stored", False):
        return visit.go(_address(visit, card), "Nothing is left to change.")
    return visit.go(visit.url("plans", made.id), "This is the new plan.")


async def again(visit: Visit) -> Response:
    """Plan the same again from what is there now."""
    return await _remade(visit, lambda card: replan(visit.app, visit.actor, card.plan.id))


async def undo(visit: Visit) -> Response:
    """The plan that takes a plan back."""
    reason = visit.text("reason")
    return await _remade(
        visit, lambda card: undo_plan(visit.app, visit.actor, card.plan.id, reason)
    )


async def override(visit: Visit) -> Response:
    """A named leave to pass one guardrail once."""
    guardrail, reason = visit.text("guardrail"), visit.text("reason")
    return await _remade(
        visit,
        lambda card: override_guardrail(visit.app, visit.actor, card.plan.id, guardrail, reason),
    )


async def tasks(visit: Visit) -> Response:
    """What only a person with HubSpot open can do."""
    show = visit.query("show") or "open"
    found = await list_tasks(
        visit.app, visit.actor, visit.name, state=None if show == "all" else "open"
    )
    now = visit.desk.pages.clock.now()
    return visit.page(
        "tasks.html",
        tasks=found,
        show=show,
        late=frozenset(
            one.id for one in found if one.state == "open" and one.due_at and one.due_at < now
        ),
        may_close=visit.holds(Role.APPROVER),
    )


async def close_task(visit: Visit) -> Response:
    """Say that a task was done, or that it will not be."""
    known = {one.id for one in await list_tasks(visit.app, visit.actor, visit.name, state=None)}
    task_id = visit.path("task")
    if task_id not in known:
        raise NotThere(f"There is no task {task_id} here")
    drop = visit.text("what") == "drop"
    await done_task(visit.app, visit.actor, task_id, visit.text("reason"), drop=drop)
    said = "Dropped." if drop else "Done. The next sync looks whether HubSpot agrees."
    return visit.go(visit.url("plans", "tasks"), said)


PAGES: tuple[Page, ...] = (
    get("/p/{portal}/plans", plans),
    get("/p/{portal}/plans/tasks", tasks),
    post("/p/{portal}/plans/tasks/{task}", close_task),
    get("/p/{portal}/plans/{plan}", plan),
    post("/p/{portal}/plans/{plan}/approve", approve),
    post("/p/{portal}/plans/{plan}/apply", apply),
    post("/p/{portal}/plans/{plan}/refuse", refuse),
    post("/p/{portal}/plans/{plan}/pause", pause),
    post("/p/{portal}/plans/{plan}/again", again),
    post("/p/{portal}/plans/{plan}/undo", undo),
    post("/p/{portal}/plans/{plan}/override", override),
)
