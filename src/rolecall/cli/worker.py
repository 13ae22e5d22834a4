"""`rolecall worker`: the same duties as a server, without HTTP; as many as one likes."""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING

import click

from rolecall.cli.output import say
from rolecall.cli.running import ask

if TYPE_CHECKING:
    from rolecall.domain.actor import Actor
    from rolecall.services.app import App


@click.command(epilog="Example: rolecall worker")
@click.option("--once", is_flag=True, help="Take every turn once and stop.")
def worker(once: bool) -> None:
    """Sync on schedule and carry out what is due; safe beside servers and other workers."""
    from rolecall.kit.logs import write_lines

    write_lines()
    ask(_once if once else _work)


async def _work(app: App, _actor: Actor) -> None:
    from rolecall.services.duties import waker_of

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop.set)
    say("working; Ctrl-C ends it, what is under way goes on where it stopped")
    await waker_of(app).run(stop)


async def _once(app: App, _actor: Actor) -> None:
    from rolecall.services.duties import duties_of

    for duty in duties_of(app):
        for key in await duty.due():
            await duty.run(key)
            say(f"{duty.name} {key}".strip() + ": done")
