"""Whatever the file and whatever HubSpot answers where nobody knows: reached, and taken back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from hubspot_emulator.switches import SWITCHES
from hubspot_emulator.world import World
from rolecall.domain.plan import Outcome, PlanState
from rolecall.kit.clock import HandClock
from rolecall.services.drafts.orders import UndoPlan
from rolecall.services.plans.policies import plan_access
from tests.support.changing import applied, file_of, ordered
from tests.support.hubspot import START
from tests.support.installation import NAME, Installation, a_world, an_installation
from tests.support.random_files import a_week

SAMPLE = 3  # in `make test`; `make soak` tries them all
CASES = 60
# How a write is answered where public evidence leaves it open.
OPEN_QUESTIONS = frozenset(
    {
        "put_omission", "default_conflict", "delete_parent_team", "remove_member_wrong_type",
        "duplicate_create", "seat_release", "default_seat", "welcome_email_field",
        "unknown_body_fields", "effect_delay", "not_found_category", "super_admin_put",
        "user_display_properties", "last_page_paging", "team_to_top",
    }
)  # fmt: skip


def cases() -> Iterator[object]:
    """Seeds; those outside the sample belong to the soak."""
    for seed in range(1, CASES + 1):
        yield pytest.param(seed, marks=[] if seed <= SAMPLE else [pytest.mark.soak])


@pytest.mark.parametrize("seed", list(cases()))
async def test_a_random_file_is_reached_and_taken_back(tmp_path: Path, seed: int) -> None:
    """The next plan is empty; undo brings back every line it promised, so the dump is as before."""
    clock = HandClock(START)
    world = a_world(clock, seed="acme")
    dice = Random(seed)
    answered_at_random(world, dice)
    async with an_installation(world, tmp_path, clock=clock) as one:
        await one.connect()
        await one.sync()
        before = await file_of(one)
        text = a_week(await one.snapshot(), seed)
        drafted = await plan_access(one.app, one.actor, NAME, text)
        if not drafted.stored or not drafted.plan.applyable:
            return  # a guardrail stops it, as it should; what it says is tested elsewhere
        run = await applied(one, drafted)
        await _look_again(one, clock)
        again = await plan_access(one.app, one.actor, NAME, text)
        back = await ordered(one, UndoPlan(drafted.plan.id))
        if back.stored:
            await applied(one, back)
        await _look_again(one, clock)
        after = await file_of(one)

    assert PlanState.DONE is run.state
    good = (Outcome.DONE, Outcome.ALREADY, Outcome.WAITING)
    assert [] == [one.message for one in run.receipts if one.outcome not in good]
    assert () == again.plan.changes
    assert _access(before) == _access(after)


def answered_at_random(world: World, dice: Random) -> None:
    """Every open question of writes answered by the dice."""
    for switch in SWITCHES:
        if switch.name in OPEN_QUESTIONS:
            # `never` is told as failed, which is right; here everything can be reached.
            answers = [one for one in switch.answers if one != "never"]
            world.switches.choose(switch.name, dice.choice(answers))


async def _look_again(one: Installation, clock: HandClock) -> None:
    await clock.sleep(600)
    await one.sync()


def _access(text: str) -> list[str]:
    """The file without its head, which tells the time."""
    return [line for line in text.splitlines() if not line.startswith("#")]
