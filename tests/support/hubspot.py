"""A client over an emulator in process, on one hand-wound clock; and transports that misbehave."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2

from hubspot_emulator.app import create_app, create_world
from hubspot_emulator.clock import EmulatorClock
from hubspot_emulator.world import World
from rolecall.hubspot import Bearer, Connection, Policy, Reader, Sender, Sent, Target
from rolecall.hubspot.writer import Writer
from rolecall.kit.clock import Clock, HandClock
from tests.support.emulator import InProcess

START = datetime(2026, 11, 20, 12, tzinfo=UTC)
BASE = "http://hubspot.test"
HTML = b"<html><head><title>Error 404 Not Found</title></head><body></body></html>"


class Hiding(httpx2.AsyncBaseTransport):
    """Passes requests on, but knows no path with these words, as an older HubSpot would."""

    def __init__(self, inner: httpx2.AsyncBaseTransport, *words: str) -> None:
        self.inner = inner
        self.words = list(words)
        self.status = 404

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """HubSpot's HTML page, or the answer."""
        if any(word in request.url.path for word in self.words):
            headers = {"content-type": "text/html;charset=utf-8"}
            return httpx2.Response(self.status, headers=headers, content=HTML)
        return await self.inner.handle_async_request(request)


@dataclass
class Bench:
    """One emulated portal and a client of it."""

    world: World
    clock: Any
    transport: Hiding
    connection: Connection
    seen: list[Any] = field(default_factory=list)

    @property
    def reader(self) -> Reader:
        """Reads the portal."""
        return Reader(self.connection)

    @property
    def writer(self) -> Writer:
        """Changes the portal."""
        return Writer(self.connection)

    @property
    def hub_id(self) -> int:
        """The first portal's id."""
        return next(iter(self.world.portals))

    def paths(self, status: int | None = None) -> list[str]:
        """`METHOD template` of what was sent, in order; only of one status where given."""
        return [
            f"{event.method} {event.path}"
            for event in self.seen
            if isinstance(event, Sent) and status in (None, event.status)
        ]

    def fault(self, kind: str, operation: str = "*", **keys: Any) -> None:
        """Schedule one fault."""
        self.world.faults.schedule(kind=kind, operation=operation, **keys)


def token_of(world: World, hub_id: int | None = None) -> str:
    """The seed's token, which has every scope."""
    wanted = hub_id or next(iter(world.portals))
    return next(token.value for token in world.tokens.of_portal(wanted))


def a_bench(
    *,
    seed: str = "tiny",
    clock: Clock | None = None,
    token: str | None = None,
    policy: Policy | None = None,
    world: World | None = None,
    auth: Any = None,
    target: Target | None = None,
    **ports: Any,
) -> Bench:
    """A fresh portal (or another client of `world`) and a connection to it."""
    hand = clock or HandClock(START)
    if world is None:
        strict = {"unknown_parameters": "reject"}  # so that our client cannot drift
        world = create_world(seed=seed, clock=EmulatorClock(source=hand.now), switches=strict)
    transport = Hiding(InProcess(create_app(world)))
    seen: list[Any] = []
    hub_id = next(iter(world.portals))
    connection = Connection(
        Sender(transport),
        auth or Bearer(token or token_of(world)),
        target or Target(BASE, hub_id, time_zone=world.portals[hub_id].time_zone),
        clock=hand,
        policy=policy,
        observe=seen.append,
        **ports,
    )
    return Bench(world, hand, transport, connection, seen)


def canned(
    answer: Callable[[httpx2.Request], httpx2.Response], **options: Any
) -> tuple[Connection, HandClock]:
    """A connection to something that answers as told."""
    clock = HandClock(START)
    sender = Sender(httpx2.MockTransport(answer))
    return Connection(
        sender, Bearer("pat-na1-secret-1"), Target(BASE, 42), clock=clock, **options
    ), clock


class TideClock:
    """Time that jumps to the next sleeper's hour once nobody else has anything to do."""

    def __init__(self) -> None:
        self.at = START
        self._sleepers: list[tuple[datetime, int, asyncio.Future[None]]] = []
        self._order = 0

    def now(self) -> datetime:
        """Aware UTC time."""
        return self.at

    async def sleep(self, seconds: float) -> None:
        """Wait until the tide has come this far."""
        self._order += 1
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        due = self.at + timedelta(seconds=seconds)
        heapq.heappush(self._sleepers, (due, self._order, future))
        await future

    @asynccontextmanager
    async def running(self) -> AsyncIterator[TideClock]:
        """Let time pass while the block runs."""
        task = asyncio.create_task(self._flow())
        try:
            yield self
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _flow(self) -> None:
        while True:
            for _ in range(60):  # more than the steps any request takes in process
                await asyncio.sleep(0)
            if self._sleepers:
                due, _, future = heapq.heappop(self._sleepers)
                self.at = max(self.at, due)
                if not future.done():
                    future.set_result(None)
