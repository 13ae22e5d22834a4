"""People as HR knows them and whose users are whose; manual tasks; the audit trail."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response

from rolecall.api.answers import errors, told
from rolecall.api.calling import Caller, Reader
from rolecall.api.models import Answer, AuditLineModel, Page, Reason
from rolecall.kit.errors import Refused
from rolecall.services.evidence.auditing import audit_lines
from rolecall.services.people.people import PersonLine, list_people
from rolecall.services.plans.shapes import task_shape
from rolecall.services.shapes import audit_line_shape
from rolecall.services.tasks import done_task, list_tasks

router = APIRouter(responses=errors())


@router.get(
    "/portals/{portal}/people",
    operation_id="listPeople",
    tags=["people"],
    response_model=Page[Answer],
)
async def people(
    call: Reader,
    portal: str,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
    after: str = "0",
) -> Response:
    """Everybody known with their users in a portal, and users who are nobody's."""
    await call.portal(portal)
    found = await list_people(call.app, call.actor, portal)
    start = _start(after)
    following = start + limit
    return told(
        {
            "items": [_person(one) for one in found[start:following]],
            "next": str(following) if following < len(found) else None,
            "total": len(found),
        }
    )


@router.get("/tasks", operation_id="listTasks", tags=["tasks"], response_model=Page[Answer])
async def tasks(
    call: Reader, portal: str = "", state: Literal["open", "done", "dropped", "all"] = "open"
) -> Response:
    """What only a person can do in HubSpot's screens, oldest first."""
    if portal:
        await call.portal(portal)
    wanted = None if state == "all" else state
    found = await list_tasks(call.app, call.actor, portal, state=wanted)
    return told({"items": [task_shape(one) for one in found], "total": len(found)})


@router.post(
    "/tasks/{task}/done",
    operation_id="finishTask",
    tags=["tasks"],
    response_model=Answer,
    responses=errors(body=True),
)
async def done(call: Caller, task: str, body: Reason, drop: bool = False) -> Response:
    """Say that a task was done, or (`drop`) that it will not be."""
    return told(task_shape(await done_task(call.app, call.actor, task, body.reason, drop=drop)))


@router.get("/audit", operation_id="listAudit", tags=["audit"], response_model=Page[AuditLineModel])
async def audit(
    call: Reader,
    portal: str = "",
    event: str = "",
    limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
    after: str = "0",
) -> Response:
    """Lines of the audit trail, newest first; of every portal only for who may see all."""
    hub_id = (await call.portal(portal)).hub_id if portal else None
    before = _start(after) or None
    lines = await audit_lines(
        call.app, call.actor, hub_id, event=event or None, before=before, limit=limit
    )
    following = str(lines[-1].seq) if len(lines) == limit else None
    return told({"items": [audit_line_shape(one) for one in lines], "next": following})


def _start(after: str) -> int:
    if not (after.isascii() and after.isdigit() and len(after) < 16):
        raise Refused(f"{after[:40]!r} is no cursor", hint="send `next` of the page before")
    return int(after)


def _person(line: PersonLine) -> dict[str, Any]:
    person = line.person
    known = None
    if person is not None:
        known = {
            "id": person.id,
            "name": person.name,
            "emails": list(person.emails),
            "department": person.department,
            "company": person.company,
            "job_title": person.job_title,
            "manager": person.manager_email or None,
            "source": person.source,
            "left": person.left,
        }
    return {
        "person": known,
        "users": [{"id": one.id, "email": one.email} for one in line.users],
        "situation": None if line.situation is None else line.situation.value,
    }
