"""What carrying out a plan needs from outside, and the moments at which it can be watched."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from rolecall.hubspot.reader import Reader
from rolecall.hubspot.writer import Writer
from rolecall.kit.clock import Clock
from rolecall.provision.books import Books


@dataclass(frozen=True, slots=True)
class Moment:
    """Something just happened to an effect: journaled, sent, unknown, read_back, settled.

    Of a run that goes on: taken_up, first of all, with the number of effects settled before.
    Of a hand-over: batch_journaled, batch_sent, batch (settled), with how far it is as message.
    """

    name: str
    effect_id: str
    subject: str
    number: int  # of the effect; of taken_up: how many are settled
    total: int
    message: str = ""


def _unwatched(_moment: Moment) -> None:
    """Where nobody watches."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long we wait for HubSpot to show what it did; seconds."""

    pauses: tuple[float, ...] = (0.5, 1.0, 2.0)  # between looks when a write is not shown yet
    unknown_pauses: tuple[float, ...] = (1.0, 3.0, 8.0)  # after a lost answer, before looking
    seat_pauses: tuple[float, ...] = (3.0, 6.0, 12.0)  # while a seat just given back is not free
    attempts: int = 5  # writes of one effect
    effective_after: float = 300.0  # HubSpot: a change of access takes up to five minutes
    in_flight: int = 8  # effects of different subjects under way together

    def before_look(self, tries: int) -> float:
        """Seconds to wait after so many lost answers, before looking what became of it."""
        return self.unknown_pauses[min(tries, len(self.unknown_pauses)) - 1]


@dataclass(frozen=True, slots=True)
class Desk:
    """Everything a run works with."""

    reader: Reader
    writer: Writer
    books: Books
    clock: Clock
    seats_told: bool = True
    patience: Patience = field(default_factory=Patience)
    watch: Callable[[Moment], None] = _unwatched
    names: Mapping[str, str] = field(default_factory=dict)  # of sets and teams by id, for messages
