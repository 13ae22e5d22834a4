"""Answers against recordings of March 2026: an integration platform's test fixtures of a live portal.

The fixtures hold request and answer of one OAuth app on a European portal; names and numbers are
ours, shapes are theirs. Other sources stand in the docstring that uses them.
"""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from hubspot_emulator.crm.generate import give_records
from tests.support.crm import NOW, a_crm_world, talking_to
from tests.support.emulator import a_token

KINDS = (("contacts", "0-1"), ("companies", "0-2"), ("deals", "0-3"), ("tickets", "0-5"))


@pytest.mark.parametrize(("kind", "type_id"), KINDS)
async def test_records_tell_their_page(kind: str, type_id: str) -> None:
    """Created, read, listed, searched and batch-read records carry the address in the app."""
    made = a_crm_world()
    root = f"/crm/v3/objects/{kind}"
    async with talking_to(made) as client:
        new = (await client.post(root, json={"properties": {}})).json()
        read = (await client.get(f"{root}/{new['id']}")).json()
        listed = (await client.get(root)).json()["results"][0]
        found = (await client.post(f"{root}/search", json={})).json()["results"][0]
        inputs = {"inputs": [{"id": new["id"]}], "properties": []}
        batch = (await client.post(f"{root}/batch/read", json=inputs)).json()["results"][0]

    page = f"https://app-eu1.hubspot.com/contacts/{made.portal.id}/record/{type_id}/{new['id']}"
    assert {row["url"] for row in (new, read, listed, found, batch)} == {page}


async def test_a_change_tells_what_was_sent() -> None:
    """PATCH answers the system properties, what it wrote, and not the rest of the record."""
    values = {"email": "kim@customer.test", "firstname": "Kim", "lifecyclestage": "lead"}
    root = "/crm/v3/objects/contacts"
    async with talking_to(a_crm_world()) as client:
        new = (await client.post(root, json={"properties": values})).json()
        changed = await client.patch(
            f"{root}/{new['id']}", json={"properties": {"lastname": "Contact"}}
        )

    assert set(new["properties"]) == {"createdate", "lastmodifieddate", "hs_object_id", *values}
    assert set(changed.json()["properties"]) == {
        *("createdate", "lastmodifieddate", "hs_object_id", "lastname", "lifecyclestage")
    }


async def test_a_batch_of_changes_tells_what_was_sent() -> None:
    """Each result of a batch update holds what its own input sent."""
    root = "/crm/v3/objects/deals"
    async with talking_to(a_crm_world()) as client:
        rows = [
            (await client.post(root, json={"properties": {"dealname": n}})).json() for n in "ab"
        ]
        inputs = [
            {"id": rows[0]["id"], "properties": {"amount": "1"}},
            {"id": rows[1]["id"], "properties": {"pipeline": "default"}},
        ]
        done = (await client.post(f"{root}/batch/update", json={"inputs": inputs})).json()

    assert [
        {*row["properties"]} & {"amount", "pipeline", "dealname"} for row in done["results"]
    ] == [{"amount"}, {"pipeline"}]


async def test_an_empty_filter_group_matches_everything() -> None:
    """Empty filters, sorts and cursor are as good as none."""
    made = a_crm_world()
    give_records(made.portal, "tickets", made.owner_id(0), 22, until=NOW)
    body = {"limit": 10, "filterGroups": [{"filters": []}], "sorts": [], "after": ""}
    async with talking_to(made) as client:
        answer = await client.post("/crm/v3/objects/tickets/search", json=body)

    assert answer.status_code == 200
    assert answer.json()["total"] == 22
    assert answer.json()["paging"] == {"next": {"after": "10"}}


@pytest.mark.parametrize("verb", ["GET", "POST"])
async def test_tickets_have_a_scope_of_their_own(verb: str) -> None:
    """A recorded token of every scope had `tickets`; the published documents name it alone."""
    made = a_crm_world()
    token = a_token(made.world, "tickets-only", scopes=frozenset({"oauth", "tickets"}))
    body = None if verb == "GET" else {"properties": {"subject": "Help"}}
    async with talking_to(made, token.value) as client:
        tickets = await client.request(verb, "/crm/v3/objects/tickets", json=body)
        deals = await client.request(verb, "/crm/v3/objects/deals", json=body)

    assert tickets.is_success
    assert deals.status_code == 403


