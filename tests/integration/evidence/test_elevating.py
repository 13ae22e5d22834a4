"""Raise, connect, return: the 8x8 dance against the emulator, with proof by snapshots."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hubspot_emulator.acts.table import carry_out
from hubspot_emulator.granular.history import history_export
from rolecall.domain.plan import Outcome, Plan, PlanState
from rolecall.kit.errors import Refused
from rolecall.permissions.elevation import Way
from rolecall.services.findings.findings import list_findings
from rolecall.services.permissions.apps import forget_app, list_apps
from rolecall.services.permissions.packs import find_pack
from rolecall.services.plans.elevating import elevate, list_elevations, return_due, return_now
from rolecall.services.plans.plans import approve_plan, replan
from rolecall.services.syncs.filing import file_history
from tests.support.evidence import an_informed_house, bring
from tests.support.house import House

APP = "1178801"
WHO = "marta.horvat@acme.test"
TWO_HOURS = timedelta(hours=2)
GRANTED = {
    "marketing.marketing_access": "on",
    "marketing.marketing_email": "publish",
    "marketing.segments": "edit",
}


def the_pack(house: House) -> str:
    """8x8 with an app id, as an operator's copy names it."""
    return find_pack(house.app, "8x8").text + f'app_ids: ["{APP}"]\n'


def access(house: House, email: str = WHO) -> tuple[Any, ...]:
    """What the emulator really holds of a user."""
    member = house.member(email)
    assert member is not None
    sets, extra = sorted(member.permission_set_ids), sorted(member.extra_team_ids)
    return (sets, member.main_team_id, extra, sorted(member.seat_names))


def act(house: House, name: str, /, **fields: Any) -> None:
    """Somebody does something in HubSpot's screens."""
    asked = {"act": name, **fields}
    carry_out(house.world, house.portal, house.world.clock.now(), asked)


async def carried_out(house: House, plan: Plan) -> None:
    """Approve a proposal and carry it out."""
    await approve_plan(house.app, house.actor, plan.id)
    assert PlanState.DONE is (await house.finish(plan)).state


async def raised(house: House, email: str = WHO) -> Plan:
    """An elevation that was carried out."""
    told = await elevate(house.app, house.actor, house.name, email, the_pack(house), TWO_HOURS)
    assert told.drafted is not None
    await carried_out(house, told.drafted.plan)
    await house.sync()
    return told.drafted.plan


async def state(house: House) -> list[str]:
    """Where the portal's elevations stand."""
    return [one.state for one in await list_elevations(house.app, house.actor, house.name)]


async def overdue(house: House) -> list[str]:
    """Users the finding names."""
    page = await list_findings(house.app, house.actor, house.name, rule="elevation.overdue")
    return [one.finding.subject for one in page.findings]


async def test_the_dance(tmp_path: Path) -> None:
    """Raised, connected, returned: exactly the former access, proved by two snapshots."""
    async with an_informed_house(tmp_path) as house:
        before = access(house)
        plan = await raised(house)
        during = access(house)
        act(house, "record_event", type="INSTALL_INTEGRATION", object_id=APP, **{"as": WHO})
        running = await state(house)
        await house.app.clock.sleep(3 * 3600)
        late = (await state(house), await overdue(house))
        (returned,) = await return_due(house.app)
        async with house.app.database.read() as view:
            way_back = (await view.plans.get(returned)).plan
        await house.finish(way_back)
        await house.app.clock.sleep(60)
        await house.sync()
        (standing,) = await list_elevations(house.app, house.actor, house.name)
        again = await elevate(house.app, house.actor, house.name, WHO, the_pack(house), TWO_HOURS)
        claims = []
        async with house.app.database.read() as view:
            claims = list(await view.assignments.find(house.portal.id, subject=WHO))
        gone = await overdue(house)

    assert before != during
    assert before == access(house)
    assert ["running"] == running
    assert (["overdue"], [WHO]) == late
    assert "returned" == standing.state
    assert standing.one.installed_at is not None
    assert "connection stands" in standing.one.note
    assert plan.snapshot_id == standing.one.before_snapshot != standing.one.after_snapshot
    assert Way.CONNECTED is again.found.way
    assert again.drafted is None
    assert [] == claims == gone


async def test_before_its_end_on_order(tmp_path: Path) -> None:
    """`--return` takes it back at once; a second elevation is refused while one runs."""
    async with an_informed_house(tmp_path) as house:
        before = access(house)
        await raised(house)
        with pytest.raises(Refused, match="elevated for"):
            await elevate(house.app, house.actor, house.name, WHO, the_pack(house), TWO_HOURS)
        _, drafted = await return_now(house.app, house.actor, house.name, WHO)
        assert drafted is not None
        await carried_out(house, drafted.plan)
        await house.app.clock.sleep(60)
        await house.sync()
        ended = await state(house)
        with pytest.raises(Refused, match="no elevation"):
            await return_now(house.app, house.actor, house.name, WHO)

    assert before == access(house)
    assert ["returned"] == ended


async def test_several_sets_and_individual_access_become_tasks(tmp_path: Path) -> None:
    """What no API could restore is never replaced: a task lists each toggle, there and back."""
    async with an_informed_house(tmp_path) as house:
        for email in ("felix.braun@acme.test", "ben.osei@acme.test"):
            before = access(house, email)
            told = await elevate(
                house.app, house.actor, house.name, email, the_pack(house), TWO_HOURS
            )
            assert told.drafted is not None
            plan = told.drafted.plan
            await approve_plan(house.app, house.actor, plan.id)
            applied = await house.apply(plan)
            async with house.app.database.read() as view:
                tasks = await view.tasks.find(house.portal.id, plan_id=plan.id)
            _, back = await return_now(house.app, house.actor, house.name, email)

            assert Way.MANUAL is told.found.way
            assert {Outcome.WAITING} == {one.outcome for one in applied.receipts}
            assert before == access(house, email)
            assert all(email in line or "Permission sets" in line for line in tasks[0].clicks)
            assert back is not None
            assert "back to" in back.plan.changes[0].details["clicks"]


