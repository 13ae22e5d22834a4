"""SCIM beyond the happy path: the foreign checker, known traps, limits, and every bad input."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest

from rolecall.domain.operator import TokenScope
from rolecall.domain.plan import PlanState
from rolecall.domain.scim import GroupTarget
from rolecall.scim.face import create_face
from rolecall.services.drafts.ground import parked_since
from rolecall.services.operators.tokens import revoke_token
from rolecall.services.scim.clients import change_client, log_of, mapping, pusher_of
from rolecall.services.scim.planning import catch_up
from tests.support.faces import a_token, calling
from tests.support.pushing import CORE, V2, Idp, a_user, an_idp


@pytest.fixture
async def idp(database_url: str, tmp_path: Path) -> AsyncIterator[Idp]:
    """A provider in front of the tiny portal, on each kind of database."""
    async with an_idp(tmp_path, database_url=database_url) as made:
        yield made


async def _client_of(idp: Idp) -> Any:
    async with idp.house.app.database.read() as view:
        (client,) = await view.scim.clients()
    return client


class TestTraps:
    async def test_one_bad_member_empties_no_group(self, idp: Idp) -> None:
        """Replacing members with one unknown id is refused whole."""
        joy = await idp.send("POST", "/Users", a_user("joy@tiny.test"), 201)
        body = {
            "schemas": [f"{CORE}:Group"], "displayName": "Office",
            "members": [{"value": joy["id"]}],
        }  # fmt: skip
        group = await idp.send("POST", "/Groups", body, 201)
        path = f"/Groups/{group['id']}"
        for operation in (
            {"op": "replace", "path": "members", "value": [{"value": "no-such-person"}]},
            {"op": "add", "path": "members", "value": [{"value": "no-such-person"}]},
            {"op": "replace", "value": {"members": [{"value": joy["id"]}, {"value": "x"}]}},
        ):
            refused = await idp.patch(path, operation, status=400)
            assert "nothing was changed" in refused["detail"]
        await idp.send("PUT", path, {**body, "members": [{"value": "x"}]}, 400)
        read = await idp.send("GET", path)

        assert [joy["id"]] == [one["value"] for one in read["members"]]

    async def test_an_empty_replace_empties(self, idp: Idp) -> None:
        """An empty list means nobody, and is not ignored."""
        joy = await idp.send("POST", "/Users", a_user("joy@tiny.test"), 201)
        body = {
            "schemas": [f"{CORE}:Group"], "displayName": "Office",
            "members": [{"value": joy["id"]}],
        }  # fmt: skip
        group = await idp.send("POST", "/Groups", body, 201)
        await idp.settled()
        path = f"/Groups/{group['id']}"
        await idp.patch(path, {"op": "replace", "path": "members", "value": []})
        await idp.settled()
        member = idp.house.member("joy@tiny.test")

        assert "members" not in await idp.send("GET", path)
        assert member is not None
        assert [] == list(member.extra_team_ids)

    async def test_unknown_attributes_and_case(self, idp: Idp) -> None:
        """What no schema has is dropped; attribute names are read in any case."""
        body = a_user("joy@tiny.test", nonsense={"x": 1}, **{"urn:own:1.0": {"y": 2}})
        body["USERNAME"] = body.pop("userName")
        made = await idp.send("POST", "/Users", body, 201)
        await idp.patch(
            f"/Users/{made['id']}", {"op": "rEpLaCe", "path": "TITLE", "value": "Baker"}
        )
        read = await idp.send("GET", f"/Users/{made['id']}")

        assert "nonsense" not in read
        assert ("joy@tiny.test", "Baker") == (read["userName"], read["title"])

    async def test_user_names_are_unique_in_any_case(self, idp: Idp) -> None:
        """409 for the same address in other letters; externalId is compared exactly."""
        await idp.send("POST", "/Users", a_user("joy@tiny.test", externalId="A"), 201)
        taken = await idp.send("POST", "/Users", a_user("JOY@tiny.test"), 409)
        exact = await idp.send("GET", '/Users?filter=externalId eq "a"')

        assert "uniqueness" == taken["scimType"]
        assert 0 == exact["totalResults"]

    async def test_a_changed_user_name_is_a_task(self, idp: Idp) -> None:
        """HubSpot's API changes no e-mail: a person is asked to, the user stays who they are."""
        joy = await idp.send("POST", "/Users", a_user("joy@tiny.test"), 201)
        await idp.settled()
        await idp.house.sync()
        married = a_user("joy.married@tiny.test")
        await idp.send("PUT", f"/Users/{joy['id']}", married)
        await idp.settled()
        async with idp.house.app.database.read() as view:
            tasks = await view.tasks.open(idp.house.portal.id)

        assert ["Change the e-mail of joy@tiny.test to joy.married@tiny.test"] == [
            one.title for one in tasks if one.subject == "joy@tiny.test"
        ]
        assert idp.house.member("joy.married@tiny.test") is None

    async def test_entity_tags(self, idp: Idp) -> None:
        """A write on an old version is refused; what one has is not sent again."""
        made = await idp.send("POST", "/Users", a_user("joy@tiny.test"), 201)
        path, old = f"/Users/{made['id']}", made["meta"]["version"]
        await idp.patch(path, {"op": "replace", "path": "title", "value": "Baker"})
        headers = {"if-match": old}
        await idp.send("PUT", path, a_user("joy@tiny.test"), 412, **headers)
        now = (await idp.send("GET", path))["meta"]["version"]
        same = await idp.client.get(V2 + path, headers={"if-none-match": now})

        assert old != now
        assert 304 == same.status_code


