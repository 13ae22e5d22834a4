"""Webhooks over real posts: signed, about plans, findings, drift and portals; repeated, replayed."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from rolecall.domain.webhook import DeliveryState, WebhookDelivery
from rolecall.kit.clock import HandClock
from rolecall.kit.errors import NeedsPerson
from rolecall.kit.ids import uuid7
from rolecall.plan.wishes import Ask
from rolecall.services.drafts.orders import ChangeUsers
from rolecall.services.findings.facts import attest_two_factor
from rolecall.services.plans.applying import apply_plan
from rolecall.services.plans.drafting import propose
from rolecall.services.plans.plans import approve_plan
from rolecall.services.syncs.syncing import sync_portal
from rolecall.services.telling.webhooks import (
    NewWebhook,
    add_webhook,
    deliver_due,
    list_deliveries,
    replay_delivery,
)
from rolecall.services.upkeep import look
from rolecall.store import StoredPolicy
from tests.support.house import House, a_house
from tests.support.hubspot import START, token_of


@dataclass
class Hook:
    """A system of ours that is told, and answers as it is set."""

    house: House
    server: HTTPServer
    made: NewWebhook
    status: int = 204
    posts: list[Request] = field(default_factory=list)
    bodies: list[dict[str, Any]] = field(default_factory=list)

    def answer(self, request: Request) -> Response:
        """Keep the post, answer the status."""
        self.posts.append(request)
        self.bodies.append(json.loads(request.get_data()))
        return Response(status=self.status)

    async def told(self) -> list[str]:
        """Deliver what is due; the topics that came."""
        self.posts.clear()
        self.bodies.clear()
        await deliver_due(self.house.app)
        return [one["topic"] for one in self.bodies]


@pytest.fixture
async def hook(tmp_path: Path, httpserver: HTTPServer) -> AsyncIterator[Hook]:
    """A webhook for everything, on a portal that is looked at already."""
    async with a_house(tmp_path, clock=HandClock(START)) as house:
        inside = replace(house.app.outlets, webhook_hosts=frozenset({"localhost"}))
        house.app = replace(house.app, outlets=inside)
        await look(house.app, house.actor, "acme")
        house.app.clock.advance(timedelta(seconds=1))
        made = await add_webhook(house.app, house.actor, httpserver.url_for("/hook"))
        hook = Hook(house, httpserver, made)
        httpserver.expect_request("/hook").respond_with_handler(hook.answer)
        yield hook


async def _promoted(house: House) -> str:
    order = ChangeUsers(("ben@tiny.test",), Ask(seat="View-Only"), reason="less is enough")
    plan = (await propose(house.app, house.actor, "acme", order)).plan
    await approve_plan(house.app, house.actor, plan.id, digest=plan.digest)
    await apply_plan(house.app, house.actor, plan.id)
    return plan.id


async def test_the_life_of_a_plan(hook: Hook) -> None:
    """Each step is a post, signed with the secret, that names plan and portal."""
    plan_id = await _promoted(hook.house)
    topics = [one for one in await hook.told() if one.startswith("plan.")]
    post, body = hook.posts[0], hook.bodies[0]
    stamp = post.headers["X-Rolecall-Timestamp"]
    signed = f"{stamp}.".encode() + post.get_data()
    expected = hmac.new(hook.made.secret.encode(), signed, hashlib.sha256).hexdigest()

    assert ["plan.proposed", "plan.approved", "plan.started", "plan.ended"] == topics
    assert expected == post.headers["X-Rolecall-Signature"]
    assert (plan_id, "acme", str(hook.house.portal.id)) == (
        body["facts"]["plan"], body["facts"]["portal"], body["facts"]["hub_id"],
    )  # fmt: skip
    assert "less is enough" == body["facts"]["reason"]


async def test_findings_come_and_go(hook: Hook) -> None:
    """What a look finds new is posted, and so is what is over; nothing twice."""
    house = hook.house
    await hook.told()
    told: list[list[str]] = []
    facts: dict[str, str] = {}
    for required in (False, False, True):
        await attest_two_factor(house.app, house.actor, "acme", required)
        await look(house.app, house.actor, "acme")
        told.append([one for one in await hook.told() if one in {"finding.new", "finding.over"}])
        facts = facts or {one["topic"]: one["facts"] for one in hook.bodies}["finding.new"]

    assert [["finding.new"], [], ["finding.over"]] == told
    assert ("2fa.not-enforced", "acme") == (facts["rule"], facts["portal"])
    assert {"finding", "severity", "subject", "message", "hub_id"} <= facts.keys()


async def test_drift_is_told_when_it_changes(hook: Hook) -> None:
    """A portal that begins to differ from its file is told once, and once when it is back."""
    house = hook.house
    async with house.app.database.begin(house.actor, "a test") as work:
        kept = StoredPolicy(house.portal.id, await house.file(), uuid7(), "test", work.now)
        await work.policies.put_in_force(kept)
    member = _member(house, "ben@tiny.test")
    seats = list(member.seat_names)
    told: list[list[str]] = []
    for now in (seats, ["View-Only"], ["View-Only"], seats):
        member.seat_names[:] = now
        await look(house.app, house.actor, "acme", full=True)
        told.append([one for one in await hook.told() if one.startswith("drift.")])

    assert [[], ["drift.found"], [], ["drift.gone"]] == told


async def test_a_portal_that_needs_somebody(hook: Hook) -> None:
    """A key that is refused is told once; so is the portal that can be read again."""
    house = hook.house
    tokens = house.world.tokens
    key = tokens.find(token_of(house.world))
    assert key is not None
    told: list[list[str]] = []
    for refused in (True, True, False):
        if refused:
            tokens.revoke(key.value)
            with pytest.raises(NeedsPerson):
                await sync_portal(house.app, house.actor, "acme")
        else:
            tokens.issue(key)
            await sync_portal(house.app, house.actor, "acme")
        told.append([one for one in await hook.told() if one.startswith("portal.")])

    assert [["portal.needs_person"], [], ["portal.recovered"]] == told


async def test_repeated_and_replayed(hook: Hook) -> None:
    """A 500 is tried again under the same id; a 410 is given up, and goes out when replayed."""
    house, hook.status = hook.house, 500
    await _promoted(house)
    await hook.told()
    first = hook.posts[0].headers["X-Rolecall-Delivery"]
    waiting = await _deliveries(hook)
    hook.status = 410
    house.app.clock.advance(timedelta(minutes=2))
    await hook.told()
    second = hook.posts[0].headers["X-Rolecall-Delivery"]
    given_up = await _deliveries(hook)
    hook.status = 204
    await replay_delivery(house.app, house.actor, second)
    await hook.told()
    delivered = {one.id: one for one in await _deliveries(hook)}

    assert {DeliveryState.PENDING} == {one.state for one in waiting}
    assert first == second == hook.posts[0].headers["X-Rolecall-Delivery"]
    assert DeliveryState.FAILED in {one.state for one in given_up}
    assert DeliveryState.DELIVERED is delivered[second].state


async def _deliveries(hook: Hook) -> tuple[WebhookDelivery, ...]:
    house = hook.house
    return (await list_deliveries(house.app, house.actor, hook.made.webhook.id)).items


def _member(house: House, email: str) -> Any:
    found = house.member(email)
    assert found is not None
    return found
