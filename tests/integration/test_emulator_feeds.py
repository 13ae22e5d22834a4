"""Account details and the activity feeds over HTTP."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from typing import Any

import pytest

from hubspot_emulator.app import create_world
from hubspot_emulator.feeds.model import DROPPED
from tests.support.emulator import Emulator, a_token, running

VERSIONS = ("v3", "2025-09", "2026-03", "2026-09")


@pytest.fixture
async def acme() -> AsyncIterator[Emulator]:
    """The acme seed without limits."""
    async with running(create_world(seed="acme", limits="off")) as started:
        yield started


async def _all(emulator: Emulator, path: str, **query: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    while True:
        body = (await emulator.get(path, params=query)).json()
        rows += body["results"]
        if "paging" not in body:
            return rows
        query["after"] = body["paging"]["next"]["after"]


class TestAccount:
    @pytest.mark.parametrize("version", VERSIONS)
    async def test_details(self, emulator: Emulator, version: str) -> None:
        """All nine facts, and no tier."""
        body = (await emulator.get(f"/account-info/{version}/details")).json()

        assert set(body) == {
            *("portalId", "accountType", "timeZone", "companyCurrency", "additionalCurrencies"),
            *("utcOffset", "utcOffsetMilliseconds", "uiDomain", "dataHostingLocation"),
        }
        assert body["portalId"] == emulator.portal.id

    async def test_usage_counts_private_apps(self) -> None:
        """Each call counts; the day ends at midnight in the portal's zone."""
        async with running(create_world(seed="tiny")) as emulator:
            path = "/account-info/v3/api-usage/daily/private-apps"
            first = (await emulator.get(path)).json()["results"][0]
            second = (await emulator.get(path)).json()["results"][0]

            assert second["currentUsage"] == first["currentUsage"] + 1
            assert first["usageLimit"] == 1_000_000
            assert first["resetsAt"].endswith((":00:00.000Z", "23:00:00.000Z"))

    async def test_old_me(self, emulator: Emulator) -> None:
        """Connectors still ask the old path for the portal id."""
        assert (await emulator.get("/integrations/v1/me")).json()["portalId"] == emulator.portal.id


class TestFeeds:
    @pytest.mark.parametrize("feed", ["login", "security", "audit-logs"])
    @pytest.mark.parametrize("version", VERSIONS)
    async def test_pages_give_each_row_once(self, acme: Emulator, feed: str, version: str) -> None:
        """Newest first, no row twice, none missing."""
        path = f"/account-info/{version}/activity/{feed}"
        rows = await _all(acme, path, limit=50)
        at = [row.get("loginAt") or row.get("createdAt") or row["occurredAt"] for row in rows]

        assert at == sorted(at, reverse=True)
        assert len({row["id"] for row in rows}) == len(rows) > 5

    async def test_2026_09_dropped_types(self, acme: Emulator) -> None:
        """Twelve types are told by older versions only."""
        old = {row["type"] for row in await _all(acme, "/account-info/v3/activity/security")}
        new = {row["type"] for row in await _all(acme, "/account-info/2026-09/activity/security")}

        assert old - new == old & DROPPED == {"SERVICE_KEY_AUTO_ROTATE"}

    async def test_security_filters(self, acme: Emulator) -> None:
        """By acting user and by time in milliseconds."""
        path = "/account-info/v3/activity/security"
        who = acme.world.identity("kwame.mensah@acme.test")
        assert who is not None
        rows = await _all(acme, path, userId=who.id)
        edge = int(acme.portal.feeds.security.in_order()[-20].at.timestamp() * 1000)
        recent = await _all(acme, path, fromTimestamp=edge)

        assert {row["actingUser"] for row in rows} == {"kwame.mensah@acme.test"}
        assert 19 <= len(recent) <= 21

    async def test_deactivated_by_rule_has_no_person_behind_it(self, acme: Emulator) -> None:
        """The automatic rule acts as nobody."""
        rows = await _all(acme, "/account-info/v3/activity/security")
        by_rule = [row for row in rows if row["type"] == "DEACTIVATE_USER" and not row["userId"]]

        assert len(by_rule) >= 2
        assert all("actingUser" not in row for row in by_rule)

    async def test_audit_log_sorts_and_filters(self, acme: Emulator) -> None:
        """Oldest first on request, by several actors, between instants."""
        path = "/account-info/2026-03/activity/audit-logs"
        up = await _all(acme, path, sort="occurredAt", limit=2)
        down = await _all(acme, path)
        who = up[0]["actingUser"]["userId"]
        some = await _all(acme, path, actingUserId=[who])
        later = await _all(acme, path, occurredAfter=up[0]["occurredAt"])

        assert [row["id"] for row in up] == [row["id"] for row in reversed(down)]
        assert {row["actingUser"]["userId"] for row in some} == {who}
        assert len(later) in (len(up) - 1, len(up))

    async def test_audit_log_is_enterprise_only(self) -> None:
        """Other tiers are refused; log-ins and security are not."""
        async with running(create_world(seed="acme", tier="professional")) as emulator:
            base = "/account-info/v3/activity"
            codes = [
                (await emulator.get(f"{base}/{feed}")).status_code
                for feed in ("audit-logs", "login", "security")
            ]

        assert codes == [403, 200, 200]

    async def test_scope_is_needed(self, emulator: Emulator) -> None:
        """403 names the one scope."""
        poor = a_token(emulator.world, scopes=frozenset({"oauth"}))
        headers = {"Authorization": f"Bearer {poor.value}"}
        answer = await emulator.get("/account-info/v3/activity/login", headers=headers)

        assert answer.status_code == 403
        assert answer.json()["errors"][0]["context"] == {
            "requiredGranularScopes": ["account-info.security.read"]
        }

    @pytest.mark.parametrize(
        "query",
        [
            "limit=201",
            "limit=0",
            "limit=x",
            "after=x",
            "userId=x",
            "fromTimestamp=99999999999999999",
        ],
    )
    async def test_bad_parameters(self, emulator: Emulator, query: str) -> None:
        """400, never a page of something else."""
        answer = await emulator.get(f"/account-info/v3/activity/security?{query}")

        assert answer.status_code == 400


