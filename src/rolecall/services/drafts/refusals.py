"""What HubSpot refused us before: learned from our own receipts, so nobody runs into it twice.

HubSpot publishes neither which seats go with which permission sets nor what the maker of a token
may hand out, so a refusal is remembered and stops the next plan that would meet it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta

from rolecall.domain.plan import Change, ChangeKind, Plan, Receipt
from rolecall.domain.portal import Portal
from rolecall.domain.snapshot import Snapshot, User
from rolecall.store import View

REMEMBERED = timedelta(days=180)  # sets are edited, and HubSpot changes its rules
_SEAT = re.compile(r"\bseat", re.IGNORECASE)
_PAIR = re.compile(r"combin|compatib|does ?n.t allow|not (?:valid|allowed)", re.IGNORECASE)
# "You can't assign X: it has permissions you don't have" and its like.
_RIGHTS = re.compile(
    r"permissions? (?:that )?you (?:do ?n.t|do not|lack)|(?:can.?t|cannot|may not) assign",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Learned:
    """Refused pairs of (seat, case-folded; permission set id), and refused permission set ids."""

    pairs: frozenset[tuple[str, str]] = frozenset()
    sets: frozenset[str] = frozenset()


async def learned(view: View, portal: Portal, snapshot: Snapshot) -> Learned:
    """What writes of ours were refused for; of sets only what this very credential was refused."""
    receipts = await view.journal.refusals(portal.hub_id, view.now - REMEMBERED)
    pairs = [one for one in receipts if _SEAT.search(one.message) and _PAIR.search(one.message)]
    rights = [one for one in receipts if _RIGHTS.search(one.message)]
    if not (pairs or rights):
        return Learned()
    plans: dict[str, Plan] = {}
    for one in (*pairs, *rights):
        if one.plan_id not in plans:
            plans[one.plan_id] = (await view.plans.get(one.plan_id)).plan
    since = await view.credentials.since(portal.hub_id)
    beyond = [one for one in rights if since is None or one.observed_at >= since]
    maker = snapshot.user(portal.credential_user_id or "")
    if maker is not None and maker.super_admin:
        beyond = []  # made Super Admin since: nothing is beyond them any more
    return Learned(
        frozenset(pair for one in pairs for pair in _pairs(plans[one.plan_id], one, snapshot)),
        frozenset(name for one in beyond for name in _set(plans[one.plan_id], one)),
    )


def _set(plan: Plan, receipt: Receipt) -> set[str]:
    """The permission set of the refused write; none where it was about something else."""
    refused = _change(plan, receipt)
    given = [
        change.after
        for change in plan.changes
        if refused is not None
        and change.subject == refused.subject
        and change.kind is ChangeKind.SET_PERMISSION_SET
    ]
    return {one for one in given if isinstance(one, str)}


def _pairs(plan: Plan, receipt: Receipt, snapshot: Snapshot) -> set[tuple[str, str]]:
    """The pair a refused write tried; none where it cannot be told which of several it was."""
    refused = _change(plan, receipt)
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


def _change(plan: Plan, receipt: Receipt) -> Change | None:
    return next((one for one in plan.changes if one.id == receipt.change_id), None)


def _holds(user: User, permission_set: str, seat: str) -> bool:
    """Somebody holds the pair by now, so it is valid."""
    return permission_set in user.permission_set_ids and seat in (user.seat_names or ())


def _many(value: str | tuple[str, ...] | None) -> tuple[str, ...]:
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else value
