"""A hand-over that is paused, cancelled, refused in part or runs into latecomers; and back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from rolecall.domain.plan import Change, ChangeKind, Outcome, Plan, PlanState, Receipt
from rolecall.kit.clock import HandClock
from rolecall.plan.effects import effects_of
from rolecall.provision.ports import Moment
from rolecall.services.plans.applying import Applied, Watching, apply_plan, cancel_plan
from rolecall.services.plans.rollback import rollback_file
from rolecall.services.upkeep import go_on
from tests.support.changing import by_hand
from tests.support.command_line import Home
from tests.support.dying import Dying, Gone
from tests.support.house import QUICK, House, a_house
from tests.support.hubspot import START
from tests.support.leaving import (
    HEIR,
    LEAVER,
    OWNER,
    a_world_with_records,
    back,
    finished,
    given,
    moves,
    ordered,
    owners,
    the_leaving,
)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """A portal whose leaver owns 14 contacts and 255 deals."""
    clock = HandClock(START)
    async with a_house(tmp_path, world=a_world_with_records(clock), clock=clock) as one:
        yield one


def _deals(plan: Plan) -> Change:
    return next(one for one in plan.changes if one.details.get("object_type") == "deals")


def _told(applied: Applied, change: Change) -> Receipt:
    return next(one for one in applied.receipts if one.change_id == change.id)


def _leavers(house: House) -> set[str]:
    """Ids of the leaver's deals."""
    identity = house.world.identity(LEAVER)
    assert identity is not None
    owner = house.portal.crm.owner_of(identity.id)
    assert owner is not None
    return {key for (kind, key), held in owners(house).items()
            if kind == "deals" and held == str(owner.id)}  # fmt: skip


async def _stopped(house: House, home: Path, plan: Plan, verb: str) -> Applied:
    """The plan begun, and stopped from another terminal once a page of deals is given."""

    def watch(moment: Moment) -> None:
        if moment.name == "batch" and moment.message == "200 deals handed over":
            Home(home).run("plan", verb, plan.id, "--reason", "not today")

    watching = Watching(moment=watch, patience=QUICK)
    return await apply_plan(house.app, house.actor, plan.id, watching=watching)


async def test_paused_between_two_batches(house: House, tmp_path: Path) -> None:
    """A pause does not wait for the last of many thousand records; going on gives the rest."""
    plan = await ordered(house, the_leaving())
    paused = await _stopped(house, tmp_path, plan, "pause")
    left = len(_leavers(house))
    applied = await finished(house, plan)

    assert PlanState.PAUSED is paused.state
    assert 55 == left
    assert Outcome.DONE is _told(applied, _deals(plan)).outcome
    assert set() == _leavers(house)
    assert {1} == set(moves(house).values())


async def test_cancelled_between_two_batches_and_taken_back(house: House, tmp_path: Path) -> None:
    """What was given is told and comes back by undo, though the plan never came to its end."""
    before = owners(house)
    plan = await ordered(house, the_leaving())
    cancelled = await _stopped(house, tmp_path, plan, "cancel")
    told, left = _told(cancelled, _deals(plan)), len(_leavers(house))
    kept = await given(house, plan)
    await finished(house, await back(house, plan))

    assert PlanState.CANCELLED is cancelled.state
    assert 55 == left
    assert (Outcome.SKIPPED, "200 deals handed over before the plan was cancelled") == (
        told.outcome,
        told.message,
    )
    assert 14 + 200 == len(kept)
    assert before == owners(house)


async def test_cancelled_while_hubspot_is_away(house: House) -> None:
    """What was sent without an answer is not called skipped before somebody could look."""
    plan = await ordered(house, the_leaving())
    house.fault("answer_lost", "crm.deals.batch_update", phase="after_commit", attempts=(1,))
    away = house.fault("503_html", "crm.deals.batch_read")
    waiting = await apply_plan(house.app, house.actor, plan.id, watching=Watching(patience=QUICK))
    await cancel_plan(house.app, house.actor, plan.id, "no")
    receipts = [one for one in waiting.receipts if one.change_id == _deals(plan).id]
    house.world.faults.drop(away.id)
    await house.app.clock.sleep(120)
    [closed] = await go_on(house.app)

    assert [] == receipts
    assert PlanState.CANCELLED is closed.state
    assert "200 deals handed over before the plan was cancelled" == (
        _told(closed, _deals(plan)).message
    )
    assert 55 == len(_leavers(house))


async def test_a_lost_batch_costs_one_more(house: House) -> None:
    """Nothing was done: the batch is sent once more as a batch, not record by record."""
    house.fault("cut", "crm.deals.batch_update", phase="before", attempts=(1,))
    house.world.recorder.clear()
    await finished(house, await ordered(house, the_leaving()))

    assert 3 + 1 == house.world.recorder.by_operation["crm.deals.batch_update"]
    assert set() == _leavers(house)