class TestFilesOfHubSpot:
    async def test_users_export_variants(self, acme: Emulator) -> None:
        """The file comes as asked; nonsense is named."""
        path = "/_emulator/users-export.csv"
        plain = await acme.get(path)
        german = await acme.get(
            f"{path}?language=de&separator=semicolon&encoding=bom&deactivated=1"
        )
        wrong = await acme.get(f"{path}?colour=red")
        rows = [*csv.DictReader(io.StringIO(plain.text, newline=""))]

        assert plain.headers["content-type"] == "text/csv"
        assert len(rows) == len(acme.portal.members)
        assert german.content.startswith("\ufeffBenutzer-ID;Vorname".encode())
        assert wrong.status_code == 400

    async def test_permission_history(self, acme: Emulator) -> None:
        """Ninety days of one user, or of everybody."""
        path = "/_emulator/permission-history.csv"
        everybody = (await acme.get(path)).text.splitlines()
        one = (await acme.get(f"{path}?user=sofia.andersson@acme.test")).text.splitlines()

        assert everybody[0] == "User,Permission,Action,Updated by,Date"
        assert len(one) == 3
        assert not any("felix.braun" in line for line in everybody)

    async def test_permission_history_of_the_api(self, acme: Emulator) -> None:
        """A set given by the API is written down permission by permission, and when it goes too."""
        path = "/_emulator/permission-history.csv?user=new.hand@acme.test"
        wish = {"email": "new.hand@acme.test", "sendWelcomeEmail": False}
        user_id = (await acme.send("POST", "/settings/v3/users", wish)).json()["id"]
        one = next(s for s in acme.portal.permission_sets.values() if not s.seats)
        there = f"/settings/v3/users/{user_id}"
        given = await acme.send("PUT", there, {"roleId": str(one.id)})
        after_giving = (await acme.get(path)).text.splitlines()[1:]
        taken = await acme.send("PUT", there, {"firstName": None})
        after_taking = (await acme.get(path)).text.splitlines()[1:]

        assert (given.status_code, taken.status_code) == (200, 200), given.text
        assert sum(",Create," in line for line in after_giving) >= len(one.permissions) - 1
        assert len(after_taking) >= 2 * len(after_giving) - 2
        assert sum(",Delete," in line for line in after_taking) >= len(one.permissions) - 1

    async def test_truth(self, acme: Emulator) -> None:
        """Stored, effective, and where access comes from."""
        body = (await acme.get("/_emulator/truth")).json()
        people = {one["email"]: one for one in body["users"]}
        sources = {one["source"] for one in body["users"]}
        viewer = people["victor.silva@acme.test"]

        assert {"super_admin", "sets", "individual"} <= sources
        assert "crm_tools.export" in viewer["stored"]
        assert "crm_tools.export" not in viewer["effective"]
        assert set(body["ceilings"]) == set(acme.portal.seats)
