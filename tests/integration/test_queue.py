"""The queue on PostgreSQL: processes share duties, and it survives its database going away."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import psycopg
import pytest

from rolecall.kit.errors import NeedsPerson, Retryable
from rolecall.wakeup import Duty
from rolecall.wakeup.queue import Queue, prepared, schema_name

pytestmark = pytest.mark.parametrize(
    "database_url", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True
)
SECONDS = 60


class Portals:
    """Two portals that are always due; notes what overlaps."""

    def __init__(self, enough: int) -> None:
        self.enough = enough
        self.stop = asyncio.Event()
        self.under_way: list[str] = []
        self.done: list[str] = []
        self.twice: list[str] = []
        self.together = False

    async def due(self) -> Sequence[str]:
        """Both."""
        return ("1", "2")

    async def work(self, key: str) -> None:
        """A short run."""
        if key in self.under_way:
            self.twice.append(key)
        self.under_way.append(key)
        self.together = self.together or len(set(self.under_way)) == 2
        await asyncio.sleep(0.3)
        self.under_way.remove(key)
        self.done.append(key)
        if min(self.done.count("1"), self.done.count("2")) >= self.enough:
            self.stop.set()


async def test_two_processes_never_work_on_one_portal_at_once(database_url: str) -> None:
    """Portals side by side, each by one process at a time."""
    portals = Portals(3)
    duty = Duty("runs", portals.work, 1, portals.due)
    queues = [Queue((duty,), database_url) for _ in range(2)]
    await asyncio.wait_for(asyncio.gather(*(one.run(portals.stop) for one in queues)), SECONDS)

    assert [] == portals.twice
    assert portals.together


async def test_a_failing_turn_ends_nothing(database_url: str) -> None:
    """A duty that fails is called again at its next turn."""
    stop, calls = asyncio.Event(), []

    async def shaky(_key: str) -> None:
        calls.append(1)
        if len(calls) == 1:
            raise Retryable("not yet")
        stop.set()

    await asyncio.wait_for(Queue((Duty("shaky", shaky, 1),), database_url).run(stop), SECONDS)

    assert 2 == len(calls)


async def test_a_database_that_was_away_is_taken_up_again(database_url: str) -> None:
    """Every connection is cut; the queue opens again and goes on."""
    stop, calls = asyncio.Event(), []

    async def count(_key: str) -> None:
        calls.append(1)
        if len(calls) == 1:
            await _cut(database_url)
        elif len(calls) == 3:
            stop.set()

    await asyncio.wait_for(Queue((Duty("count", count, 1),), database_url).run(stop), SECONDS)

    assert 3 <= len(calls)


async def _cut(database_url: str) -> None:
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


async def test_who_may_make_no_tables_is_told_what_to_grant(database_url: str) -> None:
    """The way out is a sentence for whoever runs the database."""
    role = f"nobody_{schema_name()}"
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
        await connection.execute(f"CREATE ROLE {role} LOGIN")
    try:
        with pytest.raises(NeedsPerson, match="may not make the schema") as caught:
            await prepared(database_url.replace("postgres@", f"{role}@"))
    finally:
        async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as again:
            await again.execute(f"DROP ROLE {role}")

    assert "GRANT CREATE ON DATABASE" in (caught.value.hint or "")
