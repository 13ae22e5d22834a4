"""SCIM clients: who pushes into which portal, how groups are mapped, what was sent.

A client is an API token with the scope `scim` for exactly one portal.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from rolecall.domain.actor import Actor, Role
from rolecall.domain.assignment import Assignment, Origin
from rolecall.domain.events import Event
from rolecall.domain.operator import ALL_PORTALS, TokenScope
from rolecall.domain.plan import ChangeKind, Plan, PlanState
from rolecall.domain.portal import Portal
from rolecall.domain.scim import ScimClient, ScimLine, ScimRecord
from rolecall.kit.errors import Refused, RolecallError
from rolecall.policy.desired import DesiredUser
from rolecall.services.app import App
from rolecall.services.drafts.ground import Ground, ground_of
from rolecall.services.drafts.orders import KeptWishes
from rolecall.services.operators.tokens import authenticate
from rolecall.services.plans.applying import apply_plan
from rolecall.services.plans.drafting import propose
from rolecall.services.plans.plans import approve_plan
from rolecall.services.rights import NotAllowed, may_change, need, need_scope
from rolecall.services.scim.wishes import lost_of, wish_of
from rolecall.services.syncs.freshness import read_again
from rolecall.store import View
from rolecall.store.errors import NotThere

LOG = logging.getLogger("rolecall.scim")
DAY = timedelta(hours=24)
Ended = dict[str, tuple[Assignment, ...]]  # claims that have just ended, by subject
_TAKES_AWAY = frozenset({ChangeKind.PARK, ChangeKind.REMOVE_USER})


@dataclass(frozen=True, slots=True)
class Pusher:
    """An authenticated identity provider: its client, its portal, and the actor it acts as."""

    client: ScimClient
    portal: Portal
    actor: Actor


async def pusher_of(app: App, secret: str) -> Pusher | None:
    """Whom a SCIM token stands for; None when it is not valid.

    Raises NotAllowed for a token without the scope, or not for exactly one portal.
    """
    caller = await authenticate(app, secret, via="scim")
    if caller is None:
        return None
    need_scope(caller, TokenScope.SCIM, "push by SCIM")
    hubs = [hub_id for hub_id in caller.roles if hub_id != ALL_PORTALS]
    if len(hubs) != 1 or ALL_PORTALS in caller.roles or not caller.holds(Role.ADMIN, hubs[0]):
        raise NotAllowed(
            "a SCIM token is for one portal its owner administers",
            hint="make one: rolecall token create NAME --scope scim --portal PORTAL",
        )
    async with app.database.read() as view:
        portal = await view.portals.get(hubs[0])
        client = await view.scim.client(caller.id.removeprefix("token:"))
    if portal is None:
        raise NotThere(f"Portal {hubs[0]} is not connected")
    if client is None:
        client = await _new_client(app, caller, hubs[0])
    return Pusher(client, portal, _acting(client, caller))


def _acting(client: ScimClient, caller: Actor) -> Actor:
    """Who the audit trail names; the owner's own user stays protected from their own pushes."""
    roles = {client.hub_id: frozenset({Role.ADMIN})}
    return Actor(f"scim:{client.id}", client.name, roles, caller.email, via="scim")


async def _new_client(app: App, caller: Actor, hub_id: int) -> ScimClient:
    token_id = caller.id.removeprefix("token:")
    async with app.database.begin(caller, "first push by SCIM") as work:
        client = ScimClient(token_id, hub_id, caller.name, work.now)
        await work.scim.put_client(client)
        work.record(Event.SCIM_CLIENT_ADDED, subject=client.name, hub_id=hub_id)
    return client


async def list_clients(app: App, actor: Actor) -> tuple[ScimClient, ...]:
    """Every client of the portals the actor administers."""
    need_scope(actor, TokenScope.MANAGE, "list SCIM clients")
    async with app.database.read() as view:
        return tuple(
            one for one in await view.scim.clients() if actor.holds(Role.ADMIN, one.hub_id)
        )


async def change_client(app: App, actor: Actor, client: ScimClient) -> ScimClient:
    """Set how a client's groups are mapped, what leaving means and its limits."""
    scope = TokenScope.MANAGE
    may_change(app, actor, Role.ADMIN, client.hub_id, "change SCIM clients", scope)
    async with app.database.begin(actor, f"change the SCIM client {client.name}") as work:
        former = await work.scim.client(client.id)
        if former is None or former.hub_id != client.hub_id:
            raise NotThere(f"There is no SCIM client {client.id}", hint="it appears at first use")
        await work.scim.put_client(client)
    return client


async def mapping(app: App, actor: Actor, client_id: str) -> tuple[ScimRecord, ...]:
    """The groups a client pushed and what each is mapped to; target "" = nothing."""
    client = await client_named(app, actor, client_id)
    async with app.database.read() as view:
        return await view.scim.all(client.id, "Group")


async def log_of(app: App, actor: Actor, client_id: str) -> tuple[ScimLine, ...]:
    """What a client sent, newest first, at most 100 lines."""
    client = await client_named(app, actor, client_id)
    async with app.database.read() as view:
        return await view.scim.lines(client.id)


