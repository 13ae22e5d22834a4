"""Free seats while a plan runs: what is left, what each change frees and takes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from rolecall.domain.plan import Change, ChangeKind
from rolecall.domain.snapshot import Snapshot
from rolecall.plan.seats import is_free


def seat_moves(change: Change) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Paid seats a change frees and paid seats it takes; manual lines move nothing by themselves."""
    if change.kind is ChangeKind.REMOVE_USER:
        held = change.details.get("frees_seats", "")
        return tuple(seat for seat in held.split(", ") if seat and not is_free(seat)), ()
    if change.kind is not ChangeKind.SET_SEATS:
        return (), ()
    before, after = set(change.before or ()), set(change.after or ())
    freed = tuple(sorted(seat for seat in before - after if not is_free(seat)))
    taken = tuple(sorted(seat for seat in after - before if not is_free(seat)))
    return freed, taken


@dataclass(slots=True)
class Stock:
    """Seats left by name; a name that is absent has an unknown stock, which limits nothing here."""

    left: dict[str, int] = field(default_factory=dict)

    def allows(self, unit: Iterable[Change]) -> bool:
        """Whether the stock holds every seat the changes take."""
        taken = Counter(seat for change in unit for seat in seat_moves(change)[1])
        return all(count <= self.left.get(seat, count) for seat, count in taken.items())

    def take_all(self, unit: Iterable[Change]) -> None:
        """Book what the changes free and take."""
        for change in unit:
            freed, taken = seat_moves(change)
            for seats, step in ((freed, 1), (taken, -1)):
                for seat in seats:
                    if seat in self.left:
                        self.left[seat] += step


def stock_of(snapshot: Snapshot) -> Stock:
    """The stock HubSpot told; seats without a number are left out."""
    return Stock(
        {seat.name: seat.remaining for seat in snapshot.seats if seat.remaining is not None}
    )
