"""Real processes killed at every moment of a hand-over and its way back: each record moves once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

from rolecall.bootstrap import open_app
from rolecall.domain.plan import Outcome, Plan
from rolecall.domain.portal import CredentialKind
from rolecall.services.connections.portals import add_portal
from rolecall.settings import Settings
from rolecall.sync.ports import NewCredential
from tests.support.house import House
from tests.support.killing import remote, work
from tests.support.leaving import (
    DEALS,
    GOOD,
    LEAVER,
    OWNER,
    asked,
    back,
    given,
    manual,
    ordered,
    the_leaving,
)
from tests.support.processes import emulator_process

MOMENTS = 24  # batches written down, sent and settled, rungs, tasks
SAMPLE = (5,)  # in `make test`; `make soak` kills at every one
WAY_BACK = 19  # moments of it, so both are killed everywhere


def points() -> Iterator[object]:
    """Every moment; those outside the sample belong to the soak."""
    for at in range(1, MOMENTS + 1):
        yield pytest.param(at, marks=[] if at in SAMPLE else [pytest.mark.soak])


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[str, str]]:
    """One emulator for all kill points; each starts with a reset."""
    with emulator_process("--seed", "acme", "--limits", "off") as started:
        yield started


@dataclass(frozen=True)
class Portal:
    """The emulated portal as its API shows it."""

    base: str
    token: str

    def call(self, method: str, path: str, **options: Any) -> Any:
        """One call as HubSpot's clients make it."""
        headers = {"Authorization": f"Bearer {self.token}"}
        answer = httpx2.request(method, f"{self.base}{path}", headers=headers, **options)
        return answer.raise_for_status().json()

    def give_deals(self, owner_id: str, count: int) -> None:
        """More deals for one owner."""
        for start in range(0, count, 100):
            numbers = range(start, min(start + 100, count))
            inputs = [{"properties": {"dealname": f"D{n}", OWNER: owner_id}} for n in numbers]
            self.call("POST", "/crm/v3/objects/deals/batch/create", json={"inputs": inputs})

    def deals(self) -> dict[str, list[str]]:
        """Every owner each deal ever had, the present one first."""
        found: dict[str, list[str]] = {}
        after = None
        while True:
            asked_for = {"limit": 50, "propertiesWithHistory": OWNER, "after": after}
            query = {name: value for name, value in asked_for.items() if value}
            page = self.call("GET", "/crm/v3/objects/deals", params=query)
            for deal in page["results"]:
                versions = deal["propertiesWithHistory"].get(OWNER, [])
                found[deal["id"]] = [one["value"] for one in versions]
            after = page.get("paging", {}).get("next", {}).get("after")
            if after is None:
                return found


@pytest.mark.parametrize("kill_at", list(points()))
async def test_killed_within_a_hand_over(
    tmp_path: Path, database_url: str, server: tuple[str, str], kill_at: int
) -> None:
    """SIGKILL there and on the way back; others finish; every deal moved once there, once back."""
    portal = Portal(*server)
    httpx2.post(f"{portal.base}/_emulator/reset").raise_for_status()
    settings = Settings(home=tmp_path, database_url=database_url, api_base=portal.base)
    async with open_app(settings) as app:
        house = remote(app)
        plan, leaver = await _prepared(house, portal)
        first = portal.deals()
        _killed_and_finished(tmp_path, database_url, plan, kill_at)
        there = portal.deals()
        await _assert_told(house, plan, {key for key in first if [leaver] == first[key]}, there)
        await house.sync()
        way_back = await back(house, plan)
        _killed_and_finished(tmp_path, database_url, way_back, 1 + kill_at % WAY_BACK)
        returned = portal.deals()
        dropped = await asked(house, plan, lambda state: state == "dropped")

    mine = {key for key, owners in first.items() if owners == [leaver]}
    assert len(mine) >= DEALS
    assert {2} == {len(there[key]) for key in mine}
    assert {(3, leaver)} == {(len(returned[key]), returned[key][0]) for key in mine}
    assert all(returned[key] == first[key] for key in first if key not in mine)
    assert manual(plan) == dropped


@pytest.mark.soak
@pytest.mark.parametrize("kill_at", [5, 9])
async def test_three_workers_one_of_them_killed(
    tmp_path: Path, database_url: str, server: tuple[str, str], kill_at: int
) -> None:
    """Three processes want the plan at once; one is killed in a batch; each deal moves once."""
    portal = Portal(*server)
    httpx2.post(f"{portal.base}/_emulator/reset").raise_for_status()
    settings = Settings(home=tmp_path, database_url=database_url, api_base=portal.base)
    async with open_app(settings) as app:
        house = remote(app)
        plan, leaver = await _prepared(house, portal)
        first = portal.deals()
        workers = [work(tmp_path, database_url, plan, at) for at in (kill_at, 0, 0)]
        for process in workers:
            process.communicate(timeout=90)
        there = portal.deals()
        await _assert_told(house, plan, {key for key in first if [leaver] == first[key]}, there)

    assert 0 in [process.returncode for process in workers]
    assert {2} == {len(there[key]) for key in first if first[key] == [leaver]}
    assert all(there[key] == first[key] for key in first if first[key] != [leaver])


async def _prepared(house: House, portal: Portal) -> tuple[Plan, str]:
    """The approved plan of the leaving, and the leaver's owner id."""
    credential = NewCredential(CredentialKind.SERVICE_KEY, {"token": portal.token})
    await add_portal(house.app, house.actor, house.name, credential)
    user = (await house.sync()).user(LEAVER)
    assert user is not None
    assert user.owner_id is not None
    portal.give_deals(user.owner_id, DEALS)
    return await ordered(house, the_leaving()), user.owner_id


def _killed_and_finished(home: Path, url: str, plan: Plan, kill_at: int) -> None:
    killed = work(home, url, plan, kill_at)
    killed.communicate(timeout=60)
    if killed.returncode == 0:  # the moment lies behind the end of the plan
        return
    finished = work(home, url, plan)
    out, err = finished.communicate(timeout=60)

    assert -9 == killed.returncode
    assert 0 == finished.returncode, err
    assert out.startswith("done")


async def _assert_told(
    house: House, plan: Plan, mine: set[str], there: dict[str, list[str]]
) -> None:
    """Rollback file, receipts, tasks and trail say what the portal shows."""
    told = await given(house, plan)
    async with house.app.database.read() as view:
        outcomes = await view.journal.outcomes(plan.id)
        assert (await view.audit.verify()).valid

    assert {("deals", key): there[key][0] for key in mine} == {
        key: owner for key, owner in told.items() if key[0] == "deals"
    }
    assert set(GOOD) >= set(outcomes.values())
    assert {change.id for change in plan.changes} == set(outcomes)
    assert {Outcome.WAITING} == {outcomes[one] for one in manual(plan)}
    assert manual(plan) == await asked(house, plan, lambda state: state == "open")
