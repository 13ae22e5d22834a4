"""The rollback file of a plan: every record that changed hands, with its former owner."""

from __future__ import annotations

from rolecall.domain.actor import Actor
from rolecall.domain.plan import Route
from rolecall.services.app import App
from rolecall.services.rights import need_reading
from rolecall.store import HandedRecord


async def rollback_file(app: App, actor: Actor, plan_id: str) -> tuple[HandedRecord, ...]:
    """Every record a plan handed over or gave back, in the order of work; empty before that."""
    async with app.database.read() as view:
        stored = await view.plans.get(plan_id)
        need_reading(actor, stored.plan.hub_id)
        effects = await view.journal.effects(stored.plan.id)
        return tuple(
            [
                record
                for effect in effects
                if effect.route is Route.HAND_OVER
                for record in await view.handovers.all(effect.id)
            ]
        )
