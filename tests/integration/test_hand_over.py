"""Records of a leaver go to successors: every one, once, with a way back."""

from __future__ import annotations

from pathlib import Path

import pytest

from hubspot_emulator.app import create_world
from hubspot_emulator.clock import EmulatorClock
from hubspot_emulator.crm.generate import generate_records
from rolecall.domain.plan import Change, ChangeKind, Outcome, Phase, Plan, Receipt, Undo
from rolecall.kit.clock import HandClock
from rolecall.kit.ids import uuid7
from rolecall.plan.propose import Occasion, assemble
from tests.support.house import House, a_house
from tests.support.hubspot import START

OWNER = "hubspot_owner_id"


def owned(house: House, owner: str, kind: str = "deals") -> list[int]:
    """Ids of the records an owner has at the emulator."""
    rows = house.portal.crm.objects[kind].records.values()
    return [row.id for row in rows if row.properties.get(OWNER) == owner]


async def a_hand_over(house: House, former: str, successors: tuple[str, ...]) -> Plan:
    """A stored, approved plan that hands all deals of one owner over."""
    snapshot, now = await house.snapshot(), house.app.clock.now()
    after = successors if len(successors) > 1 else successors[0]
    change = Change(
        id="",
        kind=ChangeKind.HAND_OVER,
        subject_kind="user",
        subject="leaver@acme.test",
        subject_id="1",
        before=former,
        after=after,
        reason="leaves",
        phase=Phase.PREPARE,
        undo=Undo.ROUGH,
        details={"object_type": "deals", "property": OWNER},
    )
    occasion = Occasion(uuid7(), house.name, now, house.actor.id, "hand over", "leaves", "test")
    plan, _ = assemble([change], snapshot, occasion, house.leave(now))
    await house.store(plan)
    return plan


async def a_portal_with_deals(tmp_path: Path, count: int, **switches: str):
    """A tiny portal with two owners and many deals of the first."""
    clock = HandClock(START)
    world = create_world(
        seed="tiny", limits="off", clock=EmulatorClock(source=clock.now), switches=switches
    )
    portal = next(iter(world.portals.values()))
    owners = [owner.id for owner in portal.crm.owners.values()][:3]
    generate_records(
        portal, "deals", count, owner_ids=[owners[0]], unowned_share=0.0, until=clock.now()
    )
    return a_house(tmp_path, world=world, clock=clock), [str(owner) for owner in owners]


@pytest.mark.parametrize("count", [1, 199, 200, 201, 650])
async def test_every_record_changes_hands(tmp_path: Path, count: int) -> None:
    """Whatever the number, none stays behind, and as few requests as the page sizes allow."""
    opened, (leaver, heir, _) = await a_portal_with_deals(tmp_path, count)
    async with opened as house:
        all_mine = set(owned(house, leaver))
        plan = await a_hand_over(house, leaver, (heir,))
        applied = await house.apply(plan)

        assert [Outcome.DONE] == [receipt.outcome for receipt in applied.receipts]
        assert [] == owned(house, leaver)
        assert all_mine <= set(owned(house, heir))


async def test_several_successors_take_turns(tmp_path: Path) -> None:
    """Round-robin: the shares differ by one at most."""
    opened, (leaver, first, second) = await a_portal_with_deals(tmp_path, 301)
    async with opened as house:
        before = len(owned(house, first)), len(owned(house, second))
        await house.apply(await a_hand_over(house, leaver, (first, second)))
        got = len(owned(house, first)) - before[0], len(owned(house, second)) - before[1]

        assert [] == owned(house, leaver)
        assert 1 >= abs(got[0] - got[1])


@pytest.mark.parametrize(
    ("kind", "phase"), [("answer_lost", "after_commit"), ("502_html", "before"), ("cut", "before")]
)
async def test_lost_answers_are_settled_by_reading(tmp_path: Path, kind: str, phase: str) -> None:
    """A batch without an answer is read, not repeated blindly."""
    opened, (leaver, heir, _) = await a_portal_with_deals(tmp_path, 450)
    async with opened as house:
        fault = house.fault(kind, "crm.deals.batch_update", phase=phase, attempts=(1,))
        applied = await house.finish(await a_hand_over(house, leaver, (heir,)))

        assert 1 <= fault.struck
        assert [] == owned(house, leaver)
        assert {Outcome.DONE} == {receipt.outcome for receipt in applied.receipts}


async def test_a_lagging_index_hides_nothing(tmp_path: Path) -> None:
    """Search results that are seconds old neither stop the work nor repeat it."""
    opened, (leaver, heir, _) = await a_portal_with_deals(tmp_path, 420, search_lag="seconds")
    async with opened as house:
        applied = await house.finish(await a_hand_over(house, leaver, (heir,)))

        assert [] == owned(house, leaver)
        assert told(applied.receipts) == "420 deals handed over"


async def test_the_way_back_is_on_record(tmp_path: Path) -> None:
    """Each record is written down with its former owner."""
    opened, (leaver, heir, _) = await a_portal_with_deals(tmp_path, 150)
    async with opened as house:
        mine = {str(key) for key in owned(house, leaver)}
        plan = await a_hand_over(house, leaver, (heir,))
        await house.apply(plan)
        async with house.app.database.read() as view:
            rows = await view.handovers.all(f"{plan.id}:1")

        assert mine == {row.record_id for row in rows if row.before == leaver}
        assert {"done"} == {row.state for row in rows}


def told(receipts: tuple[Receipt, ...]) -> str:
    """The message of the only receipt."""
    (receipt,) = receipts
    return receipt.message
