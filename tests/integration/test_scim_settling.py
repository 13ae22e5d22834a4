"""Pushes between the answer and the plan: kept through crashes, told once, pushed again by hand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rolecall.domain.plan import PlanState
from rolecall.domain.scim import ScimClient, ScimLine
from rolecall.kit.errors import Refused
from rolecall.kit.ids import uuid7
from rolecall.services.operators.tokens import rotate_token
from rolecall.services.plans.plans import approve_plan
from rolecall.services.scim.clients import change_client, list_clients, log_of
from rolecall.services.scim.planning import ScimRunner, catch_up, plan_pushed
from rolecall.services.scim.replaying import replay_push
from rolecall.services.upkeep import go_on
from rolecall.store import StoredPolicy
from tests.support.faces import calling
from tests.support.pushing import CORE, V2, Idp, a_user, an_idp

POLICY = "version: 1\nportal: acme\n"


class Killed(ScimRunner):
    """A server that dies right after its answer: nothing is ever planned in it."""

    def wake(self, client_id: str) -> None:
        """Dead already."""


@pytest.fixture
async def idp(tmp_path: Path, database_url: str) -> AsyncIterator[Idp]:
    """A provider in front of the tiny portal, on each kind of database."""
    async with an_idp(tmp_path, database_url=database_url) as made:
        yield made


class TestNothingIsLost:
    async def test_a_crash_after_the_answer(self, idp: Idp) -> None:
        """What was answered and not planned is planned by the duties, lost claims included."""
        joy = await idp.send("POST", "/Users", a_user("joy@tiny.test"), 201)
        members = [{"value": joy["id"]}]
        office = {"schemas": [f"{CORE}:Group"], "displayName": "Office", "members": members}
        group = await idp.send("POST", "/Groups", office, 201)
        await idp.settled()
        in_office = list(_member(idp, "joy@tiny.test").extra_team_ids)
        _kill(idp)
        await idp.patch(f"/Groups/{group['id']}", {"op": "replace", "path": "members", "value": []})
        await idp.send("POST", "/Users", a_user("max@tiny.test"), 201)
        before = idp.house.member("max@tiny.test")
        await catch_up(idp.house.app)
        async with idp.house.app.database.read() as view:
            left = await view.scim.clients_unplanned()

        assert 1 == len(in_office)
        assert before is None
        assert _member(idp, "max@tiny.test") is not None
        assert [] == list(_member(idp, "joy@tiny.test").extra_team_ids)
        assert () == left

    async def test_a_trouble_is_told_once(self, idp: Idp) -> None:
        """What stands against planning is shown with the client, told once, and tried again."""
        _kill(idp)
        await idp.send("POST", "/Users", a_user("joy@tiny.test"), 201)
        await _enforce(idp, "version: 1\nportal: [\n")
        for _ in range(2):
            await catch_up(idp.house.app)
        troubled = (await _client(idp)).trouble
        told = await _topics(idp)
        await _enforce(idp, POLICY)
        await catch_up(idp.house.app)

        assert troubled
        assert ["scim.failed"] == told
        assert "" == (await _client(idp)).trouble
        assert _member(idp, "joy@tiny.test") is not None

    async def test_twice_at_once_is_one_plan(self, idp: Idp) -> None:
        """Three processes that plan the same pushes make one plan."""
        _kill(idp)
        await idp.send("POST", "/Users", a_user("joy@tiny.test"), 201)
        client = await _client(idp)
        await asyncio.gather(*(plan_pushed(idp.house.app, client.id) for _ in range(3)))
        async with idp.house.app.database.read() as view:
            plans = await view.plans.find(idp.house.portal.id)

        assert [PlanState.DONE] == [one.state for one in plans]

    async def test_an_approved_plan_goes_on(self, idp: Idp) -> None:
        """A plan that waited for a person is carried out by the duties once it is approved."""
        await _set(idp, most_people=0)
        await idp.send("POST", "/Users", a_user("joy@tiny.test"), 201)
        await idp.settled()
        async with idp.house.app.database.read() as view:
            (waiting,) = await view.plans.find(idp.house.portal.id)
        before = idp.house.member("joy@tiny.test")
        await approve_plan(
            idp.house.app, idp.house.actor, waiting.plan.id, digest=waiting.plan.digest
        )
        await go_on(idp.house.app)

        assert PlanState.PROPOSED is waiting.state
        assert before is None
        assert _member(idp, "joy@tiny.test") is not None

    async def test_a_newer_push_overtakes(self, idp: Idp) -> None:
        """A proposal that waits gives way to the next plan about the same person."""
        await _set(idp, most_people=0)
        made = await idp.send("POST", "/Users", a_user("joy@tiny.test"), 201)
        await idp.settled()
        seat = {"op": "add", "path": "entitlements", "value": [{"value": "View-Only"}]}
        await idp.patch(f"/Users/{made['id']}", seat)
        await idp.settled()
        async with idp.house.app.database.read() as view:
            plans = await view.plans.find(idp.house.portal.id)

        assert [PlanState.PROPOSED, PlanState.REPLACED] == [one.state for one in plans]


class TestReplay:
    async def test_a_refusal_whose_cause_is_gone(self, idp: Idp) -> None:
        """A stranger's domain is refused, allowed by the policy, and pushed again from the log."""
        await idp.send("POST", "/Users", a_user("eve@partner.test"), 409)
        (line,) = await _log(idp)
        await _enforce(idp, f"{POLICY}guardrails: {{domains: [tiny.test, partner.test]}}\n")
        done = await replay_push(idp.house.app, idp.house.actor, line.id)
        found = await idp.send("GET", '/Users?filter=userName eq "eve@partner.test"')
        again = (await _log(idp))[0]

        assert _member(idp, "eve@partner.test") is not None
        assert [done.resource_id] == [one["id"] for one in found["Resources"]]
        assert (200, done.id) == (again.status, again.id)
        assert line.id in again.told

    async def test_only_the_newest_of_a_resource(self, idp: Idp) -> None:
        """What was pushed again since is not turned back."""
        made = await idp.send("POST", "/Users", a_user("joy@tiny.test", title="Baker"), 201)
        await idp.patch(
            f"/Users/{made['id']}", {"op": "replace", "path": "title", "value": "Miller"}
        )
        newest, oldest = await _log(idp)
        with pytest.raises(Refused, match="pushed again since"):
            await replay_push(idp.house.app, idp.house.actor, oldest.id)
        await replay_push(idp.house.app, idp.house.actor, newest.id)
        read = await idp.send("GET", f"/Users/{made['id']}")

        assert "Miller" == read["title"]

    async def test_what_was_never_understood(self, idp: Idp) -> None:
        """A body that is no JSON is in the log and cannot be pushed again."""
        await idp.client.post(f"{V2}/Users", content=b"{")
        (line,) = await _log(idp)
        with pytest.raises(Refused, match="nothing that can be pushed"):
            await replay_push(idp.house.app, idp.house.actor, line.id)

        assert 400 == line.status

    async def test_a_refused_replay_is_in_the_log(self, idp: Idp) -> None:
        """The cause still stands: refused as before, and written down."""
        await idp.send("POST", "/Users", a_user("eve@partner.test"), 409)
        (line,) = await _log(idp)
        with pytest.raises(Refused, match="partner"):
            await replay_push(idp.house.app, idp.house.actor, line.id)

        assert [409, 409] == [one.status for one in await _log(idp)]


