"""access.yaml from dump to receipts and back, over the real store against an emulated portal."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from rolecall.domain.plan import ChangeKind, Outcome, PlanState
from rolecall.kit.clock import HandClock
from rolecall.kit.errors import NeedsPerson, Refused
from rolecall.policy.problems import PolicyProblems
from rolecall.services.drafts.orders import MoveTeam
from rolecall.services.plans.applying import NotApplyable, StalePlan
from rolecall.services.plans.plans import (
    approve_plan,
    cancel,
    list_plans,
    override_guardrail,
    replan,
    show_plan,
    undo_plan,
)
from rolecall.services.plans.policies import drift, plan_access
from tests.support.changing import (
    applied,
    by_hand,
    carried,
    done,
    edited,
    file_of,
    outcomes,
    put_in_force,
    without,
)
from tests.support.hubspot import START
from tests.support.installation import NAME, Installation, a_world, an_installation

BEN, ADA, DEE, CID = "ben@tiny.test", "ada@tiny.test", "dee@tiny.test", "cid@tiny.test"
BEN_MOVED = "{permission_set: Sales Rep, seat: Sales Hub Enterprise, main_team: Office}"


@pytest.fixture
def clock() -> HandClock:
    """One clock for the portal and for us."""
    return HandClock(START)


@pytest.fixture
async def tiny(tmp_path: Path, clock: HandClock) -> AsyncIterator[Installation]:
    """Five people, read."""
    async with an_installation(a_world(clock, seed="tiny"), tmp_path, clock=clock) as one:
        await one.connect()
        await one.sync()
        yield one


async def _plan(one: Installation, text: str) -> str:
    return (await plan_access(one.app, one.actor, NAME, text)).plan.id


async def test_the_dump_of_a_portal_plans_nothing(tiny: Installation) -> None:
    """dump, then plan: nothing to change, and nothing is stored for it."""
    drafted = await plan_access(tiny.app, tiny.actor, NAME, await file_of(tiny))

    assert () == drafted.plan.changes
    assert not drafted.stored
    assert () == await list_plans(tiny.app, tiny.actor, NAME)


async def test_an_edited_file_is_carried_out_and_in_force(tiny: Installation) -> None:
    """apply brings portal and policy to the file; the next plan, without a file, is empty."""
    text = edited(await file_of(tiny), BEN, BEN_MOVED)
    result = await put_in_force(tiny, text)

    assert result.applied is not None
    assert {Outcome.DONE} == outcomes(result.applied)
    again = await plan_access(tiny.app, tiny.actor, NAME)
    assert () == again.plan.changes
    assert text == (await _in_force(tiny))


async def _in_force(one: Installation) -> str:
    async with one.app.database.read() as view:
        stored = await view.policies.in_force(next(iter(one.world.portals)))
    assert stored is not None
    return stored.text


async def test_a_plan_after_a_run_sees_what_the_run_wrote(tiny: Installation) -> None:
    """Planning right after apply reads the portal again instead of planning everything twice."""
    text = edited(await file_of(tiny), BEN, BEN_MOVED)
    await put_in_force(tiny, text)

    assert () == (await plan_access(tiny.app, tiny.actor, NAME, text)).plan.changes


async def test_undo_restores_the_file(tiny: Installation, clock: HandClock) -> None:
    """Every line that was promised undoable comes back."""
    before = await file_of(tiny)
    result = await put_in_force(tiny, edited(before, BEN, BEN_MOVED))
    clock.advance(timedelta(hours=1))
    back = await undo_plan(tiny.app, tiny.actor, result.drafted.plan.id)
    await applied(tiny, back)
    await tiny.sync()

    assert _without_head(before) == _without_head(await file_of(tiny))


def _without_head(text: str) -> list[str]:
    return text.splitlines()[1:]


async def test_a_file_that_removes_everybody_is_stopped(tiny: Installation) -> None:
    """The removal brake and the last Super Admins stop it, and approval says how to go on."""
    text = await file_of(tiny)
    for email in ("root@tiny.test", ADA, BEN, CID, DEE):
        text = without(text, email)
    drafted = await plan_access(tiny.app, tiny.actor, NAME, text)
    stopping = {one.guardrail for one in drafted.plan.guardrails if one.stops}

    assert {"removal_brake", "last_super_admins"} <= stopping
    with pytest.raises(NotApplyable, match="removal_brake"):
        await approve_plan(tiny.app, tiny.actor, drafted.plan.id)


async def test_an_override_is_used_once(tiny: Installation) -> None:
    """The plan made with the leave may be approved; another plan needs another leave."""
    text = await file_of(tiny)
    for email in (ADA, BEN, CID, DEE):
        text = without(text, email)
    first = await plan_access(tiny.app, tiny.actor, NAME, text)
    let = await override_guardrail(
        tiny.app, tiny.actor, first.plan.id, "removal_brake", "the office closes"
    )
    assert let.plan.applyable
    with pytest.raises(Refused, match="is replaced"):  # and grants no second leave
        await override_guardrail(tiny.app, tiny.actor, first.plan.id, "removal_brake", "again")
    second = await plan_access(tiny.app, tiny.actor, NAME, text)

    await approve_plan(tiny.app, tiny.actor, let.plan.id)
    with pytest.raises(NotApplyable, match="override"):
        await approve_plan(tiny.app, tiny.actor, second.plan.id)
    states = {one.plan.id: one.state for one in await list_plans(tiny.app, tiny.actor, NAME)}
    async with tiny.app.database.read() as view:
        left = await view.overrides.usable(first.plan.hub_id, view.now)
    assert PlanState.REPLACED is states[first.plan.id]
    assert () == left


async def test_an_override_expires(tiny: Installation, clock: HandClock) -> None:
    """A leave nobody used in time is worth nothing."""
    text = await file_of(tiny)
    for email in (ADA, BEN, CID, DEE):
        text = without(text, email)
    first = await _plan(tiny, text)
    let = await override_guardrail(tiny.app, tiny.actor, first, "removal_brake", "closing", 1.0)
    clock.advance(timedelta(hours=2))

    with pytest.raises(NotApplyable, match="expired"):
        await approve_plan(tiny.app, tiny.actor, let.plan.id)


async def test_what_nobody_may_pass_cannot_be_overridden(tiny: Installation) -> None:
    """Guardrails without an override say so; a guardrail that stops nothing is no override."""
    plan = await _plan(tiny, without(await file_of(tiny), "root@tiny.test"))

    with pytest.raises(Refused, match="nobody may pass"):
        await override_guardrail(tiny.app, tiny.actor, plan, "last_super_admins", "because")
    with pytest.raises(Refused, match="does not stop"):
        await override_guardrail(tiny.app, tiny.actor, plan, "seat_stock", "because")


async def test_a_portal_edited_by_hand_makes_the_plan_stale(
    tiny: Installation, clock: HandClock
) -> None:
    """Approval is refused naming what differs; one command plans again and replaces the plan."""
    plan = await _plan(tiny, edited(await file_of(tiny), BEN, BEN_MOVED))
    clock.advance(timedelta(minutes=5))
    by_hand(tiny, "edit", BEN, main_team=[])
    await tiny.sync()

    with pytest.raises(StalePlan, match="main team was Sales / Inside Sales, is nothing now"):
        await approve_plan(tiny.app, tiny.actor, plan)
    card = await show_plan(tiny.app, tiny.actor, plan[:13])
    assert card.staleness
    again = await replan(tiny.app, tiny.actor, plan)
    assert {Outcome.DONE} == outcomes(await applied(tiny, again))
    assert PlanState.REPLACED is (await show_plan(tiny.app, tiny.actor, plan)).stored.state


async def test_an_unrelated_edit_makes_nothing_stale(tiny: Installation, clock: HandClock) -> None:
    """A newer snapshot alone is no reason to plan again."""
    plan = await _plan(tiny, edited(await file_of(tiny), BEN, BEN_MOVED))
    clock.advance(timedelta(minutes=5))
    by_hand(tiny, "rename", DEE, first_name="Deirdre")
    await tiny.sync()
    await approve_plan(tiny.app, tiny.actor, plan)

    assert {Outcome.DONE} == outcomes(await carried(tiny, plan))


async def test_a_hand_edit_during_the_run_is_not_overwritten(
    tiny: Installation, clock: HandClock
) -> None:
    """Changed outside between approval and its turn: that line is refused, the others are done."""
    text = edited(await file_of(tiny), BEN, BEN_MOVED)
    text = edited(text, ADA, "{permission_set: Sales Manager, seat: Core, main_team: Sales}")
    plan = await _plan(tiny, text)
    await approve_plan(tiny.app, tiny.actor, plan)
    clock.advance(timedelta(minutes=5))
    by_hand(tiny, "edit", BEN, main_team=[])
    run = await carried(tiny, plan)
    last = {one.change_id: one.outcome for one in run.receipts}
    card = await show_plan(tiny.app, tiny.actor, plan)
    by_subject = {change.subject: last[change.id] for change in card.plan.changes}

    assert {BEN: Outcome.REFUSED, ADA: Outcome.DONE} == by_subject


async def test_two_plans_for_one_person_do_not_fight(tiny: Installation, clock: HandClock) -> None:
    """The second of two plans for the same slot is stale once the first is done."""
    first = await _plan(tiny, edited(await file_of(tiny), BEN, BEN_MOVED))
    moved = BEN_MOVED.replace("Office", "Sales")
    second = await _plan(tiny, edited(await file_of(tiny), BEN, moved))
    await approve_plan(tiny.app, tiny.actor, first)
    await approve_plan(tiny.app, tiny.actor, second)
    await carried(tiny, first)
    clock.advance(timedelta(minutes=1))
    await tiny.sync()

    with pytest.raises(StalePlan):
        await carried(tiny, second)


async def test_every_mistake_is_told_with_its_place(tiny: Installation) -> None:
    """Unknown keys, names and dates all at once, each with line and column and a guess."""
    text = edited(await file_of(tiny), BEN, "{permision_set: Sales Rep, until: tomorrow}")
    text = edited(text, ADA, "{permission_set: Sales Rap}")
    with pytest.raises(PolicyProblems) as caught:
        await plan_access(tiny.app, tiny.actor, NAME, text)
    told = caught.value.message

    assert 3 == len(caught.value.problems)
    for word in ("permission_set", "until", "Sales Rap"):
        assert word in told
    assert all(problem.line and problem.column for problem in caught.value.problems)


async def test_a_set_that_no_longer_exists_is_named(tiny: Installation) -> None:
    """The file names a set the portal does not have: refused with its place and a guess."""
    text = edited(await file_of(tiny), BEN, "{permission_set: Sales Reps}")
    with pytest.raises(PolicyProblems, match="Sales Reps") as caught:
        await plan_access(tiny.app, tiny.actor, NAME, text)

    assert "Sales Rep" in caught.value.problems[0].hint


async def test_no_seat_left_is_stopped_with_the_way_out(tiny: Installation) -> None:
    """Seats are never bought: the guardrail says how many are missing and for whom."""
    text = await file_of(tiny)
    for email in (DEE, CID):
        text = edited(text, email, "{seat: Sales Hub Enterprise, main_team: Office}")
    drafted = await plan_access(tiny.app, tiny.actor, NAME, text)
    verdict = next(one for one in drafted.plan.guardrails if one.guardrail == "seat_stock")

    assert verdict.stops
    assert "Sales Hub Enterprise" in verdict.message


async def test_a_file_of_another_portal_is_refused(tiny: Installation) -> None:
    """The wrong file for the wrong portal plans nothing."""
    text = (await file_of(tiny)).replace("portal: acme", "portal: globex")
    with pytest.raises(Refused, match="globex"):
        await plan_access(tiny.app, tiny.actor, NAME, text)


async def test_approval_is_for_what_was_looked_at(tiny: Installation) -> None:
    """Another digest is another plan."""
    plan = await _plan(tiny, edited(await file_of(tiny), BEN, BEN_MOVED))
    with pytest.raises(StalePlan, match="digest"):
        await approve_plan(tiny.app, tiny.actor, plan, digest="0" * 64)


async def test_the_policy_comes_in_force_with_approval_alone(tiny: Installation) -> None:
    """Planning in a pull request leaves the policy in force as it is; approval changes it."""
    text = edited(await file_of(tiny), BEN, BEN_MOVED)
    plan = await _plan(tiny, text)
    with pytest.raises(NeedsPerson, match="no policy in force"):
        await plan_access(tiny.app, tiny.actor, NAME)
    await approve_plan(tiny.app, tiny.actor, plan)

    assert text == await _in_force(tiny)


async def test_a_cancelled_plan_is_not_carried_out(tiny: Installation) -> None:
    """Cancelled before it began: nothing is sent, and it cannot be applied any more."""
    plan = await _plan(tiny, edited(await file_of(tiny), BEN, BEN_MOVED))
    await approve_plan(tiny.app, tiny.actor, plan)
    await cancel(tiny.app, tiny.actor, plan, "changed my mind")

    with pytest.raises(NotApplyable, match="cancelled"):
        await carried(tiny, plan)


async def test_drift_names_who_changed_what(tiny: Installation, clock: HandClock) -> None:
    """A change in HubSpot's screens shows as drift, with the person the feed tells."""
    await put_in_force(tiny, await file_of(tiny))
    clock.advance(timedelta(hours=1))
    by_hand(tiny, "make_super_admin", DEE)
    by_hand(tiny, "edit", BEN, main_team=[])
    clock.advance(timedelta(minutes=1))
    await tiny.sync()
    found = await drift(tiny.app, tiny.actor, NAME)
    by_subject = {one.change.subject: one for one in found.lines}

    assert {DEE, BEN} == set(by_subject)
    assert "root@tiny.test" == by_subject[DEE].by
    assert by_subject[DEE].event.startswith("ADD_ADMIN")
    assert ChangeKind.MANUAL is by_subject[DEE].change.kind
    assert ChangeKind.SET_MAIN_TEAM is by_subject[BEN].change.kind


