"""What is known about kinds of seats: which cost nothing, and which include which.

Source: HubSpot's knowledge base on managing seats, 27 Mar 2026.
"""

from __future__ import annotations

from collections.abc import Iterable

FREE_SEATS = frozenset({"view-only", "view only", "partner"})  # unlimited, never bought


def is_free(seat: str) -> bool:
    """View-Only and Partner seats cost nothing and have no stock."""
    return seat.strip().casefold() in FREE_SEATS


def seat_rank(seat: str) -> int:
    """0 free, 1 Core, 2 what includes Core (Sales, Service, Commerce, ...)."""
    if is_free(seat):
        return 0
    return 1 if seat.strip().casefold() == "core" else 2


def is_upgrade(before: Iterable[str], after: Iterable[str]) -> bool:
    """Whether nothing is lost: seats only added, or all replaced by one that includes them."""
    had, gets = set(before), set(after)
    if had <= gets:
        return had != gets
    lowest = min((seat_rank(seat) for seat in gets), default=-1)
    return all(seat_rank(seat) < lowest for seat in had - gets) if gets else False
