"""Plans page by page, newest first."""

from __future__ import annotations

from collections.abc import Iterable

from rolecall.domain.actor import Actor
from rolecall.domain.operator import ALL_PORTALS, TokenScope
from rolecall.domain.plan import PlanState
from rolecall.kit.paging import Page
from rolecall.services.app import App
from rolecall.services.connections.portals import portal_named
from rolecall.services.rights import may_read, need_scope
from rolecall.store import StoredPlan


async def plans_page(
    app: App,
    actor: Actor,
    name: str = "",
    states: Iterable[PlanState] | None = None,
    *,
    after: str | None = None,
    limit: int = 100,
) -> Page[StoredPlan]:
    """Plans of one portal, or of all the actor may look at; `after` is the cursor of a page."""
    need_scope(actor, TokenScope.READ, "list plans")
    where = (await portal_named(app, actor, name)).hub_id if name else _readable(actor)
    async with app.database.read() as view:
        found = await view.plans.find(where, states, limit + 1, after)
    return Page(found[:limit], found[limit - 1].plan.id if len(found) > limit else None)


def _readable(actor: Actor) -> frozenset[int] | None:
    """The portals an actor may look at; None = all, those removed since included."""
    if may_read(actor, ALL_PORTALS):
        return None
    return frozenset(hub_id for hub_id in actor.roles if may_read(actor, hub_id))