async def test_latecomers_among_what_the_index_still_shows(house: House) -> None:
    """Deals the leaver gets meanwhile are given too, wherever they lie among those given before."""
    house.world.switches.choose("search_lag", "seconds")
    store, mine = house.portal.crm.objects["deals"], sorted(map(int, _leavers(house)))
    first, below = mine[0], mine[3]
    among = next(one for one in sorted(store.records.keys() - mine) if one > first)
    somebody = store.records[among].properties[OWNER]
    store.change(store.records[below], {OWNER: somebody}, house.app.clock.now())
    plan = await ordered(house, the_leaving())
    leaver = str(_deals(plan).before)
    late = {"254 deals handed over": among, "255 deals handed over": below}

    def watch(moment: Moment) -> None:
        if moment.name == "batch" and (one := late.pop(moment.message, None)):
            store.change(store.records[one], {OWNER: leaver}, house.app.clock.now())

    watching = Watching(moment=watch, patience=QUICK)
    applied = await apply_plan(house.app, house.actor, plan.id, watching=watching)

    assert {} == late
    assert "256 deals handed over" == _told(applied, _deals(plan)).message
    assert set() == _leavers(house)


async def test_a_property_that_went_meanwhile(house: House) -> None:
    """HubSpot refuses the search: the line failed with its words, and nobody is parked for it."""
    plan = await ordered(house, the_leaving())
    del house.portal.crm.objects["deals"].definitions[OWNER]
    applied = await finished(house, plan)

    assert Outcome.FAILED is _told(applied, _deals(plan)).outcome
    assert "0 deals handed over; " in _told(applied, _deals(plan)).message


async def test_every_line_counts_as_settled(house: House) -> None:
    """Progress comes to its end: hand-overs, tasks and marks of ours count like writes."""
    plan = await ordered(house, the_leaving())
    seen: set[str] = set()

    def watch(moment: Moment) -> None:
        if moment.name == "settled":
            seen.add(moment.effect_id)

    watching = Watching(moment=watch, patience=QUICK)
    await apply_plan(house.app, house.actor, plan.id, watching=watching)

    assert {effect.id for effect in effects_of(plan)} == seen


async def test_a_run_that_goes_on_counts_what_was_settled(house: House) -> None:
    """Taken up by another process, the progress begins where the first one was cut off."""
    plan = await ordered(house, the_leaving())
    with pytest.raises(Gone):
        await apply_plan(
            house.app, house.actor, plan.id, watching=Watching(moment=Dying(6), patience=QUICK)
        )
    told: list[Moment] = []
    watching = Watching(moment=told.append, patience=QUICK)
    await apply_plan(house.app, house.actor, plan.id, watching=watching)
    settled = {one.effect_id for one in told if one.name == "settled"}

    assert ("taken_up", len(effects_of(plan)) - len(settled)) == (told[0].name, told[0].number)
    assert 0 < told[0].number


async def test_what_went_wrong_is_known_to_whoever_goes_on(house: House) -> None:
    """Records left behind keep the leaver from being parked, also after the process died."""
    plan = await ordered(house, the_leaving())
    del house.portal.crm.objects["deals"].definitions[OWNER]
    watching = Watching(moment=Dying(5), patience=QUICK)  # the failed line was just settled
    with pytest.raises(Gone):
        await apply_plan(house.app, house.actor, plan.id, watching=watching)
    applied = await finished(house, plan)
    parking = [one for one in plan.changes if one.kind is ChangeKind.SET_MAIN_TEAM]

    assert Outcome.FAILED is _told(applied, _deals(plan)).outcome
    assert [Outcome.SKIPPED] == [_told(applied, one).outcome for one in parking]
    assert not [one for one in applied.receipts if one.outcome is Outcome.WAITING]


async def test_a_successor_who_went_meanwhile(house: House) -> None:
    """HubSpot refuses record after record: it ends there, and not with a call for each of them."""
    house.world.switches.choose("archived_owner_gets_records", "refuse")
    before = _leavers(house)
    plan = await ordered(house, the_leaving())
    by_hand(house, "remove", HEIR)
    house.world.recorder.clear()
    applied = await finished(house, plan)
    told = _told(applied, _deals(plan))
    rows = {row.state for row in await rollback_file(house.app, house.actor, plan.id)}

    assert Outcome.FAILED is told.outcome
    assert "0 deals handed over, 255 were refused by HubSpot; " in told.message
    assert before == _leavers(house)
    assert {"done", "refused"} == rows  # the contacts had somebody else to go to
    assert 3 + 201 == house.world.recorder.by_operation["crm.deals.batch_update"]
