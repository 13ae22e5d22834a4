"""From what was pushed to plans: one at a time per identity provider, behind the answers.

A push marks its subjects in its own transaction; the mark is gone when they are in a plan. So
nothing pushed is lost by a crash, and whatever could not be planned is tried again by the duties.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from rolecall.domain.actor import Role
from rolecall.domain.assignment import Origin
from rolecall.domain.plan import ChangeKind, Plan, PlanState
from rolecall.domain.scim import ScimClient
from rolecall.kit.errors import Refused, RolecallError
from rolecall.policy.desired import DesiredUser
from rolecall.services.app import App
from rolecall.services.connections.leases import one_at_a_time
from rolecall.services.drafts.ground import ground_of
from rolecall.services.drafts.orders import KeptWishes
from rolecall.services.operators.tokens import actor_of_id
from rolecall.services.plans.applying import apply_plan
from rolecall.services.plans.drafting import Drafted, propose
from rolecall.services.plans.plans import approve_plan, retire
from rolecall.services.rights import NotAllowed
from rolecall.services.scim.clients import Pusher, acting_for
from rolecall.services.scim.footing import Footing, Standings, footing_on
from rolecall.services.scim.wishes import lost_of, wish_of
from rolecall.services.syncs.freshness import read_again
from rolecall.store import View
from rolecall.store.scim import Unplanned

LOG = logging.getLogger("rolecall.scim")
DAY = timedelta(hours=24)
_TAKES_AWAY = frozenset({ChangeKind.PARK, ChangeKind.REMOVE_USER})
_COUNTED = (PlanState.APPROVED, PlanState.APPLYING, PlanState.PAUSED, PlanState.DONE)


@dataclass(slots=True)
class ScimRunner:
    """Plans soon after a push, without holding up its answer.

    Pushes that arrive while a plan runs go into the next one together.
    """

    app: App
    running: dict[str, asyncio.Task[None]] = field(default_factory=dict)  # by client id
    standings: Standings = field(default_factory=Standings)
    again: set[str] = field(default_factory=set)  # woken while they ran

    def wake(self, client_id: str) -> None:
        """Have planned soon what this client pushed."""
        task = self.running.get(client_id)
        if task is None or task.done():
            self.running[client_id] = asyncio.create_task(self._run(client_id))
        else:
            self.again.add(client_id)

    async def idle(self) -> None:
        """Wait until everything pushed so far is planned, and applied where it may be."""
        while tasks := [one for one in self.running.values() if not one.done()]:
            await asyncio.wait(tasks)

    async def _run(self, client_id: str) -> None:
        while True:
            self.again.discard(client_id)
            await plan_pushed(self.app, client_id)
            if client_id not in self.again:
                return


async def catch_up(app: App) -> None:
    """Plan what was pushed and is in no plan yet: after a crash, or while a portal was away."""
    if app.choices.security.read_only:
        return
    async with app.database.read() as view:
        clients = await view.scim.clients_unplanned()
    for client_id in clients:
        await plan_pushed(app, client_id)


def _waiting(_holder: str) -> None:
    """Whoever plans for this client takes our subjects along."""


async def plan_pushed(app: App, client_id: str) -> None:
    """Plan everything a client pushed that is in no plan yet; a trouble is told once and waits."""
    async with one_at_a_time(app.database, f"scim:{client_id}", _waiting):
        while found := await _unplanned(app, client_id):
            pusher, marks = found
            try:
                await carry_out(app, pusher, marks)
            except RolecallError as error:
                LOG.warning("SCIM push of %s: %s", pusher.client.name, error.message)
                await _troubled(app, pusher.client, error.message)
                return
            await _troubled(app, pusher.client, "")


async def _unplanned(app: App, client_id: str) -> tuple[Pusher, tuple[Unplanned, ...]] | None:
    async with app.database.read() as view:
        client = await view.scim.client(client_id)
        portal = await view.portals.get(client.hub_id) if client else None
        marks = await view.scim.unplanned(client_id)
    if client is None or portal is None or not marks:
        return None
    return Pusher(client, portal, acting_for(client)), marks


async def _troubled(app: App, client: ScimClient, message: str) -> None:
    """Keep what stands against a client's pushes; a new trouble is told, an old one is not again."""
    if client.trouble == message:
        return
    async with app.database.work() as work:
        known = await work.scim.client(client.id)
        if known is None or known.trouble == message:
            return
        await work.scim.put_client(replace(known, trouble=message))
        if message:
            told = {"client": client.name, "message": message}
            work.notify("scim.failed", told, hub_id=client.hub_id)


async def _need_trust(app: App, client: ScimClient) -> None:
    trusted = await actor_of_id(app, client.id, via="scim")
    if trusted is None or not trusted.holds(Role.ADMIN, client.hub_id):
        raise NotAllowed(
            f"the token of {client.name} is not valid any more, so its pushes wait",
            hint="give the identity provider a new one: rolecall token create NAME --scope scim",
        )


