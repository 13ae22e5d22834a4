"""HubSpot's side of the User import source: settings, signed events, and the whole journey."""

from __future__ import annotations

import html
import json
import re
from typing import Any

import httpx2
import pytest

from hubspot_emulator.accounts import SAMPLE_TARGET
from hubspot_emulator.import_screen.signing import sign_v1, sign_v2, sign_v3
from hubspot_emulator.seeds.sample_apps import IMPORT_APP, IMPORT_CLIENT
from tests.support.emulator import Emulator

TARGET = "https://staff.example/hooks"
ACCOUNTS = [{"id": "hr", "name": "All staff"}]


class Source(httpx2.AsyncBaseTransport):
    """An app's server: keeps what it is sent, answers as told."""

    def __init__(self, users: list[dict[str, Any]], **envelope: Any) -> None:
        self.users, self.envelope = users, envelope
        self.seen: list[httpx2.Request] = []

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """One event."""
        await request.aread()
        self.seen.append(request)
        event = request.url.path.rpartition("/")[2]
        rows = {"FETCH_ACCOUNTS": {"accounts": ACCOUNTS}, "FETCH_USERS": {"users": self.users}}
        body = json.loads(request.content) | {
            "integrationComponentIdentifier": "USER_IMPORT",
            "eventType": event,
            "payload": rows[event],
            **self.envelope,
        }
        return httpx2.Response(200, json=body)


def _person(number: int, existing: str | None = None, **more: Any) -> dict[str, Any]:
    return {
        "id": f"p{number}",
        "email": f"new{number}@tiny.test",
        "firstName": "New",
        "lastName": f"Number {number}",
        "existingUserId": existing,
        **more,
    }


def _connect(emulator: Emulator, *people: dict[str, Any], **envelope: Any) -> Source:
    app = emulator.world.import_apps[IMPORT_APP]
    source = Source([*people], **envelope)
    app.target_url, app.transport = TARGET, source
    return source


def _screen(emulator: Emulator, rest: str = "") -> str:
    return f"/_emulator/screens/{emulator.portal.id}/users{rest}"


class TestJourney:
    async def test_from_the_settings_to_new_users(self, emulator: Emulator) -> None:
        """Fetch accounts, choose, fetch users, create; who is here already is skipped."""
        source = _connect(
            emulator, _person(1), _person(2, existing="5000002"), _person(3, email="BEN@tiny.test")
        )
        step = f"/import/{IMPORT_APP}"
        listed = await emulator.get(_screen(emulator, "/create"))
        accounts = await emulator.get(_screen(emulator, step))
        people = await emulator.client.post(
            _screen(emulator, f"{step}/people"), data={"account": "hr"}
        )
        offered = re.findall(r'name="user" value="([^"]*)"( disabled)?', people.text)
        chosen = [html.unescape(row) for row, _ in offered]  # even those greyed out
        form = {"user": chosen, "seat": "View-Only", "role": ""}
        done = await emulator.client.post(_screen(emulator, f"{step}/create"), data=form)
        made = emulator.world.identity("new1@tiny.test")

        assert "Sample Staff Directory" in listed.text
        assert "All staff" in accounts.text
        assert [bool(grey) for _, grey in offered] == [False, True, True]
        assert "1 users created" in done.text
        assert len(emulator.portal.members) == 6
        assert made is not None
        assert emulator.portal.members[made.id].seat_names == ["View-Only"]
        assert [one.url.path.rpartition("/")[2] for one in source.seen] == [
            "FETCH_ACCOUNTS",
            "FETCH_USERS",
        ]

    async def test_hubspots_own_test_target(self, emulator: Emulator) -> None:
        """Two accounts and three users, without a request leaving the machine."""
        for event, rows in (("FETCH_ACCOUNTS", 2), ("FETCH_USERS", 3)):
            sent = await emulator.control("POST", "import-source", {"event": event})
            body = json.loads(sent["answer"]["body"])

            assert sent["problems"] == []
            assert rows == len(next(iter(body["payload"].values())))
            assert body["appId"] == IMPORT_APP

    async def test_test_target_over_http(self, emulator: Emulator) -> None:
        """The same at its path on the emulator."""
        path = SAMPLE_TARGET.partition("hubspot.com")[2]
        url = f"{path}/feature/USER_IMPORT/event/FETCH_ACCOUNTS"
        answer = await emulator.send("POST", url, {"portalId": 10, "appId": 20})

        assert answer.json()["portalId"] == 10
        assert answer.json()["payload"]["accounts"][0] == {"id": "testId1", "name": "testAccount1"}

    async def test_only_those_who_may_create_users(self, emulator: Emulator) -> None:
        """A sales rep gets no further than a refusal."""
        answer = await emulator.get(_screen(emulator, "/create?as=ben@tiny.test"))

        assert answer.status_code == 403


