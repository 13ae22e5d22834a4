"""One-person commands as plans: what they give, what they leave behind, what stops them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from rolecall.domain.assignment import Origin, Slot
from rolecall.domain.plan import ChangeKind, Outcome
from rolecall.kit.clock import HandClock
from rolecall.kit.errors import Refused
from rolecall.plan.wishes import Ask
from rolecall.services.drafts.orders import AddUser, ChangeUsers, MendFinding, RemoveUsers
from rolecall.services.plans.lifecycle import expire_due
from rolecall.services.plans.plans import approve_plan, cancel
from rolecall.services.plans.policies import plan_access
from rolecall.store import StoredAssignment
from tests.support.changing import carried, done, file_of, of_kind, ordered, outcomes, put_in_force
from tests.support.hubspot import START
from tests.support.installation import NAME, Installation, a_world, an_installation

BEN, ADA, DEE, CID = "ben@tiny.test", "ada@tiny.test", "dee@tiny.test", "cid@tiny.test"
ROOT, EVA = "root@tiny.test", "eva@tiny.test"
PROFILES = """\
profiles:
  office: {permission_set: Read Only, seat: View-Only, main_team: Office}
  contractor-blog-writer: {permission_set: Read Only}
"""


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


async def _claims(one: Installation, email: str) -> tuple[StoredAssignment, ...]:
    hub_id = next(iter(one.world.portals))
    async with one.app.database.read() as view:
        return await view.assignments.find(hub_id, subject=email, origin=Origin.OPERATOR)


async def test_a_joiner_like_somebody_gets_their_access(tiny: Installation) -> None:
    """--like copies set, teams and seat, in one write."""
    drafted, run = await done(tiny, AddUser(EVA, like=DEE))
    await tiny.sync()
    eva = (await tiny.snapshot()).user(EVA)
    dee = (await tiny.snapshot()).user(DEE)

    assert {Outcome.DONE} == outcomes(run)
    assert eva is not None
    assert dee is not None
    assert (dee.permission_set_ids, dee.main_team_id) == (eva.permission_set_ids, eva.main_team_id)
    assert 1 == len({one.phase for one in drafted.plan.changes})


async def test_nobody_is_invited_unless_asked(tiny: Installation) -> None:
    """The welcome e-mail is off by default, and the plan says that nobody is told."""
    quiet = await ordered(tiny, AddUser(EVA))
    told = await ordered(tiny, AddUser(EVA, Ask(send_welcome_email=True)))

    assert "false" == of_kind(quiet, ChangeKind.CREATE_USER)[0].details["send_welcome_email"]
    assert "no welcome e-mail" in of_kind(quiet, ChangeKind.CREATE_USER)[0].warnings[0]
    assert "true" == of_kind(told, ChangeKind.CREATE_USER)[0].details["send_welcome_email"]


async def test_who_is_there_is_not_added(tiny: Installation) -> None:
    """Adding somebody present is refused with the command that changes them."""
    with pytest.raises(Refused, match="already") as caught:
        await ordered(tiny, AddUser("BEN@tiny.test"))

    assert "user change" in (caught.value.hint or "")


async def test_a_contractor_needs_end_and_sponsor(tiny: Installation) -> None:
    """Without them nothing is planned."""
    with pytest.raises(Refused, match="until and sponsor"):
        await ordered(tiny, AddUser(EVA, contractor=True))
    with pytest.raises(Refused, match="over already"):
        await ordered(tiny, AddUser(EVA, contractor=True, until=date(2020, 1, 1), sponsor=ADA))


async def test_a_contractor_gets_the_cheapest_seat_and_an_end(
    tiny: Installation, clock: HandClock
) -> None:
    """View-Only, a claim that ends, and after the end a plan that parks by itself."""
    until = (START + timedelta(days=10)).date()
    order = AddUser(EVA, contractor=True, until=until, sponsor=ADA, reason="writes the blog")
    drafted, _ = await done(tiny, order)

    assert [("View-Only",)] == [one.after for one in of_kind(drafted, ChangeKind.SET_SEATS)]
    assert all(one.assignment.ends_at for one in await _claims(tiny, EVA))
    assert () == await expire_due(tiny.app)
    clock.advance(timedelta(days=12))
    (plan,) = await expire_due(tiny.app)
    parked = [one.subject for one in plan.changes if one.kind is ChangeKind.PARK]
    assert [EVA] == parked
    assert () == await expire_due(tiny.app)


async def test_a_foreign_address_needs_somebodys_own_reason(tiny: Installation) -> None:
    """A contractor's generated reason does not open the door to a private address."""
    until = (START + timedelta(days=10)).date()
    order = AddUser("eva@gmail.com", contractor=True, until=until, sponsor=ADA)
    stopped = await ordered(tiny, order)
    let = await ordered(tiny, replace(order, reason="agreed with Ada"))

    assert "foreign_email" in {one.guardrail for one in stopped.plan.guardrails if one.stops}
    assert let.plan.applyable


async def test_an_access_profile_gives_what_the_file_says(tiny: Installation) -> None:
    """--profile reads the policy in force; an unknown one is guessed at."""
    await put_in_force(tiny, await file_of(tiny) + PROFILES)
    drafted = await ordered(tiny, AddUser(EVA, profile="office"))

    assert [("View-Only",)] == [one.after for one in of_kind(drafted, ChangeKind.SET_SEATS)]
    assert of_kind(drafted, ChangeKind.SET_PERMISSION_SET)
    with pytest.raises(Refused) as caught:
        await ordered(tiny, AddUser(EVA, profile="ofice"))
    assert "office" in (caught.value.hint or "")


