"""The client over real sockets: the same answers, and connections that really break."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from hubspot_emulator.app import create_world
from rolecall.hubspot import Bearer, Connection, Policy, Reader, Sender, Target, errors
from rolecall.hubspot.bodies import NewUser
from rolecall.hubspot.writer import Writer
from tests.support.emulator import Emulator, running

QUICK = Policy(first_pause=0.01)


@asynccontextmanager
async def served() -> AsyncIterator[tuple[Emulator, Connection]]:
    """An emulator on a socket and a client of it."""
    async with (
        running(create_world(seed="acme", limits="off"), "server") as emulator,
        Sender() as sender,
    ):
        target = Target(emulator.base_url, emulator.portal.id)
        yield emulator, Connection(sender, Bearer(emulator.token), target, policy=QUICK)


class TestOverSockets:
    async def test_everybody_is_read(self) -> None:
        """Keep-alive connections, gzip or not, many pages."""
        async with served() as (emulator, connection):
            users = [u async for page in Reader(connection).users(limit=20) for u in page.items]

            assert {user.id for user in users} == {str(one) for one in emulator.portal.members}

    @pytest.mark.parametrize("kind", ["cut", "answer_lost", "half_answer"])
    async def test_a_read_survives_a_broken_connection(self, kind: str) -> None:
        """Cut before, after and in the middle of the answer."""
        async with served() as (emulator, connection):
            await emulator.fault(kind, "users.list", times=2)
            users = [u async for page in Reader(connection).users() for u in page.items]

            assert len(users) == len(emulator.portal.members)

    @pytest.mark.parametrize(
        ("kind", "there"), [("cut", False), ("answer_lost", True), ("half_answer", True)]
    )
    async def test_a_write_on_a_broken_connection_is_unknown(self, kind: str, there: bool) -> None:
        """Whether it happened only reading back tells."""
        async with served() as (emulator, connection):
            await emulator.fault(kind, "users.create")

            with pytest.raises(errors.UnknownOutcome):
                await Writer(connection).create_user(NewUser("joiner@acme.test", False))
            found = await Reader(connection).user_by_email("joiner@acme.test")

            assert (found is not None) is there
            assert connection.counts.requests == 2

    async def test_a_slow_answer_ends_in_a_timeout(self) -> None:
        """Nobody waits for ever."""
        async with served() as (emulator, _):
            await emulator.fault("slow", "users.list", seconds=2.0)
            impatient = Sender(timeout={"connect": 1, "read": 0.05, "write": 1, "pool": 1})
            target = Target(emulator.base_url, emulator.portal.id)
            auth = Bearer(emulator.token)
            quick = Connection(impatient, auth, target, policy=Policy(attempts=1))

            with pytest.raises(errors.Unreachable, match="nothing came in time"):
                await anext(aiter(Reader(quick).users()))
            await impatient.aclose()

    async def test_the_environments_proxy_is_used(
        self, monkeypatch: pytest.MonkeyPatch, unused_tcp_port_factory: Callable[[], int]
    ) -> None:
        """HTTP_PROXY sends requests to the proxy; nobody there means they never left."""
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{unused_tcp_port_factory()}")
        monkeypatch.setenv("no_proxy", "")
        async with Sender() as sender:
            target = Target("http://hubspot.test")
            connection = Connection(sender, Bearer("k"), target, policy=Policy(attempts=1))

            with pytest.raises(errors.Unreachable, match="no connection"):
                await Reader(connection).permission_sets()
