"""The store under processes that are killed or compete, on both databases."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from itertools import pairwise

import pytest
from sqlalchemy import select

from rolecall.store import Database
from rolecall.store.quota import DAILY

ONE = 1  # line that says "ready"


def worker(url: str, *arguments: str) -> subprocess.Popen[str]:
    """A process of its own on this store."""
    command = [sys.executable, "-m", "tests.support.store_worker", url, *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def lines_of(process: subprocess.Popen[str], most: int) -> list[str]:
    """Its next lines, at most so many."""
    assert process.stdout is not None
    return [line.strip() for line, _ in zip(process.stdout, range(most), strict=False)]


async def opened(url: str) -> Database:
    """The store, made by this process first."""
    database = await Database.open(url)
    await database.close()
    return database


@pytest.mark.parametrize("acts", [1, 7])
async def test_a_killed_writer_leaves_a_valid_chain(database_url: str, acts: int) -> None:
    """Everything it said was durable is there, audited exactly as often as it was done."""
    process = worker(database_url, "audit")
    durable = int((await asyncio.to_thread(lines_of, process, ONE + acts))[-1])
    process.send_signal(signal.SIGKILL)
    await asyncio.to_thread(process.wait)

    database = await Database.open(database_url)
    async with database.read() as view:
        verdict = await view.audit.verify()
        day = (await view.plain.rows(select(DAILY)))[0]["used"]
    await database.close()
    assert "" == verdict.fault
    assert verdict.lines == day >= durable


async def test_a_killed_sync_leaves_whole_snapshots(database_url: str) -> None:
    """The newest snapshot is complete or absent: every user has the same version."""
    process = worker(database_url, "seal")
    await asyncio.to_thread(lines_of, process, ONE + 2)
    await asyncio.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    await asyncio.to_thread(process.wait)

    database = await Database.open(database_url)
    async with database.read() as view:
        snapshot = await view.snapshots.load(7)
        heads = await view.snapshots.heads(7)
    await database.close()
    assert snapshot is not None
    assert {f"v{heads[0].seq}"} == {user.first_name for user in snapshot.users}
    assert 3_000 == len(snapshot.users)


async def test_a_lease_is_never_held_twice(database_url: str) -> None:
    """Three processes that fight for it take turns that never overlap."""
    await opened(database_url)
    processes = [worker(database_url, "lease", "portal:7", "1.5") for _ in range(3)]
    told = await asyncio.gather(*(asyncio.to_thread(lines_of, p, 10_000) for p in processes))
    turns = sorted(
        tuple(map(float, line.split())) for lines in told for line in lines if line != "ready"
    )

    assert len(turns) > 10
    assert [] == [(one, two) for one, two in pairwise(turns) if two[0] < one[1]]


async def test_a_lapsed_lease_is_taken_over(database_url: str) -> None:
    """By database time; the former holder learns it at its next heartbeat."""
    database = await Database.open(database_url)
    first = await database.leases.acquire("portal:7", "first", 0.3)
    assert first is not None
    assert None is await database.leases.acquire("portal:7", "second", 5)
    await asyncio.sleep(0.4)
    second = await database.leases.acquire("portal:7", "second", 5)

    assert second is not None
    assert second.fence > first.fence
    assert None is await database.leases.heartbeat(first, 5)
    await database.leases.release(first)
    held = await database.leases.holder("portal:7")
    assert (held.holder if held else "") == "second"
    assert await database.leases.heartbeat(second, 5)
    await database.close()


async def test_processes_share_a_quota(database_url: str) -> None:
    """Three processes together never send more than the limit in any window."""
    await opened(database_url)
    processes = [worker(database_url, "quota", "10", "0.5", "12") for _ in range(3)]
    told = await asyncio.gather(*(asyncio.to_thread(lines_of, p, 10_000) for p in processes))
    sent = sorted(float(line) for lines in told for line in lines if line != "ready")

    assert 36 == len(sent)
    assert [] == [
        first for first, later in zip(sent, sent[10:], strict=False) if later - first < 0.5
    ]


async def test_processes_that_open_a_new_store_at_once(database_url: str) -> None:
    """One makes the schema, the others wait for it."""
    processes = [worker(database_url, "quota", "100", "1", "1") for _ in range(3)]
    told = await asyncio.gather(*(asyncio.to_thread(lines_of, p, 10) for p in processes))

    assert [2, 2, 2] == [len(lines) for lines in told]
