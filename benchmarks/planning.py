"""A plan over 50,000 users and 200 rules against loading that snapshot from the database."""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.measure import Figure
from rolecall.domain.actor import SYSTEM
from rolecall.domain.person import Person
from rolecall.domain.portal import Capabilities, Tier
from rolecall.domain.snapshot import PermissionSet, Seat, Snapshot, Team, User
from rolecall.plan.context import DiffOptions
from rolecall.plan.propose import Circumstances, Occasion, propose
from rolecall.policy.assign import assign
from rolecall.policy.dump import dump
from rolecall.policy.parse import parse_policy
from rolecall.store import Database, KeyRing

USERS = 50_000
RULES = 200
LIMIT = 3.0  # times the load of the snapshot
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def figures() -> Iterator[Figure]:
    """The ratio that has a limit, and the seconds behind it."""
    snapshot, people, text = portal(), staff(), rules()
    loaded, load = asyncio.run(_loading(snapshot))
    planned, changes = _planning(loaded, people, text)
    note = f"load {load:.2f} s, plan {planned:.2f} s, {changes} changes"
    yield Figure("plan over 50,000 users and 200 rules", planned / load, "x load", LIMIT, note)
    started = time.perf_counter()
    parse_policy(dump(loaded, "bench"))
    yield Figure("dump and read 50,000 people", time.perf_counter() - started, "s")


def portal() -> Snapshot:
    """A large Enterprise portal where a hundred users have the wrong seat."""
    users = tuple(
        User(
            id=str(number),
            email=f"user{number}@acme.test",
            permission_set_ids=("1",),
            main_team_id="1",
            seat_names=("View-Only",) if number % 500 == 0 else ("Core",),
            crm_id=str(number),
        )
        for number in range(USERS)
    )
    return Snapshot(
        hub_id=1,
        id="bench",
        started_at=NOW,
        sealed_at=NOW,
        complete=True,
        users=users,
        permission_sets=(PermissionSet("1", "Sales Rep"),),
        teams=(Team("1", "Sales"),),
        seats=(Seat("Core", remaining=1000), Seat("View-Only")),
        tier=Tier.ENTERPRISE,
        capabilities=Capabilities(tier=Tier.ENTERPRISE, users_version="2026-09"),
    )


def staff() -> tuple[Person, ...]:
    """A person per user, spread over departments, countries and titles."""
    dice = random.Random(1)
    return tuple(
        Person(
            str(number),
            (f"user{number}@acme.test",),
            department=f"Department {dice.randrange(RULES)}",
            country=dice.choice(("DE", "FR", "US", "GB")),
            job_title=f"Title {dice.randrange(50)}",
        )
        for number in range(USERS)
    )


def rules() -> str:
    """A rule per department, together for everybody."""
    head = (
        "version: 1\nmanage: {users: exact, permission_sets: exact, teams: exact, seats: exact}\n"
    )
    lines = [
        f"  - {{when: {{department: Department {number}, country: [DE, FR, US, GB]}},"
        " permission_set: Sales Rep, seat: Core, main_team: Sales}\n"
        for number in range(RULES)
    ]
    return f"{head}rules:\n{''.join(lines)}"


async def _loading(snapshot: Snapshot) -> tuple[Snapshot, float]:
    """Seconds to load the snapshot from an embedded database, the better of two."""
    with tempfile.TemporaryDirectory() as folder:
        keys = KeyRing("k1", {"k1": bytes(range(32))})
        database = await Database.open(f"sqlite:///{Path(folder) / 'bench.db'}", keys=keys)
        async with database.begin(SYSTEM) as work:
            await work.snapshots.seal(snapshot)
        best, loaded = float("inf"), None
        for _ in range(2):
            started = time.perf_counter()
            async with database.read() as view:
                loaded = await view.snapshots.load(snapshot.hub_id)
            best = min(best, time.perf_counter() - started)
        await database.close()
    assert loaded is not None
    return loaded, best


def _planning(snapshot: Snapshot, people: tuple[Person, ...], text: str) -> tuple[float, int]:
    """Seconds from the file's text to a sealed plan, the better of two, and its changes."""
    best, changes = float("inf"), 0
    for _ in range(2):
        started = time.perf_counter()
        desired = assign(parse_policy(text), snapshot, people, (), NOW)
        occasion = Occasion("bench", "bench", NOW, "local:bench", "bench", "bench")
        plan, _ = propose(desired, snapshot, DiffOptions(NOW), occasion, Circumstances())
        best, changes = min(best, time.perf_counter() - started), len(plan.changes)
    return best, changes
