"""Manual tasks: what only a person can do in HubSpot's screens."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Response

from rolecall.api.answers import errors, told
from rolecall.api.bodies import Reason
from rolecall.api.calling import Caller, Reader
from rolecall.api.models import Page, TaskModel
from rolecall.api.paging import Paged
from rolecall.services.plans.shapes import task_shape
from rolecall.services.tasks import done_task, list_tasks

router = APIRouter(prefix="/tasks", tags=["tasks"], responses=errors())


@router.get("", operation_id="listTasks", response_model=Page[TaskModel])
async def list_(
    call: Reader,
    window: Paged,
    portal: str = "",
    state: Literal["open", "done", "dropped", "all"] = "open",
) -> Response:
    """Tasks of one portal or of all the caller may look at, oldest first."""
    wanted = None if state == "all" else state
    return told(window.of(await list_tasks(call.app, call.actor, portal, state=wanted), task_shape))


@router.post(
    "/{task}/done",
    operation_id="finishTask",
    response_model=TaskModel,
    responses=errors(body=True),
)
async def done(call: Caller, task: str, body: Reason, drop: bool = False) -> Response:
    """Say that a task was done, or (`drop`) that it will not be."""
    return told(task_shape(await done_task(call.app, call.actor, task, body.reason, drop=drop)))