async def test_a_property_tells_who_made_it() -> None:
    """A new property names its user twice; HubSpot's own do not say whether they are archived."""
    made = a_crm_world()
    token = a_token(made.world, "made-by", user_id=made.user_ids[0])
    wish = {"name": "badge", "label": "B", "type": "string", "fieldType": "text"}
    async with talking_to(made, token.value) as client:
        group = {"groupName": "contactinformation"}
        new = (await client.post("/crm/v3/properties/contacts", json={**wish, **group})).json()
        own = (await client.get("/crm/v3/properties/contacts/email")).json()

    assert list(new) == [
        *("updatedAt", "createdAt", "name", "label", "type", "fieldType", "description"),
        *("groupName", "options", "createdUserId", "updatedUserId", "displayOrder"),
        *("calculated", "externalOptions", "archived", "hasUniqueValue", "hidden"),
        *("modificationMetadata", "formField", "dataSensitivity"),
    ]
    assert new["createdUserId"] == new["updatedUserId"] == str(made.user_ids[0])
    assert "archived" not in own
    assert own["modificationMetadata"]["archivable"] is True


async def test_pipelines_of_a_fresh_portal() -> None:
    """Deals and tickets have HubSpot's own pipelines; there are no custom object schemas."""
    async with talking_to(a_crm_world()) as client:
        deals = (await client.get("/crm/v3/pipelines/deals")).json()["results"]
        won = (await client.get("/crm/pipelines/2026-03/0-3/default/stages/closedwon")).json()
        ticket = (await client.get("/crm/v3/pipelines/tickets/0/stages")).json()["results"][0]
        none = await client.get("/crm/v3/pipelines/deals/1")
        schemas = (await client.get("/crm/v3/schemas")).json()

    assert [(one["id"], len(one["stages"])) for one in deals] == [("default", 7)]
    assert deals[0]["stages"][0] == {
        "label": "Appointment Scheduled",
        "displayOrder": 0,
        "metadata": {"isClosed": "false", "probability": "0.2"},
        "id": "appointmentscheduled",
        "createdAt": "1970-01-01T00:00:00Z",
        "updatedAt": "1970-01-01T00:00:00Z",
        "writePermissions": "CRM_PERMISSIONS_ENFORCEMENT",
        "archived": False,
    }
    assert (won["displayOrder"], won["metadata"]["isClosed"]) == (5, "true")
    assert (ticket["id"], ticket["metadata"]["ticketState"]) == ("1", "OPEN")
    assert none.status_code == 404
    assert schemas == {"results": []}


