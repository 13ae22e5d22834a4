"""The database goes away while a plan is carried out, and comes back."""

from __future__ import annotations

import asyncio
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from sqlalchemy import create_engine, text

from rolecall.domain.plan import Outcome, PlanState
from rolecall.kit.clock import HandClock
from rolecall.kit.errors import Retryable
from rolecall.plan.wishes import Ask
from rolecall.provision.ports import Moment
from rolecall.services.connections.leases import one_at_a_time
from rolecall.services.drafts.orders import ChangeUsers
from rolecall.services.plans.applying import Watching, apply_plan
from rolecall.services.plans.plans import approve_plan
from rolecall.store import Database
from tests.support.changing import ordered, outcomes
from tests.support.databases import POSTGRES
from tests.support.house import QUICK
from tests.support.hubspot import START
from tests.support.installation import Installation, a_world, an_installation

EVERYBODY = ("ada@tiny.test", "ben@tiny.test", "cid@tiny.test")
AWAY = 4.0  # seconds; long enough for a pause and a second try


@pytest.mark.parametrize("moment_of_it", ["journaled", "settled"])
@pytest.mark.parametrize("database_url", [pytest.param("postgres", marks=pytest.mark.postgres)],
                         indirect=True)  # fmt: skip
async def test_a_run_sits_it_out(database_url: str, tmp_path: Path, moment_of_it: str) -> None:
    """Connections cut within a run, or before its last word: it waits, and does each change once."""
    world = a_world(HandClock(START), seed="tiny")
    async with an_installation(world, tmp_path, database_url=database_url) as one:
        await one.connect()
        await one.sync()
        order = ChangeUsers(EVERYBODY, Ask(main_team="Office"), reason="one office")
        drafted = await ordered(one, order)
        await approve_plan(one.app, one.actor, drafted.plan.id)
        one.asked()
        loop = asyncio.get_running_loop()
        cut: list[asyncio.Future[None]] = []

        seen: list[str] = []

        def watch(moment: Moment) -> None:
            seen.append(moment.name)
            last = moment_of_it == "journaled" or seen.count("settled") == len(EVERYBODY)
            if moment.name == moment_of_it and last and not cut:
                cut.append(loop.run_in_executor(None, _away, database_url))

        watching = Watching(moment=watch, patience=QUICK)
        run = await apply_plan(one.app, one.actor, drafted.plan.id, watching=watching)
        await cut[0]

        assert PlanState.DONE is run.state
        assert outcomes(run) <= {Outcome.DONE, Outcome.ALREADY}
        assert 3 == one.asked()["users.update"]


@pytest.mark.parametrize("database_url", [pytest.param("postgres", marks=pytest.mark.postgres)],
                         indirect=True)  # fmt: skip
async def test_a_lease_that_cannot_be_given_back_lapses(
    database_url: str, database: Database
) -> None:
    """What was done under the lease stands, although nobody could be told that it is over."""
    async with one_at_a_time(database, "portal:7", lambda _: None):
        away = asyncio.get_running_loop().run_in_executor(None, _away, database_url)
        while await _answers(database):  # noqa: ASYNC110 - no event tells that a server is away
            await asyncio.sleep(0.05)
    await away

    assert await _answers(database)


async def _answers(database: Database) -> bool:
    try:
        await database.leases.holder("portal:7")
    except Retryable:
        return False
    return True


def _away(url: str) -> None:
    """Refuse connections to the database for a while, and end those there are."""
    import time

    name = urlsplit(url).path.removeprefix("/")
    server = create_engine(POSTGRES, isolation_level="AUTOCOMMIT")
    ending = text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name")
    with server.connect() as connection:
        connection.execute(text(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false"))
        connection.execute(ending, {"name": name})
        time.sleep(AWAY)
        connection.execute(text(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true"))
    server.dispose()


async def test_before_a_plan_it_is_told_plainly(tmp_path: Path) -> None:
    """A database that cannot be opened is an error with its place and a way out."""
    from rolecall.store.errors import HomeUnwritable, StoreDamaged

    (tmp_path / "rolecall.db").write_bytes(b"not a database" * 100)
    with pytest.raises((HomeUnwritable, StoreDamaged)) as caught:
        async with an_installation(a_world(HandClock(START), seed="tiny"), tmp_path) as one:
            assert isinstance(one, Installation)

    assert "rolecall.db" in caught.value.message
    assert caught.value.hint
