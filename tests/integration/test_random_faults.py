"""Whatever the file, whatever HubSpot does and whoever dies: reached once, and taken back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import pytest

from hubspot_emulator.world import World
from rolecall.domain.plan import ChangeKind, Outcome, Plan
from rolecall.domain.snapshot import Snapshot
from rolecall.kit.clock import HandClock
from rolecall.services.drafts.bulk import rows_of
from rolecall.services.drafts.orders import UndoPlan
from rolecall.services.plans.applying import Applied
from rolecall.services.plans.drafting import Drafted, propose
from rolecall.services.plans.plans import approve_plan
from rolecall.services.plans.policies import plan_access
from tests.integration.test_random_files import answered_at_random
from tests.support.changing import file_of, ordered
from tests.support.dying import carried_through
from tests.support.hubspot import START
from tests.support.installation import NAME, Installation, a_served_installation, a_world
from tests.support.random_files import a_bulk_file, a_week

SAMPLE = 2  # in `make test`; `make soak` tries them all
CASES = 100
# What passes by itself or with somebody's next try; with the moments at which it may strike.
KINDS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("answer_lost", "half_answer", "empty_body", "html_200"), ("after_commit",)),
    **dict.fromkeys(
        ("cut", "401_expired", "403_missing_scope", "429_daily", "423_locked", "429_burst",
         "477_migration"), ("before",)
    ),
    **dict.fromkeys(
        ("500_json", "502_html", "503_html", "504_html", "521_cloudflare"),
        ("before", "after_commit"),
    ),
    "slow": ("before", "after_commit"),
    "unknown_fields": ("after_commit",),
}  # fmt: skip
OPERATIONS = (
    "users.create", "users.update", "users.remove", "users.read", "users.*", "teams.create",
    "teams.update", "teams.delete", "teams.*", "crm.users.*", "*",
)  # fmt: skip
ONCE = {
    ChangeKind.CREATE_USER: "ADD_USER",
    ChangeKind.REMOVE_USER: "REMOVE_USER",
    ChangeKind.CREATE_TEAM: "TEAM_ADDED",
    ChangeKind.DELETE_TEAM: "TEAM_DELETED",
}


def cases() -> Iterator[object]:
    """Seeds; those outside the sample belong to the soak."""
    for seed in range(1, CASES + 1):
        yield pytest.param(seed, marks=[] if seed <= SAMPLE else [pytest.mark.soak])


@dataclass
class Case:
    """One random wish on one installation, carried out in bad weather."""

    one: Installation
    dice: Random
    seed: int

    def wish(self, snapshot: Snapshot, number: int) -> str | bytes:
        """An access.yaml for odd seeds, a bulk file for even ones."""
        return a_week(snapshot, number) if self.seed % 2 else a_bulk_file(snapshot, number)

    async def wished(self, wish: str | bytes) -> Drafted:
        """The plan of a file."""
        app, actor = self.one.app, self.one.actor
        if isinstance(wish, str):
            return await plan_access(app, actor, NAME, wish)
        return await propose(app, actor, NAME, rows_of(wish, "week.csv"))

    async def through(self, plan: Plan) -> Applied:
        """Approved, and carried out under faults by people who die."""
        await approve_plan(self.one.app, self.one.actor, plan.id, digest=plan.digest)
        for _ in range(self.dice.randint(1, 4)):
            self.one.world.faults.schedule(**self._fault())
        deaths = [self.dice.randint(1, 25) for _ in range(self.dice.randint(0, 3))]
        applied = await carried_through(self.one.app, self.one.actor, plan.id, deaths)
        self.one.world.faults.drop()
        return applied

    def _fault(self) -> dict[str, Any]:
        kind = self.dice.choice(sorted(KINDS))
        more: dict[str, Any] = {"seconds": 0.05} if kind == "slow" else {}
        attempts = self.dice.choice([(1,), (2,), (1, 2), (3,)])
        operation, phase = self.dice.choice(OPERATIONS), self.dice.choice(KINDS[kind])
        return {
            "kind": kind, "operation": operation, "attempts": attempts, "phase": phase,
            "times": 4, **more,
        }  # fmt: skip


@pytest.mark.parametrize("seed", list(cases()))
async def test_reached_once_in_any_weather(tmp_path: Path, seed: int) -> None:
    """The next plan is empty, nothing happened twice, nobody else was touched, undo is exact."""
    clock = HandClock(START)
    world, dice = a_world(clock, seed="acme"), Random(seed)
    answered_at_random(world, dice)
    async with a_served_installation(world, tmp_path, clock=clock) as one:
        await one.connect()
        await one.sync()
        case, before = Case(one, dice, seed), _access(await file_of(one))
        wish, drafted = await _possible(case)
        bystanders = _others(world, drafted.plan)
        applied = await case.through(drafted.plan)
        happened = _happened(world)
        untouched = _others(world, drafted.plan)
        await _look_again(one, clock)
        again = await case.wished(wish)
        back = await ordered(one, UndoPlan(drafted.plan.id))
        returned = await case.through(back.plan) if back.stored else applied
        still = _others(world, drafted.plan)
        await _look_again(one, clock)
        after = _access(await file_of(one))
        async with one.app.database.read() as view:
            trail = await view.audit.verify()

    assert [] == _bad(applied) + _bad(returned)
    assert bystanders == untouched == still
    assert _planned(drafted.plan) == happened
    assert () == again.plan.changes
    assert before == after
    assert trail.valid


async def _possible(case: Case) -> tuple[str | bytes, Drafted]:
    """The first file of this seed that no guardrail stops, and its plan."""
    snapshot = await case.one.snapshot()
    for number in count(case.seed, 1_000):
        wish = case.wish(snapshot, number)
        drafted = await case.wished(wish)
        if drafted.stored and drafted.plan.applyable:
            return wish, drafted
    raise AssertionError


async def _look_again(one: Installation, clock: HandClock) -> None:
    await clock.sleep(600)
    await one.sync()


def _access(text: str) -> list[str]:
    """The file without its head, which tells the time."""
    return [line for line in text.splitlines() if not line.startswith("#")]


def _bad(applied: Applied) -> list[str]:
    good = (Outcome.DONE, Outcome.ALREADY, Outcome.WAITING)
    return [one.message for one in applied.receipts if one.outcome not in good]


def _others(world: World, plan: Plan) -> dict[int, object]:
    """What everybody and every team the plan does not name is and has."""
    named = {change.subject.casefold() for change in plan.changes}
    made = {change.details.get("name") for change in plan.changes}
    ids = {change.subject_id for change in plan.changes} | {
        change.before for change in plan.changes
    }
    portal = next(iter(world.portals.values()))
    users = {
        key: (m.permission_set_ids, m.main_team_id, sorted(m.extra_team_ids), m.seat_names)
        for key, m in portal.members.items()
        if world.identities[key].email.casefold() not in named
    }
    teams = {
        key: (team.name, team.parent_id)
        for key, team in portal.teams.items()
        if str(key) not in ids and team.name not in made
    }
    return {**users, **teams}


def _happened(world: World) -> Counter[str]:
    """How often what can be done twice was done, by the portal's own feed."""
    rows = next(iter(world.portals.values())).feeds.security.rows
    return Counter(row.type for row in rows if row.at >= START and row.type in ONCE.values())


def _planned(plan: Plan) -> Counter[str]:
    return Counter(ONCE[change.kind] for change in plan.changes if change.kind in ONCE)
