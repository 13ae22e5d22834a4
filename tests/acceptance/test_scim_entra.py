"""Microsoft Entra's provisioning sequence, with its spellings: op in capitals, booleans as text."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from rolecall.services.drafts.ground import parked_since
from tests.support.pushing import CORE, ENTERPRISE, Idp, an_idp


@pytest.fixture
async def entra(tmp_path: Path, database_url: str) -> AsyncIterator[Idp]:
    """Entra in front of the tiny portal, on each kind of database."""
    async with an_idp(tmp_path, database_url=database_url) as made:
        yield made


def entra_user(name: str, **more: Any) -> dict[str, Any]:
    """The body of Entra's create request; `active` is sent as text by old jobs."""
    return {
        "schemas": [f"{CORE}:User", ENTERPRISE],
        "externalId": name.partition("@")[0],
        "userName": name,
        "active": True,
        "displayName": "Joy New",
        "emails": [{"primary": True, "type": "work", "value": name}],
        "meta": {"resourceType": "User"},
        "name": {"formatted": "Joy New", "familyName": "New", "givenName": "Joy"},
        "title": None,
        "preferredLanguage": None,
        **more,
    }


async def test_the_connection_is_tested(entra: Idp) -> None:
    """Entra asks for a random user and wants an empty list, not a 404."""
    found = await entra.send("GET", '/Users?filter=userName eq "ad8dbe72-31a9-4f2b-8e5f"')

    assert 0 == found["totalResults"]
    assert found.get("Resources", []) == []


async def test_a_life_at_entra(entra: Idp) -> None:
    """Match by externalId, create, add attributes by path filters, disable, hard delete."""
    made = await entra.send("POST", "/Users", entra_user("joy@tiny.test"), 201)
    found = await entra.send("GET", '/Users?filter=externalId eq "joy"')
    path = f"/Users/{made['id']}"
    await entra.patch(
        path,
        {"op": "Add", "path": 'phoneNumbers[type eq "work"].value', "value": "+49 30 1"},
        {"op": "Add", "path": f"{ENTERPRISE}:department", "value": "Sales"},
        {"op": "Add", "path": f"{ENTERPRISE}:manager", "value": made["id"]},
        {"op": "Replace", "path": "name.familyName", "value": "Newer"},
        {"op": "Add", "path": "title", "value": "Baker"},
    )
    read = await entra.send("GET", path)
    await entra.settled()
    await entra.patch(path, {"op": "Replace", "path": "active", "value": "False"})
    off = await entra.send("GET", path)
    await entra.settled()
    async with entra.house.app.database.read() as view:
        person = await view.people.get(made["id"])
        parked = await parked_since(view, entra.house.portal.id)
    await entra.send("DELETE", path, status=204)
    await entra.send("GET", path, status=404)

    assert [made["id"]] == [one["id"] for one in found["Resources"]]
    assert [{"type": "work", "value": "+49 30 1"}] == read["phoneNumbers"]
    assert "Newer" == read["name"]["familyName"]
    assert person is not None
    assert ("Sales", "Baker") == (person.department, person.job_title)
    assert off["active"] is False
    assert "joy@tiny.test" in parked


async def test_seats_as_entitlements(entra: Idp) -> None:
    """A seat is an entitlement; one the portal does not have is a 400 that says so."""
    made = await entra.send("POST", "/Users", entra_user("joy@tiny.test"), 201)
    path = f"/Users/{made['id']}"
    seat = {"op": "Add", "path": "entitlements", "value": [{"value": "View-Only"}]}
    await entra.patch(path, seat)
    await entra.settled()
    bad = {"op": "Replace", "path": "entitlements", "value": [{"value": "Throne"}]}
    refused = await entra.patch(path, bad, status=400)
    member = entra.house.member("joy@tiny.test")

    assert member is not None
    assert ["View-Only"] == member.seat_names
    assert "Throne" in refused["detail"]


async def test_groups(entra: Idp) -> None:
    """Look up by displayName without members, create, add one by one, remove by value."""
    office = next(one for one in entra.house.portal.teams.values() if one.name == "Office")
    people = [
        (await entra.send("POST", "/Users", entra_user(f"p{n}@tiny.test"), 201))["id"]
        for n in (1, 2)
    ]
    query = '/Groups?excludedAttributes=members&filter=displayName eq "Office"'
    none = await entra.send("GET", query)
    body = {"schemas": [f"{CORE}:Group"], "displayName": "Office", "externalId": "g-1"}
    group = await entra.send("POST", "/Groups", body, 201)
    path = f"/Groups/{group['id']}"
    for one in people:
        await entra.patch(path, {"op": "Add", "path": "members", "value": [{"value": one}]})
    await entra.settled()
    joined = [_teams(entra, f"p{n}@tiny.test") for n in (1, 2)]
    listed = await entra.send("GET", query)
    remove = {"op": "Remove", "path": "members", "value": [{"value": people[0]}]}
    await entra.patch(path, remove)
    await entra.settled()

    assert 0 == none["totalResults"]
    assert [[office.id], [office.id]] == joined
    assert "members" not in listed["Resources"][0]
    assert [] == _teams(entra, "p1@tiny.test")
    assert [office.id] == _teams(entra, "p2@tiny.test")


def _teams(entra: Idp, email: str) -> list[int]:
    member = entra.house.member(email)
    assert member is not None
    return list(member.extra_team_ids)