class TestGuardrails:
    async def test_a_refusal_says_why_and_keeps_nothing(self, idp: Idp) -> None:
        """A stranger's domain is stopped by a guardrail: 409, and no trace but the log."""
        refused = await idp.send("POST", "/Users", a_user("eve@gmail.com"), 409)
        found = await idp.send("GET", "/Users")
        client = await _client_of(idp)
        lines = await log_of(idp.house.app, idp.house.actor, client.id)

        assert "gmail.com" in refused["detail"]
        assert 0 == found["totalResults"]
        assert [409] == [one.status for one in lines]
        assert "eve@gmail.com" in lines[0].sent

    async def test_a_super_admin_is_not_parked_away(self, idp: Idp) -> None:
        """The last Super Admins are protected from an identity provider too."""
        made = await idp.send("POST", "/Users", a_user("root@tiny.test"), 201)
        off = {"op": "replace", "path": "active", "value": False}
        refused = await idp.patch(f"/Users/{made['id']}", off, status=409)
        read = await idp.send("GET", f"/Users/{made['id']}")

        assert "uper" in refused["detail"]
        assert read["active"] is True

    async def test_limits_make_a_plan_wait(self, idp: Idp) -> None:
        """Beyond the client's limit of leavers a day the plan waits for a person."""
        made = await idp.send("POST", "/Users", a_user("ben@tiny.test"), 201)
        await idp.settled()
        client = replace(await _client_of(idp), most_leavers_a_day=0)
        await change_client(idp.house.app, idp.house.actor, client)
        await idp.patch(f"/Users/{made['id']}", {"op": "replace", "value": {"active": False}})
        await idp.settled()
        async with idp.house.app.database.read() as view:
            plans = await view.plans.find(idp.house.portal.id)
            parked = await parked_since(view, idp.house.portal.id)

        assert [PlanState.PROPOSED] == [one.state for one in plans]
        assert {} == dict(parked)

    async def test_a_mapping_that_points_nowhere(self, idp: Idp) -> None:
        """An unmapped group is kept without effect and shown; one whose team is gone is refused."""
        joy = await idp.send("POST", "/Users", a_user("joy@tiny.test"), 201)
        body = {"schemas": [f"{CORE}:Group"], "displayName": "Moon", "members": []}
        moon = await idp.send("POST", "/Groups", body, 201)
        add = {"op": "add", "path": "members", "value": [{"value": joy["id"]}]}
        await idp.patch(f"/Groups/{moon['id']}", add)
        client = await _client_of(idp)
        shown = await mapping(idp.house.app, idp.house.actor, client.id)
        async with idp.house.app.database.begin(idp.house.actor, "a test") as work:
            record = shown[0]
            gone = replace(record, target="team:999", version=record.version + 1)
            await work.scim.change(gone)
        take = {"op": "add", "path": "members", "value": [{"value": joy["id"]}]}
        await idp.patch(f"/Groups/{moon['id']}", {"op": "replace", "path": "members", "value": []})
        refused = await idp.patch(f"/Groups/{moon['id']}", take, status=409)

        assert [("Moon", "")] == [(one.name, one.target) for one in shown]
        assert "999" in refused["detail"]

    async def test_groups_as_permission_sets(self, idp: Idp) -> None:
        """Two groups that give different sets contradict each other, and the second is refused."""
        joy = await idp.send("POST", "/Users", a_user("joy@tiny.test"), 201)
        client = replace(await _client_of(idp), groups=GroupTarget.PERMISSION_SET)
        await change_client(idp.house.app, idp.house.actor, client)
        members = [{"value": joy["id"]}]
        body = {"schemas": [f"{CORE}:Group"], "displayName": "Read Only", "members": members}
        await idp.send("POST", "/Groups", body, 201)
        again = await idp.send("POST", "/Groups", {**body, "displayName": "No Access"}, 409)

        assert "permission set" in again["detail"]


