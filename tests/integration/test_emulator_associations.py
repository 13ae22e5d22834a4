"""Associations through HTTP: linked from one side, seen from both, in every form clients use."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from tests.support.crm import CrmWorld, a_crm_world, talking_to

FORMS = (
    ("/crm/v4/associations", "/crm/v4/objects"),
    ("/crm/associations/2026-03", "/crm/objects/2026-03"),
    ("/crm/associations/2026-09-beta", "/crm/objects/2026-09-beta"),
)
BODY: dict[str, dict[str, str]] = {
    "contacts": {"email": "kim@customer.test"},
    "companies": {"name": "Customer"},
    "deals": {"dealname": "Big"},
}


async def _made(client: httpx2.AsyncClient, kind: str, **values: str) -> str:
    body = {"properties": values or BODY[kind]}
    return str((await client.post(f"/crm/v3/objects/{kind}", json=body)).json()["id"])


@pytest.fixture
def made() -> CrmWorld:
    """An empty portal."""
    return a_crm_world()


@pytest.mark.parametrize(("batches", "records"), FORMS)
async def test_linked_from_one_side_seen_from_both(
    made: CrmWorld, batches: str, records: str
) -> None:
    """A primary link is a plain one too, on both sides, in the published shape."""
    async with talking_to(made) as client:
        contact, company = await _made(client, "contacts"), await _made(client, "companies")
        spec = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 1}]
        path = f"{records}/contacts/{contact}/associations"
        put = await client.put(f"{path}/companies/{company}", json=spec)
        back = (await client.get(f"{records}/companies/{company}/associations/contacts")).json()
        body = {"inputs": [{"id": contact}]}
        batch = (await client.post(f"{batches}/contacts/companies/batch/read", json=body)).json()

    assert put.status_code == 201
    assert put.json() == {
        "fromObjectTypeId": "0-1",
        "fromObjectId": contact,
        "toObjectTypeId": "0-2",
        "toObjectId": company,
        "labels": ["Primary"],
    }
    assert back["results"] == [
        {
            "toObjectId": contact,
            "associationTypes": [
                {"category": "HUBSPOT_DEFINED", "typeId": 2, "label": "Primary"},
                {"category": "HUBSPOT_DEFINED", "typeId": 280},
            ],
        }
    ]
    assert batch["results"][0]["from"] == {"id": contact}
    assert [one["toObjectId"] for one in batch["results"][0]["to"]] == [company]


async def test_only_one_is_primary(made: CrmWorld) -> None:
    """A new primary company takes that from the former one, which stays linked."""
    spec = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 1}]
    async with talking_to(made) as client:
        contact = await _made(client, "contacts")
        path = f"/crm/v4/objects/contacts/{contact}/associations/companies"
        for name in ("first", "second"):
            company = await _made(client, "companies", name=name)
            await client.put(f"{path}/{company}", json=spec)
        rows = (await client.get(path)).json()["results"]

    assert [[one["typeId"] for one in row["associationTypes"]] for row in rows] == [[279], [1, 279]]


async def test_old_batches_as_recorded(made: CrmWorld) -> None:
    """v3 answers both directions, the way back first (recorded March 2026)."""
    root = "/crm/v3/associations/contacts/companies/batch"
    async with talking_to(made) as client:
        contact, company = await _made(client, "contacts"), await _made(client, "companies")
        pair = {"from": {"id": contact}, "to": {"id": company}}
        wish = {"inputs": [{**pair, "type": "contact_to_company"}]}
        created = await client.post(f"{root}/create", json=wish)
        read = await client.post(f"{root}/read", json={"inputs": [{"id": contact}]})
        archived = await client.post(f"{root}/archive", json={"inputs": [pair]})
        empty = await client.post(f"{root}/read", json={"inputs": [{"id": contact}]})

    assert created.status_code == 201
    assert created.json()["results"] == [
        {"from": {"id": company}, "to": {"id": contact}, "type": "company_to_contact"},
        {"from": {"id": contact}, "to": {"id": company}, "type": "contact_to_company"},
    ]
    assert [row["type"] for row in read.json()["results"][0]["to"]] == [
        *("contact_to_company", "contact_to_company_unlabeled"),
    ]
    assert archived.status_code == 204
    assert empty.status_code == 207
    assert empty.json()["errors"][0]["subCategory"] == "crm.associations.NO_ASSOCIATIONS_FOUND"


async def test_created_with_their_associations(made: CrmWorld) -> None:
    """A create may name what it belongs to; a wrong one creates nothing."""
    types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 3}]
    async with talking_to(made) as client:
        contact = await _made(client, "contacts")
        wish: dict[str, Any] = {"properties": {"dealname": "Big"}}
        good = {**wish, "associations": [{"to": {"id": contact}, "types": types}]}
        bad = {**wish, "associations": [{"to": {"id": "99"}, "types": types}]}
        made_deal = (await client.post("/crm/v3/objects/deals", json=good)).json()
        refused = await client.post("/crm/v3/objects/deals", json=bad)
        batch = await client.post("/crm/v3/objects/deals/batch/create", json={"inputs": [good]})
        listed = (await client.get("/crm/v3/objects/deals?associations=contacts,quotes")).json()
        path = f"/crm/v3/objects/contacts/{contact}?associations=deals"
        read = (await client.get(path)).json()

    told = [row["associations"] for row in listed["results"]]
    assert refused.status_code == 400
    assert batch.status_code == 201
    assert told == [{"contacts": {"results": [{"id": contact, "type": "deal_to_contact"}]}}] * 2
    assert read["associations"]["deals"]["results"][0] == {
        "id": made_deal["id"],
        "type": "contact_to_deal",
    }


async def test_nothing_is_told_of_what_is_gone(made: CrmWorld) -> None:
    """An archived record belongs to nobody, and a record without links tells no associations."""
    async with talking_to(made) as client:
        contact, deal = await _made(client, "contacts"), await _made(client, "deals")
        root = f"/crm/v4/objects/deals/{deal}/associations"
        linked = await client.put(f"{root}/default/contacts/{contact}")
        await client.delete(f"/crm/v3/objects/contacts/{contact}")
        listed = (await client.get(f"{root}/contacts")).json()
        read = (await client.get(f"/crm/v3/objects/deals/{deal}?associations=contacts")).json()

    assert [row["associationSpec"]["associationTypeId"] for row in linked.json()["results"]] == [
        3,
        4,
    ]
    assert listed == {"results": []}
    assert "associations" not in read


async def test_unlinking(made: CrmWorld) -> None:
    """A label can go alone; DELETE and the batches take the whole link."""
    root = "/crm/v4/associations/deals/companies"
    async with talking_to(made) as client:
        deal, company = await _made(client, "deals"), await _made(client, "companies")
        pair = {"from": {"id": deal}, "to": {"id": company}}
        spec = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 5}
        one = f"/crm/v4/objects/deals/{deal}/associations/companies"
        await client.post(f"{root}/batch/create", json={"inputs": [{**pair, "types": [spec]}]})
        body = {"inputs": [{**pair, "types": [spec]}]}
        unlabelled = await client.post(f"{root}/batch/labels/archive", json=body)
        after = (await client.get(one)).json()["results"]
        gone = await client.delete(f"{one}/{company}")
        empty = (await client.get(one)).json()["results"]
        plain = await client.post(f"{root}/batch/associate/default", json={"inputs": [pair]})
        away = {"inputs": [{"from": {"id": deal}, "to": [{"id": company}]}]}
        archived = await client.post(f"{root}/batch/archive", json=away)
        none = (await client.get(one)).json()["results"]

    assert [done.status_code for done in (unlabelled, gone, plain, archived)] == [
        204,
        204,
        200,
        204,
    ]
    assert [[kind["typeId"] for kind in row["associationTypes"]] for row in after] == [[341]]
    assert empty == none == []


async def test_pages(made: CrmWorld) -> None:
    """A page of links goes on from its cursor."""
    async with talking_to(made) as client:
        company = await _made(client, "companies")
        root = f"/crm/v4/objects/companies/{company}/associations"
        ids = [await _made(client, "contacts", email=f"{n}@customer.test") for n in range(5)]
        for contact in ids:
            await client.put(f"{root}/default/contacts/{contact}")
        first = (await client.get(f"{root}/contacts?limit=3")).json()
        second = (await client.get(first["paging"]["next"]["link"])).json()

    seen = [row["toObjectId"] for page in (first, second) for row in page["results"]]
    assert seen == ids
    assert "paging" not in second


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/crm/v4/objects/contacts/1/associations/companies", None, 404),
        ("GET", "/crm/v4/objects/contacts/1/associations/planets", None, 400),
        (
            "POST",
            "/crm/v4/associations/contacts/users/batch/associate/default",
            {"inputs": []},
            400,
        ),
        ("POST", "/crm/v4/associations/contacts/companies/batch/create", {}, 400),
        (
            *("POST", "/crm/v4/associations/contacts/companies/batch/create"),
            {"inputs": [{"from": {"id": "1"}, "to": {"id": "2"}, "types": [{}]}]},
            400,
        ),
        (
            *("POST", "/crm/v4/associations/contacts/companies/batch/associate/default"),
            {"inputs": [{"from": {"id": "1"}, "to": {"id": "2"}}]},
            207,
        ),
    ],
)
async def test_refusals(
    made: CrmWorld, method: str, path: str, body: dict[str, Any] | None, status: int
) -> None:
    """What cannot be linked is said in HubSpot's envelope."""
    async with talking_to(made) as client:
        answer = await client.request(method, path, json=body)

    assert answer.status_code == status


async def test_batches_tell_no_rate_headers() -> None:
    """Since v4 batches count but do not say so (several clients); old ones and lists do."""
    made = a_crm_world(limits="real")
    async with talking_to(made) as client:
        new = await client.get("/crm/v4/associations/contacts/companies/labels")
        old = await client.get("/crm/v3/associations/contacts/companies/types")

    assert "X-HubSpot-RateLimit-Max" not in new.headers
    assert old.headers["X-HubSpot-RateLimit-Remaining"] == "188"


async def test_the_ways_there_are(made: CrmWorld) -> None:
    """Labels in v4, names in v3."""
    async with talking_to(made) as client:
        labels = (await client.get("/crm/v4/associations/contacts/companies/labels")).json()
        names = (await client.get("/crm/v3/associations/contact/company/types")).json()

    assert [row["typeId"] for row in labels["results"]] == [1, 279]
    assert names["results"] == [
        {"id": "1", "name": "contact_to_company"},
        {"id": "279", "name": "contact_to_company_unlabeled"},
    ]