async def test_by_hand_it_is_proved_by_files(tmp_path: Path) -> None:
    """Toggles set and set back by a person: an export and a history close both tasks, and prove it."""
    who = "felix.braun@acme.test"
    async with an_informed_house(tmp_path) as house:
        member = house.member(who)
        assert member is not None
        former = dict(member.granular or {})
        told = await elevate(house.app, house.actor, house.name, who, the_pack(house), TWO_HOURS)
        assert told.drafted is not None
        await approve_plan(house.app, house.actor, told.drafted.plan.id)
        await house.apply(told.drafted.plan)
        stale = (await bring(house, lists="comma")).closed  # a file of the same day proves nothing
        await house.app.clock.sleep(600)
        act(house, "edit", user=who, granular={**former, **GRANTED})
        act(house, "log_in", user=who)
        granted = (await bring(house)).closed
        _, back = await return_now(house.app, house.actor, house.name, who)
        assert back is not None
        await approve_plan(house.app, house.actor, back.plan.id)
        await house.apply(back.plan)
        await house.app.clock.sleep(600)
        act(house, "edit", user=who, granular=former)
        half = await state(house)
        now = house.app.clock.now()
        data = history_export(house.world, house.portal, now, None)
        await file_history(house.app, house.actor, house.name, data)
        await house.app.clock.sleep(600)
        await house.sync()
        (standing,) = await list_elevations(house.app, house.actor, house.name)

    assert () == stale
    assert ["Grant" in one.title for one in granted] == [True]
    assert ["running"] == half
    assert "returned" == standing.state
    assert "permission history" in standing.one.note


async def test_the_app_of_a_pack_is_learned(tmp_path: Path) -> None:
    """What an elevated user installed is the pack's app from then on, until somebody forgets it."""
    async with an_informed_house(tmp_path) as house:
        plain = find_pack(house.app, "8x8").text
        told = await elevate(house.app, house.actor, house.name, WHO, plain, TWO_HOURS)
        assert told.drafted is not None
        await carried_out(house, told.drafted.plan)
        act(house, "record_event", type="INSTALL_INTEGRATION", object_id=APP, **{"as": WHO})
        await house.sync()
        _, drafted = await return_now(house.app, house.actor, house.name, WHO)
        assert drafted is not None
        await carried_out(house, drafted.plan)
        await house.app.clock.sleep(60)
        await house.sync()
        (known,) = await list_apps(house.app, house.actor, house.name)
        again = await elevate(house.app, house.actor, house.name, WHO, plain, TWO_HOURS)
        pack = find_pack(house.app, "8x8").pack
        await forget_app(house.app, house.actor, house.name, pack, APP)
        after = await elevate(house.app, house.actor, house.name, WHO, plain, TWO_HOURS)

    assert (APP, told.drafted.plan.id) == (known.app_id, known.learned_from)
    assert Way.CONNECTED is again.found.way
    assert Way.PLAN is after.found.way


async def test_nothing_to_raise(tmp_path: Path) -> None:
    """Ready is no plan, deactivated is refused, so is a length beyond reason."""
    async with an_informed_house(tmp_path) as house:
        pack = the_pack(house)

        async def found(email: str, lasting: timedelta = TWO_HOURS) -> Any:
            return await elevate(house.app, house.actor, house.name, email, pack, lasting)

        ready = await found("agent.ready@acme.test")
        with pytest.raises(Refused, match="deactivated"):
            await found("stefan.wolf@acme.test")
        with pytest.raises(Refused, match="7 days"):
            await found(WHO, timedelta(days=30))

    assert (Way.READY, None) == (ready.found.way, ready.drafted)


async def test_the_user_is_removed_meanwhile(tmp_path: Path) -> None:
    """Nothing is left to return, nothing is overdue, and nobody is invited anew."""
    async with an_informed_house(tmp_path) as house:
        await raised(house)
        act(house, "remove", user=WHO)
        await house.app.clock.sleep(3 * 3600)
        await house.sync()
        plans = await return_due(house.app)
        (standing,) = await list_elevations(house.app, house.actor, house.name)
        late = await overdue(house)

    assert () == plans
    assert "no longer in the portal" in standing.one.note
    assert [] == late
    assert house.member(WHO) is None


async def test_what_moved_meanwhile_stays(tmp_path: Path) -> None:
    """A team changed by somebody else during the elevation is told, not undone."""
    async with an_informed_house(tmp_path) as house:
        await raised(house)
        other = next(t for t in house.portal.teams if t != access(house)[1])
        act(house, "edit", user=WHO, main_team=[other])
        await house.sync()
        _, drafted = await return_now(house.app, house.actor, house.name, WHO)
        assert drafted is not None
        await carried_out(house, drafted.plan)

    assert other == access(house)[1]
    assert any("main team" in note for note in drafted.notes)


async def test_planned_again_keeps_the_former_access(tmp_path: Path) -> None:
    """A proposal made again is the elevation that counts; the old one comes to nothing."""
    async with an_informed_house(tmp_path) as house:
        told = await elevate(house.app, house.actor, house.name, WHO, the_pack(house), TWO_HOURS)
        assert told.drafted is not None
        again = await replan(house.app, house.actor, told.drafted.plan.id)
        (standing,) = await list_elevations(house.app, house.actor, house.name)

    assert (again.plan.id, "proposed") == (standing.one.plan_id, standing.state)
