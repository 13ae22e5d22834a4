"""The console over an emulated portal, on a socket of this machine, with operators to sign in as."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uvicorn

from hubspot_emulator.world import World
from rolecall.domain.actor import SYSTEM, Role
from rolecall.domain.operator import Operator
from rolecall.domain.person import Person
from rolecall.kit.clock import HandClock
from rolecall.kit.ids import uuid7
from rolecall.services.app import App
from rolecall.services.upkeep import look
from rolecall.signin.passwords import Passwords
from rolecall.store import StoredPolicy
from tests.support.databases import require
from tests.support.hubspot import START
from tests.support.installation import Installation, a_world, an_installation

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

    from rolecall.server import House

PASSWORD = "a long enough sentence"
ROOT = "root@acme.test"  # the admin of everything
CHROMIUM = "/usr/bin/chromium"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


@dataclass
class Console:
    """One installation with its server; `restart` is what a deployment does."""

    installation: Installation
    app: App
    clock: HandClock
    port: int
    house: House | None = None
    _server: uvicorn.Server | None = None
    _task: asyncio.Task[None] | None = None
    operators: dict[str, Operator] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Where browsers reach it."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def world(self) -> World:
        """The emulated HubSpot."""
        return self.installation.world

    @property
    def hub_id(self) -> int:
        """The first portal."""
        return next(iter(self.world.portals))

    async def start(self) -> None:
        """Serve on the port."""
        from rolecall.server import create_server

        serve, self.house = create_server(self.app)
        config = uvicorn.Config(serve, port=self.port, log_level="error", lifespan="off")
        self._server = uvicorn.Server(config)
        self._task = asyncio.create_task(self._server.serve())
        while not self._server.started:  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0.02)

    async def stop(self) -> None:
        """Stop serving, at once."""
        assert self._server is not None
        assert self._task is not None
        self._server.should_exit = self._server.force_exit = True
        await self._task
        if self.house is not None:
            await self.house.errands.stop()

    async def operator(self, email: str, *roles: Role, hub_id: int | None = None) -> Operator:
        """Somebody who can sign in with PASSWORD; `hub_id` 0 = in every portal."""
        held = {self.hub_id if hub_id is None else hub_id: frozenset(roles)}
        made = Operator(uuid7(), email, self.clock.now(), email.partition("@")[0].title(), held)
        hashed = await self.app.passwords.hash(PASSWORD)
        async with self.app.database.work() as work:
            await work.operators.add(made)
            await work.operators.set_password(made.id, hashed)
        self.operators[email] = made
        return made

    async def enforce(self, text: str) -> None:
        """Bring an access.yaml in force."""
        async with self.app.database.begin(SYSTEM, "test") as work:
            digest = uuid7().replace("-", "")
            await work.policies.put_in_force(
                StoredPolicy(self.hub_id, text, digest, "test", work.now)
            )

    async def people(self, *people: Person) -> None:
        """People as a list told."""
        async with self.app.database.begin(SYSTEM, "test") as work:
            await work.people.put(people)


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        return int(door.getsockname()[1])


@asynccontextmanager
async def a_console(
    home: Path, *, seed: str = "tiny", clock: HandClock | None = None, **settings: Any
) -> AsyncIterator[Console]:
    """A connected and read portal with its console; the clock is wound by hand."""
    hand = clock or HandClock(START)
    port = free_port()
    chosen = {"public_url": f"http://127.0.0.1:{port}", **settings}
    async with an_installation(a_world(hand, seed=seed), home, clock=hand, **chosen) as made:
        await made.connect()
        app = replace(made.app, passwords=Passwords(memory_kib=64))
        await look(app, made.actor, "acme")
        console = Console(made, app, hand, port)
        await console.start()
        try:
            yield console
        finally:
            await console.stop()


@asynccontextmanager
async def a_browser() -> AsyncIterator[Browser]:
    """Chromium, or a skip with the reason."""
    require("browser")
    from playwright.async_api import async_playwright

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            yield browser
        finally:
            await browser.close()


async def signed_in(browser: Browser, console: Console, email: str, **context: Any) -> Page:
    """A page of a fresh browser profile, signed in as this operator."""
    page = await (await browser.new_context(base_url=console.url, **context)).new_page()
    await page.goto("/sign-in")
    await page.fill("#email", email)
    await page.fill("#password", PASSWORD)
    await page.click("button.primary")
    return page
