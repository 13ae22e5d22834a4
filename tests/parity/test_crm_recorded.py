"""CRM answers against recorded ones; each test names where the recording comes from."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hubspot_emulator.crm.store import archive_owner
from tests.support.crm import NOW, TOKEN, a_crm_world, talking_to, where

VERSIONS = ("/crm/v3/objects", "/crm/objects/2026-03", "/crm/objects/2026-09-beta")


async def test_users_refuse_archived_paging() -> None:
    """`archived=true` on users is 400 (live probe of a Free portal, August 2026)."""
    async with talking_to(a_crm_world()) as client:
        answer = await client.get("/crm/v3/objects/users?archived=true")

    assert answer.status_code == 400
    assert answer.json()["category"] == "VALIDATION_ERROR"
    assert "0-115 (USER)" in answer.json()["message"]
    assert "aging through deleted objects" in answer.json()["message"]


async def test_a_semantic_no_op_keeps_the_date() -> None:
    """A PATCH that says the same in other words moves no date (live probe, August 2026)."""
    made = a_crm_world()
    path = f"/crm/v3/objects/users/{made.record_id(0)}"
    hours = '[{"days":"MONDAY_TO_FRIDAY","startMinute":540,"endMinute":1020}]'
    spaced = hours.replace(":", " : ")
    async with talking_to(made) as client:
        zone = {"hs_standard_time_zone": "Europe/Berlin", "hs_working_hours": hours}
        first = await client.patch(path, json={"properties": zone})
        made.world.clock.advance(timedelta(hours=1))
        second = await client.patch(path, json={"properties": {"hs_working_hours": spaced}})

    assert first.status_code == second.status_code == 200
    assert second.json()["updatedAt"] == first.json()["updatedAt"]


@pytest.mark.parametrize(
    "hours",
    [
        '[{"days":"MONDAY","startMinute":0,"endMinute":1441}]',
        '[{"days":"MONDAY","startMinute":-1,"endMinute":10}]',
        '[{"days":"MONDAY","startMinute":60,"endMinute":60}]',
        '[{"days":"EVERY_DAY","startMinute":0,"endMinute":60},{"days":"SUNDAY","startMinute":59,"endMinute":90}]',
        '[{"days":"SOMEDAY","startMinute":0,"endMinute":60}]',
        "{}",
        "nine to five",
    ],
)
async def test_bad_working_hours_are_refused(hours: str) -> None:
    """Minutes are 0..1440 and spans never overlap (live probe, August 2026)."""
    made = a_crm_world()
    async with talking_to(made) as client:
        answer = await client.patch(
            f"/crm/v3/objects/users/{made.record_id(0)}",
            json={"properties": {"hs_standard_time_zone": "UTC", "hs_working_hours": hours}},
        )

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["context"] == {"propertyName": ["hs_working_hours"]}


async def test_hours_need_a_time_zone_first() -> None:
    """`hs_standard_time_zone` must be set before `hs_working_hours` (live probe, August 2026)."""
    made = a_crm_world()
    hours = '[{"days":"EVERY_DAY","startMinute":0,"endMinute":1440}]'
    async with talking_to(made) as client:
        answer = await client.patch(
            f"/crm/v3/objects/users/{made.record_id(0)}",
            json={"properties": {"hs_working_hours": hours}},
        )

    assert answer.status_code == 400
    assert "hs_standard_time_zone" in answer.json()["message"]


async def test_an_unknown_property_is_named_twice() -> None:
    """A write of an unknown property answers the body of the CRM objects guide."""
    async with talking_to(a_crm_world()) as client:
        answer = await client.post("/crm/v3/objects/contacts", json={"properties": {"nope": "1"}})

    body = answer.json()
    assert answer.status_code == 400
    assert body["message"].startswith('Property values were not valid: [{"isValid":false,')
    assert body["errors"] == [
        {
            "message": 'Property "nope" does not exist',
            "code": "PROPERTY_DOESNT_EXIST",
            "context": {"propertyName": ["nope"]},
        }
    ]


async def test_a_taken_email_is_a_conflict() -> None:
    """A second contact with an e-mail is 409 naming the first (hubspot-api-nodejs issue 545)."""
    async with talking_to(a_crm_world()) as client:
        first = await client.post(
            "/crm/v3/objects/contacts", json={"properties": {"email": "kim@customer.test"}}
        )
        second = await client.post(
            "/crm/v3/objects/contacts", json={"properties": {"email": "KIM@customer.test"}}
        )

    assert second.status_code == 409
    assert second.json()["category"] == "CONFLICT"
    assert second.json()["message"] == f"Contact already exists. Existing ID: {first.json()['id']}"


async def test_search_answers_as_recorded() -> None:
    """Total, system properties, null for unset, no paging on the last page (February 2022).

    The address of the record's page came later (March 2026).
    """
    made = a_crm_world()
    async with talking_to(made) as client:
        made_id = (
            await client.post(
                "/crm/v3/objects/CONTACT", json={"properties": {"email": "a@customer.test"}}
            )
        ).json()["id"]
        body = where("email", "EQ", "a@customer.test") | {"properties": ["email", "lastname"]}
        answer = await client.post("/crm/v3/objects/CONTACT/search", json=body)

    at = "2026-11-20T09:30:00.000Z"
    assert answer.json() == {
        "total": 1,
        "results": [
            {
                "id": made_id,
                "properties": {
                    "createdate": at,
                    "email": "a@customer.test",
                    "hs_object_id": made_id,
                    "lastmodifieddate": at,
                    "lastname": None,
                },
                "createdAt": at,
                "updatedAt": at,
                "archived": False,
                "url": f"https://app-eu1.hubspot.com/contacts/{made.portal.id}/record/0-1/{made_id}",
            }
        ],
    }


async def test_search_carries_no_interval_headers() -> None:
    """CRM search tells nothing about the burst limit, other calls do (February 2022)."""
    made = a_crm_world(limits="real")
    async with talking_to(made) as client:
        search = await client.post("/crm/v3/objects/users/search", json={})
        listed = await client.get("/crm/v3/objects/users")

    assert "X-HubSpot-RateLimit-Max" not in search.headers
    assert "X-HubSpot-RateLimit-Max" in listed.headers


async def test_search_has_its_own_limit() -> None:
    """More than five searches a second are 429 with the secondly wording (2022 and 2026)."""
    made = a_crm_world(limits="real")
    async with talking_to(made) as client:
        answers = [await client.post("/crm/v3/objects/users/search", json={}) for _ in range(6)]

    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    assert answers[-1].json()["message"] == "You have reached your secondly limit."


@pytest.mark.parametrize("root", VERSIONS)
async def test_a_batch_tells_which_ids_are_missing(root: str) -> None:
    """Found and missing ids in one batch: 207, one error with all missing ids (April 2024)."""
    made = a_crm_world()
    async with talking_to(made) as client:
        answer = await client.post(
            f"{root}/contacts/batch/read",
            json={"idProperty": "email", "inputs": [{"id": "x@y.test"}], "properties": []},
        )

    body = answer.json()
    assert answer.status_code == 207
    assert (body["status"], body["results"], body["numErrors"]) == ("COMPLETE", [], 1)
    assert body["errors"] == [
        {
            "status": "error",
            "category": "OBJECT_NOT_FOUND",
            "message": "Could not get some CONTACT objects, they may be deleted or not exist. "
            "Check that ids are valid.",
            "context": {"ids": ["x@y.test"]},
            "errors": [],
            "links": {},
        }
    ]


async def test_batch_statuses_are_as_recorded() -> None:
    """Create 201, update 200, archive 204 with an empty body (February 2022)."""
    async with talking_to(a_crm_world()) as client:
        root = "/crm/v3/objects/COMPANY/batch"
        created = await client.post(
            f"{root}/create", json={"inputs": [{"properties": {"name": "bossa"}}]}
        )
        ids = [{"id": row["id"]} for row in created.json()["results"]]
        rows = [{**row, "properties": {"name": "samba"}} for row in ids]
        updated = await client.post(f"{root}/update", json={"inputs": rows})
        archived = await client.post(f"{root}/archive", json={"inputs": ids})

    assert [a.status_code for a in (created, updated, archived)] == [201, 200, 204]
    assert set(created.json()) == {"status", "results", "startedAt", "completedAt"}
    assert updated.json()["results"][0]["properties"]["name"] == "samba"
    assert archived.content == b""


async def test_an_owner_looks_as_recorded() -> None:
    """An active owner without teams has exactly the recorded keys, user ids as numbers."""
    made = a_crm_world()
    async with talking_to(made) as client:
        answer = await client.get(f"/crm/v3/owners/{made.owner_id(0)}")

    user_id = made.user_ids[0]
    assert answer.json() == {
        "id": str(made.owner_id(0)),
        "email": "anna.berg@acme.test",
        "type": "PERSON",
        "firstName": "Anna",
        "lastName": "Berg",
        "userId": user_id,
        "userIdIncludingInactive": user_id,
        "createdAt": "2026-11-20T09:30:00.000Z",
        "updatedAt": "2026-11-20T09:30:00.000Z",
        "archived": False,
    }


@pytest.mark.parametrize(("switch", "told"), [("kept", True), ("null", False)])
async def test_an_archived_owner_keeps_its_id(switch: str, told: bool) -> None:
    """Archived owners keep id and usually userIdIncludingInactive, never userId (owners guide)."""
    made = a_crm_world(archived_owner_user=switch)
    archive_owner(made.portal, made.user_ids[1], NOW)
    async with talking_to(made) as client:
        listed = (await client.get("/crm/owners/2026-03?archived=true")).json()["results"]
        active = (await client.get("/crm/v3/owners")).json()["results"]

    assert [row["id"] for row in listed] == [str(made.owner_id(1))]
    assert "userId" not in listed[0]
    assert ("userIdIncludingInactive" in listed[0]) == told
    assert listed[0]["id"] not in [row["id"] for row in active]


@pytest.mark.parametrize(
    "path",
    ["/crm/v3/objects/users?limit=ten", "/crm/v3/owners?after=x", "/crm/v3/owners?archived=maybe"],
)
@pytest.mark.parametrize(("switch", "told"), [("present", True), ("absent", False)])
async def test_a_bad_parameter_is_named(path: str, switch: str, told: bool) -> None:
    """400 'Unable to parse value for query parameter', recorded without category (April 2026)."""
    async with talking_to(a_crm_world(bad_parameter_category=switch)) as client:
        answer = await client.get(path)

    assert answer.status_code == 400
    assert answer.json()["message"].startswith("Unable to parse value for query parameter: ")
    assert ("category" in answer.json()) == told


async def test_missing_scopes_name_what_would_do() -> None:
    """403 lists the scopes any one of which would have sufficed (nodejs issue 268)."""
    made = a_crm_world()
    token = made.world.tokens.find(TOKEN)
    assert token is not None
    token.scopes = frozenset({"crm.objects.users.read"})
    async with talking_to(made) as client:
        allowed = await client.get("/crm/v3/objects/users")
        refused = await client.patch("/crm/v3/objects/users/1", json={"properties": {}})
        owners = await client.get("/crm/owners/2026-09")

    assert allowed.status_code == 200
    assert refused.status_code == owners.status_code == 403
    context = refused.json()["errors"][0]["context"]
    assert context == {"requiredGranularScopes": ["crm.objects.users.write"]}
