"""The machine faces over a house: a token of some scopes, and a client that carries it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import uvicorn

from rolecall.api.face import create_face
from rolecall.domain.actor import local_actor
from rolecall.domain.operator import TokenScope
from rolecall.services.operators.tokens import create_token
from tests.support.house import House, a_house

BASE = "http://rolecall.test"
EVERYTHING = tuple(one for one in TokenScope if one is not TokenScope.SCIM)


async def a_token(house: House, *scopes: TokenScope, portal: int = 0, name: str = "test") -> str:
    """The secret of a token made by the house's operator of the command line."""
    made = await create_token(house.app, local_actor("ada"), name, scopes or EVERYTHING, [portal])
    return made.secret


@asynccontextmanager
async def calling(face: Any, secret: str = "", **headers: str) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of one face."""
    own = {"authorization": f"Bearer {secret}"} if secret else {}
    transport = httpx2.ASGITransport(face, raise_app_exceptions=False)
    async with httpx2.AsyncClient(
        transport=transport, base_url=BASE, headers={**own, **headers}, timeout=60
    ) as client:
        yield client


@dataclass
class Api:
    """The REST face of a house, and somebody who may do everything."""

    house: House
    face: Any
    client: httpx2.AsyncClient

    async def get(self, path: str, status: int = 200, **options: Any) -> Any:
        """GET; its JSON."""
        answer = await self.client.get(path, **options)
        assert status == answer.status_code, answer.text
        return answer.json() if answer.content else None

    async def post(self, path: str, body: Any = None, status: int = 200, **options: Any) -> Any:
        """POST of JSON; its JSON."""
        answer = await self.client.post(path, json={} if body is None else body, **options)
        assert status == answer.status_code, answer.text
        return answer.json()

    async def send(self, method: str, path: str, body: Any = None, status: int = 200) -> Any:
        """Any other method, of JSON; its JSON."""
        answer = await self.client.request(method, path, json=body)
        assert status == answer.status_code, answer.text
        return answer.json() if answer.content else None


@asynccontextmanager
async def an_api(home: Path, *, seed: str = "tiny") -> AsyncIterator[Api]:
    """A house behind its REST face, and a client who may do everything."""
    async with a_house(home, seed=seed) as house:
        face = create_face(house.app)
        async with calling(face, await a_token(house, *EVERYTHING)) as client:
            yield Api(house, face, client)


class ServedApi(threading.Thread):
    """The tiny portal behind REST, on a port of its own, in a loop of its own."""

    def __init__(self, home: Path) -> None:
        super().__init__(daemon=True)
        self.home, self.ready = home, threading.Event()
        self.url = self.secret = ""
        self.house: House | None = None
        self.server: uvicorn.Server | None = None

    def run(self) -> None:
        """Serve until told to stop."""
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        async with a_house(self.home) as house:
            self.house = house
            self.secret = await a_token(house, *EVERYTHING)
            face = create_face(house.app)
            config = uvicorn.Config(face, port=0, log_level="error", lifespan="off")
            self.server = uvicorn.Server(config)
            task = asyncio.create_task(self.server.serve())
            while not self.server.started:  # noqa: ASYNC110 -- uvicorn tells by this flag alone
                await asyncio.sleep(0.05)
            port = self.server.servers[0].sockets[0].getsockname()[1]
            self.url = f"http://127.0.0.1:{port}"
            self.ready.set()
            await task


@contextmanager
def served_api(home: Path) -> Iterator[ServedApi]:
    """REST on a real socket, for programs that are not ours."""
    served = ServedApi(home)
    served.start()
    assert served.ready.wait(60)
    try:
        yield served
    finally:
        assert served.server is not None
        served.server.should_exit = True
        served.join(10)
