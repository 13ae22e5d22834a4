"""The one way from a plan's id to the plan: only who may look at its portal learns that it is."""

from __future__ import annotations

from rolecall.domain.actor import Actor
from rolecall.services.rights import may_read
from rolecall.store import StoredPlan, View
from rolecall.store.errors import NotThere


async def seen_plan(view: View, actor: Actor, plan_id: str) -> StoredPlan:
    """A plan of a portal the actor may look at; NotThere for any other, as for none."""
    stored = await view.plans.get(plan_id)
    if not may_read(actor, stored.plan.hub_id):
        raise NotThere(f"No single plan has the id {plan_id}", hint="see `rolecall plan list NAME`")
    return stored