async def test_a_new_secret_is_the_same_client(idp: Idp) -> None:
    """A rotated token keeps everybody it pushed; the former secret is nobody's."""
    await idp.send("POST", "/Users", a_user("joy@tiny.test"), 201)
    client = await _client(idp)
    new = await rotate_token(idp.house.app, idp.house.actor, client.id)
    former = await idp.client.get(f"{V2}/Users")
    async with calling(idp.face, new.secret) as second:
        listed = (await second.get(f"{V2}/Users")).json()

    assert 401 == former.status_code
    assert ["joy@tiny.test"] == [one["userName"] for one in listed["Resources"]]


async def test_nothing_is_taken_in_read_only_mode(idp: Idp) -> None:
    """Where nothing may be written, pushes are refused with the reason, and nothing is kept."""
    app = idp.house.app
    security = replace(app.choices.security, read_only=True)
    idp.face.app.app = replace(app, choices=replace(app.choices, security=security))
    refused = await idp.send("POST", "/Users", a_user("joy@tiny.test"), 403)
    found = await idp.send("GET", "/Users")

    assert "read-only" in refused["detail"]
    assert 0 == found["totalResults"]


def _kill(idp: Idp) -> None:
    idp.face.app.runner = Killed(idp.house.app)


async def _client(idp: Idp) -> ScimClient:
    (client,) = await list_clients(idp.house.app, idp.house.actor)
    return client


async def _set(idp: Idp, **changes: Any) -> None:
    await idp.send("GET", "/Users")
    await change_client(idp.house.app, idp.house.actor, replace(await _client(idp), **changes))


async def _log(idp: Idp) -> tuple[ScimLine, ...]:
    return await log_of(idp.house.app, idp.house.actor, (await _client(idp)).id)


async def _topics(idp: Idp) -> list[str]:
    async with idp.house.app.database.read() as view:
        due = await view.outbox.due(view.now, 1_000)
    return [one.topic for one in due if one.topic.startswith("scim.")]


async def _enforce(idp: Idp, text: str) -> None:
    async with idp.house.app.database.begin(idp.house.actor, "a test") as work:
        kept = StoredPolicy(idp.house.portal.id, text, uuid7(), "test", work.now)
        await work.policies.put_in_force(kept)


def _member(idp: Idp, email: str) -> Any:
    found = idp.house.member(email)
    assert found is not None
    return found
