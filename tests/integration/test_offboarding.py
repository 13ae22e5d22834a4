"""Off-boarding: what a leaver holds, who takes it, parking, grace days, and the way back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from rolecall.domain.person import Person
from rolecall.domain.plan import ChangeKind, Outcome, PlanState
from rolecall.kit.clock import HandClock
from rolecall.kit.errors import Refused
from rolecall.services.drafts.offboarding import preview_offboarding
from rolecall.services.drafts.orders import OffboardUser
from rolecall.services.plans.lifecycle import expire_due
from rolecall.services.plans.plans import undo_plan
from rolecall.services.tasks import list_tasks
from tests.support.changing import applied, done, of_kind, ordered, outcomes
from tests.support.hubspot import START
from tests.support.installation import NAME, Installation, a_world, an_installation

STEFAN, PAVEL, KIM = "stefan.wolf@acme.test", "pavel.novotny@acme.test", "kim.lee@acme.test"
LEE = "lee.kim@acme.test"


@pytest.fixture
def clock() -> HandClock:
    """One clock for the portal and for us."""
    return HandClock(START)


@pytest.fixture
async def acme(tmp_path: Path, clock: HandClock) -> AsyncIterator[Installation]:
    """The messy portal, read."""
    async with an_installation(a_world(clock, seed="acme"), tmp_path, clock=clock) as one:
        await one.connect()
        await one.sync()
        yield one


def _owned(one: Installation, kind: str, owner_id: str, name: str = "hubspot_owner_id") -> set[str]:
    crm = next(iter(one.world.portals.values())).crm
    return {
        str(record.id)
        for record in crm.objects[kind].records.values()
        if record.properties.get(name) == owner_id
    }


async def _owner(one: Installation, email: str) -> str:
    user = (await one.snapshot()).user(email)
    assert user is not None
    assert user.owner_id is not None
    return user.owner_id


async def test_the_preview_counts_by_owner_and_by_custom_property(acme: Installation) -> None:
    """Records by owner, open ones apart, and by user properties found in the schema."""
    stefan = await preview_offboarding(acme.app, acme.actor, NAME, STEFAN)
    pavel = await preview_offboarding(acme.app, acme.actor, NAME, PAVEL)
    held = {one.object_type: (one.records, one.open) for one in stefan.holdings.held}

    assert 14 == held["contacts"][0]
    assert 5 == held["deals"][0]
    assert held["deals"][1] is not None
    assert ["companies"] == [one.object_type for one in pavel.holdings.held]
    assert "hubspot_owner_id" != pavel.holdings.held[0].property


async def test_records_are_never_left_behind_by_accident(acme: Installation) -> None:
    """Without a successor the plan is refused, naming what there is and the ways out."""
    with pytest.raises(Refused, match="14 contacts") as caught:
        await ordered(acme, OffboardUser(STEFAN, {"deals": KIM}))

    assert "--keep-records" in (caught.value.hint or "")


async def test_each_type_goes_to_its_own_successor(acme: Installation) -> None:
    """Hand-over by type, then parking; every record is the successor's and Stefan is parked."""
    former, kim, lee = [await _owner(acme, one) for one in (STEFAN, KIM, LEE)]
    contacts, deals = _owned(acme, "contacts", former), _owned(acme, "deals", former)
    _, run = await done(acme, OffboardUser(STEFAN, {"deals": KIM, "": LEE}, reason="left"))

    assert outcomes(run) <= {Outcome.DONE, Outcome.WAITING}
    assert contacts <= _owned(acme, "contacts", lee)
    assert deals <= _owned(acme, "deals", kim)
    assert set() == _owned(acme, "contacts", former)
    after = await preview_offboarding(acme.app, acme.actor, NAME, STEFAN)
    assert after.parked
    assert () == after.holdings.held


async def test_a_custom_property_is_handed_over_too(acme: Installation) -> None:
    """Account manager of companies by a custom user property: the successor is it now."""
    impact = await preview_offboarding(acme.app, acme.actor, NAME, PAVEL)
    name = impact.holdings.held[0].property
    former, kim = await _owner(acme, PAVEL), await _owner(acme, KIM)
    before = _owned(acme, "companies", former, name)
    await done(acme, OffboardUser(PAVEL, {"": KIM}))

    assert before
    assert before <= _owned(acme, "companies", kim, name)


