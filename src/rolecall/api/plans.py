"""Plans: list, show, approve, apply, cancel, undo, make again. The only way anything changes."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import Field

from rolecall.api.answers import Match, errors, need_match, told
from rolecall.api.bodies import Approve, Body, Name, Reason, Text
from rolecall.api.calling import Call, Caller, Reader
from rolecall.api.models import Page, PlanCardModel, PlanLineModel, PlanModel, RunModel
from rolecall.api.paging import Limit
from rolecall.domain.plan import PlanState
from rolecall.services.drafts.orders import Order
from rolecall.services.plans.applying import Applied, apply_plan, pause_plan
from rolecall.services.plans.drafting import preview, propose, stored_draft
from rolecall.services.plans.listing import plans_page
from rolecall.services.plans.plans import (
    LONGEST_OVERRIDE_HOURS,
    OVERRIDE_HOURS,
    approve_plan,
    cancel,
    override_guardrail,
    replan,
    show_plan,
    undo_plan,
)
from rolecall.services.plans.shapes import (
    applied_shape,
    card_shape,
    drafted_shape,
    plan_line_shape,
)

PATIENCE = 10.0  # seconds an apply is waited for; afterwards it goes on and 202 is answered
router = APIRouter(tags=["plans"], responses=errors())


class Override(Body):
    """Which guardrail, why, and for how many hours the leave holds."""

    guardrail: Name
    reason: Text
    hours: Annotated[float, Field(gt=0, le=LONGEST_OVERRIDE_HOURS)] = OVERRIDE_HOURS


_running: set[asyncio.Task[Applied]] = set()  # keeps tasks alive until they are done


Preview = Annotated[bool, Query(description="Show the plan (200) and keep nothing of it.")]


async def drafted(call: Call, portal: str, order: Order, look_only: bool = False) -> Response:
    """Propose what was ordered: 201 with the stored plan, 200 where nothing differs."""
    make = preview if look_only else propose
    return plan_answer(await make(call.app, call.actor, portal, order))


def plan_answer(made: Any) -> Response:
    """A proposal, and where it is."""
    headers = {"location": f"/api/v1/plans/{made.plan.id}"} if made.stored else {}
    return told(drafted_shape(made), 201 if made.stored else 200, headers)


@router.get("/plans", operation_id="listPlans", response_model=Page[PlanLineModel])
async def list_(
    call: Reader,
    portal: str = "",
    state: Annotated[list[PlanState] | None, Query()] = None,
    limit: Limit = 100,
    after: str | None = None,
) -> Response:
    """Plans of one portal, or of all the caller may look at, newest first."""
    page = await plans_page(call.app, call.actor, portal, state, after=after, limit=limit)
    return told({"items": [plan_line_shape(one) for one in page.items], "next": page.after})


@router.get("/plans/{plan}", operation_id="readPlan", response_model=PlanCardModel)
async def read(call: Reader, plan: str) -> Response:
    """One plan with approvals, receipts, tasks and why it is stale."""
    return told(card_shape(await show_plan(call.app, call.actor, plan)))


@router.post(
    "/plans/{plan}/approve",
    operation_id="approvePlan",
    response_model=PlanLineModel,
    responses=errors(body=True),
)
async def approve(match: Match, call: Caller, plan: str, body: Approve) -> Response:
    """A yes to a plan, by its digest."""
    await _matching(match, call, plan)
    done = await approve_plan(call.app, call.actor, plan, digest=body.digest, reason=body.reason)
    return told(plan_line_shape(done))


@router.post(
    "/plans/{plan}/apply",
    operation_id="applyPlan",
    response_model=RunModel,
    responses={**errors(), 202: {"description": "It goes on; read the plan", "model": RunModel}},
)
async def apply(match: Match, call: Caller, plan: str) -> Response:
    """Carry an approved plan out; after ten seconds 202, and it goes on by itself."""
    await _matching(match, call, plan)
    task = asyncio.create_task(apply_plan(call.app, call.actor, plan))
    _running.add(task)
    task.add_done_callback(_running.discard)
    done, _ = await asyncio.wait({task}, timeout=PATIENCE)
    if done:
        return told(applied_shape(task.result()))
    shape = {"plan": plan, "state": PlanState.APPLYING.value, "message": "", "receipts": []}
    return told(shape, 202, {"location": f"/api/v1/plans/{plan}"})


@router.post(
    "/plans/{plan}/pause",
    operation_id="pausePlan",
    response_model=PlanLineModel,
    responses=errors(body=True),
)
async def pause(match: Match, call: Caller, plan: str, body: Reason) -> Response:
    """Stop a run after the effects under way; `applyPlan` goes on with it."""
    await _matching(match, call, plan)
    reason = body.reason or "paused by API"
    return told(plan_line_shape(await pause_plan(call.app, call.actor, plan, reason)))


@router.post(
    "/plans/{plan}/override",
    operation_id="overrideGuardrail",
    status_code=201,
    response_model=PlanModel,
    responses=errors(body=True),
)
async def override(match: Match, call: Caller, plan: str, body: Override) -> Response:
    """Leave to pass one guardrail once, for a reason and a while, and the plan made again with it."""
    await _matching(match, call, plan)
    made = await override_guardrail(
        call.app, call.actor, plan, body.guardrail, body.reason, body.hours
    )
    return plan_answer(made)


@router.get("/plans/{plan}/rows", operation_id="readPlanRows", response_model=PlanModel)
async def rows(call: Reader, plan: str) -> Response:
    """A plan as it was proposed, with the verdict on each row of the file it was made of."""
    return told(drafted_shape(await stored_draft(call.app, call.actor, plan)))


@router.post(
    "/plans/{plan}/cancel",
    operation_id="cancelPlan",
    response_model=PlanLineModel,
    responses=errors(body=True),
)
async def cancel_(match: Match, call: Caller, plan: str, body: Reason) -> Response:
    """End a plan wherever it stands."""
    await _matching(match, call, plan)
    reason = body.reason or "cancelled by API"
    return told(plan_line_shape(await cancel(call.app, call.actor, plan, reason)))


@router.post(
    "/plans/{plan}/undo",
    operation_id="undoPlan",
    status_code=201,
    response_model=PlanModel,
    responses=errors(body=True),
)
async def undo(call: Caller, plan: str, body: Reason) -> Response:
    """A plan that takes back what a plan did, as far as its lines promised."""
    return plan_answer(await undo_plan(call.app, call.actor, plan, body.reason))


@router.post(
    "/plans/{plan}/replan", operation_id="replanPlan", status_code=201, response_model=PlanModel
)
async def again(call: Caller, plan: str) -> Response:
    """The same order against the newest snapshot; the old plan is replaced."""
    return plan_answer(await replan(call.app, call.actor, plan))


async def _matching(match: Match, call: Call, plan: str) -> None:
    """Raise PreconditionFailed where If-Match names another state of the plan."""

    async def present() -> Any:
        return card_shape(await show_plan(call.app, call.actor, plan))

    await need_match(match, present)
