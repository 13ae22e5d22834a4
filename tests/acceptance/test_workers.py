"""`rolecall worker` on PostgreSQL: three processes share the work, and one of them is killed."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from rolecall.store import Database
from tests.support.command_line import Home, Served, served
from tests.support.databases import KEYS

ON_POSTGRES = pytest.mark.parametrize(
    "database_url", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True
)
SECONDS = 120.0  # a killed process is missed after about twenty


@contextmanager
def workers(home: Home, count: int) -> Iterator[list[subprocess.Popen[str]]]:
    """So many `rolecall worker`; those still alive end well at SIGTERM."""
    running = [home.start("worker") for _ in range(count)]
    try:
        yield running
    finally:
        alive = [one for one in running if one.poll() is None]
        for one in alive:
            one.terminate()
        told = [one.communicate(timeout=30) for one in running]
    assert [0] * len(alive) == [one.returncode for one in alive], told


@ON_POSTGRES
async def test_three_workers_and_a_killed_one(database_url: str, tmp_path: Path) -> None:
    """A run left behind by a kill is taken up; its worker is killed too; it ends, once each."""
    home = Home(tmp_path, {"ROLECALL_DATABASE_URL": database_url})
    with served("acme", "--limits", "real") as portal:
        home.connect(portal)
        home.run("sync", "acme")
        plan_id = _left_behind(home, portal)
        database = await Database.open(database_url, keys=KEYS)
        with workers(home, 3) as running:
            busy = await _carrier(database, {one.pid for one in running})
            os.kill(busy, signal.SIGKILL)
            other = await _carrier(database, {one.pid for one in running} - {busy})
            await _ended(database, plan_id)
        shown = json.loads(home.run("plan", "show", plan_id, "--json").stdout)
        await database.close()
        writes = _writes(portal)

    assert busy != other
    by_hand = {one["id"] for one in shown["changes"] if one["kind"] == "manual"}
    done = {one["change"] for one in shown["receipts"] if one["outcome"] == "done"}
    assert {one["id"] for one in shown["changes"]} - by_hand == done
    written = [
        one for one in shown["changes"] if one["id"] in done and not one["details"].get("route")
    ]
    assert len({one["subject"] for one in written}) == writes
    assert "lines intact" in home.run("audit", "verify").stdout


def _left_behind(home: Home, portal: Served) -> str:
    """An approved plan over many users whose `plan apply` was killed in the middle."""
    asked = ("user", "change", "acme", "--with-seat", "Core", "--extra-team", "Deal Desk", "--json")
    plan_id: str = json.loads(home.run(*asked).stdout)["id"]
    home.run("plan", "approve", plan_id)
    before = portal.requests()
    applying = home.start("plan", "apply", plan_id)
    _until(lambda: portal.requests() > before + 20)
    applying.kill()
    applying.communicate()
    return plan_id


def _until(said: Any) -> None:
    ends = time.monotonic() + SECONDS
    while not said():
        assert time.monotonic() < ends
        time.sleep(0.05)


async def _carrier(database: Database, pids: set[int]) -> int:
    """The process of these that carries the run out."""
    ends = time.monotonic() + SECONDS
    while time.monotonic() < ends:
        for hub_id in await _hubs(database):
            lease = await database.leases.holder(f"portal:{hub_id}")
            pid = int(lease.holder.split(":")[1]) if lease else 0
            if pid in pids:
                return pid
        await asyncio.sleep(0.05)
    raise AssertionError("none of them carries the run out")


async def _hubs(database: Database) -> list[int]:
    async with database.read() as view:
        return [one.hub_id for one in await view.portals.all()]


async def _ended(database: Database, plan_id: str) -> None:
    ends = time.monotonic() + SECONDS
    state = ""
    while state != "done":
        assert time.monotonic() < ends, f"still {state}"
        await asyncio.sleep(0.2)
        async with database.read() as view:
            state = (await view.plans.state(plan_id)).value


def _writes(portal: Served) -> int:
    """How many users were written, as the portal saw it."""
    seen = portal.control("GET", "requests")["requests"]
    return sum(one["method"] == "PUT" and one["status"] == 200 for one in seen)