async def test_what_the_api_cannot_hand_over_becomes_tasks(acme: Installation) -> None:
    """Meeting links, workflows and inboxes: tasks with clicks, link and due date."""
    await done(acme, OffboardUser(STEFAN, {"": KIM}))
    tasks = await list_tasks(acme.app, acme.actor, NAME)
    told = " ".join(task.title for task in tasks)

    assert "meeting links" in told
    assert "workflows" in told
    assert "inboxes" in told
    assert all(task.clicks and task.link and task.due_at for task in tasks)


async def test_undo_gives_back_what_was_taken_and_nothing_else(
    acme: Installation, clock: HandClock
) -> None:
    """Records go back one by one; the successor keeps his own; Stefan is called back."""
    former, kim = await _owner(acme, STEFAN), await _owner(acme, KIM)
    before = {kind: _owned(acme, kind, former) for kind in ("contacts", "deals")}
    own = _owned(acme, "contacts", kim)
    drafted, _ = await done(acme, OffboardUser(STEFAN, {"": KIM}))
    clock.advance(timedelta(minutes=5))
    await applied(acme, await undo_plan(acme.app, acme.actor, drafted.plan.id))

    assert before == {kind: _owned(acme, kind, former) for kind in before}
    assert own == _owned(acme, "contacts", kim)
    assert not (await preview_offboarding(acme.app, acme.actor, NAME, STEFAN)).parked


async def test_after_the_grace_days_a_removal_is_proposed(
    acme: Installation, clock: HandClock
) -> None:
    """Not before, once, and only as a plan somebody still has to approve."""
    await done(acme, OffboardUser(STEFAN, {"": KIM}))
    clock.advance(timedelta(days=29))
    assert () == await expire_due(acme.app)
    clock.advance(timedelta(days=2))
    (plan,) = await expire_due(acme.app)
    removed = [one.subject for one in plan.changes if one.kind is ChangeKind.REMOVE_USER]

    assert [STEFAN] == removed
    assert () == await expire_due(acme.app)
    async with acme.app.database.read() as view:
        assert PlanState.PROPOSED is await view.plans.state(plan.id)


async def test_successors_by_rule(acme: Installation) -> None:
    """Manager by the people list, round-robin over the team; an unknown manager is told."""
    leaver = (await acme.snapshot()).user(STEFAN)
    assert leaver is not None
    with pytest.raises(Refused, match="no manager"):
        await ordered(acme, OffboardUser(STEFAN, rule="manager"))
    person = Person("p1", (STEFAN,), "Stefan", "Wolf", manager_email=KIM)
    async with acme.app.database.begin(acme.actor, "a test") as work:
        await work.people.put([person])
    by_manager = await ordered(acme, OffboardUser(STEFAN, rule="manager"))
    in_turn = await ordered(acme, OffboardUser(STEFAN, rule="round-robin"))
    kim = await _owner(acme, KIM)

    assert {kim} == {one.after for one in of_kind(by_manager, ChangeKind.HAND_OVER)}
    takers = of_kind(in_turn, ChangeKind.HAND_OVER)[0].after
    assert isinstance(takers, tuple)
    assert len(takers) > 1


@pytest.mark.parametrize(
    ("successor", "why"),
    [
        ("nobody@acme.test", "not in the portal"),
        (STEFAN, "themselves"),
        ("dorota.kowalska@acme.test", "never activated"),
        (PAVEL, "deactivated"),
    ],
)
async def test_a_successor_must_be_able_to_own_records(
    acme: Installation, successor: str, why: str
) -> None:
    """Absent, the leaver himself, never activated, deactivated: refused with the reason."""
    with pytest.raises(Refused, match=why):
        await ordered(acme, OffboardUser(STEFAN, {"": successor}))


async def test_what_the_connection_may_not_see_is_said(acme: Installation) -> None:
    """Without the scope for tickets the plan says that tickets were not looked at."""
    token = next(iter(acme.world.tokens.of_portal(next(iter(acme.world.portals)))))
    token.lost_scopes |= {"tickets", "crm.objects.tickets.read"}
    drafted = await ordered(acme, OffboardUser(STEFAN, {"": KIM}))

    assert any("tickets" in note for note in drafted.notes)