async def test_a_user_deactivated_outside_is_drift(tiny: Installation, clock: HandClock) -> None:
    """Told with who did it; no plan brings anybody back unasked."""
    await put_in_force(tiny, await file_of(tiny))
    clock.advance(timedelta(hours=1))
    by_hand(tiny, "deactivate", DEE)
    clock.advance(timedelta(minutes=1))
    await tiny.sync()
    [line] = (await drift(tiny.app, tiny.actor, NAME)).lines
    drafted = await plan_access(tiny.app, tiny.actor, NAME)

    assert (DEE, "root@tiny.test", "DEACTIVATE_USER") == (line.change.subject, line.by, line.event)
    assert () == drafted.plan.changes
    assert [DEE] == [change.subject for change in drafted.plan.reported]


async def test_our_own_writes_are_nobodys_drift(tiny: Installation, clock: HandClock) -> None:
    """What ended by date was changed by nobody, though HubSpot logs that we made the user."""
    tomorrow = (START + timedelta(days=1)).date()
    joiner = f"people:\n  eva@tiny.test: {{permission_set: Read Only, until: {tomorrow}}}\n"
    await put_in_force(tiny, (await file_of(tiny)).replace("people:\n", joiner))
    clock.advance(timedelta(minutes=1))
    await tiny.sync()
    clock.advance(timedelta(days=2))
    lines = (await drift(tiny.app, tiny.actor, NAME)).lines

    assert {"eva@tiny.test"} == {one.change.subject for one in lines}
    assert {""} == {one.by for one in lines}


