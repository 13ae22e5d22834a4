"""One worker per portal at a time: takes the lease, prolongs it, gives it back; waits politely."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from rolecall.kit.errors import Retryable
from rolecall.kit.ids import uuid7
from rolecall.store import Database, Lease

# A killed holder blocks others for at most this; it is prolonged every third of it.
LEASE_SECONDS = 30.0
LOOK_AGAIN = 0.3  # seconds between two looks at a lease somebody else holds


class LeaseLost(Retryable):
    """Somebody else took over because this process did not answer for too long."""


def holder_name() -> str:
    """Host, process and run, for people to read."""
    return f"{socket.gethostname()}:{os.getpid()}:{uuid7()}"


def shown_holder(holder: str) -> str:
    """A holder's name as a person reads it."""
    host, _, rest = holder.partition(":")
    return f"process {rest.partition(':')[0]} on {host}"


@asynccontextmanager
async def one_at_a_time(
    database: Database, key: str, waiting: Callable[[str], None]
) -> AsyncIterator[str]:
    """Hold a lease for the block; yields the holder that had to be waited for, or nothing.

    A holder of this machine whose process is gone is not waited for. Losing the lease cancels
    the block and raises LeaseLost.
    """
    lease, waited_for = await _acquire(database, key, holder_name(), waiting)
    async with _kept(database, lease):
        yield waited_for


@asynccontextmanager
async def if_free(database: Database, key: str) -> AsyncIterator[bool]:
    """Hold a lease for the block if nobody else does; yields whether it is ours."""
    lease = await _taken(database, key, holder_name())
    if lease is None:
        yield False
        return
    async with _kept(database, lease):
        yield True


@asynccontextmanager
async def _kept(database: Database, lease: Lease) -> AsyncIterator[None]:
    """Prolong a lease for the block, then give it back; losing it cancels the block."""
    keeper = asyncio.create_task(_keep(database, lease, asyncio.current_task()))
    try:
        yield
    except asyncio.CancelledError:
        if keeper.done() and not keeper.cancelled() and keeper.exception() is None:
            raise LeaseLost(
                f"{lease.key} was taken over by another process", hint="run it again"
            ) from None
        raise
    finally:
        keeper.cancel()
        with suppress(asyncio.CancelledError):
            await keeper
        with suppress(Retryable):  # a database that is away: the lease lapses by itself
            await database.leases.release(lease)


async def _acquire(
    database: Database, key: str, holder: str, waiting: Callable[[str], None]
) -> tuple[Lease, str]:
    waited_for = ""
    while True:
        lease = await _taken(database, key, holder)
        if lease is not None:
            return lease, waited_for
        other = await database.leases.holder(key)
        if other is None:
            continue
        if not waited_for:
            waited_for = shown_holder(other.holder)
            waiting(waited_for)
        await asyncio.sleep(LOOK_AGAIN)


async def _taken(database: Database, key: str, holder: str) -> Lease | None:
    """The lease, if it is free or its holder's process is gone from this machine."""
    lease = await database.leases.acquire(key, holder, LEASE_SECONDS)
    other = await database.leases.holder(key) if lease is None else None
    if other is None or not _is_dead(other.holder):
        return lease
    await _free(database, other)
    return await database.leases.acquire(key, holder, LEASE_SECONDS)


async def _free(database: Database, dead: Lease) -> None:
    """Give back in the name of a holder that is gone; the fence lets one of several do it."""
    lease = await database.leases.acquire(dead.key, dead.holder, LEASE_SECONDS)
    if lease is not None:
        await database.leases.release(lease)


def _is_dead(holder: str) -> bool:
    host, _, rest = holder.partition(":")
    pid = rest.partition(":")[0]
    if host != socket.gethostname() or not pid.isdecimal():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


async def _keep(database: Database, lease: Lease, owner: asyncio.Task[object] | None) -> None:
    """Prolong the lease until cancelled; cancel the owner when it is lost."""
    held: Lease | None = lease
    while held is not None:
        await asyncio.sleep(LEASE_SECONDS / 3)
        with suppress(Retryable):  # a busy database: there are two more tries before it lapses
            held = await database.leases.heartbeat(held, LEASE_SECONDS)
    if owner is not None:
        owner.cancel()
