"""`rolecall serve`: console, REST, SCIM, import source and the duties, in one process."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from rolecall.cli.numbers import Whole
from rolecall.cli.output import say
from rolecall.cli.running import ask
from rolecall.kit.errors import Refused

if TYPE_CHECKING:
    from rolecall.services.operators.links import NewLink

SERVER = "rolecall.server:application"  # by name: the command line knows no server
LOCAL = "127.0.0.1"
PORT = 8040
SERVED_HERE = f"http://{LOCAL}:{PORT}"  # what browsers type unless told otherwise
MOST_HEADERS = 65_536  # bytes of a request before its body


@click.command(epilog="Example: rolecall serve --public-url https://rolecall.example.com")
@click.option("--host", default=LOCAL, show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    type=Whole(0, 65_535),
    default=PORT,
    show_default=True,
    help="Where it listens; 0 = any that is free.",
)
@click.option("--public-url", help="What browsers type, where a proxy stands before.")
@click.option("--proxy", help="Address of that proxy, whose word on the visitor is taken.")
def serve(host: str, port: int, public_url: str | None, proxy: str | None) -> None:
    """Serve the console and every other face, sync on schedule, carry out what is due.

    The first start prints a one-time link for the first operator.
    """
    with listening(host, port) as door:
        url = address(door, public_url)
        os.environ["ROLECALL_PUBLIC_URL"] = url
        warn_about(host, url)
        say(f"Rolecall is at {url}")
        tell_first_link(url)
        run(door, proxy)


@contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """A listening socket; its port is known before anything else starts."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio sends small answers at once on sockets that say TCP; on others each waits 40 ms.
    with socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP) as door:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            door.bind((host, port))
            door.listen()  # who opens the link before we are up waits instead of being refused
        except OSError as error:
            hint = "try another --port, or another --host"
            raise Refused(f"Cannot listen on {host}:{port}: {error.strerror}", hint=hint) from error
        yield door


def address(door: socket.socket, public_url: str | None) -> str:
    """What browsers type: told, set, or where we listen."""
    chosen = public_url or os.environ.get("ROLECALL_PUBLIC_URL") or ""
    if chosen:
        if not chosen.startswith(("https://", "http://")):
            raise Refused(f"{chosen} is no address", hint="such as https://rolecall.example.com")
        return chosen.rstrip("/")
    host, port = door.getsockname()[:2]
    shown = {"0.0.0.0": "localhost", "::": "localhost"}.get(host, host)  # noqa: S104 - told, not bound
    return f"http://[{shown}]:{port}" if ":" in shown else f"http://{shown}:{port}"


def warn_about(host: str, url: str) -> None:
    """Sign-ins over plain http are for this machine alone."""
    if url.startswith("http://") and host not in {LOCAL, "::1", "localhost"}:
        say("warning: without https everybody on the way reads passwords; put a proxy in front")


def tell_first_link(url: str) -> None:
    """The one-time link of the first operator, while there is none."""
    link = ask(_first_link)
    if link is not None:
        say("Nobody can sign in yet. Open this once to become the first operator:")
        click.echo(f"{url}/link?t={link.token}")


async def _first_link(app: object, actor: object) -> NewLink | None:
    from rolecall.services.operators.operators import first_operator_link

    return await first_operator_link(app, actor)  # type: ignore[arg-type]


def run(door: socket.socket, proxy: str | None = None) -> None:
    """Serve on this socket until interrupted."""
    import asyncio

    import uvicorn

    from rolecall.kit.logs import write_lines

    write_lines()
    config = uvicorn.Config(
        SERVER,
        factory=True,
        lifespan="on",
        http="h11",  # the strict one; the quick one takes header lines without an end
        h11_max_incomplete_event_size=MOST_HEADERS,
        ws="none",
        log_config=None,  # its warnings are lines like ours
        log_level="warning",
        access_log=False,  # one line per request comes from our own layer
        server_header=False,
        date_header=True,
        proxy_headers=proxy is not None,
        forwarded_allow_ips=proxy or "",
        timeout_graceful_shutdown=5,
    )
    server = uvicorn.Server(config)
    asyncio.run(server.serve(sockets=[door]))
    if not server.started:
        raise Refused("The server did not start", hint="the reason stands above")
