"""Plans that make themselves: what is due by date, and what people lists brought about.

The wake-up loop calls `expire_due`; nothing here is approved or applied.
"""

from __future__ import annotations

from collections.abc import Iterable

from rolecall.domain.actor import SYSTEM, Actor, Role
from rolecall.domain.operator import TokenScope
from rolecall.domain.plan import Change, Plan, PlanState
from rolecall.domain.portal import ConnectionState
from rolecall.kit.errors import NeedsPerson, RolecallError
from rolecall.services.app import App
from rolecall.services.connections.portals import portal_named
from rolecall.services.drafts.orders import WhatIsDue
from rolecall.services.plans.drafting import Drafted, preview, propose
from rolecall.services.plans.plans import OPEN, retire
from rolecall.services.rights import may_change, may_read, need_scope
from rolecall.store import StoredPlan

DUE = "due"  # the source of plans made here
_UNDER_WAY = (*OPEN, PlanState.APPLYING, PlanState.PAUSED)


async def expire_due(app: App, actor: Actor = SYSTEM) -> tuple[Plan, ...]:
    """A plan per portal for whatever time brought about; a plan that says the same stays.

    A portal that cannot be planned now (never read, its policy names what is gone) is told as a
    notice and holds nobody else up.
    """
    async with app.database.read() as view:
        portals = await view.portals.all()
    made = []
    for portal in portals:
        if portal.state is ConnectionState.DISABLED:
            continue
        try:
            drafted = await plan_due(app, actor, portal.name)
        except NeedsPerson:
            continue  # never read yet: the first sync comes first
        except RolecallError as error:
            await _tell(app, portal.hub_id, portal.name, error)
            continue
        if drafted is not None:
            made.append(drafted.plan)
    return tuple(made)


async def plan_moves(app: App, actor: Actor, emails: Iterable[str]) -> tuple[Drafted, ...]:
    """A plan per portal one may look at, for the joiners, movers and leavers of a people list."""
    need_scope(actor, TokenScope.PLAN_PROPOSE, "propose plans")
    named = tuple(emails)
    async with app.database.read() as view:
        portals = [one for one in await view.portals.all() if may_read(actor, one.hub_id)]
        heads = {one.hub_id: await view.snapshots.head(one.hub_id) for one in portals}
    read = [one for one in portals if heads[one.hub_id] is not None]
    drafts = [await plan_due(app, actor, one.name, named) for one in read]
    return tuple(one for one in drafts if one is not None)


async def plan_due(app: App, actor: Actor, name: str, emails: Iterable[str] = ()) -> Drafted | None:
    """What is due in one portal, and what moved for the people named; None when nothing is new.

    An open plan made here that says something else is replaced, so there is one at a time.
    """
    portal = await portal_named(app, actor, name)
    scope = TokenScope.PLAN_PROPOSE
    may_change(app, actor, Role.APPROVER, portal.hub_id, "propose plans", scope)
    order = WhatIsDue(emails=tuple(emails))
    found = await preview(app, actor, name, order)
    async with app.database.read() as view:
        plans = await view.plans.find(found.plan.hub_id, _UNDER_WAY)
    mine = [one for one in plans if one.plan.source == DUE]
    if not found.plan.changes or any(same(one.plan.changes, found.plan.changes) for one in mine):
        return None
    drafted = await propose(app, actor, name, order)
    await _replace(app, actor, mine, drafted)
    async with app.database.begin(actor, drafted.plan.reason) as work:
        told = {"portal": name, "plan": drafted.plan.id, "changes": str(len(drafted.plan.changes))}
        work.notify("plan.due", told, hub_id=drafted.plan.hub_id)
    return drafted


async def _replace(app: App, actor: Actor, former: Iterable[StoredPlan], drafted: Drafted) -> None:
    for one in former:
        if one.state is PlanState.PROPOSED:
            await retire(app, actor, one, drafted)


def same(one: Iterable[Change], other: Iterable[Change]) -> bool:
    """Two plans that would do the same, whatever their ids."""
    return {_key(change) for change in one} == {_key(change) for change in other}


def _key(change: Change) -> tuple[object, ...]:
    task = change.details.get("task", "")
    return (change.kind, change.subject.casefold(), change.before, change.after, task)


async def _tell(app: App, hub_id: int, name: str, error: RolecallError) -> None:
    async with app.database.work() as work:
        told = {"portal": name, "message": error.message}
        work.notify("plan.due_failed", told, hub_id=hub_id)
