"""Real processes killed at every moment of an apply; whoever goes on finishes it exactly once."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx2
import pytest
import pytest_asyncio

from rolecall.bootstrap import open_app
from rolecall.domain.plan import Outcome, Plan
from rolecall.domain.portal import CredentialKind
from rolecall.services.connections.portals import add_portal
from rolecall.settings import Settings
from rolecall.sync.ports import NewCredential
from tests.integration.test_apply_faults import a_week
from tests.support.killing import remote, work
from tests.support.processes import emulator_process

MOMENTS = 26  # of a week's plan: journaled, sent, read back, settled, per effect
SAMPLE = (2, 9)  # in `make test`; `make soak` kills at every one


def points() -> Iterator[object]:
    """Every moment; those outside the sample belong to the soak."""
    for at in range(1, MOMENTS + 1):
        yield pytest.param(at, marks=[] if at in SAMPLE else [pytest.mark.soak])


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[str, str]]:
    """One emulator for all kill points; each starts with a reset."""
    with emulator_process("--seed", "acme", "--limits", "off") as started:
        yield started


async def a_plan(home: Path, url: str, server: tuple[str, str]) -> tuple[Plan, str, str]:
    """A connected, synced installation with an approved plan of one week."""
    base, token = server
    httpx2.post(f"{base}/_emulator/reset").raise_for_status()
    settings = Settings(home=home, database_url=url, api_base=base)
    async with open_app(settings) as app:
        house = remote(app)
        credential = NewCredential(CredentialKind.SERVICE_KEY, {"token": token})
        await add_portal(app, house.actor, house.name, credential)
        await house.sync()
        text, leaver = a_week(await house.file())
        return await house.plan(text, parked=(leaver,)), text, leaver


@pytest_asyncio.fixture
async def prepared(
    tmp_path: Path, database_url: str, server: tuple[str, str]
) -> AsyncIterator[tuple[Path, str, Plan, str, str]]:
    """Home, database, plan, the file it came from and the leaver."""
    plan, text, leaver = await a_plan(tmp_path, database_url, server)
    yield tmp_path, database_url, plan, text, leaver
    shutil.rmtree(tmp_path, ignore_errors=True)


@pytest.mark.parametrize("kill_at", list(points()))
async def test_killed_and_taken_up_again(
    prepared: tuple[Path, str, Plan, str, str], server: tuple[str, str], kill_at: int
) -> None:
    """SIGKILL at one moment; another process finishes; the portal saw each write once."""
    home, url, plan, text, leaver = prepared
    killed = work(home, url, plan, kill_at)
    killed.communicate(timeout=60)
    finished = work(home, url, plan)
    out, err = finished.communicate(timeout=60)

    if killed.returncode != 0:  # the kill point may lie behind the end of the plan
        assert -9 == killed.returncode
        assert 0 == finished.returncode, err
        assert out.startswith("done")
    await assert_done_once(home, url, plan, text, leaver, server)


@pytest.mark.parametrize("kill_at", [5, pytest.param(12, marks=pytest.mark.soak)])
async def test_three_workers_one_of_them_killed(
    prepared: tuple[Path, str, Plan, str, str], server: tuple[str, str], kill_at: int
) -> None:
    """Three processes want the plan at once; one is killed in the middle; it is done once."""
    home, url, plan, text, leaver = prepared
    killed = work(home, url, plan, kill_at)
    await asyncio.sleep(0.5)
    others = [work(home, url, plan) for _ in range(2)]
    for process in (killed, *others):
        process.communicate(timeout=90)

    assert 0 in [process.returncode for process in others] + [killed.returncode]
    await assert_done_once(home, url, plan, text, leaver, server)


async def assert_done_once(
    home: Path, url: str, plan: Plan, text: str, leaver: str, server: tuple[str, str]
) -> None:
    """Receipts, portal and traffic agree: everything happened, nothing twice."""
    async with open_app(Settings(home=home, database_url=url)) as app:
        house = remote(app)
        async with app.database.read() as view:
            outcomes = await view.journal.outcomes(plan.id)
            assert (await view.audit.verify()).valid
        assert {Outcome.DONE, Outcome.ALREADY} >= set(outcomes.values())
        assert {change.id for change in plan.changes} == set(outcomes)
        await house.sync()
        assert () == (await house.plan(text, store=False, parked=(leaver,))).changes
    assert {"POST": 2, "DELETE": 1} == done_writes(server)


def done_writes(server: tuple[str, str]) -> dict[str, int]:
    """Creations and removals HubSpot carried out: one user, one team, one leaver."""
    seen = httpx2.get(f"{server[0]}/_emulator/requests").json()["requests"]
    counts: dict[str, int] = {}
    for request in seen:
        path = request["path"]
        if request["status"] in {201, 204} and "/settings/" in path:
            counts[request["method"]] = counts.get(request["method"], 0) + 1
    return counts
