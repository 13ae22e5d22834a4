"""A database that is locked or whose disk is full: told clearly, nothing lost."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest

from rolecall.kit.clock import HandClock
from rolecall.store import Database, engines
from rolecall.store.bulk import insert_rows
from rolecall.store.errors import DiskFull, StoreBusy, StoreFault, explained
from rolecall.store.facts import ACTIVITY
from tests.support.databases import KEYS
from tests.support.hubspot import START
from tests.support.installation import NAME, a_world, an_installation


async def test_a_sync_against_a_locked_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody writes for too long: the sync says so, and the next one is whole."""
    monkeypatch.setattr(engines, "BUSY_SECONDS", 0.2)
    clock = HandClock(START)
    async with an_installation(a_world(clock, seed="tiny"), tmp_path, clock=clock) as one:
        await one.connect()
        locker = sqlite3.connect(tmp_path / "rolecall.db", isolation_level=None)
        locker.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreBusy, match="is busy") as caught:
            await one.sync()
        locker.close()
        report = await one.sync(NAME)

    assert "nothing is lost" in (caught.value.hint or "")
    assert (True, 5) == (report.run.complete, report.run.counts["users"])


def test_a_full_disk_on_a_server_is_named() -> None:
    """What PostgreSQL calls a full disk is the same error as SQLite's, with the way out."""
    psycopg = pytest.importorskip("psycopg")

    told = explained(psycopg.errors.DiskFull("could not extend file"), "postgresql://db/rolecall")

    assert isinstance(told, DiskFull)
    assert "free some space" in (told.hint or "")


@pytest.mark.postgres
@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
async def test_what_fails_on_the_bare_driver_is_explained(database: Database) -> None:
    """COPY passes SQLAlchemy by; its refusals are errors of the store all the same."""
    row = tuple("\0" for _ in ACTIVITY.columns)
    with pytest.raises(StoreFault, match="refused a statement"):
        async with database.work() as work:
            await insert_rows(work.connection, ACTIVITY, [row])


async def test_a_cancelled_write_lets_go(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cancelled at whatever moment, a write keeps nobody else from writing."""
    monkeypatch.setattr(engines, "BUSY_SECONDS", 0.5)
    database = await Database.open(database_url, keys=KEYS)
    await _write(database)
    left = []
    for moment in range(30):
        task = asyncio.create_task(_write(database))
        await asyncio.sleep(moment / 5_000)
        task.cancel()
        left += await asyncio.gather(task, return_exceptions=True)  # tracebacks kept alive
        await _write(database)
    await database.close()

    assert any(isinstance(one, asyncio.CancelledError) for one in left)


async def _write(database: Database) -> None:
    async with database.work() as work:
        await work.daily_use.add(7, START.date(), "sync", 1)