async def test_under_an_exact_file_a_command_leaves_a_claim(tiny: Installation) -> None:
    """The next plan of the file keeps what the command gave, and the note says what to write."""
    await put_in_force(tiny, await file_of(tiny))
    drafted, _ = await done(tiny, AddUser(EVA, Ask(seat="View-Only", main_team="Office")))
    again = await plan_access(tiny.app, tiny.actor, NAME)

    assert () == again.plan.changes
    assert any("add below people" in note and EVA in note for note in drafted.notes)
    assert {Slot.USER, Slot.SEAT, Slot.MAIN_TEAM} == {
        one.assignment.slot for one in await _claims(tiny, EVA)
    }


async def test_a_cancelled_command_leaves_no_claim(tiny: Installation) -> None:
    """Claims come with approval and go when the plan is cancelled before it began."""
    await put_in_force(tiny, await file_of(tiny))
    drafted = await ordered(tiny, AddUser(EVA, Ask(seat="View-Only")))
    assert () == await _claims(tiny, EVA)
    await approve_plan(tiny.app, tiny.actor, drafted.plan.id)
    assert await _claims(tiny, EVA)
    await cancel(tiny.app, tiny.actor, drafted.plan.id, "not today")

    assert () == await _claims(tiny, EVA)


async def test_a_run_cancelled_before_its_first_write_leaves_no_claim(tiny: Installation) -> None:
    """The day's calls were spent: begun, but nothing reached the portal."""
    await put_in_force(tiny, await file_of(tiny))
    drafted = await ordered(tiny, ChangeUsers((BEN,), Ask(main_team="Office")))
    await approve_plan(tiny.app, tiny.actor, drafted.plan.id, digest=drafted.plan.digest)
    tiny.world.faults.schedule(kind="429_daily")
    await carried(tiny, drafted.plan.id)
    await cancel(tiny.app, tiny.actor, drafted.plan.id, "changed my mind")

    assert () == await _claims(tiny, BEN)


async def test_a_selection_is_one_plan(tiny: Installation) -> None:
    """One change over several users, each with the lines it needs and no others."""
    drafted = await ordered(tiny, ChangeUsers((BEN, CID, DEE), Ask(main_team="Office")))

    assert [BEN, CID] == [one.subject for one in drafted.plan.changes]
    assert "Change 3 users" == drafted.plan.title


async def test_an_empty_change_is_refused(tiny: Installation) -> None:
    """Nobody, or nothing to give, plans nothing."""
    with pytest.raises(Refused, match="nobody"):
        await ordered(tiny, ChangeUsers((), Ask(seat="Core")))
    with pytest.raises(Refused, match="nothing to change"):
        await ordered(tiny, ChangeUsers((BEN,)))
    with pytest.raises(Refused, match="not in the portal"):
        await ordered(tiny, ChangeUsers(("bem@tiny.test",), Ask(seat="Core")))


async def test_a_super_admin_is_never_removed_by_plan(tiny: Installation) -> None:
    """A Super Admin in the list becomes a task for a person, and the last one is guarded."""
    drafted = await ordered(tiny, RemoveUsers((ROOT, CID)))
    stopping = {one.guardrail for one in drafted.plan.guardrails if one.stops}

    assert [CID] == [one.subject for one in of_kind(drafted, ChangeKind.REMOVE_USER)]
    assert [ROOT] == [one.subject for one in of_kind(drafted, ChangeKind.MANUAL)]
    assert "last_super_admins" in stopping


async def test_nobody_removes_himself(tiny: Installation) -> None:
    """The operator is protected from his own plan."""
    tiny.actor = replace(tiny.actor, email=ADA)
    drafted = await ordered(tiny, RemoveUsers((ADA,)))

    assert "operator_himself" in {one.guardrail for one in drafted.plan.guardrails if one.stops}


async def test_a_user_is_removed_and_proved_gone(tiny: Installation) -> None:
    """Removal is read back; the plan said before that it cannot be undone."""
    drafted, run = await done(tiny, RemoveUsers((CID,), "never came"))
    await tiny.sync()
    cid = (await tiny.snapshot()).user(CID)

    assert {Outcome.DONE} == outcomes(run)
    assert "none" == drafted.plan.changes[0].undo.value
    assert cid is None or not cid.present


async def test_a_profile_of_somebody_who_never_came_waits(tiny: Installation) -> None:
    """An invited user's profile cannot be written yet: told, not planned."""
    drafted = await ordered(tiny, ChangeUsers((CID,), Ask(fields={"job_title": "Rep"})))
    told = [*drafted.plan.changes, *drafted.plan.reported]

    assert {ChangeKind.SET_PROFILE} == {one.kind for one in told}


async def test_a_findings_mend_becomes_a_plan(tiny: Installation) -> None:
    """finding fix proposes what the finding suggests."""
    from rolecall.services.findings.findings import list_findings

    page = await list_findings(tiny.app, tiny.actor, NAME)
    dormant = next(one for one in page.findings if one.finding.mend
                   and one.finding.mend.kind == "park" and one.finding.subject == DEE)  # fmt: skip
    drafted = await ordered(tiny, MendFinding(dormant.id))

    assert [DEE] == [one.subject for one in of_kind(drafted, ChangeKind.PARK)]