async def carry_out(app: App, pusher: Pusher, marks: Sequence[Unplanned]) -> Plan | None:
    """One plan for these subjects; approved and applied where the client's limits allow.

    A plan that waits for a person and is about nobody else gives way to it. Raises NotAllowed when
    the client's token was revoked: nothing is carried out in its name any more.
    """
    await _need_trust(app, pusher.client)
    order, drafted = await _proposed(app, pusher, marks)
    async with app.database.work() as work:
        await work.scim.planned(pusher.client.id, marks)
    if not drafted.stored:
        return None
    await _overtake(app, pusher, drafted)
    plan = drafted.plan
    why = await _why_wait(app, pusher.client, plan)
    if why:
        await _tell_waiting(app, pusher, plan, why)
        return plan
    await _need_trust(app, pusher.client)  # planning takes long, and the token may be gone by now
    try:
        await approve_plan(app, pusher.actor, plan.id, digest=plan.digest, reason=order.reason)
    except Refused as error:  # a second person is asked for
        await _tell_waiting(app, pusher, plan, error.message)
        return plan
    try:
        await apply_plan(app, pusher.actor, plan.id)
    except RolecallError as error:  # it is approved: the duties go on with it
        LOG.warning("plan %s pushed by %s waits: %s", plan.id, pusher.client.name, error.message)
    return plan


async def _proposed(
    app: App, pusher: Pusher, marks: Sequence[Unplanned]
) -> tuple[KeptWishes, Drafted]:
    client, name = pusher.client, pusher.portal.name
    await read_again(app, pusher.portal)
    ground = await ground_of(app, pusher.actor, name)
    footing = footing_on(ground)
    async with app.database.read() as view:
        wishes = [await _stored_wish(view, client, footing, one) for one in marks]
    order = KeptWishes(
        tuple(one for one in wishes if one is not None),
        f"Pushed by {client.name}",
        client.reference,
        f"pushed by {client.name}",
    )
    return order, await propose(app, pusher.actor, name, order)


async def _stored_wish(
    view: View, client: ScimClient, footing: Footing, mark: Unplanned
) -> DesiredUser | None:
    """The wish for a subject by what the store holds now."""
    subject = mark.subject
    found = await view.assignments.find(
        client.hub_id, subject=subject, origin=Origin.SCIM, ended=True
    )
    ended = [one.assignment for one in found if _ended_since(one.ended_at, mark.since)]
    own = footing.claims_about(subject)
    people = await view.people.by_email(subject)
    person = people[0] if len(people) == 1 else None
    ground = footing.about([subject, *(person.emails if person else ())])
    return wish_of(client, ground, subject, person, own, lost_of(ended, own))


def _ended_since(ended_at: datetime | None, since: datetime) -> bool:
    return ended_at is not None and ended_at >= since


async def _overtake(app: App, pusher: Pusher, drafted: Drafted) -> None:
    """End proposals of this client that are about nobody beside those planned now."""
    about = {change.subject for change in drafted.plan.changes}
    async with app.database.read() as view:
        waiting = await view.plans.find(pusher.client.hub_id, (PlanState.PROPOSED,))
    for one in waiting:
        mine = one.plan.source == pusher.client.reference and one.plan.id != drafted.plan.id
        if mine and {change.subject for change in one.plan.changes} <= about:
            await retire(app, pusher.actor, one, drafted)


async def _why_wait(app: App, client: ScimClient, plan: Plan) -> str:
    """Why a person must look at this plan first; "" where it may go by itself."""
    stopping = [one for one in plan.guardrails if one.stops]
    if stopping:
        return f"{stopping[0].guardrail}: {stopping[0].message}"
    touched = {change.subject for change in plan.changes}
    if len(touched) > client.most_people:
        return f"it touches {len(touched)} people, more than {client.most_people}"
    leaving = _leavers(plan)
    if not leaving:
        return ""
    since = app.clock.now() - DAY
    async with app.database.read() as view:
        former = await view.plans.find(client.hub_id, _COUNTED, 500)
    gone = {
        one
        for stored in former
        if stored.plan.source == client.reference and stored.plan.created_at > since
        for one in _leavers(stored.plan)
    }
    if len(gone | leaving) > client.most_leavers_a_day:
        return f"more than {client.most_leavers_a_day} people would leave within a day"
    return ""


def _leavers(plan: Plan) -> set[str]:
    return {
        one.subject for one in plan.changes if one.kind in _TAKES_AWAY and one.after != "present"
    }


async def _tell_waiting(app: App, pusher: Pusher, plan: Plan, why: str) -> None:
    told = {"client": pusher.client.name, "plan": plan.id, "why": why}
    async with app.database.work() as work:
        work.notify("scim.waiting", told, hub_id=pusher.client.hub_id)