class TestOtherSources:
    @pytest.mark.parametrize(
        ("path", "status"),
        [
            ("/crm/objects/2025-09/users", 200),  # the public specification of August 2026
            ("/crm/owners/2025-09", 200),
            ("/crm/objects/v3/users", 200),  # probed on a live portal in April 2026, like the next
            ("/crm/properties/2025-09/users", 404),
            ("/owners/v2/owners", 401),
            ("/crm/v4/objects/tickets", 200),  # how a Singer tap reads tickets (2026)
        ],
    )
    async def test_path_forms(self, path: str, status: int) -> None:
        """Forms the public specification or a connector in use has."""
        async with talking_to(a_crm_world()) as client:
            assert (await client.get(path)).status_code == status

    @pytest.mark.parametrize(
        ("key", "message"),
        [
            ("999", "resource not found"),
            ("all", "Object not found.  objectId are usually numeric."),
            ("0", "Object not found. objectId is usually positive."),
        ],
    )
    async def test_absent_records(self, key: str, message: str) -> None:
        """What cannot be an id is told so (several clients; a live probe of April 2026)."""
        async with talking_to(a_crm_world()) as client:
            answer = await client.get(f"/crm/v3/objects/deals/{key}")

        assert (answer.status_code, answer.json()["message"]) == (404, message)
        assert answer.json()["category"] == "OBJECT_NOT_FOUND"

    @pytest.mark.parametrize(("limit", "status"), [(50, 200), (51, 400)])
    async def test_history_halves_the_page(self, limit: int, status: int) -> None:
        """With histories a page holds 50 (a live 400 in the Python client's issue 143, 2022)."""
        async with talking_to(a_crm_world()) as client:
            path = f"/crm/v3/objects/contacts?propertiesWithHistory=email&limit={limit}"
            answer = await client.get(path)

        assert answer.status_code == status

    async def test_a_long_address_is_refused_as_html(self) -> None:
        """Beyond 16,200 characters the gateway answers 414 (two connectors, 2024 and 2025)."""
        async with talking_to(a_crm_world()) as client:
            short = await client.get("/crm/v3/objects/contacts?properties=" + "p," * 8_000)
            long = await client.get("/crm/v3/objects/contacts?properties=" + "p," * 8_100)

        assert short.status_code == 200
        assert (long.status_code, long.headers["content-type"][:9]) == (414, "text/html")

    async def test_the_next_link_repeats_every_parameter(self) -> None:
        """Following `link` asks what the first page asked, repeated parameters included."""
        made = a_crm_world()
        path = "/crm/v3/objects/users/?limit=2&properties=hs_email&properties=hs_given_name"
        async with talking_to(made) as client:
            first = (await client.get(path)).json()
            second = (await client.get(first["paging"]["next"]["link"])).json()

        assert _emails(first, second) == [
            *("anna.berg@acme.test", "ben.okafor@acme.test"),
            *("chiara.rossi@acme.test", "dmitri.volkov@acme.test"),
        ]
        assert all(row["properties"]["hs_given_name"] for row in second["results"])

    async def test_a_byte_order_mark_is_skipped(self) -> None:
        """HubSpot's Java reads JSON behind a UTF-8 mark, as spreadsheets and shells write it."""
        body = b'\xef\xbb\xbf{"properties": {"dealname": "A"}}'
        async with talking_to(a_crm_world()) as client:
            answer = await client.post("/crm/v3/objects/deals", content=body)

        assert answer.json()["properties"]["dealname"] == "A"

    async def test_contacts_have_both_dates_of_change(self) -> None:
        """A connector lists hs_lastmodifieddate for contacts too (December 2023)."""
        made = a_crm_world()
        give_records(made.portal, "contacts", made.owner_id(0), 1, until=NOW)
        async with talking_to(made) as client:
            path = "/crm/v3/objects/contacts?properties=hs_lastmodifieddate"
            row = (await client.get(path)).json()["results"][0]

        assert row["properties"]["hs_lastmodifieddate"] == row["updatedAt"]


async def test_a_property_keeps_what_a_provider_sets() -> None:
    """A Terraform provider sets order, hints and options, and reads back exactly those (2026)."""
    made = a_crm_world()
    wish: dict[str, Any] = {
        "name": "region",
        "label": "Region",
        "type": "enumeration",
        "fieldType": "select",
        "groupName": "userinformation",
        "displayOrder": 3,
        "hidden": True,
        "formField": False,
        "options": [
            {"value": "n", "label": "North", "displayOrder": 2, "hidden": True},
            {"value": "s", "label": "South", "displayOrder": 1, "hidden": False},
        ],
    }
    async with talking_to(made) as client:
        await client.post("/crm/properties/2026-03/users", json=wish)
        later = {"displayOrder": 5, "hidden": False, "fieldType": "radio"}
        await client.patch("/crm/properties/2026-03/users/region", json=later)
        told = await _told(client, "/crm/properties/2026-03/users/region")

    assert {name: told[name] for name in wish} == {**wish, **later}


async def _told(client: httpx2.AsyncClient, path: str) -> dict[str, Any]:
    return dict((await client.get(path)).json())


def _emails(*pages: dict[str, Any]) -> list[str]:
    return [row["properties"]["hs_email"] for page in pages for row in page["results"]]
