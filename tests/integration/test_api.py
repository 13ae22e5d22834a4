"""REST over a synced portal: what a script can do, and everything it may send wrongly."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from rolecall.domain.operator import TokenScope
from rolecall.services.operators.tokens import revoke_token
from tests.support.faces import Api, a_token, an_api, calling

V1 = "/api/v1"
ACME = f"{V1}/portals/acme"


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Api]:
    """The tiny portal behind REST."""
    async with an_api(tmp_path) as api:
        yield api


class TestReading:
    async def test_users(self, api: Api) -> None:
        """List, one, batch, search by any property, history: the guide's reading operations."""
        listed = await api.get(f"{ACME}/users?limit=2")
        rest = await api.get(f"{ACME}/users?limit=1000&after={listed['next']}")
        one = listed["items"][0]
        read = await api.get(f"{ACME}/users/{one['id']}")
        batch = await api.post(
            f"{ACME}/users/batch/read", {"inputs": [one["id"], one["email"].upper(), "nobody"]}
        )
        found = await api.post(
            f"{ACME}/users/search", {"properties": {"firstname": one["first_name"]}}
        )
        history = await api.get(f"{ACME}/users/{one['id']}/history")

        assert listed["total"] == len(listed["items"]) + len(rest["items"])
        assert one == read
        assert [one] == batch["items"]
        assert one["id"] in [user["id"] for user in found["items"]]
        assert "first seen" == history["items"][0]["note"]

    @pytest.mark.parametrize(
        "path",
        [
            "/portals", "/portals/acme", "/portals/acme/overview", "/portals/acme/findings",
            "/portals/acme/access/dump", "/portals/acme/people", "/plans", "/tasks", "/audit",
            "/portals/acme/catalogue", "/portals/acme/requests", "/portals/acme/reviews",
            "/webhooks", "/packs", "/portals/acme/who-can?action=export contacts",
            "/portals/acme/users/ben@tiny.test/why?action=export contacts",
            "/portals/acme/packs/8x8",
        ],
    )  # fmt: skip
    async def test_every_list(self, api: Api, path: str) -> None:
        """Everything there is to read answers."""
        assert await api.get(V1 + path) is not None

    async def test_a_finding_ends_in_a_plan(self, api: Api) -> None:
        """What only a person can mend is a task of the plan; another portal's finding is refused."""
        findings = (await api.get(f"{ACME}/findings"))["items"]
        one = next(found for found in findings if found["rule"] == "app.more-scopes-than-pack")
        plan = await api.client.post(f"{ACME}/findings/{one['id']}/plan", json={"reason": "tidy"})
        strange = await api.client.post(f"{ACME}/findings/nothing/plan", json={})

        assert 201 == plan.status_code, plan.text
        assert "app" in plan.text
        assert 404 == strange.status_code

    async def test_entity_tags(self, api: Api) -> None:
        """What one has is not sent again; what changed is not overwritten."""
        user = f"{ACME}/users/ben@tiny.test"
        first = await api.client.get(user)
        again = await api.client.get(user, headers={"if-none-match": first.headers["etag"]})
        wrong = await api.client.patch(user, json={"seat": ""}, headers={"if-match": '"old"'})
        right = await api.client.patch(
            user, json={"profile_fields": {"job_title": "Baker"}},
            headers={"if-match": first.headers["etag"]},
        )  # fmt: skip

        assert (304, b"") == (again.status_code, again.content)
        assert 412 == wrong.status_code
        assert 201 == right.status_code, right.text


