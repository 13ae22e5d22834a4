"""Manual tasks: closed by hand, or by themselves when a sync or the feed proves them done."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from rolecall.domain.plan import ManualTask, Outcome
from rolecall.kit.clock import HandClock
from rolecall.services.drafts.orders import OffboardUser, UndoPlan
from rolecall.services.plans.plans import show_plan
from rolecall.services.tasks import done_task, list_tasks
from rolecall.store.errors import OutOfDate
from tests.support.changing import by_hand, done, ordered
from tests.support.hubspot import START
from tests.support.installation import NAME, Installation, a_world, an_installation

DEE = "dee@tiny.test"


@pytest.fixture
def clock() -> HandClock:
    """One clock for the portal and for us."""
    return HandClock(START)


@pytest.fixture
async def tiny(tmp_path: Path, clock: HandClock) -> AsyncIterator[Installation]:
    """Dee is off-boarded; what is left is a person's work."""
    async with an_installation(a_world(clock, seed="tiny"), tmp_path, clock=clock) as one:
        await one.connect()
        await one.sync()
        await done(one, OffboardUser(DEE, keep_records=True))
        yield one


async def _task(one: Installation, word: str) -> ManualTask:
    tasks = await list_tasks(one.app, one.actor, NAME, state=None)
    return next(task for task in tasks if word in task.title)


async def test_a_task_says_where_to_click_and_who_may(tiny: Installation) -> None:
    """Clicks with the name filled in, a link into the right portal, the permission and who has it."""
    task = await _task(tiny, "Deactivate")

    assert any(DEE in step for step in task.clicks)
    assert str(next(iter(tiny.world.portals))) in task.link
    assert ("root@tiny.test",) == task.doers
    assert task.needs
    assert START + timedelta(days=7) == task.due_at


async def test_a_task_closes_itself_when_the_portal_shows_it(
    tiny: Installation, clock: HandClock
) -> None:
    """Deactivated in HubSpot's screens: the next sync closes the task and adds the receipt."""
    clock.advance(timedelta(hours=1))
    await tiny.sync()
    assert "open" == (await _task(tiny, "Deactivate")).state
    by_hand(tiny, "deactivate", DEE)
    clock.advance(timedelta(minutes=1))
    await tiny.sync()
    task = await _task(tiny, "Deactivate")
    assert task.plan_id is not None
    card = await show_plan(tiny.app, tiny.actor, task.plan_id)
    receipt = next(one for one in card.receipts if one.change_id == task.change_id)

    assert "done" == task.state
    assert "system" == task.closed_by
    assert Outcome.DONE is receipt.outcome
    assert "DEACTIVATE_USER" in receipt.message or "snapshot" in receipt.message


async def test_what_nothing_proves_waits_for_somebodys_word(
    tiny: Installation, clock: HandClock
) -> None:
    """Meeting links leave no trace: the task stays until somebody says so, once."""
    clock.advance(timedelta(hours=1))
    await tiny.sync()
    task = await _task(tiny, "meeting")
    assert "open" == task.state
    closed = await done_task(tiny.app, tiny.actor, task.id, "Ben has them now")

    assert "local:tester" == closed.closed_by
    with pytest.raises(OutOfDate):
        await done_task(tiny.app, tiny.actor, task.id)


async def test_a_dropped_task_is_no_done_task(tiny: Installation) -> None:
    """Not going to happen: the receipt says skipped."""
    task = await _task(tiny, "meeting")
    await done_task(tiny.app, tiny.actor, task.id, "has none", drop=True)
    assert task.plan_id is not None
    card = await show_plan(tiny.app, tiny.actor, task.plan_id)
    receipt = next(one for one in card.receipts if one.change_id == task.change_id)

    assert Outcome.SKIPPED is receipt.outcome


async def test_nobody_is_asked_twice(tiny: Installation) -> None:
    """The same order again plans nothing: its tasks are open, and told as such."""
    again = await ordered(tiny, OffboardUser(DEE, keep_records=True))

    assert () == again.plan.changes
    assert all("is open" in change.warnings[-1] for change in again.plan.reported)


async def test_what_is_taken_back_is_asked_of_nobody(tiny: Installation) -> None:
    """With the approval of the way back the open tasks are dropped."""
    task = await _task(tiny, "Deactivate")
    assert task.plan_id is not None
    await done(tiny, UndoPlan(task.plan_id))
    mine = [
        one.state
        for one in await list_tasks(tiny.app, tiny.actor, NAME, state=None)
        if one.plan_id == task.plan_id
    ]

    assert {"dropped"} == set(mine)
