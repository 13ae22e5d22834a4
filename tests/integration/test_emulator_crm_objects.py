"""CRM records through the emulator's HTTP: paths, paging, writes, batches, properties, owners."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx2
import pytest

from hubspot_emulator.crm.generate import define_user_property, give_records
from hubspot_emulator.crm.store import archive_owner
from hubspot_emulator.world import Team
from tests.support.crm import NOW, CrmWorld, a_crm_world, talking_to, where

FORMS = (
    "/crm/v3/objects/users",
    "/crm/v3/objects/0-115",
    "/crm/objects/2026-03/users",
    "/crm/objects/2026-09/0-115",
    "/crm/objects/2026-09-beta/users",
    "/crm/v3/objects/users/",
)


async def _all(client: httpx2.AsyncClient, path: str, **query: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    after: str | None = "0"
    while after is not None:
        body = (await client.get(path, params={**query, "after": after})).json()
        rows.extend(body["results"])
        after = body.get("paging", {}).get("next", {}).get("after")
    return rows


def _labels(definitions: list[dict[str, Any]]) -> dict[str, str]:
    return {definition["label"]: definition["name"] for definition in definitions}


class TestUsers:
    @pytest.mark.parametrize("form", FORMS)
    async def test_every_path_form_lists(self, form: str) -> None:
        """Each way of writing the path gives the same users with the three joined ids."""
        made = a_crm_world()
        wanted = "hs_internal_user_id,hubspot_owner_id,hs_email"
        async with talking_to(made) as client:
            rows = await _all(client, form, limit=2, properties=wanted)

        assert [row["properties"]["hs_internal_user_id"] for row in rows] == [
            str(user_id) for user_id in made.user_ids
        ]
        assert [row["properties"]["hubspot_owner_id"] for row in rows] == [
            str(made.owner_id(place)) for place in range(4)
        ]
        assert len({row["id"] for row in rows} & set(map(str, made.user_ids))) == 0

    async def test_unrequested_properties_are_absent(self) -> None:
        """Without `properties` only dates and the id are shown; unknown names are ignored."""
        made = a_crm_world()
        async with talking_to(made) as client:
            bare = (await client.get(f"{FORMS[0]}/{made.record_id(0)}")).json()["properties"]
            asked = await client.get(f"{FORMS[0]}/{made.record_id(0)}?properties=hs_email,nope")

        assert set(bare) == {"hs_createdate", "hs_lastmodifieddate", "hs_object_id"}
        assert set(asked.json()["properties"]) == {*bare, "hs_email"}

    @pytest.mark.parametrize(
        ("name", "key"),
        [
            ("hs_internal_user_id", lambda made: str(made.user_ids[1])),
            ("hs_email", lambda made: "BEN.OKAFOR@acme.test"),
            ("hubspot_owner_id", lambda made: str(made.owner_id(1))),
        ],
    )
    async def test_a_unique_property_names_a_user(self, name: str, key: Any) -> None:
        """Users are found by settings id, e-mail and owner id with `idProperty`."""
        made = a_crm_world()
        async with talking_to(made) as client:
            answer = await client.get(f"{FORMS[0]}/{key(made)}?idProperty={name}")
            batch = await client.post(
                f"{FORMS[0]}/batch/read",
                json={"idProperty": name, "inputs": [{"id": key(made)}], "properties": []},
            )
            wrong = await client.get(f"{FORMS[0]}/x?idProperty=hs_job_title")

        assert answer.json()["id"] == str(made.record_id(1))
        assert batch.json()["results"][0]["id"] == str(made.record_id(1))
        assert wrong.status_code == 400

    async def test_display_properties_follow_the_membership(self) -> None:
        """Seat, sets, teams and last activity are found by label and are always current."""
        made = a_crm_world()
        member = made.portal.members[made.user_ids[0]]
        made.portal.teams[7] = Team(7, "Sales")
        member.seat_names, member.main_team_id = ["Core"], 7
        member.last_login_at = NOW - timedelta(days=3)
        async with talking_to(made) as client:
            labels = _labels((await client.get("/crm/v3/properties/users")).json()["results"])
            names = [labels[x] for x in ("Seat", "Main team", "Last Active", "Permission Sets")]
            path = f"{FORMS[0]}/{made.record_id(0)}?properties={','.join(names)}"
            shown = (await client.get(path)).json()["properties"]
            member.deactivated_at = NOW
            found = await client.post(
                f"{FORMS[0]}/search", json=where("hs_deactivated", "EQ", "true")
            )

        assert [shown[name] for name in names] == [
            "Core",
            "Sales",
            "2026-11-17T09:30:00.000Z",
            None,
        ]
        assert [row["id"] for row in found.json()["results"]] == [str(made.record_id(0))]

    async def test_a_portal_may_lack_display_properties(self) -> None:
        """Under the switch, display properties are neither listed, shown nor searchable."""
        made = a_crm_world(user_display_properties="absent")
        seat = next(n for n in made.portal.crm.users.definitions if "seat" in n)
        async with talking_to(made) as client:
            labels = _labels((await client.get("/crm/v3/properties/0-115")).json()["results"])
            shown = await client.get(f"{FORMS[0]}/{made.record_id(0)}?properties={seat}")
            found = await client.post(f"{FORMS[0]}/search", json=where(seat, "EQ", "Core"))

        assert "Seat" not in labels
        assert seat not in shown.json()["properties"]
        assert found.status_code == 400

    async def test_only_writable_properties_are_written(self) -> None:
        """Job title is writable; e-mail and display properties answer READ_ONLY_VALUE."""
        made = a_crm_world()
        path = f"{FORMS[0]}/{made.record_id(2)}"
        async with talking_to(made) as client:
            done = await client.patch(path, json={"properties": {"hs_job_title": "Closer"}})
            refused = await client.patch(path, json={"properties": {"hs_email": "x@y.test"}})
            history = await client.get(f"{path}?propertiesWithHistory=hs_job_title")

        assert done.json()["properties"]["hs_job_title"] == "Closer"
        assert refused.json()["errors"][0]["code"] == "READ_ONLY_VALUE"
        assert history.json()["propertiesWithHistory"]["hs_job_title"][0]["value"] == "Closer"

    @pytest.mark.parametrize(("answer", "status"), [("record", 201), ("refuse", 400)])
    async def test_creating_makes_no_membership(self, answer: str, status: int) -> None:
        """A created CRM user is at most a record: nobody joins the portal by it."""
        made = a_crm_world(crm_user_create=answer)
        async with talking_to(made) as client:
            created = await client.post(FORMS[0], json={"properties": {"hs_job_title": "Ghost"}})
            rows = await _all(client, FORMS[0], properties="hs_email")

        assert created.status_code == status
        assert len(made.portal.members) == 4
        assert len(rows) == (5 if status == 201 else 4)


class TestOtherTypes:
    async def test_they_are_there_and_empty(self) -> None:
        """What HubSpot ships beside the five has no record, not even an unknown name."""
        async with talking_to(a_crm_world()) as client:
            listed = await client.get("/crm/v3/objects/notes?limit=100")
            found = await client.post("/crm/objects/2026-03/0-48/search", json={"limit": 100})
            names = (await client.get("/crm/v3/properties/line_items")).json()["results"]
            absent = await client.get("/crm/v3/objects/quotes/1")
            pipelines = await client.get("/crm/v3/pipelines/leads")
            unknown = await client.get("/crm/v3/properties/widgets")

        assert listed.json() == pipelines.json() == {"results": []}
        assert found.json() == {"total": 0, "results": []}
        assert {"hs_object_id", "hubspot_owner_id"} <= {row["name"] for row in names}
        assert (absent.status_code, unknown.status_code) == (404, 400)

    async def test_nothing_of_them_belongs_to_anybody(self) -> None:
        """Associations with them are asked for by connectors and are none."""
        async with talking_to(a_crm_world()) as client:
            body = {"properties": {"email": "kim@customer.test"}}
            contact = (await client.post("/crm/v3/objects/contacts", json=body)).json()["id"]
            path = f"/crm/v4/objects/contacts/{contact}/associations/notes"
            listed = await client.get(path)
            wish = {"inputs": [{"id": contact}]}
            batch = await client.post("/crm/v4/associations/contacts/notes/batch/read", json=wish)

        assert listed.json() == {"results": []}
        assert (batch.status_code, batch.json()["results"]) == (207, [])


class TestRecords:
    async def test_read_change_archive(self) -> None:
        """A record lives through create, change, archive; then only `archived=true` shows it."""
        async with talking_to(a_crm_world()) as client:
            root = "/crm/v3/objects/tickets"
            made = (await client.post(root, json={"properties": {"subject": "Help"}})).json()
            changed = await client.patch(
                f"{root}/{made['id']}", json={"properties": {"content": "!"}}
            )
            gone = [await client.delete(f"{root}/{made['id']}") for _ in range(2)]
            missing = await client.get(f"{root}/{made['id']}")
            kept = (await client.get(f"{root}?archived=true")).json()["results"]

        assert changed.json()["properties"]["content"] == "!"
        assert "subject" not in changed.json()["properties"]
        assert [answer.status_code for answer in gone] == [204, 204]
        assert missing.status_code == 404
        assert [(row["id"], row["archived"]) for row in kept] == [(made["id"], True)]
        assert kept[0]["archivedAt"] == "2026-11-20T09:30:00.000Z"

    async def test_bad_values_change_nothing(self) -> None:
        """One bad value refuses the write, and every bad value is named."""
        made = a_crm_world()
        async with talking_to(made) as client:
            values = {"dealname": "A", "amount": "lots", "hubspot_owner_id": "1", "dealtype": "old"}
            answer = await client.post("/crm/v3/objects/deals", json={"properties": values})
            listed = (await client.get("/crm/v3/objects/deals")).json()["results"]

        names = [error["context"]["propertyName"][0] for error in answer.json()["errors"]]
        assert (answer.status_code, names) == (400, ["amount", "hubspot_owner_id", "dealtype"])
        assert listed == []

    @pytest.mark.parametrize(("answer", "status"), [("accept", 200), ("refuse", 400)])
    async def test_archived_owners_and_new_records(self, answer: str, status: int) -> None:
        """Whether an archived owner may be given a record is a switch."""
        made = a_crm_world(archived_owner_gets_records=answer)
        ids = give_records(made.portal, "deals", made.owner_id(0), 1, until=NOW)
        archive_owner(made.portal, made.user_ids[1], NOW)
        async with talking_to(made) as client:
            done = await client.patch(
                f"/crm/v3/objects/deals/{ids[0]}",
                json={"properties": {"hubspot_owner_id": str(made.owner_id(1))}},
            )

        assert done.status_code == status

    async def test_unknown_types_are_named(self) -> None:
        """An unknown object type is 400, not an HTML page."""
        async with talking_to(a_crm_world()) as client:
            answers = [
                await client.get(f"/crm/v3/{part}/widgets") for part in ("objects", "properties")
            ]

        assert [answer.status_code for answer in answers] == [400, 400]
        assert answers[0].json()["message"] == "Unable to infer object type from: widgets"


class TestBatches:
    async def test_a_batch_with_a_bad_value_changes_nothing(self) -> None:
        """Bad values refuse the whole batch before any record changes."""
        made = a_crm_world()
        ids = give_records(made.portal, "deals", made.owner_id(0), 3, until=NOW)
        rows = [{"id": str(i), "properties": {"amount": "5"}} for i in ids]
        rows[2]["properties"] = {"amount": "x"}
        before = [made.portal.crm.objects["deals"].records[i].properties["amount"] for i in ids]
        async with talking_to(made) as client:
            answer = await client.post("/crm/v3/objects/deals/batch/update", json={"inputs": rows})

        records = made.portal.crm.objects["deals"].records
        assert answer.status_code == 400
        assert [records[i].properties["amount"] for i in ids] == before

    async def test_missing_records_fail_alone(self) -> None:
        """Absent ids are told in a 207 while the others are changed."""
        made = a_crm_world()
        ids = give_records(made.portal, "contacts", made.owner_id(0), 2, until=NOW)
        rows = [{"id": str(i), "properties": {"jobtitle": "CFO"}} for i in (*ids, 99)]
        async with talking_to(made) as client:
            answer = await client.post("/crm/v3/objects/0-1/batch/update", json={"inputs": rows})

        assert answer.status_code == 207
        assert answer.json()["errors"][0]["context"] == {"ids": ["99"]}
        assert [r["properties"]["jobtitle"] for r in answer.json()["results"]] == ["CFO", "CFO"]

    async def test_upsert_tells_what_is_new(self) -> None:
        """Upsert by e-mail changes the known contact and creates the other."""
        made = a_crm_world()
        rows = [
            {"idProperty": "email", "id": f"{name}@x.test", "properties": {"jobtitle": name}}
            for name in ("ann", "bob")
        ]
        async with talking_to(made) as client:
            path = "/crm/objects/2026-03/contacts/batch/upsert"
            first = await client.post(path, json={"inputs": rows[:1]})
            second = await client.post(path, json={"inputs": rows})

        assert [row["new"] for row in first.json()["results"]] == [True]
        assert [row["new"] for row in second.json()["results"]] == [False, True]

    @pytest.mark.parametrize(
        "inputs",
        [
            [{"id": "1", "properties": {}}] * 101,
            [{"id": "1", "properties": {}}] * 2,
            [{"properties": {}}],
            None,
            ["1"],
        ],
    )
    async def test_bad_batches_are_refused(self, inputs: Any) -> None:
        """Too many, repeated, nameless or shapeless inputs are 400."""
        async with talking_to(a_crm_world()) as client:
            path = "/crm/v3/objects/contacts/batch/update"
            answer = await client.post(path, json={"inputs": inputs})

        assert answer.status_code == 400


class TestHandOver:
    async def test_search_and_batches_move_every_record(self) -> None:
        """Searching by owner and moving a hundred at a time leaves the old owner nothing."""
        made = a_crm_world()
        old, new = str(made.owner_id(0)), str(made.owner_id(1))
        give_records(made.portal, "deals", made.owner_id(0), 350, until=NOW)
        async with talking_to(made) as client:
            rounds = await _hand_over(client, old, new)
            left = await client.post(
                "/crm/v3/objects/deals/search", json=where("hubspot_owner_id", "EQ", old)
            )

        assert rounds == 4
        assert left.json()["total"] == 0
        assert len(made.portal.crm.objects["deals"].owned("hubspot_owner_id", new)) == 350

    async def test_lagging_search_shows_the_old_owner(self) -> None:
        """Under search lag a moved record is still found with its old owner for a while."""
        made = a_crm_world(search_lag="seconds")
        ids = give_records(made.portal, "deals", made.owner_id(0), 1, until=NOW)
        async with talking_to(made) as client:
            await client.patch(
                f"/crm/v3/objects/deals/{ids[0]}",
                json={"properties": {"hubspot_owner_id": str(made.owner_id(1))}},
            )
            by_old = where("hubspot_owner_id", "EQ", str(made.owner_id(0)))
            soon = await client.post("/crm/v3/objects/deals/search", json=by_old)
            made.world.clock.advance(timedelta(seconds=11))
            later = await client.post("/crm/v3/objects/deals/search", json=by_old)

        assert (soon.json()["total"], later.json()["total"]) == (1, 0)

    async def test_paging_ends_at_ten_thousand(self) -> None:
        """The total tells all matches, but paging beyond 10,000 is 400."""
        made = a_crm_world()
        give_records(made.portal, "deals", made.owner_id(0), 10_050, until=NOW)
        body = where("hubspot_owner_id", "EQ", str(made.owner_id(0))) | {"limit": 200}
        async with talking_to(made) as client:
            path = "/crm/v3/objects/deals/search"
            last = await client.post(path, json=body | {"after": "9800"})
            beyond = await client.post(path, json=body | {"after": "10000"})

        assert last.json()["total"] == 10_050
        assert last.json()["paging"]["next"]["after"] == "10000"
        assert beyond.status_code == 400


class TestPropertiesAndOwners:
    async def test_user_properties_are_recognised(self) -> None:
        """Custom user properties are found in the schema by what they reference."""
        made = a_crm_world()
        define_user_property(made.portal, "deals")
        async with talking_to(made) as client:
            rows = (await client.get("/crm/properties/2026-03/deals")).json()["results"]
            one = await client.get("/crm/v3/properties/0-3/second_owner")
            absent = await client.get("/crm/v3/properties/deals/third_owner")

        named = [r["name"] for r in rows if r.get("referencedObjectType") == "OWNER"]
        assert named == ["hubspot_owner_id", "second_owner"]
        assert one.json()["externalOptions"] is True
        assert absent.status_code == 404

    async def test_custom_properties_come_and_go(self) -> None:
        """A created property takes values; archived, it is refused; HubSpot's own stay."""
        async with talking_to(a_crm_world()) as client:
            root = "/crm/v3/properties/contacts"
            body = {
                "name": "badge",
                "label": "Badge",
                "type": "string",
                "fieldType": "text",
                "groupName": "contactinformation",
                "hasUniqueValue": True,
            }
            made = await client.post(root, json=body)
            again = await client.post(root, json=body)
            contact = await client.post(
                "/crm/v3/objects/contacts", json={"properties": {"badge": "B1"}}
            )
            found = await client.get("/crm/v3/objects/contacts/b1?idProperty=badge")
            gone = await client.delete(f"{root}/badge")
            own = await client.delete(f"{root}/email")
            groups = await client.get(f"{root}/groups")

        assert [made.status_code, again.status_code, gone.status_code] == [201, 409, 204]
        assert found.json()["id"] == contact.json()["id"]
        assert own.status_code == 400
        assert groups.json()["results"][0]["name"] == "contactinformation"

    async def test_a_property_batch_names_the_missing(self) -> None:
        """Batch read of definitions is 207 when one is unknown."""
        async with talking_to(a_crm_world()) as client:
            answer = await client.post(
                "/crm/v3/properties/users/batch/read",
                json={"inputs": [{"name": "hs_email"}, {"name": "nope"}], "archived": False},
            )

        assert answer.status_code == 207
        assert [row["name"] for row in answer.json()["results"]] == ["hs_email"]

    async def test_owners_are_paged_filtered_and_found(self) -> None:
        """Owners page by `after`, filter by e-mail, and are found by user id."""
        made = a_crm_world()
        _give_teams(made)
        async with talking_to(made) as client:
            rows = await _all(client, "/crm/owners/2026-09", limit=3)
            one = await client.get("/crm/v3/owners?email=BEN.okafor@acme.test")
            by_user = await client.get(f"/crm/v3/owners/{made.user_ids[1]}?idProperty=userId")
            too_many = await client.get("/crm/v3/owners?limit=501")

        assert [row["userId"] for row in rows] == made.user_ids
        assert one.json()["results"][0]["id"] == by_user.json()["id"] == str(made.owner_id(1))
        assert by_user.json()["teams"] == [
            {"id": "7", "name": "Sales", "primary": True},
            {"id": "8", "name": "Deal Desk", "primary": False},
        ]
        assert too_many.status_code == 400


async def _hand_over(client: httpx2.AsyncClient, old: str, new: str) -> int:
    rounds, body = 0, where("hubspot_owner_id", "EQ", old) | {"limit": 100}
    while rows := (await client.post("/crm/v3/objects/deals/search", json=body)).json()["results"]:
        moved = [{"id": r["id"], "properties": {"hubspot_owner_id": new}} for r in rows]
        await client.post("/crm/v3/objects/deals/batch/update", json={"inputs": moved})
        rounds += 1
    return rounds


def _give_teams(made: CrmWorld) -> None:
    made.portal.teams.update({7: Team(7, "Sales"), 8: Team(8, "Deal Desk")})
    member = made.portal.members[made.user_ids[1]]
    member.main_team_id, member.extra_team_ids = 7, [8]
