"""The whole way over an emulated portal: asked, approved, given in HubSpot, ended, as it was."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from rolecall.domain.actor import Role
from rolecall.domain.assignment import Slot
from rolecall.domain.operator import Operator
from rolecall.domain.request import RequestState
from rolecall.domain.review import CampaignOrder, CampaignState, Scope, Verdict
from rolecall.domain.snapshot import User, UserState
from rolecall.kit.clock import HandClock
from rolecall.kit.ids import uuid7
from rolecall.services.requests import requests
from rolecall.services.requests import views as request_views
from rolecall.services.requests.requests import RequestForm
from rolecall.services.reviews import reviews
from rolecall.services.reviews import views as review_views
from rolecall.services.reviews.reviews import Decision
from rolecall.services.upkeep import settle_requests, settle_reviews
from rolecall.store import StoredPolicy
from tests.support.hubspot import START
from tests.support.installation import Installation, a_world, an_installation


@pytest.fixture
def clock() -> HandClock:
    """One clock for the portal and for us."""
    return HandClock(START)


@pytest.fixture
async def one(tmp_path: Path, clock: HandClock) -> AsyncIterator[Installation]:
    """An installation beside the tiny portal, connected and read."""
    async with an_installation(a_world(clock, seed="tiny"), tmp_path, clock=clock) as installed:
        await installed.connect()
        await installed.sync()
        yield installed


def plain(users: tuple[User, ...]) -> User:
    """Somebody with one permission set who is no Super Admin."""
    return next(
        user
        for user in users
        if user.state is UserState.ACTIVE
        and not user.super_admin
        and len(user.permission_set_ids) == 1
    )


async def operator(one: Installation, email: str, role: Role, hub_id: int) -> Operator:
    """An operator of the portal."""
    made = Operator(uuid7(), email, START, roles={hub_id: frozenset({role})})
    async with one.app.database.work() as work:
        await work.operators.add(made)
    return made


async def test_access_comes_and_goes_by_itself(one: Installation, clock: HandClock) -> None:
    """Approved in one click, given in the portal, and the former set is back after its days."""
    snapshot = await one.snapshot()
    ben = plain(snapshot.users)
    other = next(s for s in snapshot.permission_sets if s.id not in ben.permission_set_ids)
    text = f'version: 1\nprofiles:\n  more: {{permission_set: "{other.name}"}}\n'
    policy = StoredPolicy(
        snapshot.hub_id, text, sha256(text.encode()).hexdigest(), "test", clock.now()
    )
    async with one.app.database.work() as work:
        await work.policies.put_in_force(policy)
    ana = (await operator(one, "ana@rolecall.test", Role.REQUESTER, snapshot.hub_id)).actor()
    mia = (await operator(one, "mia@rolecall.test", Role.APPROVER, snapshot.hub_id)).actor()

    form = RequestForm("more", "covers for Kim", ben.email, days=7)
    asked = await requests.file_request(one.app, ana, snapshot.hub_id, form)
    await requests.answer(one.app, mia, asked.id, yes=True)
    await settle_requests(one.app)
    running = (await request_views.show_request(one.app, ana, asked.id)).request
    await one.sync()
    during = (await one.snapshot()).user(ben.id)
    clock.advance(timedelta(days=8))
    await one.sync()
    await settle_requests(one.app)
    over = (await request_views.show_request(one.app, ana, asked.id)).request
    await one.sync()
    after = (await one.snapshot()).user(ben.id)

    assert (RequestState.ACTIVE, RequestState.ENDED) == (running.state, over.state), over.note
    assert during is not None
    assert after is not None
    assert (other.id,) == during.permission_set_ids
    assert ben.permission_set_ids == after.permission_set_ids
    assert (ben.main_team_id, ben.seat_names) == (after.main_team_id, after.seat_names)


async def test_review_takes_and_proves(one: Installation, clock: HandClock) -> None:
    """A set reduced to a smaller one is gone from the portal; the campaign closes on the proof."""
    snapshot = await one.snapshot()
    ben = plain(snapshot.users)
    other = next(s for s in snapshot.permission_sets if s.id not in ben.permission_set_ids)
    root = (await operator(one, "root@rolecall.test", Role.ADMIN, snapshot.hub_id)).actor()
    order = CampaignOrder("Q4", Scope(users=(ben.email,)))
    campaign = await reviews.open_campaign(one.app, root, snapshot.hub_id, order)
    items = (await review_views.list_items(one.app, root, campaign.id)).items
    verdicts = [
        Decision(item.id, Verdict.REDUCE, reduce_to=other.name)
        if item.slot is Slot.PERMISSION_SET
        else Decision(item.id, Verdict.KEEP)
        for item in items
    ]
    await reviews.decide(one.app, root, campaign.id, verdicts)
    await reviews.close_campaign(one.app, root, campaign.id)
    await settle_reviews(one.app)
    clock.advance(timedelta(minutes=10))
    await one.sync()
    await settle_reviews(one.app)
    done = (await review_views.show_campaign(one.app, root, campaign.id)).campaign
    after = (await one.snapshot()).user(ben.id)

    assert after is not None
    assert ((other.id,), CampaignState.CLOSED) == (after.permission_set_ids, done.state), done.note
