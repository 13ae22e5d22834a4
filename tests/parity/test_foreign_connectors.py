"""Request sequences of connectors nobody here wrote, replayed: paging, joins, writes, absence.

Each class names whose habits it has; the code is ours.
"""

from __future__ import annotations

from typing import Any

import pytest

from hubspot_emulator.app import create_world
from tests.support.emulator import Emulator, running

JSON = {"Accept": "application/json", "Content-Type": "application/json"}
USERS = "/settings/v3/users"


@pytest.fixture
async def acme() -> Any:
    """The messy portal, without limits, in process."""
    async with running(create_world(limits="off")) as started:
        yield started


async def _pages(emulator: Emulator, path: str, limit: int, **query: Any) -> list[dict[str, Any]]:
    """Follow `after` until a page names none, as every one of these clients does."""
    rows: list[dict[str, Any]] = []
    seen: set[str] = set()
    after = ""
    while True:
        asked = {"limit": str(limit), **query, **({"after": after} if after else {})}
        answer = await emulator.get(path, params=asked, headers=JSON)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        rows += page["results"]
        after = page.get("paging", {}).get("next", {}).get("after", "")
        if not after:
            return rows
        assert after not in seen, "a cursor came twice"
        seen.add(after)


class TestBatonHubspot:
    """An identity connector: everybody, roles, teams, deactivated users, last log-in."""

    async def test_reads_the_portal(self, acme: Emulator) -> None:
        """Its joins hold: roles and teams of users exist, deactivated ids are settings ids."""
        users = await _pages(acme, USERS, 50)
        roles = (await acme.get(f"{USERS}/roles", headers=JSON)).json()["results"]
        teams = (await acme.get(f"{USERS}/teams", headers=JSON)).json()["results"]
        wish = {
            "filterGroups": [
                {"filters": [{"propertyName": "hs_deactivated", "operator": "EQ", "value": "true"}]}
            ],
            "properties": ["hs_deactivated", "hs_internal_user_id"],
            "limit": 50,
        }
        found = (await acme.send("POST", "/crm/v3/objects/users/search", wish)).json()["results"]
        ids = {user["id"] for user in users}

        assert len(users) == len(ids)
        assert {user["roleId"] for user in users if "roleId" in user} <= {
            one["id"] for one in roles
        }
        assert {one for team in teams for one in team["userIds"]} <= ids
        assert {row["properties"]["hs_internal_user_id"] for row in found} & ids

    async def test_last_login_and_limits(self, acme: Emulator) -> None:
        """Five log-ins of one user, newest first, and rate headers that are numbers."""
        acme.world.limits.mode = "real"
        user_id = next(iter(acme.portal.members))
        asked = {"limit": "5", "userId": str(user_id)}
        answer = await acme.get("/account-info/v3/activity/login", params=asked, headers=JSON)
        times = [row["loginAt"] for row in answer.json()["results"]]

        assert times == sorted(times, reverse=True)
        assert answer.headers["X-HubSpot-RateLimit-Remaining"].isdecimal()
        assert answer.headers["X-HubSpot-RateLimit-Max"].isdecimal()

    async def test_takes_a_role_away_with_an_empty_body(self, acme: Emulator) -> None:
        """PUT {} is its revocation, and the answer must be JSON."""
        users = await _pages(acme, USERS, 100)
        holder = next(u for u in users if "roleId" in u and not u["superAdmin"])
        answer = await acme.send("PUT", f"{USERS}/{holder['id']}", {}, headers=JSON)

        assert answer.status_code == 200
        assert "roleId" not in answer.json()


