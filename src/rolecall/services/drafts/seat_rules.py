"""Which permission sets HubSpot refused with which seats: learned from our own receipts.

HubSpot publishes no table of valid pairs, so a refusal is remembered and stops the next plan that
would run into it, with the seats that are left named.
"""

from __future__ import annotations

import re
from datetime import timedelta

from rolecall.domain.plan import ChangeKind, Plan, Receipt
from rolecall.domain.snapshot import Snapshot, User
from rolecall.store import View

REMEMBERED = timedelta(days=180)  # sets are edited, and HubSpot changes its rules
_REFUSAL = re.compile(r"\bseat", re.IGNORECASE)
_PAIR = re.compile(r"combin|compatib|does ?n.t allow|not (?:valid|allowed)", re.IGNORECASE)


async def learned_pairs(view: View, hub_id: int, snapshot: Snapshot) -> frozenset[tuple[str, str]]:
    """Pairs of (seat, case-folded; permission set id) that a write of ours was refused for."""
    receipts = await view.journal.refusals(hub_id, view.now - REMEMBERED)
    said = [one for one in receipts if _REFUSAL.search(one.message) and _PAIR.search(one.message)]
    plans: dict[str, Plan] = {}
    found: set[tuple[str, str]] = set()
    for one in said:
        if one.plan_id not in plans:
            plans[one.plan_id] = (await view.plans.get(one.plan_id)).plan
        found |= _pairs(plans[one.plan_id], one, snapshot)
    return frozenset(found)


def _pairs(plan: Plan, receipt: Receipt, snapshot: Snapshot) -> set[tuple[str, str]]:
    """The pair a refused write tried; none where it cannot be told which of several it was."""
    refused = next((one for one in plan.changes if one.id == receipt.change_id), None)
    user = None if refused is None else snapshot.user(refused.subject_id or refused.subject)
    if refused is None or user is None:
        return set()
    sets, seats = user.permission_set_ids, user.seat_names or ()
    for change in plan.changes:
        if change.subject_id != user.id:
            continue
        if change.kind is ChangeKind.SET_PERMISSION_SET:
            sets = _many(change.after)
        elif change.kind is ChangeKind.SET_SEATS:
            seats = _many(change.after)
    if len(sets) != 1 or len(seats) != 1 or _holds(user, sets[0], seats[0]):
        return set()
    return {(seats[0].casefold(), sets[0])}


def _holds(user: User, permission_set: str, seat: str) -> bool:
    """Somebody holds the pair by now, so it is valid."""
    return permission_set in user.permission_set_ids and seat in (user.seat_names or ())


def _many(value: str | tuple[str, ...] | None) -> tuple[str, ...]:
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else value
