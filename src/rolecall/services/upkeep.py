"""What keeps an installation going: looks at portals, carries out what was approved, tidies up.

Each use case here finds its own due rows, may be called as often as one likes by any number of
processes, and leaves what one portal's trouble does to that portal.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence

from rolecall.domain.actor import SYSTEM, Actor
from rolecall.domain.plan import PlanState
from rolecall.domain.portal import Portal
from rolecall.kit import logs
from rolecall.kit.errors import RolecallError
from rolecall.kit.logs import about
from rolecall.services.app import App
from rolecall.services.connections.leases import if_free
from rolecall.services.connections.portals import portal_named
from rolecall.services.counted import count, count_all
from rolecall.services.findings.findings import catch_up_all, refresh_findings
from rolecall.services.operators.links import forget_links
from rolecall.services.operators.tries import forget_tries
from rolecall.services.plans.applying import Applied, apply_plan, unfinished
from rolecall.services.plans.elevating import return_due
from rolecall.services.plans.lifecycle import expire_due
from rolecall.services.plans.policies import tell_drift
from rolecall.services.plans.stored import StoredPlans
from rolecall.services.requests import clock as request_clock
from rolecall.services.reviews import clock as review_clock
from rolecall.services.scim import planning as scim_planning
from rolecall.services.syncs.syncing import SyncReport, due, sync_portal
from rolecall.store import Due, View

LOG = logging.getLogger("rolecall.upkeep")
# Plans that go by themselves once approved: a request was answered, a review closed, an elevation
# is over, an identity provider pushed.
FROM_PEOPLE = ("request:", "review:", "return ", "scim:")


async def look(app: App, actor: Actor, name: str, *, full: bool = False) -> SyncReport:
    """Read a portal, look for findings in it, count it, and open the reviews events ask for."""
    report = await sync_portal(app, actor, name, full=full)
    portal = await portal_named(app, SYSTEM, name)
    await _noted(portal, refresh_findings(app, portal))
    await _noted(portal, count(app, portal))
    await _noted(portal, tell_drift(app, portal))
    await _noted(portal, review_clock.open_for_events(app, portal.hub_id))
    return report


async def looks_due(app: App) -> tuple[str, ...]:
    """Portals whose interval is over, by hub id."""
    async with app.database.read() as view:
        found = [one.hub_id for one in await view.portals.all() if await _due(view, one)]
    return tuple(map(str, found))


async def look_at(app: App, hub_id: int) -> bool:
    """Look at a portal if its interval is (still) over; whether it was read."""
    async with app.database.read() as view:
        portal = await view.portals.get(hub_id)
        if portal is None or not await _due(view, portal):
            return False
    return await _noted(portal, look(app, SYSTEM, portal.name))


async def _due(view: View, portal: Portal) -> bool:
    runs = await view.syncs.runs(portal.hub_id, 1)
    return due(portal, runs[0] if runs else None, view.now)


async def carry_out(app: App, actor: Actor, plan_id: str) -> Applied:
    """Carry a plan out, then look at the portal: the next snapshot proves what was done."""
    applied = await apply_plan(app, actor, plan_id)
    await _proved(app, applied)
    return applied


async def _proved(app: App, applied: Applied) -> None:
    async with app.database.read() as view:
        portal = await view.portals.get(applied.plan.hub_id)
    if portal is not None and applied.requests:
        await _noted(portal, look(app, SYSTEM, portal.name))


async def runs_due(app: App) -> tuple[str, ...]:
    """Portals with a run to go on with or to begin, by hub id."""
    due = (*await unfinished(app), *await _approved_by_people(app))
    return tuple(dict.fromkeys(str(one.hub_id) for one in due))


async def go_on_in(app: App, hub_id: int) -> tuple[Applied, ...]:
    """Go on with interrupted runs of a portal, and begin what requests and reviews approved."""
    done = []
    for one in (*await unfinished(app), *await _approved_by_people(app)):
        if one.hub_id != hub_id:
            continue
        try:
            done.append(await apply_plan(app, SYSTEM, one.plan_id))
        except RolecallError as error:
            LOG.info("plan %s waits: %s", one.plan_id, error.message, extra=logs.of(error))
    for applied in done:
        await _proved(app, applied)
    return tuple(done)


async def go_on(app: App) -> tuple[Applied, ...]:
    """The same in every portal; one that another process works on is left to it."""
    done: list[Applied] = []
    for hub_id in await runs_due(app):
        async with if_free(app.database, f"duty:runs:{hub_id}") as ours:
            done += await go_on_in(app, int(hub_id)) if ours else ()
    return tuple(done)


async def _approved_by_people(app: App) -> tuple[Due, ...]:
    if app.choices.security.read_only:
        return ()
    async with app.database.read() as view:
        approved = await view.plans.find(None, (PlanState.APPROVED,))
    return tuple(
        Due(one.plan.id, one.plan.hub_id)
        for one in approved
        if one.plan.source.startswith(FROM_PEOPLE)
    )


async def settle_requests(app: App) -> None:
    """Requests as time and answers brought them on, down to the portal and back."""
    await request_clock.carry_out_due(app, StoredPlans(app))
    if await go_on(app):
        await request_clock.carry_out_due(app, StoredPlans(app))


async def settle_reviews(app: App) -> None:
    """Campaigns as time, events and decisions brought them on, down to the portal and back."""
    await review_clock.open_for_all(app)
    await review_clock.carry_out_due(app, StoredPlans(app))
    if await go_on(app):
        await review_clock.carry_out_due(app, StoredPlans(app))


async def settle_dates(app: App) -> None:
    """What is due by date becomes a plan; the end of an elevation was approved with it."""
    if not app.choices.security.read_only:
        await expire_due(app)
        if await return_due(app):
            await go_on(app)


async def tidy(app: App) -> None:
    """Forget what no limit looks at any more."""
    await forget_tries(app)
    await forget_links(app)


# Name, use case, seconds between two turns.
TURNS: tuple[tuple[str, Callable[[App], Awaitable[object]], float], ...] = (
    ("findings", catch_up_all, 60.0),
    ("counts", count_all, 60.0),
    ("requests", settle_requests, 15.0),
    ("reviews", settle_reviews, 60.0),
    ("dates", settle_dates, 300.0),
    ("pushes", scim_planning.catch_up, 30.0),
    ("tidying", tidy, 3600.0),
)
# Name, which portals are due, use case for one of them, seconds between two turns.
PORTAL_TURNS: tuple[
    tuple[
        str,
        Callable[[App], Awaitable[Sequence[str]]],
        Callable[[App, int], Awaitable[object]],
        float,
    ],
    ...,
] = (
    ("looks", looks_due, look_at, 30.0),
    ("runs", runs_due, go_on_in, 5.0),
)


async def _noted(portal: Portal, work: Awaitable[object]) -> bool:
    """Whether it succeeded; a trouble is noted and is no trouble of the next portal."""
    with about(portal=portal.name):
        try:
            await work
        except RolecallError as error:
            LOG.warning("%s: %s", portal.name, error.message, extra=logs.of(error))
            return False
        return True