@pytest.mark.parametrize(("admin", "told"), [(ADA, ADA), ("root@tiny.test", "")])
async def test_who_acts_in_our_moment(
    tiny: Installation, clock: HandClock, admin: str, told: str
) -> None:
    """An admin beside our write is named; the maker of our key is not, for it may have been us."""
    by_hand(tiny, "make_super_admin", ADA)
    await tiny.sync()
    await put_in_force(tiny, edited(await file_of(tiny), BEN, BEN_MOVED))
    clock.advance(timedelta(seconds=30))
    by_hand(tiny, "edit", BEN, main_team=[], **{"as": admin})
    await tiny.sync()
    [line] = (await drift(tiny.app, tiny.actor, NAME)).lines

    assert (BEN, told) == (line.change.subject, line.by)


async def test_without_drift_there_is_nothing_to_tell(tiny: Installation) -> None:
    """The portal as the file has it has no drift."""
    await put_in_force(tiny, await file_of(tiny))

    assert () == (await drift(tiny.app, tiny.actor, NAME)).lines


async def test_a_token_that_loses_its_scope_halfway_pauses_the_run(
    tiny: Installation, clock: HandClock
) -> None:
    """The run waits for a person, says which scope is missing, and goes on afterwards."""
    text = edited(await file_of(tiny), BEN, BEN_MOVED)
    text = edited(text, ADA, "{permission_set: Sales Manager, seat: Core, main_team: Sales}")
    plan = await _plan(tiny, text)
    await approve_plan(tiny.app, tiny.actor, plan)
    token = next(iter(tiny.world.tokens.of_portal(next(iter(tiny.world.portals)))))
    token.lost_scopes |= {"settings.users.write", "crm.objects.users.write"}
    paused = await carried(tiny, plan)
    assert PlanState.PAUSED is paused.state
    assert "settings.users.write" in paused.message
    token.lost_scopes.clear()
    run = await carried(tiny, plan)

    assert PlanState.DONE is run.state
    assert {Outcome.DONE} == outcomes(run)


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [("empty_string", Outcome.DONE), ("null", Outcome.DONE), ("never", Outcome.FAILED)],
)
async def test_a_team_reaches_the_top_whatever_hubspot_wants_to_read(
    tiny: Installation, answer: str, outcome: Outcome
) -> None:
    """Null, then empty text; where neither works, the receipt says so instead of believing a 200."""
    tiny.world.switches.choose("team_to_top", answer)
    team = next(one for one in (await tiny.snapshot()).teams if one.parent_id)
    _, run = await done(tiny, MoveTeam(team.id))

    assert {outcome} == outcomes(run)


async def test_the_files_exceptions_hide_findings_until_they_end(
    tiny: Installation, clock: HandClock
) -> None:
    """In force with the file, gone with the line or with its date."""
    hub_id = next(iter(tiny.world.portals))
    until = (START + timedelta(days=5)).date()
    text = await file_of(tiny)
    told = f"{{user: {DEE}, finding: user.dormant, until: {until}, owner: {ADA}, reason: leave}}"
    await put_in_force(tiny, f"{text}exceptions:\n  - {told}\n")
    assert [(DEE, "user.dormant")] == await _excepted(tiny, hub_id)
    await put_in_force(tiny, text)
    assert [] == await _excepted(tiny, hub_id)
    await put_in_force(tiny, f"{text}exceptions:\n  - {told}\n")
    clock.advance(timedelta(days=7))

    assert [] == await _excepted(tiny, hub_id)


async def _excepted(one: Installation, hub_id: int) -> list[tuple[str, str]]:
    async with one.app.database.read() as view:
        held = await view.findings.exceptions(hub_id, one.app.clock.now())
    return [(leave.subject, leave.finding) for leave in held]
