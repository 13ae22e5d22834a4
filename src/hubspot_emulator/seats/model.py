"""Seats as a stock: who takes one, what is left, when a freed one counts again."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from hubspot_emulator.refusals import no_seat

if TYPE_CHECKING:
    from hubspot_emulator.world import Portal, World

RELEASE_LAG = timedelta(seconds=10)  # "seats reconcile" (live probe, August 2026)


def taken(world: World, portal: Portal, name: str, now: datetime) -> int:
    """How many hold this seat: active and invited users, and the just removed.

    A deactivated user keeps the seat in the record, but it is not counted (KB).
    """
    held = sum(
        1
        for member in portal.members.values()
        if name in member.seat_names and member.deactivated_at is None
    )
    return held + sum(
        name in portal.former[one].seat_names for one in just_removed(world, portal, now)
    )


def just_removed(world: World, portal: Portal, now: datetime) -> list[int]:
    """Users whose seats are not free again yet (switch seat_release)."""
    if world.switches["seat_release"] == "at_once":
        return []
    since = now - RELEASE_LAG
    return [one for one in portal.former if portal.removed_at.get(one, since) > since]


def remaining(world: World, portal: Portal, name: str, now: datetime) -> int | None:
    """Seats of a kind nobody holds; None when there is no end of them."""
    total = portal.seats[name].total
    return None if total is None else max(total - taken(world, portal, name, now), 0)


def require_free(world: World, portal: Portal, name: str, now: datetime) -> None:
    """ApiError 400 when no seat of this kind is left."""
    if remaining(world, portal, name, now) == 0:
        raise no_seat(f"No {name} seat is available for this role combination.")


def stock(world: World, portal: Portal, now: datetime) -> list[dict[str, Any]]:
    """Every kind of seat as the API shows it: no id, no total, no price."""
    rows = []
    for seat in portal.seats.values():
        row: dict[str, Any] = {"name": seat.name}
        if seat.description:
            row["description"] = seat.description
        left = remaining(world, portal, seat.name, now)
        if left is not None:
            row["remainingSeats"] = left
        rows.append(row)
    return rows
