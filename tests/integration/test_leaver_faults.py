"""Every misbehaviour of HubSpot around a hand-over: each record once, each task once, and back."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rolecall.domain.plan import Outcome
from rolecall.kit.clock import HandClock
from tests.integration.test_apply_faults import PASSING as AT_WRITES
from tests.support.house import a_house
from tests.support.hubspot import START
from tests.support.leaving import (
    GOOD,
    a_world_with_records,
    asked,
    back,
    finished,
    given,
    manual,
    moves,
    ordered,
    owners,
    the_leaving,
)

PASSING = [
    *(one for one in AT_WRITES if one[0] != "no_seat"),
    ("slow", "before"),
    ("slow", "after_commit"),
    ("429_search", "before"),
    ("truncated_list", "after_commit"),
]
# Who is struck: the search for records, their batches, the look after a lost answer, the ladder.
OPERATIONS = ("crm.deals.search", "crm.deals.batch_update", "crm.*.batch_read", "users.update")
ATTEMPTS = ((1,), (2,), (1, 2, 3))
MOMENTS = 24  # of a leaver's plan: batches written down, sent, settled; rungs; tasks
SAMPLE = 41  # every forty-first case in `make test`; `make soak` runs them all


def cases() -> Iterator[object]:
    """Every fault at every request of a hand-over, and somebody dying at one moment or another."""
    every = itertools.product(PASSING, OPERATIONS, ATTEMPTS)
    lists = [one for one in every if one[0][0] != "truncated_list" or "search" in one[1]]
    for at, ((kind, phase), operation, attempts) in enumerate(lists):
        marks = [] if at % SAMPLE == 0 else [pytest.mark.soak]
        die_at = at % (MOMENTS + 1)
        name = f"{kind}-{phase}-{operation}-{len(attempts)}from{attempts[0]}-dying{die_at}"
        yield pytest.param(kind, phase, operation, attempts, die_at, id=name, marks=marks)


@pytest.mark.parametrize(("kind", "phase", "operation", "attempts", "die_at"), list(cases()))
async def test_every_record_and_task_once(
    tmp_path: Path, kind: str, phase: str, operation: str, attempts: tuple[int, ...], die_at: int
) -> None:
    """Portal, rollback file and receipts agree; the way back under the same faults is exact."""
    clock = HandClock(START)
    more: dict[str, Any] = {"seconds": 0.02} if kind == "slow" else {}
    async with a_house(tmp_path, world=a_world_with_records(clock), clock=clock) as house:
        before = owners(house)
        plan = await ordered(house, the_leaving())
        fault = house.fault(kind, operation, phase=phase, attempts=attempts, **more)
        if "batch_read" in operation:  # only somebody without an answer looks
            house.fault("answer_lost", "crm.*.batch_update", phase="after_commit", attempts=(1, 3))
        applied = await finished(house, plan, die_at)
        after, moved, told = owners(house), moves(house), await given(house, plan)
        tasks = await asked(house, plan, lambda state: state != "dropped")
        house.world.faults.drop()
        house.fault(kind, operation, phase=phase, attempts=attempts, **more)
        await finished(house, await back(house, plan), die_at % 9)
        returned = owners(house)
        dropped = await asked(house, plan, lambda state: state == "dropped")
        async with house.app.database.read() as view:
            trail = await view.audit.verify()

    wrong = [one.message for one in applied.receipts if one.outcome not in GOOD]
    assert [] == wrong
    assert fault.struck or attempts == (2,)  # not everything is asked twice
    changed = {key: after[key] for key in before if before[key] != after[key]}
    assert changed == told
    assert len(changed) > 250
    assert {1} == {moved[key] for key in changed}
    assert changed.keys() == moved.keys()
    assert manual(plan) == tasks == dropped
    assert before == returned
    assert trail.valid
    assert all(one.outcome is not Outcome.UNKNOWN for one in applied.receipts)
