"""Serves an emulator over a real socket; its connections can be cut by faults."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from hubspot_emulator.asgi import TRANSPORT, AsgiApp

Announce = Callable[[], None]


class CuttableProtocol(HttpToolsProtocol):
    """uvicorn's HTTP protocol, lending each request the transport it came by."""

    def on_message_begin(self) -> None:
        """Start a request; `scope` carries the transport as an ASGI extension."""
        super().on_message_begin()
        self.scope["extensions"] = {TRANSPORT: {"transport": self.transport}}


class AnnouncingServer(uvicorn.Server):
    """A server that says when it answers requests."""

    def __init__(self, config: uvicorn.Config, announce: Announce) -> None:
        super().__init__(config)
        self._announce = announce

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Tell the world only once requests are answered."""
        await super().startup(sockets)
        if self.started:
            self._announce()


def bind(host: str, port: int) -> socket.socket:
    """A bound socket, so that a busy port is known before a seed is planted; OSError if busy."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio sends small answers at once on sockets that say TCP; on others each waits 40 ms.
    made = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((host, port))
    except OSError:
        made.close()
        raise
    return made


def config_of(app: AsgiApp) -> uvicorn.Config:
    """How uvicorn serves an emulator: no access log, no headers of its own."""
    return uvicorn.Config(
        app,
        http=CuttableProtocol,
        ws="none",
        lifespan="off",
        access_log=False,
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=1,
    )


def serve(app: AsgiApp, bound: socket.socket, announce: Announce) -> None:
    """Answer requests until interrupted."""
    with contextlib.suppress(KeyboardInterrupt):
        AnnouncingServer(config_of(app), announce).run(sockets=[bound])
