"""Seats: what HubSpot refused once is not tried again, and what could come back is told."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from rolecall.domain.plan import Outcome
from rolecall.domain.snapshot import UserState
from rolecall.plan.wishes import Ask
from rolecall.services.drafts.orders import ChangeUsers
from rolecall.services.findings.seats import seat_report
from rolecall.services.plans.applying import NotApplyable
from rolecall.services.plans.drafting import propose
from rolecall.services.plans.plans import approve_plan, override_guardrail
from rolecall.services.upkeep import settle_dates
from tests.integration.evidence.test_elevating import access, raised, state
from tests.support.evidence import a_blind_house, an_informed_house


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


async def test_a_set_beyond_the_tokens_rights_is_learned(tmp_path: Path) -> None:
    """Refused once, it stops the next plan; somebody may still try once, with a reason."""
    async with a_blind_house(tmp_path) as house:
        token = next(iter(house.world.tokens.of_portal(house.portal.id)))
        maker = house.portal.members[token.user_id or 0]
        maker.super_admin, maker.permission_set_ids = False, []
        await house.sync()
        snapshot = await house.snapshot()
        first, second = [
            one
            for one in snapshot.users
            if len(one.permission_set_ids) == 1 and one.state is UserState.ACTIVE
        ][:2]
        wanted = next(
            one for one in snapshot.permission_sets
            if not one.requires_billing_write
            and one.id not in (*first.permission_set_ids, *second.permission_set_ids)
        )  # fmt: skip
        ask = Ask(permission_set=wanted.name)
        plans = [
            ChangeUsers((email,), ask, overwrite_sets=(email,))
            for email in (first.email, second.email)
        ]
        tried = await propose(house.app, house.actor, house.name, plans[0])
        await approve_plan(house.app, house.actor, tried.plan.id)
        applied = await house.apply(tried.plan)
        stopped = await propose(house.app, house.actor, house.name, plans[1])
        with pytest.raises(NotApplyable, match="HubSpot refused this connection"):
            await approve_plan(house.app, house.actor, stopped.plan.id)
        again = await override_guardrail(
            house.app, house.actor, stopped.plan.id, "beyond_rights", "the token is better now"
        )

    assert {Outcome.REFUSED} == {receipt.outcome for receipt in applied.receipts}
    assert again.plan.applyable


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
