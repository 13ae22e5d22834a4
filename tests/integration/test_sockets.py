"""Our servers' sockets send small answers at once, instead of waiting for the next packet."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from hubspot_emulator.server import bind
from rolecall.cli.serve import listening


@contextmanager
def _emulators(host: str, port: int) -> Iterator[socket.socket]:
    with bind(host, port) as made:
        yield made


@pytest.mark.parametrize("door", [listening, _emulators])
async def test_small_answers_go_out_at_once(door: Callable[[str, int], socket.socket]) -> None:
    """What asyncio accepts on them has TCP_NODELAY set."""
    seen: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def accepted(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        mine = writer.get_extra_info("socket")
        seen.set_result(mine.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        writer.close()

    with door("127.0.0.1", 0) as opened:
        server = await asyncio.start_server(accepted, sock=opened)
        async with server:
            _, writer = await asyncio.open_connection(*opened.getsockname()[:2])
            nodelay = await asyncio.wait_for(seen, 10)
            writer.close()

    assert 0 != nodelay
