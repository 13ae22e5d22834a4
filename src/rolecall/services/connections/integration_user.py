"""Whether a portal's credential would leave with a person, and the task that mends that."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta

from rolecall.domain.events import Event
from rolecall.domain.plan import ManualTask
from rolecall.domain.portal import Portal
from rolecall.kit.ids import uuid7
from rolecall.plan.clicks import settings_link
from rolecall.services.connections.credentials import INTEGRATION_USER_CLICKS
from rolecall.store import UnitOfWork

TITLE = "Give Rolecall's credential a user of its own"
DUE = timedelta(days=30)  # nothing breaks before the person leaves
NEEDS = "Add & edit users, and what the key's scopes stand for"
SERVICE_ACCOUNT = "appserviceaccount."  # domain of the users HubSpot makes for private apps


def is_personal(owner: str, words: Collection[str]) -> bool:
    """The credential belongs to somebody who could leave; `words` name integrations.

    An address that is not known, or is HubSpot's own for an app, belongs to nobody.
    """
    local, at, domain = owner.casefold().partition("@")
    if not at or domain.startswith(SERVICE_ACCOUNT):
        return False
    return not set(re.split(r"[^a-z]+", local)) & set(words)


async def settle_task(work: UnitOfWork, portal: Portal, owner: str, *, personal: bool) -> None:
    """Open the task once for each person a credential belongs to; close it when it no longer does."""
    known = [one for one in await work.tasks.find(portal.hub_id, state=None) if one.title == TITLE]
    for task in known:
        if task.state == "open" and (not personal or task.subject != owner):
            await _close(work, task)
    if personal and all(task.subject != owner for task in known):
        await work.tasks.add([_task(portal, owner, work.now + DUE)])


def _task(portal: Portal, owner: str, due_at: datetime) -> ManualTask:
    return ManualTask(
        id=uuid7(),
        hub_id=portal.hub_id,
        title=TITLE,
        clicks=tuple(step.replace("NAME", portal.name) for step in INTEGRATION_USER_CLICKS),
        link=settings_link(portal.ui_domain, portal.hub_id),
        subject=owner,
        due_at=due_at,
        needs=NEEDS,
    )


async def _close(work: UnitOfWork, task: ManualTask) -> None:
    await work.tasks.close(replace(task, state="done", closed_at=work.now, closed_by=work.actor.id))
    work.record(
        Event.TASK_MANUAL_CLOSED,
        subject=task.subject,
        hub_id=task.hub_id,
        details={"title": task.title, "state": "done"},
        reason=f"the credential belongs to {task.subject} no longer",
    )
