"""Okta's provisioning sequence, with the bodies Okta really sends."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from rolecall.services.drafts.ground import parked_since
from tests.support.pushing import CORE, ENTERPRISE, Idp, an_idp


@pytest.fixture
async def okta(tmp_path: Path, database_url: str) -> AsyncIterator[Idp]:
    """Okta in front of the tiny portal, on each kind of database."""
    async with an_idp(tmp_path, database_url=database_url) as made:
        yield made


def okta_user(**more: Any) -> dict[str, Any]:
    """The body of Okta's create request."""
    return {
        "schemas": [f"{CORE}:User", ENTERPRISE],
        "userName": "Joy.New@tiny.test",
        "name": {"givenName": "Joy", "familyName": "New", "middleName": ""},
        "emails": [{"primary": True, "value": "Joy.New@tiny.test", "type": "work"}],
        "displayName": "Joy New",
        "locale": "en-US",
        "externalId": "00ujl29u0le5T6Aj10h7",
        "groups": [],
        "password": "1mz050nq",
        "active": True,
        ENTERPRISE: {"department": "Sales", "organization": "Tiny"},
        "entitlements": [{"value": "View-Only", "display": "View-Only", "type": "seat"}],
        **more,
    }


async def test_a_life_at_okta(okta: Idp) -> None:
    """Test connection, look-up, create, profile push, deactivate, reactivate."""
    await okta.send("GET", "/Users?startIndex=1&count=2")
    nobody = await okta.send("GET", '/Users?filter=userName eq "Joy.New@tiny.test"&startIndex=1')
    made = await okta.send("POST", "/Users", okta_user(), 201)
    await okta.settled()
    joined = okta.house.member("joy.new@tiny.test")
    found = await okta.send("GET", '/Users?filter=userName eq "JOY.NEW@tiny.test"')
    read = await okta.send("GET", f"/Users/{made['id']}")
    changed = await okta.send(
        "PUT", f"/Users/{made['id']}", okta_user(id=made["id"], title="Baker")
    )
    off = {"op": "replace", "value": {"active": False}}
    await okta.patch(f"/Users/{made['id']}", off)
    await okta.settled()
    async with okta.house.app.database.read() as view:
        parked = await parked_since(view, okta.house.portal.id)
        person = await view.people.get(made["id"])
    await okta.patch(f"/Users/{made['id']}", {"op": "replace", "value": {"active": True}})
    await okta.settled()
    async with okta.house.app.database.read() as view:
        back = await parked_since(view, okta.house.portal.id)

    assert 0 == nobody["totalResults"]
    assert joined is not None
    assert ["View-Only"] == joined.seat_names
    assert [made["id"]] == [one["id"] for one in found["Resources"]]
    assert "password" not in read
    assert "Baker" == changed["title"]
    assert "joy.new@tiny.test" in parked
    assert "joy.new@tiny.test" not in back
    assert person is not None
    assert ("Sales", "Tiny", "Baker") == (person.department, person.company, person.job_title)


async def test_group_push(okta: Idp) -> None:
    """A pushed group is the team of its name: members come, go, and are replaced."""
    portal = okta.house.portal
    team = next(one for one in portal.teams.values() if one.name == "Office")
    people = [
        await okta.send(
            "POST", "/Users", okta_user(userName=f"p{n}@tiny.test", emails=[], externalId=f"x{n}"),
            201,
        )
        for n in (1, 2)
    ]  # fmt: skip
    one, two = (person["id"] for person in people)
    group = await okta.send(
        "POST", "/Groups",
        {"schemas": [f"{CORE}:Group"], "displayName": "Office", "members": [{"value": one}]}, 201,
    )  # fmt: skip
    path = f"/Groups/{group['id']}"
    await okta.patch(path, {"op": "add", "path": "members", "value": [{"value": two}]})
    await okta.patch(path, {"op": "add", "path": "members", "value": [{"value": two}]})
    await okta.settled()
    both = {name for name in ("p1", "p2") if _in(okta, f"{name}@tiny.test", team.id)}
    await okta.patch(path, {"op": "remove", "path": f'members[value eq "{one}"]'})
    rename = {"op": "replace", "value": {"id": group["id"], "displayName": "Office"}}
    await okta.patch(path, rename)
    await okta.settled()
    left = {name for name in ("p1", "p2") if _in(okta, f"{name}@tiny.test", team.id)}
    read = await okta.send("GET", path)
    await okta.send("DELETE", path, status=204)
    await okta.settled()

    assert {"p1", "p2"} == both
    assert {"p2"} == left
    assert [two] == [member["value"] for member in read["members"]]
    assert not _in(okta, "p2@tiny.test", team.id)
    assert okta.house.member("p2@tiny.test") is not None


async def test_imports_page_by_page(okta: Idp) -> None:
    """Okta's import reads pages until startIndex passes totalResults."""
    for n in range(3):
        body = okta_user(userName=f"p{n}@tiny.test", emails=[], externalId=f"x{n}")
        await okta.send("POST", "/Users", body, 201)
    first = await okta.send("GET", "/Users?startIndex=1&count=2")
    second = await okta.send("GET", "/Users?startIndex=3&count=2")
    seen = [one["id"] for one in (*first["Resources"], *second["Resources"])]

    assert (3, 2, 1) == (
        first["totalResults"], len(first["Resources"]), len(second["Resources"]),
    )  # fmt: skip
    assert 3 == len(set(seen))


def _in(okta: Idp, email: str, team_id: int) -> bool:
    member = okta.house.member(email)
    return member is not None and team_id in member.extra_team_ids
