"""What a plan would have to do so that a user meets a pack: a set, a seat, or clicks for a person.

Only wishes; guardrails, stock and approval are the plan's business.
"""

from __future__ import annotations

from dataclasses import dataclass

from rolecall.domain.assignment import Slot
from rolecall.domain.snapshot import User
from rolecall.permissions.access import Resolver
from rolecall.permissions.levels import NONE
from rolecall.permissions.pack import Pack
from rolecall.permissions.pack_check import (
    PackResult,
    Verdict,
    check_user,
    covers,
    toggle_of,
    would_cover,
)


@dataclass(frozen=True, slots=True)
class Wish:
    """One slot to fill with one value, or (slot None) clicks for a person."""

    slot: Slot | None
    value: str  # HubSpot id of the set, name of the seat; empty for clicks
    label: str
    reason: str
    clicks: tuple[str, ...] = ()
    toggle: str = ""  # of clicks: what evidence will show once it is done (permissions.toggles)
    keeps_former: bool = True  # False: the user loses something he has now


def wishes_for(
    resolver: Resolver, pack: Pack, user: User, *, for_good: bool = True
) -> tuple[Wish, ...]:
    """What to ask of a plan; empty when nothing is missing or nothing is known.

    Preferred is a permission set that surely meets the pack with the least beyond it and keeps the
    user's access; where none does, each toggle becomes clicks. Only for a while (not `for_good`) a
    set will do that takes something away.
    """
    result = check_user(resolver, pack, user)
    if result.verdict is not Verdict.MISSING:
        return ()
    seat = _seat_wish(resolver, pack, user, result)
    seats = (seat.value,) if seat else user.seat_names
    wanted = [one for one in result.missing if not one.by_seat and one.requirement.any_of]
    wishes = [seat] if seat else []
    if wanted:
        found = _set_wish(resolver, pack, user, seats)
        if found is not None and for_good and not found.keeps_former:
            found = None
        wishes.extend([found] if found else _clicks(resolver, pack, result))
    return tuple(wishes)


def _seat_wish(resolver: Resolver, pack: Pack, user: User, result: PackResult) -> Wish | None:
    lacking = any(one.by_seat or one.requirement.id == "seat" for one in result.missing)
    if not lacking or user.seat_names is None:
        return None
    names = pack.seats or ("Core",)
    offered = [one.name for one in resolver.snapshot.seats]
    for wanted in names:
        for name in offered or names:
            if name.casefold().startswith(wanted.casefold()):
                return Wish(Slot.SEAT, name, name, f"{pack.name} needs more than View-Only")
    return None


def _set_wish(
    resolver: Resolver, pack: Pack, user: User, seats: tuple[str, ...] | None
) -> Wish | None:
    now = resolver.access_of(user)
    best: tuple[bool, int, int, str] | None = None
    for set_id in resolver.definitions:
        access = resolver.access_of_set(set_id, seats)
        if set_id not in resolver.names or not would_cover(resolver, pack, access):
            continue
        beyond = [one for one in access.levels if one not in pack.permissions]
        critical = sum(one in resolver.catalogue.critical for one in beyond)
        rank = (not covers(resolver, access, now), critical, len(beyond), set_id)
        best = rank if best is None or rank < best else best
    if best is None:
        return None
    loses, _, _, set_id = best
    name = resolver.names[set_id]
    reason = f"the set {name} meets {pack.name}"
    return Wish(Slot.PERMISSION_SET, set_id, name, reason, keeps_former=not loses)


def _clicks(resolver: Resolver, pack: Pack, result: PackResult) -> list[Wish]:
    return [
        Wish(
            *(None, "", one.requirement.title, f"{pack.name}: {one.message}", one.clicks),
            toggle=toggle_of(resolver, one),
        )
        for one in result.missing
        if not one.by_seat and one.requirement.any_of
    ]


def removable(resolver: Resolver, pack: Pack, user: User) -> tuple[str, ...]:
    """Permissions only setting up needed, which the user holds still and could give back."""
    standing = {n.permission for line in pack.lines(connected=True) for n in line.any_of}
    access = resolver.access_of(user)
    return tuple(sorted(one for one in pack.permissions - standing if access.of(one).low != NONE))
