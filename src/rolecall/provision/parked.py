"""Who is parked and since when: a state of ours, kept with the receipts that brought it about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from rolecall.domain.plan import ChangeKind, Outcome, Plan
from rolecall.kit.ids import uuid7
from rolecall.provision.settle import Judged
from rolecall.store import Statement, UnitOfWork, View

KIND = "parked"  # key: the e-mail, case-folded; body: since when, or nothing where called back
ENDS_PARKING = (Outcome.DONE, Outcome.ALREADY)


async def remember_parking(work: UnitOfWork, plan: Plan, judged: Sequence[Judged]) -> None:
    """Write down who was parked, called back or removed by these receipts."""
    for item in judged:
        parks = item.change.kind is ChangeKind.PARK
        leaves = item.change.kind is ChangeKind.REMOVE_USER
        if item.outcome not in ENDS_PARKING or not (parks or leaves):
            continue
        since = work.now.isoformat() if parks and item.change.after == "parked" else ""
        key = item.change.subject.casefold()
        statement = Statement(uuid7(), plan.hub_id, KIND, key, work.now, work.actor.id, since)
        await work.evidence.state(statement)


async def parked_since(view: View, hub_id: int) -> Mapping[str, datetime]:
    """Since when each parked user is parked, by case-folded e-mail."""
    stated = await view.evidence.stated(hub_id, KIND)
    return {key: datetime.fromisoformat(one.body) for key, one in stated.items() if one.body}
