"""Raise, connect, return: begun on order, ended by time or on order, proved by snapshots.

Everything ends in plans; nothing here writes to HubSpot.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from rolecall.domain.actor import SYSTEM, Actor
from rolecall.domain.plan import PlanState
from rolecall.kit.errors import Refused, RolecallError
from rolecall.permissions.elevation import Elevation, Way
from rolecall.permissions.pack import Pack
from rolecall.services.app import App
from rolecall.services.connections.portals import portal_named
from rolecall.services.drafts.elevation_proofs import (
    Standing,
    close,
    is_there,
    settle_elevations,
    standings,
    state_of,
)
from rolecall.services.drafts.elevations import Elevated, decide, keep
from rolecall.services.drafts.ground import ground_of
from rolecall.services.drafts.orders import Elevate, ReturnElevation
from rolecall.services.plans.drafting import PLANNING, Drafted, portal_to_plan, propose
from rolecall.services.plans.plans import approve_plan

LONGEST = timedelta(days=7)  # who needs it longer needs another permission set


@dataclass(frozen=True, slots=True)
class Elevating:
    """What an elevation comes to; `drafted` None where there is nothing to raise."""

    found: Elevation
    pack: Pack
    drafted: Drafted | None


async def elevate(
    app: App,
    actor: Actor,
    name: str,
    email: str,
    pack_text: str,
    lasting: timedelta,
    reason: str = "",
) -> Elevating:
    """Propose the access a pack asks for, for a while; nothing where the user is connected or ready.

    Raises Refused where no API could bring the former access back and no clicks would help, where
    the evidence lacks, or while another elevation of the user is not over.
    """
    if not timedelta() < lasting <= LONGEST:
        raise Refused("an elevation lasts between a minute and 7 days", hint="--for 2h, --for 1d")
    portal = await portal_to_plan(app, actor, name)
    ground = await ground_of(app, actor, name, PLANNING)
    _, pack, user, found = await decide(app, ground, pack_text, email)
    running = [s for s in await standings(app, portal.hub_id) if s.one.user_id == user.id]
    _refuse_second([one for one in running if one.raised and not one.one.over])
    if found.way is Way.REFUSED:
        hint = f"rolecall export import {name} users.csv" if "export" in found.reason else None
        raise Refused(f"{user.email} is not elevated: {found.reason}", hint=hint)
    if found.way in (Way.CONNECTED, Way.READY):
        return Elevating(found, pack, None)
    order = Elevate(pack_text, user.email, ground.now + lasting, reason)
    return Elevating(found, pack, await propose(app, actor, name, order))


def _refuse_second(running: list[Standing]) -> None:
    if running:
        one = running[0].one
        raise Refused(
            f"{one.email} is elevated for {one.pack_name} already, until {one.ends_at:%Y-%m-%d %H:%M}",
            hint="take it back first: rolecall user elevate PORTAL E-MAIL --return",
        )


async def return_now(
    app: App, actor: Actor, name: str, email: str, reason: str = ""
) -> tuple[Elevated, Drafted | None]:
    """Propose the former access of a user's elevation, before its end or after it.

    The plan is None where nothing is left to take back: the user is gone, or has it already.
    """
    portal = await portal_to_plan(app, actor, name)
    running = [
        one.one
        for one in await standings(app, portal.hub_id)
        if one.raised and not one.one.over and email.casefold() in (one.one.email.casefold(), one.one.user_id)
    ]  # fmt: skip
    if not running:
        raise Refused(
            f"no elevation of {email} is running", hint=f"see `rolecall user elevations {name}`"
        )
    return running[0], await _propose_return(app, actor, name, running[0], reason)


async def _propose_return(
    app: App, actor: Actor, name: str, one: Elevated, reason: str = ""
) -> Drafted | None:
    async with app.database.read() as view:
        snapshot = await view.snapshots.load(one.hub_id)
        former = await state_of(view, one.return_plan_id)
    if snapshot is None or not is_there(snapshot, one):
        await close(app, one, snapshot, "the user is no longer in the portal")
        return None
    if former in (PlanState.APPLYING, PlanState.PAUSED):
        raise Refused(
            f"the return is under way: plan {one.return_plan_id}",
            hint=f"go on with `rolecall plan apply {one.return_plan_id}`",
        )
    drafted = await propose(app, actor, name, ReturnElevation(one.plan_id, reason))
    if not drafted.stored:
        await close(app, one, snapshot, "the former access was back already")
        return None
    async with app.database.begin(actor, drafted.plan.reason) as work:
        await keep(work, replace(one, return_plan_id=drafted.plan.id))
    return drafted


async def return_due(app: App, actor: Actor = SYSTEM) -> tuple[str, ...]:
    """Propose and approve the return of every elevation whose time is over; the plans' ids.

    Whoever approved the elevation approved its end. What a guardrail stops stays proposed and is
    told; the finding elevation.overdue shows until it is done.
    """
    async with app.database.read() as view:
        portals = await view.portals.all()
    due = [
        (portal.name, standing.one)
        for portal in portals
        for standing in await standings(app, portal.hub_id)
        if standing.state == "overdue"
    ]
    made = [await _return_one(app, actor, name, one) for name, one in due]
    return tuple(plan_id for plan_id in made if plan_id)


async def _return_one(app: App, actor: Actor, name: str, one: Elevated) -> str:
    """The id of the approved plan of one return; empty where there is none, or it is told why not."""
    try:
        drafted = await _propose_return(app, actor, name, one)
        if drafted is None:
            return ""
        await approve_plan(app, actor, drafted.plan.id)
    except RolecallError as error:
        told = {"portal": name, "message": error.message}
        async with app.database.work() as work:
            work.notify("plan.due_failed", told, hub_id=one.hub_id)
        return ""
    return drafted.plan.id


async def list_elevations(app: App, actor: Actor, name: str) -> tuple[Standing, ...]:
    """Elevations of a portal, the newest first, proposals that came to nothing left out."""
    portal = await portal_named(app, actor, name)
    await settle_elevations(app, portal.hub_id)
    found = await standings(app, portal.hub_id)
    kept = [one for one in found if one.state != "dropped"]
    return tuple(sorted(kept, key=lambda one: one.one.begun_at, reverse=True))