async def client_named(app: App, actor: Actor, client_id: str) -> ScimClient:
    """A client the actor administers; NotThere otherwise."""
    async with app.database.read() as view:
        client = await view.scim.client(client_id)
    if client is None or not actor.holds(Role.ADMIN, client.hub_id):
        raise NotThere(f"There is no SCIM client {client_id}")
    need(actor, Role.ADMIN, client.hub_id, "look at SCIM clients")
    return client


async def catch_up(app: App, runner: ScimRunner) -> None:
    """Plan again for everybody SCIM pushed: after a crash, or a portal that was away."""
    async with app.database.read() as view:
        found = [
            (client, await view.scim.all(client.id, "User")) for client in await view.scim.clients()
        ]
        portals = {one.hub_id: one for one in await view.portals.all()}
    for client, records in found:
        if client.hub_id in portals and records:
            actor = _acting(client, Actor(""))
            pusher = Pusher(client, portals[client.hub_id], actor)
            runner.wake(pusher, {one.subject: () for one in records})


@dataclass(slots=True)
class ScimRunner:
    """Turns what was pushed into plans, one portal at a time, behind the answers.

    Pushes that arrive while a plan runs go into the next one together.
    """

    app: App
    pending: dict[str, Ended] = field(default_factory=dict)  # by client id
    running: dict[str, asyncio.Task[None]] = field(default_factory=dict)  # by client id

    def wake(self, pusher: Pusher, subjects: Mapping[str, Sequence[Assignment]]) -> None:
        """Have these subjects planned soon, each with the claims that have just ended."""
        client_id = pusher.client.id
        waiting = self.pending.setdefault(client_id, {})
        for subject, ended in subjects.items():
            waiting[subject] = (*waiting.get(subject, ()), *ended)
        task = self.running.get(client_id)
        if task is None or task.done():
            self.running[client_id] = asyncio.create_task(self._run(pusher))

    async def idle(self) -> None:
        """Wait until everything pushed so far is planned, and applied where it may be."""
        while tasks := [one for one in self.running.values() if not one.done()]:
            await asyncio.wait(tasks)

    async def _run(self, pusher: Pusher) -> None:
        while subjects := self.pending.pop(pusher.client.id, None):
            try:
                await carry_out(self.app, pusher, subjects)
            except RolecallError as error:
                LOG.warning("SCIM push of %s: %s", pusher.client.name, error.message)
                told = {"client": pusher.client.name, "message": error.message}
                async with self.app.database.work() as work:
                    work.notify("scim.failed", told, hub_id=pusher.client.hub_id)


async def carry_out(app: App, pusher: Pusher, subjects: Ended) -> Plan | None:
    """One plan for these subjects; approved and applied where the client's limits allow."""
    await read_again(app, pusher.portal)
    ground = await ground_of(app, pusher.actor, pusher.portal.name)
    async with app.database.read() as view:
        since = await _last_planned(view, pusher.client)
        wishes = [
            await _stored_wish(view, pusher.client, ground, one, ended, since)
            for one, ended in sorted(subjects.items())
        ]
    order = KeptWishes(
        tuple(one for one in wishes if one is not None),
        f"Pushed by {pusher.client.name}",
        pusher.client.reference,
        f"pushed by {pusher.client.name}",
    )
    drafted = await propose(app, pusher.actor, pusher.portal.name, order)
    if not drafted.stored:
        return None
    why = await _why_wait(app, pusher.client, drafted.plan)
    if why:
        await _tell_waiting(app, pusher, drafted.plan, why)
        return drafted.plan
    try:
        plan = drafted.plan
        await approve_plan(app, pusher.actor, plan.id, digest=plan.digest, reason=order.reason)
    except Refused as error:  # a second person is asked for
        await _tell_waiting(app, pusher, drafted.plan, error.message)
        return drafted.plan
    await apply_plan(app, pusher.actor, drafted.plan.id)
    return drafted.plan


async def _last_planned(view: View, client: ScimClient) -> datetime:
    """When the newest plan of a client was made; what ended later is in no plan yet."""
    for stored in await view.plans.find(client.hub_id, limit=500):
        if stored.plan.source == client.reference:
            return stored.plan.created_at
    return client.created_at


async def _stored_wish(
    view: View,
    client: ScimClient,
    ground: Ground,
    subject: str,
    just_ended: Sequence[Assignment],
    since: datetime,
) -> DesiredUser | None:
    """The wish for a subject by what the store holds now."""
    found = await view.assignments.find(
        client.hub_id, subject=subject, origin=Origin.SCIM, ended=True
    )
    ended = [one.assignment for one in found if one.ended_at and one.ended_at >= since]
    own = claims_about(ground, subject)
    people = await view.people.by_email(subject)
    person = people[0] if len(people) == 1 else None
    return wish_of(client, ground, subject, person, own, lost_of([*just_ended, *ended], own))


def claims_about(ground: Ground, subject: str) -> tuple[Assignment, ...]:
    """Open claims of every origin about one subject."""
    return tuple(one for one in ground.assignments if one.subject == subject.casefold())


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
    states = (PlanState.APPROVED, PlanState.APPLYING, PlanState.PAUSED, PlanState.DONE)
    async with app.database.read() as view:
        former = await view.plans.find(client.hub_id, states, 500)
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
