"""The emulator through its two doors: in process over ASGI, and as a real server on a socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest

from hubspot_emulator.app import create_app, create_world
from hubspot_emulator.exchange import ConnectionCut
from hubspot_emulator.server import AnnouncingServer, bind, config_of
from hubspot_emulator.tokens import Token
from hubspot_emulator.world import Portal, World

DOORS = ("asgi", "server")


class InProcess(httpx2.ASGITransport):
    """ASGI transport under which a cut connection looks as it does over a socket."""

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Answer one request in process."""
        try:
            return await super().handle_async_request(request)
        except ConnectionCut as cut:
            raise httpx2.RemoteProtocolError(str(cut), request=request) from cut


@dataclass(frozen=True)
class Emulator:
    """A running emulator; `world` is its inside, for asserting what really happened."""

    world: World
    client: httpx2.AsyncClient  # speaks as `token`
    base_url: str
    token: str
    door: str

    @property
    def portal(self) -> Portal:
        """The first portal of the world."""
        return next(iter(self.world.portals.values()))

    async def get(self, path: str, **options: Any) -> httpx2.Response:
        """GET as the token."""
        return await self.client.get(path, **options)

    async def send(
        self, method: str, path: str, body: Any = None, **options: Any
    ) -> httpx2.Response:
        """Any verb, with a JSON body."""
        return await self.client.request(method, path, json=body, **options)

    async def control(self, method: str, name: str, body: Any = None) -> Any:
        """A control request; its JSON, or None when there is none. AssertionError on refusal."""
        answer = await self.client.request(method, f"/_emulator/{name}", json=body)
        assert answer.status_code < 400, answer.text
        return answer.json() if answer.content else None

    async def fault(self, kind: str, operation: str = "*", **more: Any) -> None:
        """Schedule one fault."""
        await self.control("POST", "faults", {"kind": kind, "operation": operation, **more})

    async def act(self, name: str, user: str | int | None = None, /, **fields: Any) -> Any:
        """Do what only HubSpot's screens can."""
        named = {} if user is None else {"user": str(user)}
        return await self.control("POST", "acts", {"act": name, **named, **fields})


def a_token(world: World, value: str = "pat-na1-other", **changes: Any) -> Token:
    """A further token of the first portal; `changes` are fields of Token."""
    facts: dict[str, Any] = {"kind": "private_app", "app_id": 77, **changes}
    portal_id = facts.pop("portal_id", next(iter(world.portals)))
    return world.tokens.issue(Token(value, portal_id=portal_id, **facts))


@asynccontextmanager
async def running(
    world: World, door: str = "asgi", token: str | None = None
) -> AsyncIterator[Emulator]:
    """Serve a world through one door; the client carries the seed's token unless told otherwise."""
    value = token or f"pat-na1-emulator-{world.seed}"
    headers = {"Authorization": f"Bearer {value}"}
    app = create_app(world)
    if door == "asgi":
        url = "http://emulator.test"
        async with httpx2.AsyncClient(
            transport=InProcess(app), base_url=url, headers=headers
        ) as client:
            yield Emulator(world, client, url, value, door)
        return
    bound = bind("127.0.0.1", 0)
    url = f"http://127.0.0.1:{bound.getsockname()[1]}"
    ready = asyncio.Event()
    server = AnnouncingServer(config_of(app), ready.set)
    task = asyncio.create_task(server.serve(sockets=[bound]))
    await ready.wait()
    try:
        async with httpx2.AsyncClient(base_url=url, headers=headers) as client:
            yield Emulator(world, client, url, value, door)
    finally:
        server.should_exit = True
        await task


@pytest.fixture(params=DOORS)
def door(request: pytest.FixtureRequest) -> str:
    """Each test of the emulator runs through both doors."""
    return str(request.param)


@pytest.fixture
async def emulator(door: str) -> AsyncIterator[Emulator]:
    """The tiny seed without limits, through each door."""
    async with running(create_world(seed="tiny", limits="off"), door) as started:
        yield started