class TestTerraformProviders:
    """Two providers: one by e-mail on v3, one on 2026-03 with proofs of absence."""

    async def test_life_of_a_user_by_email(self, acme: Emulator) -> None:
        """Create, conflict, read, change and delete, all by raw e-mail."""
        body = {"email": "tf@acme.test", "roleId": "", "sendWelcomeEmail": True}
        body.pop("roleId")  # its second struct leaves the role out
        path = f"{USERS}/tf@acme.test?idProperty=EMAIL"
        made = await acme.send("POST", f"{USERS}/", body, headers=JSON)
        twice = await acme.send("POST", f"{USERS}/", body, headers=JSON)
        read = await acme.get(path)
        gone = await acme.send("DELETE", path)
        absent = await acme.get(path)

        told = [one.status_code for one in (made, twice, read, gone, absent)]
        assert told == [201, 409, 200, 204, 404]
        assert read.json()["id"] == made.json()["id"]

    async def test_absence_is_proved_three_times(self, acme: Emulator) -> None:
        """By id, by e-mail, and by the list; the same e-mail comes back under the same id."""
        base = "/settings/users/2026-03"
        body = {"email": "gone@acme.test", "sendWelcomeEmail": False, "firstName": "G"}
        made = (await acme.send("POST", base, body, headers=JSON)).json()
        names = await acme.send("PUT", f"{base}/{made['id']}", {"firstName": "H", "lastName": "I"})
        await acme.send("DELETE", f"{base}/{made['id']}")
        by_id = await acme.get(f"{base}/{made['id']}")
        by_email = await acme.get(f"{base}/gone%40acme.test?idProperty=EMAIL")
        listed = {user["id"] for user in await _pages(acme, base, 100)}
        back = await acme.send("POST", base, body, headers=JSON)

        assert (names.status_code, "USER_NOT_ON_ANY_HUBS" in names.text) == (400, True)
        assert (by_id.status_code, by_email.status_code) == (404, 404)
        assert made["id"] not in listed
        assert back.json()["id"] == made["id"]

    async def test_profile_joined_over_the_crm_list(self, acme: Emulator) -> None:
        """Exactly one CRM record carries a settings id; unset properties come as null."""
        root = "/crm/objects/2026-03/users"
        rows = await _pages(acme, root, 100, properties="hs_internal_user_id")
        ids = [row["properties"]["hs_internal_user_id"] for row in rows]
        query = "?archived=false&dataSensitivity=non_sensitive&locale=en"
        named = await acme.get(f"/crm/properties/2026-03/users{query}")
        one = await acme.get(f"{root}/{rows[0]['id']}?properties=hs_internal_user_id,hs_job_title")

        assert len(set(ids)) == len(ids)
        assert one.json()["properties"].keys() >= {"hs_internal_user_id", "hs_job_title"}
        assert "hs_working_hours" in {row["name"] for row in named.json()["results"]}


class TestSyncPlatforms:
    """Nango, Onyx and the like: owners, users of 2026-09, and who may see a record."""

    async def test_owners_and_users(self, acme: Emulator) -> None:
        """Every owner with a userId is a user; pages of 100 with `archived` told outright."""
        owners = await _pages(acme, "/crm/v3/owners", 100, archived="false")
        users = {int(user["id"]) for user in await _pages(acme, f"{USERS}/", 100)}

        assert {owner["userId"] for owner in owners if "userId" in owner} <= users

    async def test_viewers_of_a_record(self, acme: Emulator) -> None:
        """Portal id by the old call, one contact, its viewers, each a user of the 2026-09 list."""
        portal_id = (await acme.get("/integrations/v1/me")).json()["portalId"]
        contact = (await acme.get("/crm/v3/objects/contacts?limit=1")).json()["results"][0]
        name = f"hcrn:{portal_id}:crm-object:0-1:{contact['id']}"
        path = "/resource-permissions/v3/permitted-users"
        answer = await acme.get(path, params={"resource": [name]})
        users = {int(user["id"]) for user in await _pages(acme, "/settings/users/2026-09", 100)}
        seen = answer.json()["resources"][name]["crm-object:VIEW"]["permittedUsers"]

        assert seen
        assert {int(str(one)) for one in seen} <= users


