"""What pushes mean, and a fuzz of PATCH: whatever an identity provider sends is answered and kept."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rolecall.domain.scim import GroupTarget, Leaving
from rolecall.kit.ids import uuid7
from rolecall.services.scim.clients import change_client, list_clients
from rolecall.services.scim.planning import ScimRunner
from rolecall.store import StoredPolicy
from tests.support.pushing import CORE, ENTERPRISE, PATCH, V2, Idp, a_user, an_idp

POLICY = """\
version: 1
portal: acme
profiles:
  seller: {permission_set: Sales Rep, extra_teams: [Office]}
rules:
  - {when: {department: Sales}, profile: seller}
"""


@pytest.fixture
async def idp(tmp_path: Path) -> AsyncIterator[Idp]:
    """A provider in front of the tiny portal with a policy in force."""
    async with an_idp(tmp_path) as made:
        async with made.house.app.database.begin(made.house.actor, "a test") as work:
            kept = StoredPolicy(made.house.portal.id, POLICY, uuid7(), "test", work.now)
            await work.policies.put_in_force(kept)
        yield made


class TestMeaning:
    async def test_a_department_feeds_birthright_rules(self, idp: Idp) -> None:
        """The enterprise extension says Sales; the rule of access.yaml gives what sellers have."""
        sales = {"schemas": [f"{CORE}:User", ENTERPRISE], ENTERPRISE: {"department": "Sales"}}
        await idp.send("POST", "/Users", a_user("joy@tiny.test", **sales), 201)
        await idp.send("POST", "/Users", a_user("max@tiny.test"), 201)
        await idp.settled()

        assert ["Sales Rep"] == _sets(idp, "joy@tiny.test")
        assert [] == _sets(idp, "max@tiny.test")

    async def test_groups_as_profiles(self, idp: Idp) -> None:
        """A group named like an access profile gives it; who leaves loses the team at once, and a
        task takes the set, which no API of HubSpot can leave empty."""
        max_ = await idp.send("POST", "/Users", a_user("max@tiny.test"), 201)
        await _set(idp, groups=GroupTarget.PROFILE)
        body = {"schemas": [f"{CORE}:Group"], "displayName": "seller"}
        members = [{"value": max_["id"]}]
        group = await idp.send("POST", "/Groups", {**body, "members": members}, 201)
        await idp.settled()
        given_ = _sets(idp, "max@tiny.test"), list(_member(idp, "max@tiny.test").extra_team_ids)
        await idp.patch(f"/Groups/{group['id']}", {"op": "remove", "path": "members"})
        await idp.settled()

        async with idp.house.app.database.read() as view:
            tasks = await view.tasks.open(idp.house.portal.id)

        assert (["Sales Rep"], 1) == (given_[0], len(given_[1]))
        assert [] == list(_member(idp, "max@tiny.test").extra_team_ids)
        assert "max@tiny.test" in {one.subject for one in tasks}

    async def test_leaving_can_mean_removed(self, idp: Idp) -> None:
        """Where the client says so, `active: false` removes the user instead of parking."""
        joy = await idp.send("POST", "/Users", a_user("joy@tiny.test"), 201)
        await idp.settled()
        there = idp.house.member("joy@tiny.test")
        await _set(idp, leaving=Leaving.REMOVE)
        await idp.patch(f"/Users/{joy['id']}", {"op": "replace", "value": {"active": False}})
        await idp.settled()

        assert there is not None
        assert idp.house.member("joy@tiny.test") is None


TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=8)
SCALARS = (
    st.none() | st.booleans() | st.integers(-3, 2**70) | TEXT | st.sampled_from(["True", "false"])
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["value", "type", "primary", "$ref", "active", "x"]), inner,
                      max_size=3),
    max_leaves=6,
)  # fmt: skip
PATHS = st.none() | TEXT | st.sampled_from([
    "active", "userName", "USERNAME", "emails", "emails.value", 'emails[type eq "work"].value',
    'emails[type eq "home"]', "name", "name.givenName", "members", 'members[value eq "x"]',
    "displayName", "externalId", "id", "meta", "meta.version", "schemas", "password", "roles",
    'roles[primary eq "True"].value', "entitlements", "manager", ENTERPRISE,
    f"{ENTERPRISE}:manager", f"{ENTERPRISE}:department", f"{ENTERPRISE}:nothing", "x.y.z", "[", "a[",
    'emails[value eq "\\"]', "groups", f"{CORE}:User:userName",
])  # fmt: skip
OPERATIONS = st.fixed_dictionaries(
    {"op": st.sampled_from(["add", "Add", "replace", "REPLACE", "remove", "move", ""]) | TEXT},
    optional={"path": PATHS, "value": VALUES, "extra": SCALARS},
)


class Idle(ScimRunner):
    """Plans nothing: what is kept is looked at here."""

    def wake(self, client_id: str) -> None:
        """Nobody is planned for."""


async def test_any_patch_is_answered(idp: Idp) -> None:
    """No crash, a reason for each refusal; a refused one changes nothing, and no group empties."""
    idp.face.app.runner = Idle(idp.house.app)
    joy = await idp.send("POST", "/Users", a_user("joy@tiny.test"), 201)
    members = [{"value": joy["id"]}]
    office = {"schemas": [f"{CORE}:Group"], "displayName": "Office", "members": members}
    group = await idp.send("POST", "/Groups", office, 201)
    seen: set[int] = set()

    async def tried(path: str, operations: list[dict[str, Any]]) -> None:
        before = (await idp.client.get(V2 + path)).json()
        body = {"schemas": [PATCH], "Operations": operations}
        answer = await idp.client.patch(V2 + path, json=body)
        after = (await idp.client.get(V2 + path)).json()
        seen.add(answer.status_code)

        assert answer.status_code in {200, 204, 400, 403, 409}, (operations, answer.text)
        if answer.status_code >= 400:
            assert answer.json()["detail"]
            assert before == after

    cases: list[tuple[str, list[dict[str, Any]]]] = []

    @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.sampled_from(["/Users", "/Groups"]), st.lists(OPERATIONS, min_size=1, max_size=3))
    def gathered(kind: str, operations: list[dict[str, Any]]) -> None:
        cases.append((kind, operations))

    gathered()
    # Made-up bodies are nearly all refused; one that is taken shows that not everything is.
    cases.append(("/Users", [{"op": "Replace", "path": "title", "value": "Baker"}]))
    paths = {"/Users": f"/Users/{joy['id']}", "/Groups": f"/Groups/{group['id']}"}
    for kind, operations in cases:
        await tried(paths[kind], operations)

    assert {204, 400} <= seen


async def _set(idp: Idp, **changes: Any) -> None:
    await idp.send("GET", "/Users")
    (client,) = await list_clients(idp.house.app, idp.house.actor)
    await change_client(idp.house.app, idp.house.actor, replace(client, **changes))


def _sets(idp: Idp, email: str) -> list[str]:
    names = {one.id: one.name for one in idp.house.portal.permission_sets.values()}
    return [names[one] for one in _member(idp, email).permission_set_ids]


def _member(idp: Idp, email: str) -> Any:
    found = idp.house.member(email)
    assert found is not None
    return found
