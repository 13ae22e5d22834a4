"""An open installation over an emulator in process: the real store, client and use cases."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from hubspot_emulator.app import create_app, create_world
from hubspot_emulator.clock import EmulatorClock
from hubspot_emulator.world import World
from rolecall.bootstrap import open_app
from rolecall.domain.actor import Actor, local_actor
from rolecall.domain.portal import CredentialKind
from rolecall.domain.snapshot import Snapshot
from rolecall.kit.clock import Clock, HandClock
from rolecall.services.app import App
from rolecall.services.connections.portals import ConnectionReport, add_portal
from rolecall.services.syncs.syncing import SyncReport, sync_portal
from rolecall.settings import Settings
from rolecall.sync.ports import NewCredential
from tests.support.emulator import InProcess, running
from tests.support.hubspot import token_of

BASE = "http://hubspot.test"
NAME = "acme"


def a_key(token: str) -> NewCredential:
    """A service key."""
    return NewCredential(CredentialKind.SERVICE_KEY, {"token": token})


@dataclass
class Installation:
    """One installation beside one emulated world."""

    app: App
    world: World
    actor: Actor

    async def connect(self, token: str | None = None, name: str = NAME) -> ConnectionReport:
        """Add the first portal."""
        return await add_portal(self.app, self.actor, name, a_key(token or token_of(self.world)))

    async def sync(self, name: str = NAME, **options: Any) -> SyncReport:
        """Sync a portal."""
        return await sync_portal(self.app, self.actor, name, **options)

    async def snapshot(self) -> Snapshot:
        """The newest snapshot of the first portal."""
        async with self.app.database.read() as view:
            found = await view.snapshots.load(next(iter(self.world.portals)))
        assert found is not None
        return found

    def asked(self) -> dict[str, int]:
        """Requests by operation since the last call."""
        counted = dict(self.world.recorder.by_operation)
        self.world.recorder.clear()
        return counted


def a_world(clock: HandClock, **build: Any) -> World:
    """An emulated world on the same hand-wound clock as the installation."""
    return create_world(clock=EmulatorClock(source=clock.now), **{"limits": "off", **build})


@asynccontextmanager
async def a_served_installation(
    world: World, home: Path, *, clock: Clock | None = None
) -> AsyncIterator[Installation]:
    """The same over a socket: the emulator as a server, and nothing of the network swapped."""
    async with running(world, "server") as emulator:
        chosen = Settings(home=home, api_base=emulator.base_url)
        async with open_app(chosen, clock=clock) as app:
            yield Installation(app, world, local_actor("tester"))


@asynccontextmanager
async def an_installation(
    world: World, home: Path, *, clock: Clock | None = None, **settings: Any
) -> AsyncIterator[Installation]:
    """Open an installation whose HubSpot is this world."""
    chosen = Settings(home=home, api_base=BASE, **settings)
    transport: httpx2.AsyncBaseTransport = InProcess(create_app(world))
    async with open_app(chosen, clock=clock, transport=transport) as app:
        yield Installation(app, world, local_actor("tester"))
