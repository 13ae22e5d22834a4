"""The duties of an installation: which use cases are called again and again, how often.

Any number of servers and workers may run them; of one duty one process takes a turn at a time.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from rolecall.services.app import App
from rolecall.services.connections.leases import LEASE_SECONDS, holder_name
from rolecall.services.telling import digest, notices, webhooks
from rolecall.services.upkeep import TURNS
from rolecall.wakeup import Duty

# Apart from each other: a mail server that hangs holds up no webhook.
DELIVERY: tuple[tuple[str, Callable[[App], Awaitable[object]], float], ...] = (
    ("webhooks", webhooks.deliver_due, 10.0),
    ("notices", notices.deliver_due, 10.0),
    ("digests", digest.digest_due, 900.0),
)


def duties_of(app: App) -> tuple[Duty, ...]:
    """Every duty of this installation, for the loop of a server or a worker."""
    return tuple(
        Duty(name, _turn(app, name, use), every) for name, use, every in (*TURNS, *DELIVERY)
    )


def _turn(
    app: App, name: str, use: Callable[[App], Awaitable[object]]
) -> Callable[[], Awaitable[object]]:
    async def turn() -> object:
        # Another process has this turn: ours would only wait for it. A dead one's lease lapses.
        lease = await app.database.leases.acquire(f"duty:{name}", holder_name(), LEASE_SECONDS)
        if lease is None:
            return None
        try:
            return await use(app)
        finally:
            await app.database.leases.release(lease)

    return turn