class TestWhoPushes:
    async def test_tokens(self, idp: Idp) -> None:
        """401 without a token; 403 without the scope, for several portals, for one that is not ours."""
        house = idp.house
        wide = await a_token(house, TokenScope.SCIM)
        other = await a_token(house, TokenScope.READ, portal=house.portal.id)
        foreign = await a_token(house, TokenScope.SCIM, portal=7)
        statuses = []
        for secret in ("", "rct_wrong", wide, other, foreign):
            async with calling(idp.face, secret) as client:
                statuses.append((await client.get(f"{V2}/Users")).status_code)

        assert [401, 401, 403, 403, 403] == statuses

    async def test_two_providers_for_one_portal(self, idp: Idp) -> None:
        """The second one is told who pushes this person already."""
        await idp.send("POST", "/Users", a_user("joy@tiny.test"), 201)
        house = idp.house
        second = await a_token(house, TokenScope.SCIM, portal=house.portal.id, name="second")
        async with calling(idp.face, second) as client:
            answer = await client.post(f"{V2}/Users", json=a_user("joy@tiny.test"))
            listed = await client.get(f"{V2}/Users")

        assert 409 == answer.status_code
        assert "idp" in answer.json()["detail"]
        assert 0 == listed.json()["totalResults"]

    async def test_a_revoked_token_carries_nothing_out(self, idp: Idp) -> None:
        """What was pushed and waits for its plan is not planned in the name of a revoked token."""
        house = idp.house
        await idp.send("POST", "/Users", a_user("joy@tiny.test"), 201)
        await idp.settled()
        async with house.app.database.read() as view:
            (token,) = await view.api_tokens.all()
            plans = await view.plans.find(house.portal.id)
        await revoke_token(house.app, house.actor, token.id)
        refused = await idp.client.post(f"{V2}/Users", json=a_user("eve@tiny.test"))
        await catch_up(house.app)
        await idp.settled()
        async with house.app.database.read() as view:
            after = await view.plans.find(house.portal.id)

        assert 401 == refused.status_code
        assert [one.plan.id for one in plans] == [one.plan.id for one in after]

    async def test_nothing_is_taken_in_read_only_mode(self, tmp_path: Path) -> None:
        """A push is refused with the reason, and nothing of it is kept."""
        async with an_idp(tmp_path / "still") as idp:
            app = idp.house.app
            security = replace(app.choices.security, read_only=True)
            still = replace(app, choices=replace(app.choices, security=security))
            face = create_face(still, idp.runner)
            secret = idp.client.headers["authorization"].removeprefix("Bearer ")
            async with calling(face, secret) as client:
                answer = await client.post(f"{V2}/Users", json=a_user("joy@tiny.test"))
            async with app.database.read() as view:
                people = await view.people.by_email("joy@tiny.test")

        assert 403 == answer.status_code
        assert "read-only" in answer.json()["detail"]
        assert () == people

    async def test_the_log_keeps_no_password(self, idp: Idp) -> None:
        """What was sent is kept for people to look at, secrets struck out."""
        made = await idp.send("POST", "/Users", a_user("joy@tiny.test", password="s3cret"), 201)
        change = {"op": "replace", "path": "password", "value": "s3cret"}
        await idp.patch(f"/Users/{made['id']}", change)
        client = await _client_of(idp)
        lines = await log_of(idp.house.app, idp.house.actor, client.id)

        assert 2 == len(lines)
        assert "s3cret" not in str(lines)

    async def test_the_log_keeps_nothing_of_half_a_body(self, idp: Idp) -> None:
        """What is no JSON may hold a password anywhere, so its size alone is kept."""
        await idp.client.post(f"{V2}/Users", content=b'{"password": "s3cret", ')
        lines = await log_of(idp.house.app, idp.house.actor, (await _client_of(idp)).id)

        assert ("(23 bytes", True) == (lines[0].sent[:9], "s3cret" not in str(lines))

    async def test_pusher_of_nobody(self, idp: Idp) -> None:
        """An unknown secret is nobody."""
        assert await pusher_of(idp.house.app, "rct_nobody") is None


