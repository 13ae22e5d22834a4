"""The way back of a plan that was carried out, from its receipts; honest about what stays."""

from __future__ import annotations

from rolecall.kit.errors import Refused
from rolecall.plan.undo import inverse
from rolecall.services.app import App
from rolecall.services.ground import Ground
from rolecall.services.orders import Draft, UndoPlan


async def draft_undo(app: App, ground: Ground, order: UndoPlan) -> Draft:
    """What takes the plan's done changes back; what cannot be is told with its reason."""
    async with app.database.read() as view:
        stored = await view.plans.get(order.plan_id)
        receipts = await view.journal.receipts(stored.plan.id)
    if not receipts:
        raise Refused(
            f"plan {stored.plan.id} did nothing yet, so there is nothing to undo",
            hint=f"to drop it: rolecall plan cancel {stored.plan.id}",
        )
    back = inverse(stored.plan, receipts, ground.snapshot)
    notes = tuple(
        f"stays as it is: {change.subject}, {change.kind.value.replace('_', ' ')}: {why}"
        for change, why in back.left
    )
    title = f"Undo: {stored.plan.title}"
    return Draft(title, f"undo {stored.plan.id}", back.changes, notes=notes)