class TestRights:
    async def test_no_token(self, api: Api) -> None:
        """401 as a problem, for none, a wrong and a foreign kind of token."""
        for secret in ("", "rct_wrong", "pat-na1-x", "\x7f"):
            async with calling(api.face, secret) as stranger:
                answer = await stranger.get(f"{V1}/portals")

            assert 401 == answer.status_code
            assert "application/problem+json" == answer.headers["content-type"]
            assert "Bearer" == answer.headers["www-authenticate"]

    async def test_propose_is_not_approve(self, api: Api) -> None:
        """A token that may propose can neither approve nor apply nor read."""
        secret = await a_token(api.house, TokenScope.PLAN_PROPOSE)
        async with calling(api.face, secret) as proposer:
            plan = await proposer.patch(
                f"{ACME}/users/ben@tiny.test", json={"profile_fields": {"job_title": "Baker"}}
            )
            path = f"{V1}/plans/{plan.json()['id']}"
            approve = await proposer.post(f"{path}/approve", json={})
            apply = await proposer.post(f"{path}/apply")
            read = await proposer.get(path)

        assert 201 == plan.status_code
        assert [403, 403, 403] == [one.status_code for one in (approve, apply, read)]
        assert "plan:approve" in approve.json()["hint"]

    async def test_a_token_of_another_portal(self, api: Api) -> None:
        """A token for portal 7 sees no other one; it is not there for it."""
        secret = await a_token(api.house, TokenScope.READ, portal=7)
        async with calling(api.face, secret) as stranger:
            listed = await stranger.get(f"{V1}/portals")
            read = await stranger.get(f"{ACME}/users")

        assert ([], 0) == (listed.json()["items"], listed.json()["total"])
        assert 404 == read.status_code

    async def test_a_token_makes_no_tokens(self, api: Api) -> None:
        """Tokens are made by people."""
        body = {"name": "more", "scopes": ["read"]}
        answer = await api.post(f"{V1}/tokens", body, 403)

        assert "sign in" in answer["hint"]


class TestIdempotency:
    async def test_the_same_again(self, api: Api) -> None:
        """One key is one act: the second answer is the first, another request is refused."""
        body = {"email": "once@tiny.test", "seat": "View-Only"}
        key = {"idempotency-key": "joiner-1"}
        first = await api.client.post(f"{ACME}/users", json=body, headers=key)
        again = await api.client.post(f"{ACME}/users", json=body, headers=key)
        other = await api.client.post(f"{ACME}/users", json={**body, "seat": "Core"}, headers=key)
        plans = await api.get(f"{V1}/plans?portal=acme")

        assert first.json()["id"] == again.json()["id"]
        assert "true" == again.headers["idempotency-replayed"]
        assert 422 == other.status_code
        assert 1 == len(plans["items"])

    async def test_strangers_keep_nothing_and_read_nothing(self, api: Api) -> None:
        """Without a valid token a key is neither kept nor answered; a revoked one neither."""
        key = {"idempotency-key": "joiner-9"}
        body = {"email": "ten@tiny.test", "seat": "View-Only"}
        async with calling(api.face, "rct_nobody") as stranger:
            answer = await stranger.post(f"{ACME}/users", json=body, headers=key)
        async with api.house.app.database.read() as view:
            kept = await view.connection.exec_driver_sql("SELECT count(*) FROM api_answers")
            assert (401, 0) == (answer.status_code, kept.scalar())
        assert 201 == (await api.client.post(f"{ACME}/users", json=body, headers=key)).status_code
        async with api.house.app.database.read() as view:
            (token,) = await view.api_tokens.all()
        await revoke_token(api.house.app, api.house.actor, token.id)
        again = await api.client.post(f"{ACME}/users", json=body, headers=key)

        assert 401 == again.status_code

    async def test_a_refused_request_may_be_mended(self, api: Api) -> None:
        """After an error the key is free again."""
        key = {"idempotency-key": "joiner-2"}
        bad = await api.client.post(f"{ACME}/users", json={"email": "no"}, headers=key)
        good = await api.client.post(f"{ACME}/users", json={"email": "ok@tiny.test"}, headers=key)

        assert (422, 201) == (bad.status_code, good.status_code)

    async def test_secrets_are_not_kept(self, api: Api) -> None:
        """The answer with a secret is given once; a repeat says that it was done."""
        key = {"idempotency-key": "hook"}
        body = {"url": "https://hooks.example.test/in", "topics": ["plan."]}
        first = await api.client.post(f"{V1}/webhooks", json=body, headers=key)
        again = await api.client.post(f"{V1}/webhooks", json=body, headers=key)

        assert first.json()["secret"].startswith("rcw_")
        assert 409 == again.status_code
        assert "secret" not in again.text

    async def test_a_webhook_nothing_would_reach_is_refused(self, api: Api) -> None:
        """A mistyped topic is no topic; what was meant is named."""
        body = {"url": "https://hooks.example.test/in", "topics": ["plan.", "plan.endet"]}
        answer = await api.client.post(f"{V1}/webhooks", json=body)
        listed = await api.client.get(f"{V1}/webhooks")

        assert 422 == answer.status_code
        assert "There is no topic plan.endet" in answer.text
        assert "did you mean 'plan.ended'" in answer.text
        assert [] == listed.json()["items"]


