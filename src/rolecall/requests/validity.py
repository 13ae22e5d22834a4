"""Whether a profile can be given to somebody in this portal: seat and set together, stock, limits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rolecall.domain.assignment import Slot
from rolecall.domain.request import CatalogueEntry
from rolecall.domain.snapshot import Snapshot, User
from rolecall.plan.seats import is_free

BILLING_SCOPE = "settings.billing.write"
# Labels of what a permission set gives that this seat cuts off; nothing where nobody knows.
Capped = Callable[[str, tuple[str, ...]], tuple[str, ...]]


def nothing_known(_set_id: str, _seats: tuple[str, ...]) -> tuple[str, ...]:
    """Where the contents of sets are not known."""
    return ()


@dataclass(frozen=True, slots=True)
class Validity:
    """`problems` stop a request; `warnings` are for the approver to weigh."""

    problems: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def validity_of(
    entry: CatalogueEntry, snapshot: Snapshot, subject: str, capped: Capped = nothing_known
) -> Validity:
    """What stands against giving this profile to this e-mail, by the newest snapshot."""
    user = snapshot.user(subject)
    present = user if user is not None and user.present else None
    problems = [*_seat_problems(entry, snapshot, present), *_set_problems(entry, snapshot)]
    if not entry.grants:
        problems.append(f"the profile {entry.profile} gives nothing in this portal")
    warnings = [*_user_warnings(entry, present), *_seat_caps(entry, present, capped)]
    return Validity(tuple(problems), tuple(warnings))


def values_of(entry: CatalogueEntry, slot: Slot) -> tuple[str, ...]:
    """What a profile gives in one slot."""
    return tuple(value for one, value in entry.grants if one is slot)


def _seat_problems(entry: CatalogueEntry, snapshot: Snapshot, user: User | None) -> list[str]:
    held = set(user.seat_names or ()) if user else set()
    left = {seat.name: seat.remaining for seat in snapshot.seats}
    problems = []
    for seat in values_of(entry, Slot.SEAT):
        if seat in held or is_free(seat):
            continue
        if left.get(seat) == 0:
            problems.append(f"no {seat} seat is left; an admin can free or buy one")
        elif left.get(seat) is None:
            problems.append(f"HubSpot does not tell whether a {seat} seat is left")
    return problems


def _set_problems(entry: CatalogueEntry, snapshot: Snapshot) -> list[str]:
    """Sets that carry a paid seat can be given only by a connection that may write billing."""
    can = snapshot.capabilities
    billing = not can.scopes_known or BILLING_SCOPE in can.scopes
    wanted = values_of(entry, Slot.PERMISSION_SET)
    paid = [one.name for one in snapshot.permission_sets if one.id in wanted]
    needs = [one.name for one in snapshot.permission_sets if one.requires_billing_write]
    return [
        f"{name} carries a paid seat, and the connection may not write billing"
        for name in paid
        if name in needs and not billing
    ]


def _user_warnings(entry: CatalogueEntry, user: User | None) -> list[str]:
    if user is None:
        return ["they are not in the portal yet: a user is created, and parked at the end"]
    warnings = []
    sets = values_of(entry, Slot.PERMISSION_SET)
    if user.super_admin:
        warnings.append("they are Super Admin: sets and seats change nothing until they are not")
    elif sets and len(user.permission_set_ids) > 1:
        warnings.append("they hold several permission sets: a person must change them in HubSpot")
    elif sets and user.permission_set_ids and set(sets) != set(user.permission_set_ids):
        warnings.append("their permission set is replaced, and comes back at the end")
    return warnings


def _seat_caps(entry: CatalogueEntry, user: User | None, capped: Capped) -> list[str]:
    seats = values_of(entry, Slot.SEAT) or (user.seat_names if user else None) or ()
    if not seats:
        return []
    lost = [label for one in values_of(entry, Slot.PERMISSION_SET) for label in capped(one, seats)]
    shown = ", ".join(lost[:5]) + (f" and {len(lost) - 5} more" if len(lost) > 5 else "")
    return [f"the seat {', '.join(seats)} does not open {shown}"] if lost else []
