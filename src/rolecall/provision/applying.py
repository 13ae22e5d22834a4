"""Carries one stored plan out at its portal, as far as it goes now."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from rolecall.domain.actor import Actor
from rolecall.domain.plan import Plan, Route
from rolecall.domain.portal import Portal
from rolecall.kit.clock import Clock
from rolecall.provision.hand_over import HandOver
from rolecall.provision.journal import StoreBooks
from rolecall.provision.ports import Desk, Moment, Patience
from rolecall.provision.run import Carrier, Ended, run
from rolecall.provision.tasks import HandOut, TaskMaker, leave_as_is
from rolecall.store import Database

if TYPE_CHECKING:
    from rolecall.hubspot import Observer, Reader
    from rolecall.hubspot.writer import Writer


class Hands(Protocol):
    """Opens the one door through which HubSpot can be changed."""

    def hands(
        self, portal: Portal, observe: Observer | None = None
    ) -> AbstractAsyncContextManager[tuple[Reader, Writer]]:
        """A Reader and a Writer over one connection, so both count against one limit."""
        ...


@dataclass(frozen=True, slots=True)
class Order:
    """One plan to be carried out, by whom, in which portal, and how to watch it."""

    plan: Plan
    portal: Portal
    actor: Actor
    task_of: TaskMaker
    seats_told: bool = True
    patience: Patience = field(default_factory=Patience)
    watch: Callable[[Moment], None] = lambda _: None
    names: Mapping[str, str] = field(default_factory=dict)  # of sets and teams by id


@dataclass(frozen=True, slots=True)
class Carrying:
    """How a run ended, and what it cost."""

    ended: Ended
    requests: int


async def carry_out_plan(hands: Hands, database: Database, clock: Clock, order: Order) -> Carrying:
    """Go on with a plan where its journal stands; safe to call again at any time."""
    books = StoreBooks(database, order.actor, order.plan)
    carriers: dict[Route, Carrier] = {
        Route.HAND_OVER: HandOver(books),
        Route.MANUAL: HandOut(order.task_of),
        Route.NOTHING: leave_as_is,
    }
    async with hands.hands(order.portal) as (reader, writer):
        counts = reader.connection.counts
        seats_told, patience, watch = order.seats_told, order.patience, order.watch
        desk = Desk(reader, writer, books, clock, seats_told, patience, watch, order.names)
        ended = await run(desk, order.plan, carriers)
        return Carrying(ended, counts.requests)
