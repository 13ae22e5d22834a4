"""What no face may choke on, sent over a real socket to the whole server: every one answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
import uvicorn

from rolecall.domain.operator import TokenScope
from rolecall.server import create_server
from tests.support.faces import a_token
from tests.support.house import a_house

FACES = {
    "api": "/api/v1/portals/acme/users",
    "scim": "/scim/v2/Users",
    "import source": "/feature/USER_IMPORT/event/FETCH_USERS",
    "mcp": "/mcp",
    "console": "/sign-in",
}
HUNG_UP = 0  # it answered, closed, and the rest of what we sent swept the answer away
JSON = "Content-Type: application/json"
CHUNK = b"100000\r\n" + b"x" * 2**20 + b"\r\n"


@dataclass
class Door:
    """The server's port, and a token for each face."""

    port: int
    tokens: dict[str, str]

    async def send(
        self, face: str, *headers: str, body: Iterable[bytes] = (), path: str = "",
        method: str = "POST",
    ) -> tuple[int, bytes]:  # fmt: skip
        """The status of one raw request, and the whole answer."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        token = self.tokens.get(face)
        lines = [f"{method} {path or FACES[face]} HTTP/1.1", "Host: x", "Connection: close"]
        lines += [f"Authorization: Bearer {token}"] if token else []
        answer = asyncio.create_task(reader.readline())  # it may come before all was sent
        with suppress(ConnectionError):
            writer.write("\r\n".join((*lines, *headers, "", "")).encode("latin-1"))
            for part in body:
                if answer.done():
                    break
                writer.write(part)
                await writer.drain()
        try:
            first, rest = await asyncio.wait_for(answer, 30), b""
        except ConnectionError:
            return HUNG_UP, b""
        with suppress(ConnectionError):
            rest = await asyncio.wait_for(reader.read(), 30)
        writer.close()
        return int(first.split(b" ", 2)[1]), first + rest


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    """Every face of the tiny portal behind one socket."""
    async with a_house(tmp_path) as house:
        rest = await a_token(house)
        scim = await a_token(house, TokenScope.SCIM, portal=house.portal.id)
        serve, _ = create_server(house.app)
        config = uvicorn.Config(serve, port=0, log_level="critical", lifespan="off")
        server = uvicorn.Server(config)
        task = asyncio.create_task(server.serve())
        while not server.started:  # noqa: ASYNC110 -- uvicorn tells by this flag alone
            await asyncio.sleep(0.02)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield Door(port, {"api": rest, "mcp": rest, "scim": scim})
        server.should_exit = True
        await task


BODIES = (
    b'{"a":' * 5_000 + b"1" + b"}" * 5_000, b'{"portalId":1,"appId":"\xff\xfe"}', b"{", b"[]",
    b"\x00", b'{"a":1e999}', b"null",
)  # fmt: skip
SMUGGLED = (
    ("Content-Length: 5", "Transfer-Encoding: chunked"),
    ("Content-Length: 2", "Content-Length: 200"),
    ("Transfer-Encoding: chunked, identity",),
    ("Authorization: Bearer a", "Authorization: Bearer b"),
    ("Host: elsewhere",),
    ("X-Filler: " + "a" * 100_000,),
)
PATHS = (
    "/api%2fv1/portals", "/api/v1/../../metrics", "/scim/v2/Users/%00",
    "/scim/v2/Users/%0d%0aX-Evil:%201", "/api/v1/portals/%2e%2e/x", "/scim/v2/%5cUsers",
    "/feature/USER_IMPORT/event/..%2fFETCH_USERS", "/p/acme/%2e%2e/%2e%2e/metrics",
)  # fmt: skip


async def test_fifty_megabytes(door: Door) -> None:
    """Refused by the length it claims, and by what comes where it claims none."""
    length = f"Content-Length: {50 * 2**20}"
    for face in FACES:
        claimed, _ = await door.send(face, JSON, length, body=[b"x" * 1000])
        chunked, _ = await door.send(face, JSON, "Transfer-Encoding: chunked", body=[CHUNK] * 50)

        assert 413 == claimed, face
        # The form of the console says no before it reads what is no form.
        assert chunked in {413, HUNG_UP, 401 if face == "console" else 413}, face


async def test_bodies(door: Door) -> None:
    """Deep, broken, of another encoding: told, never a crash."""
    for face in FACES:
        for body in BODIES:
            status, answer = await door.send(
                face, JSON, f"Content-Length: {len(body)}", body=[body]
            )

            assert 400 <= status < 500, (face, body[:30], answer[:300])


async def test_smuggling(door: Door) -> None:
    """Two lengths, two owners, two hosts, endless headers: nobody has to guess which counts."""
    for face in FACES:
        for headers in SMUGGLED:
            status, _ = await door.send(face, JSON, *headers, body=[b"0\r\n\r\n"])

            assert status in {400, 431}, (face, headers[0][:40])


async def test_paths(door: Door) -> None:
    """Paths in disguise reach no face, whoever asks."""
    for path in PATHS:
        status, answer = await door.send("api", path=path, method="GET")

        assert 400 == status, path
        assert b"X-Evil:" not in answer.partition(b"\r\n\r\n")[0]


async def test_a_token_of_another_face(door: Door) -> None:
    """The token of an identity provider opens nothing else, and theirs does not push."""
    ask = b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"list_portals"}}'
    spoken = (JSON, "Accept: application/json", f"Content-Length: {len(ask)}")
    door.tokens = {
        "api": door.tokens["scim"],
        "mcp": door.tokens["scim"],
        "scim": door.tokens["api"],
    }
    rest, _ = await door.send("api", method="GET")
    scim, _ = await door.send("scim", method="GET")
    _, told = await door.send("mcp", *spoken, body=[ask])

    assert (403, 403) == (rest, scim)
    assert b"may not use list_portals" in told
