"""The way back of a plan that was carried out, from its receipts; honest about what stays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from rolecall.domain.plan import Change, ChangeKind, Plan, Receipt
from rolecall.kit.errors import Refused
from rolecall.plan.effects import RETURNS
from rolecall.plan.undo import inverse
from rolecall.services.app import App
from rolecall.services.drafts.ground import Ground
from rolecall.services.drafts.orders import Draft, UndoPlan
from rolecall.store import View


async def draft_undo(app: App, ground: Ground, order: UndoPlan) -> Draft:
    """What takes the plan's done changes back; what cannot be is told with its reason."""
    async with app.database.read() as view:
        stored = await view.plans.get(order.plan_id)
        receipts = await view.journal.receipts(stored.plan.id)
        gave = await _gave(view, receipts, stored.plan)
    if not receipts:
        raise Refused(
            f"plan {stored.plan.id} did nothing yet, so there is nothing to undo",
            hint=f"to drop it: rolecall plan cancel {stored.plan.id}",
        )
    back = inverse(stored.plan, receipts, ground.snapshot, gave)
    notes = tuple(
        f"stays as it is: {change.subject}, {change.kind.value.replace('_', ' ')}: {why}"
        for change, why in back.left
    )
    title = f"Undo: {stored.plan.title}"
    changes = tuple(_with_rollback(change, stored.plan, receipts) for change in back.changes)
    return Draft(title, f"undo {stored.plan.id}", changes, notes=notes)


async def _gave(view: View, receipts: Sequence[Receipt], plan: Plan) -> frozenset[str]:
    """The hand-overs with records on their rollback file, however they ended."""
    found = {one.change_id: one.effect_id for one in receipts}
    return frozenset(
        [
            change.id
            for change in plan.changes
            if change.kind is ChangeKind.HAND_OVER
            and change.id in found
            and (await view.handovers.progress(found[change.id])).get("done")
        ]
    )


def _with_rollback(change: Change, plan: Plan, receipts: Sequence[Receipt]) -> Change:
    """A hand-over goes back by its rollback file: the successor's own records stay his."""
    if change.kind is not ChangeKind.HAND_OVER:
        return change
    asked = _records(change)
    former = next(one for one in plan.changes if one.kind is change.kind and _records(one) == asked)
    effect = next(one.effect_id for one in receipts if one.change_id == former.id)
    return replace(change, details={**change.details, RETURNS: effect})


def _records(change: Change) -> tuple[str, str, str]:
    details = change.details
    return (change.subject.casefold(), details["object_type"], details["property"])