class TestBadInput:
    @pytest.mark.parametrize(
        ("body", "kind", "status"),
        [
            (b'{"email": "a@b.test"}', "text/plain", 415),
            (b'{"email": "a@b.test"}', "application/x-www-form-urlencoded", 415),
            (b"{", "application/json", 400),
            (b'{"email": "\xff@b.test"}', "application/json", 400),
            (b'{"email": "a@b.test", "email": "c@d.test"}', "application/json", 400),
            (b'{"email": NaN}', "application/json", 400),
            (b"[" * 100 + b"]" * 100, "application/json", 400),
            (b"[" * 100_000, "application/json", 400),
            (b'{"email": "a@b.test", "emial": "typo"}', "application/json", 422),
            (b'{"email": "a\\u0000@b.test"}', "application/json", 422),
            (b'{"email": 7}', "application/json", 422),
            (b"[]", "application/json", 422),
            (b" " * (5 * 2**20), "application/json", 413),
        ],
    )
    async def test_bodies(self, api: Api, body: bytes, kind: str, status: int) -> None:
        """Every unfit body is a problem with its status, never a crash."""
        answer = await api.client.post(
            f"{ACME}/users", content=body, headers={"content-type": kind}
        )

        assert status == answer.status_code, answer.text[:200]
        assert "application/problem+json" == answer.headers["content-type"]
        assert answer.json()["status"] == status

    @pytest.mark.parametrize(
        ("path", "status"),
        [
            ("/portals/nowhere/users", 404),
            ("/portals/acme/users/nobody@tiny.test", 404),
            ("/portals/acme/users?team=nowhere", 422),
            ("/portals/acme/users?after=x", 422),
            ("/portals/acme/users?after=-1", 422),
            ("/portals/acme/users?limit=0", 422),
            ("/portals/acme/users?inactive_days=99999999999999", 422),
            ("/plans/none", 404),
            ("/portals/acme/access", 404),
            ("/portals/acme/access/drift", 409),
            ("/portals/..%2f..%2f/users", 404),
            ("/nothing", 404),
        ],
    )
    async def test_paths(self, api: Api, path: str, status: int) -> None:
        """What is not there, or makes no sense, is told as a problem."""
        answer = await api.client.get(V1 + path)

        assert status == answer.status_code, answer.text
        assert "application/problem+json" == answer.headers["content-type"]

    async def test_wrong_method(self, api: Api) -> None:
        """405 with the methods there are."""
        answer = await api.client.delete(f"{V1}/portals")

        assert 405 == answer.status_code
        assert "GET" == answer.headers["allow"]


def test_the_document_is_clean() -> None:
    """OpenAPI 3.1, one short operation id each, documented errors as problems."""
    from rolecall.api.face import create_api

    document = create_api().openapi()
    ids = [
        operation["operationId"]
        for methods in document["paths"].values()
        for operation in methods.values()
    ]

    assert document["openapi"].startswith("3.1")
    assert len(ids) == len(set(ids))
    assert all(one.isalpha() and one[0].islower() for one in ids)
    for methods in document["paths"].values():
        for operation in methods.values():
            refused = {s: r for s, r in operation["responses"].items() if s[0] in "45"}
            assert {"401", "404", "422"} <= set(refused)
            assert all("application/problem+json" in one["content"] for one in refused.values())
    assert "HTTPValidationError" not in json.dumps(document)