class TestDataLoaders:
    """A Singer tap and a pipeline library: every type with its properties, then its records."""

    TYPES = ("calls", "companies", "contacts", "deals", "line_items", "notes", "quotes", "tickets")

    @pytest.mark.parametrize("kind", TYPES)
    async def test_discovers_then_searches_by_date(self, acme: Emulator, kind: str) -> None:
        """Discovery reads properties of every type; records come by date of change, then by id."""
        names = (await acme.get(f"/crm/v3/properties/{kind}")).json()["results"]
        changed = "lastmodifieddate" if kind == "contacts" else "hs_lastmodifieddate"
        since = [
            {"propertyName": changed, "operator": "GTE", "value": "1577836800000"},
            {"propertyName": "hs_object_id", "operator": "GTE", "value": "0"},
        ]
        wish = {
            "filterGroups": [{"filters": since}],
            "sorts": [{"propertyName": "hs_object_id", "direction": "ASCENDING"}],
            "properties": [row["name"] for row in names],
            "limit": 100,
        }
        answer = await acme.send("POST", f"/crm/v3/objects/{kind}/search", wish)

        assert {"hs_object_id"} <= {row["name"] for row in names}
        assert answer.status_code == 200
        assert answer.json()["total"] >= len(answer.json()["results"])

    @pytest.mark.parametrize(
        ("kind", "wanted"),
        [
            ("contacts", {"createdate", "email", "lastmodifieddate", "hs_object_id"}),
            ("products", {"createdate", "description", "hs_lastmodifieddate", "name", "price"}),
            ("quotes", {"hs_createdate", "hs_expiration_date", "hs_status", "hs_title"}),
        ],
    )
    async def test_default_properties_exist(
        self, acme: Emulator, kind: str, wanted: set[str]
    ) -> None:
        """A pipeline library refuses to start when a property it reads by default is missing."""
        rows = (await acme.get(f"/crm/v3/properties/{kind}")).json()["results"]

        assert wanted <= {row["name"] for row in rows}

    async def test_reads_properties_and_pipelines_in_old_forms(self, acme: Emulator) -> None:
        """Two loaders take types from version 2 and stages from the first pipelines API (2026)."""
        old = (await acme.get("/properties/v2/deal/properties")).json()
        new = (await acme.get("/crm/v3/properties/deals")).json()["results"]
        pipelines = (await acme.get("/crm-pipelines/v1/pipelines/deals")).json()["results"]
        unknown = await acme.get("/properties/v2/widgets/properties")

        assert [row["name"] for row in old] == [row["name"] for row in new]
        assert {row["type"] for row in old} >= {"string", "number", "datetime"}
        assert isinstance(old[0]["updatedAt"], int)
        assert pipelines[0]["pipelineId"] == "default"
        assert [stage["stageId"] for stage in pipelines[0]["stages"]][-1] == "closedlost"
        assert unknown.status_code == 400

    async def test_asks_for_associations_of_types_without_records(self, acme: Emulator) -> None:
        """Lists ask for associations with products and quotes beside those there are."""
        asked = "deals,products,tickets,quotes"
        rows = await _pages(acme, "/crm/v3/objects/contacts", 100, associations=asked)
        archived = await acme.get("/crm/v3/objects/contacts", params={"archived": "true"})

        assert rows
        assert archived.status_code == 200


class TestAccessReviews:
    """A compliance platform: roles, users, archived owners and log-ins, merged by id and e-mail."""

    async def test_deactivated_users_by_their_owners(self, acme: Emulator) -> None:
        """An archived owner names its user by id even when the list of users has him no more."""
        users = {user["id"] for user in await _pages(acme, USERS, 100)}
        owners = await _pages(acme, "/crm/v3/owners", 100, archived="true")
        logins = await _pages(acme, "/account-info/v3/activity/login", 200)
        gone = {str(one["userIdIncludingInactive"]) for one in owners}

        assert gone & users  # deactivated, still listed
        assert gone - users  # removed
        assert all("userId" not in one for one in owners)
        assert {str(row["userId"]) for row in logins if row["loginSucceeded"]} & users


class TestOfficialMcp:
    """HubSpot's own MCP server (0.4.0, 2026): token, account and owner before anything else."""

    async def test_who_am_i(self, acme: Emulator) -> None:
        """Token info names the user whose owner is read next, by user id."""
        path = "/oauth/v2/private-apps/get/access-token-info"
        token = (await acme.send("POST", path, {"tokenKey": acme.token})).json()
        details = (await acme.get("/account-info/v3/details")).json()
        owner = await acme.get(f"/crm/v3/owners/{token['userId']}?idProperty=userId&archived=false")

        assert token["hubId"] == details["portalId"]
        assert owner.json()["userId"] == token["userId"]

    async def test_links_two_records(self, acme: Emulator) -> None:
        """Labels first, then the link, then the same link read back."""
        contact, company = [
            (await acme.get(f"/crm/v3/objects/{kind}?limit=1")).json()["results"][0]["id"]
            for kind in ("contacts", "companies")
        ]
        root = "/crm/v4/associations/contacts/companies"
        labels = (await acme.get(f"{root}/labels")).json()["results"]
        spec = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": labels[-1]["typeId"]}
        pair = {"from": {"id": contact}, "to": {"id": company}, "types": [spec]}
        made = await acme.send("POST", f"{root}/batch/create", {"inputs": [pair]})
        listed = await acme.get(f"/crm/v4/objects/contacts/{contact}/associations/companies")

        assert made.status_code == 201
        assert [row["toObjectId"] for row in listed.json()["results"]] == [company]
