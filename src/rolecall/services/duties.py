"""The duties of an installation: which use cases are called again and again, how often.

Any number of servers and workers may run them; of one duty, or of one portal in it, one process
takes a turn at a time.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

from rolecall.services.app import App
from rolecall.services.connections.leases import if_free
from rolecall.services.reporting import reports
from rolecall.services.telling import digest, notices, webhooks
from rolecall.services.upkeep import PORTAL_TURNS, TURNS
from rolecall.wakeup import Duty, EmbeddedLoop, Waker

# Apart from each other: a mail server that hangs holds up no webhook.
DELIVERY: tuple[tuple[str, Callable[[App], Awaitable[object]], float], ...] = (
    ("webhooks", webhooks.deliver_due, 10.0),
    ("notices", notices.deliver_due, 10.0),
    ("digests", digest.digest_due, 900.0),
    ("reports", reports.send_due, 300.0),
)


def waker_of(app: App) -> Waker:
    """What wakes the duties here: a queue all processes share on PostgreSQL, else a loop."""
    duties = duties_of(app)
    if app.database.dialect == "postgresql":
        from rolecall.wakeup.queue import Queue

        return Queue(duties, app.database.conninfo)
    return EmbeddedLoop(duties, app.clock)


def duties_of(app: App) -> tuple[Duty, ...]:
    """Every duty of this installation."""
    return (
        *(Duty(name, _of_all(app, name, use), every) for name, use, every in (*TURNS, *DELIVERY)),
        *(
            Duty(name, _of_portal(app, name, use), every, partial(due, app))
            for name, due, use, every in PORTAL_TURNS
        ),
    )


def _of_all(
    app: App, name: str, use: Callable[[App], Awaitable[object]]
) -> Callable[[str], Awaitable[object]]:
    async def turn(_key: str) -> object:
        # Another process has this turn: ours would only wait for it.
        async with if_free(app.database, f"duty:{name}") as ours:
            return await use(app) if ours else None

    return turn


def _of_portal(
    app: App, name: str, use: Callable[[App, int], Awaitable[object]]
) -> Callable[[str], Awaitable[object]]:
    async def turn(hub_id: str) -> object:
        async with if_free(app.database, f"duty:{name}:{hub_id}") as ours:
            return await use(app, int(hub_id)) if ours else None

    return turn