class TestSettings:
    @pytest.mark.parametrize(
        ("change", "reason"),
        [
            ({"public": False}, "public"),
            ({"user_import": False}, "switch"),
            ({"scopes": ["oauth"]}, "settings.users.write"),
            ({"target_url": None}, "target URL"),
        ],
    )
    async def test_nothing_is_sent_unless_all_holds(
        self, emulator: Emulator, change: dict[str, Any], reason: str
    ) -> None:
        """The app is not offered, and an event is refused with what is missing."""
        source = _connect(emulator, _person(1))
        await emulator.control("POST", "apps", {"id": IMPORT_APP, **change})
        listed = await emulator.get(_screen(emulator, "/create"))
        body = {"event": "FETCH_USERS", "app": IMPORT_APP}
        refused = await emulator.send("POST", "/_emulator/import-source", body)

        assert "Sample Staff Directory" not in listed.text
        assert refused.status_code == 400
        assert reason in refused.json()["message"]
        assert source.seen == []

    async def test_not_installed(self, emulator: Emulator) -> None:
        """After an uninstall the app is gone from the screen."""
        await emulator.control("DELETE", f"apps/{IMPORT_APP}/installs/{emulator.portal.id}")
        apps = (await emulator.control("GET", "apps"))["apps"]
        listed = await emulator.get(_screen(emulator, "/create"))

        assert "No installed app" in listed.text
        assert [one["installed"] for one in apps if one["id"] == IMPORT_APP] == [[]]


class TestSignatures:
    async def _sent(self, emulator: Emulator, **fields: Any) -> httpx2.Request:
        source = _connect(emulator, _person(1))
        body = {"event": "FETCH_USERS", "app": IMPORT_APP, **fields}
        await emulator.control("POST", "import-source", body)
        return source.seen[0]

    async def test_all_versions(self, emulator: Emulator) -> None:
        """Each signature is over the very bytes and address sent."""
        both = await self._sent(emulator, signatures=["v3", "v1"])
        older = await self._sent(emulator, signatures=["v2"])
        secret, url = IMPORT_CLIENT[1], f"{TARGET}/feature/USER_IMPORT/event/FETCH_USERS"
        at = int(both.headers["x-hubspot-request-timestamp"])

        assert str(both.url) == url
        assert both.headers["x-hubspot-signature-v3"] == sign_v3(
            secret, "POST", url, both.content, at
        )
        assert both.headers["x-hubspot-signature"] == sign_v1(secret, both.content)
        assert older.headers["x-hubspot-signature"] == sign_v2(secret, "POST", url, older.content)
        assert "x-hubspot-signature-v3" not in older.headers

    @pytest.mark.parametrize("forge", ["secret", "body", "url", "downgrade"])
    async def test_forgeries_do_not_verify(self, emulator: Emulator, forge: str) -> None:
        """Each forgery breaks v3; the downgrade leaves a right v1 beside it."""
        sent = await self._sent(emulator, forge=forge)
        at = int(sent.headers["x-hubspot-request-timestamp"])
        right = sign_v3(IMPORT_CLIENT[1], "POST", str(sent.url), sent.content, at)
        v1 = sign_v1(IMPORT_CLIENT[1], sent.content)

        assert sent.headers["x-hubspot-signature-v3"] != right
        assert (sent.headers["x-hubspot-signature"] == v1) == (forge in ("url", "downgrade"))

    @pytest.mark.parametrize(("forge", "minutes"), [("stale", -6), ("future", 6)])
    async def test_wrong_times(self, emulator: Emulator, forge: str, minutes: int) -> None:
        """Rightly signed, six minutes off."""
        sent = await self._sent(emulator, forge=forge)
        off = int(sent.headers["x-hubspot-request-timestamp"]) / 1000
        now = emulator.world.clock.now().timestamp()

        assert abs(now + minutes * 60 - off) < 30


class TestAnswers:
    @pytest.mark.parametrize(
        ("envelope", "problem"),
        [
            ({"portalId": 1}, "portalId"),
            ({"eventType": "FETCH"}, "eventType"),
            ({"extra": 1}, "unknown key extra"),
            ({"payload": {}}, "payload.users is no list"),
            ({"payload": {"users": [{"id": 1}]}}, "payload.users[0]"),
        ],
    )
    async def test_wrong_envelopes_are_named(
        self, emulator: Emulator, envelope: dict[str, Any], problem: str
    ) -> None:
        """What the page on the source forbids is told, as a doctor would."""
        _connect(emulator, _person(1), **envelope)
        body = {"event": "FETCH_USERS", "app": IMPORT_APP}
        sent = await emulator.control("POST", "import-source", body)

        assert any(problem in one for one in sent["problems"])

    async def test_server_out_of_reach(self, emulator: Emulator) -> None:
        """A dead target is a problem of the answer, not of the emulator."""
        body = {"event": "FETCH_USERS", "app": IMPORT_APP, "target": "http://127.0.0.1:9"}
        sent = await emulator.control("POST", "import-source", body)

        assert sent["answer"]["status"] is None
        assert sent["problems"]