class TestBadInput:
    @pytest.mark.parametrize(
        ("body", "kind", "statuses"),
        [
            (b"{", "application/scim+json", {400}),
            (b"[]", "application/scim+json", {400}),
            (b'{"userName": "\xff"}', "application/scim+json", {400}),
            (b'{"userName": "a@b.test", "userName": "c@d.test"}', "application/json", {400}),
            (b"[" * 5_000, "application/json", {400}),
            (b'{"a":' * 900 + b"1" + b"}" * 900, "application/json", {400}),
            (b'{"schemas": [], "userName": 7}', "application/json", {400}),
            # Entra may send a name that is no address: the person is kept, and somebody is told.
            (b'{"userName": "no address"}', "application/scim+json", {201}),
            (b'{"userName": "a@tiny.test"}', "text/plain", {400, 415}),
            (b" " * (5 * 2**20), "application/scim+json", {413}),
        ],
    )
    async def test_bodies(self, idp: Idp, body: bytes, kind: str, statuses: set[int]) -> None:
        """Unfit bodies are refused with a status, never a crash."""
        answer = await idp.client.post(f"{V2}/Users", content=body, headers={"content-type": kind})

        assert answer.status_code in statuses, answer.text

    @pytest.mark.parametrize(
        ("path", "status"),
        [
            ("/Users/nobody", 404),
            ("/Nothing", 404),
            ("/Users?filter=userName eq", 400),
            ("/Users?filter=" + "(" * 200, 400),
            ("/Users?count=-5", 200),
            ("/Users?count=x", 400),
            ("/Users?startIndex=999999999999", 200),
            ("/Users/..%2f..%2fGroups", 404),
            ("/Bulk", 404),
            ("/Me", 501),
        ],
    )
    async def test_paths(self, idp: Idp, path: str, status: int) -> None:
        """Odd addresses and filters are answered as SCIM errors."""
        answer = await idp.client.get(V2 + path)

        assert status == answer.status_code or (path == "/Bulk" and answer.status_code >= 400), (
            answer.text
        )


async def test_discovery_is_open(idp: Idp) -> None:
    """ServiceProviderConfig needs no token; schemas name the portal's own seats and sets."""
    async with calling(idp.face) as nobody:
        config = await nobody.get(f"{V2}/ServiceProviderConfig")
        schemas = await nobody.get(f"{V2}/Schemas")
    told = await idp.send("GET", "/Schemas")

    assert 200 == config.status_code
    assert 401 == schemas.status_code
    assert "View-Only" in str(told)
    assert "Sales Rep" in str(told)
    assert isinstance(idp.client, httpx2.AsyncClient)
