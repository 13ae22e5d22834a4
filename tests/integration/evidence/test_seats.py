"""Seats: what HubSpot refused once is not tried again, and what could come back is told."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from rolecall.domain.plan import Outcome
from rolecall.domain.snapshot import UserState
from rolecall.plan.wishes import Ask
from rolecall.services.drafts.orders import AddUser, ChangeUsers
from rolecall.services.findings.seats import seat_report
from rolecall.services.plans.applying import NotApplyable
from rolecall.services.plans.drafting import propose
from rolecall.services.plans.plans import approve_plan, override_guardrail
from rolecall.services.upkeep import settle_dates
from tests.integration.evidence.test_elevating import access, raised, state
from tests.support.evidence import a_blind_house, an_informed_house
from tests.support.house import House


async def test_a_refused_pair_is_learned(tmp_path: Path) -> None:
    """After one refusal the same set and seat stop the plan, for anybody."""
    async with a_blind_house(tmp_path) as house:
        house.world.switches.choose("seat_set_pair", "refuse")
        snapshot = await house.snapshot()
        core = [
            one
            for one in snapshot.users
            if one.seat_names == ("Core",)
            and len(one.permission_set_ids) == 1
            and not one.super_admin
            and one.state is UserState.ACTIVE
        ]
        first, second = core[0], core[1]
        one = next(
            s for s in snapshot.permission_sets
            if s.id not in (*first.permission_set_ids, *second.permission_set_ids)
        )  # fmt: skip
        house.portal.permission_sets[int(one.id)].seats = ("Sales Hub Enterprise",)
        ask = Ask(permission_set=one.name)
        drafted = await propose(
            house.app, house.actor, house.name, ChangeUsers((first.email,), ask)
        )
        await approve_plan(house.app, house.actor, drafted.plan.id)
        applied = await house.apply(drafted.plan)
        again = await propose(house.app, house.actor, house.name, ChangeUsers((second.email,), ask))
        with pytest.raises(NotApplyable, match="does not go with seat Core"):
            await approve_plan(house.app, house.actor, again.plan.id)

    assert {Outcome.REFUSED} == {receipt.outcome for receipt in applied.receipts}


@pytest.mark.parametrize("answer", ["bare_400", "field_400", "forbidden_403"])
async def test_a_set_beyond_the_tokens_rights_is_learned(tmp_path: Path, answer: str) -> None:
    """However HubSpot words it: refused once, it stops the next plan; with a reason one may try."""
    async with a_blind_house(tmp_path) as house:
        house.world.switches.choose("set_beyond_actor_refusal", answer)
        wanted, (first, second) = await _beyond_the_maker(house)
        ask = Ask(permission_set=wanted)
        plans = [ChangeUsers((email,), ask, overwrite_sets=(email,)) for email in (first, second)]
        tried = await propose(house.app, house.actor, house.name, plans[0])
        await approve_plan(house.app, house.actor, tried.plan.id)
        applied = await house.apply(tried.plan)
        stopped = await propose(house.app, house.actor, house.name, plans[1])
        with pytest.raises(NotApplyable, match=r"HubSpot refused this connection|does not go with"):
            await approve_plan(house.app, house.actor, stopped.plan.id)
        [verdict] = [one.guardrail for one in stopped.plan.guardrails if one.stops]
        again = await override_guardrail(
            house.app, house.actor, stopped.plan.id, verdict, "the token is better now"
        )

    assert {Outcome.REFUSED} == {receipt.outcome for receipt in applied.receipts}
    assert again.plan.applyable
    assert "bare_400" == answer or "beyond_rights" == verdict


async def test_a_refusal_that_may_be_about_something_else_is_not_learned(tmp_path: Path) -> None:
    """A joiner refused without a word why: set, team or address; nobody else is stopped for it."""
    async with a_blind_house(tmp_path) as house:
        wanted, (somebody, _) = await _beyond_the_maker(house)
        snapshot = await house.snapshot()
        ask = Ask(permission_set=wanted, main_team=snapshot.teams[0].name)
        domain = somebody.partition("@")[2]
        joiner = AddUser(f"joins@{domain}", ask, reason="joins")
        tried = await propose(house.app, house.actor, house.name, joiner)
        await approve_plan(house.app, house.actor, tried.plan.id)
        applied = await house.apply(tried.plan)
        order = ChangeUsers((somebody,), Ask(permission_set=wanted), overwrite_sets=(somebody,))
        other = await propose(house.app, house.actor, house.name, order)

    assert {Outcome.REFUSED} == {receipt.outcome for receipt in applied.receipts}
    assert other.plan.applyable


async def _beyond_the_maker(house: House) -> tuple[str, tuple[str, str]]:
    """A set the maker of the token may not give, and two users with one seat who hold another."""
    token = next(iter(house.world.tokens.of_portal(house.portal.id)))
    maker = house.portal.members[token.user_id or 0]
    maker.super_admin, maker.permission_set_ids = False, []
    await house.sync()
    snapshot = await house.snapshot()
    first, *others = [
        one
        for one in snapshot.users
        if len(one.permission_set_ids) == 1
        and one.state is UserState.ACTIVE
        and len(one.seat_names or ()) == 1
    ]
    second = next(one for one in others if one.seat_names == first.seat_names)
    held = (*first.permission_set_ids, *second.permission_set_ids)
    wanted = next(
        one.name for one in snapshot.permission_sets
        if not one.requires_billing_write and one.id not in held
    )  # fmt: skip
    return wanted, (first.email, second.email)


async def test_the_queue_and_the_bill(tmp_path: Path) -> None:
    """Prices stay ranges, doubt comes after what is sure, a renewal names what to drop."""
    async with an_informed_house(tmp_path) as house:
        report = await seat_report(house.app, house.actor, house.name, date(2027, 1, 31))
    doubts = [bool(one.doubt) for one in report.queue]

    assert report.queue
    assert sorted(doubts) == doubts
    assert report.renewal is not None
    assert report.renewal.days_left > 0
    assert all(one.held >= 0 for one in report.bill.lines)


async def test_an_elevation_ends_by_itself(tmp_path: Path) -> None:
    """The wake-up proposes, approves and carries out the return, and looks at the portal."""
    async with an_informed_house(tmp_path) as house:
        before = access(house)
        await raised(house)
        await house.app.clock.sleep(timedelta(hours=3).total_seconds())
        await settle_dates(house.app)
        ended = await state(house)

    assert before == access(house)
    assert ["returned"] == ended
