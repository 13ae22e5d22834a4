"""HubSpot's import screen against our User import source: the whole journey, and every forgery."""

from __future__ import annotations

import html
import json
import logging
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest

from hubspot_emulator.seeds.sample_apps import IMPORT_APP
from rolecall.domain.import_app import Grouping, ImportApp
from rolecall.domain.person import Person
from rolecall.import_source.face import create_face
from rolecall.kit.clock import HandClock
from rolecall.services.importing.doctor import Patient, examine, patient_of, set_up
from rolecall.services.importing.source import add_import_app, remove_import_app
from rolecall.signin.hubspot_signature import Signed, sign_v3
from tests.support.emulator import Emulator, running
from tests.support.house import House, a_house

PUBLIC = "https://hooks.example.test/rolecall"
EVENT = "/feature/USER_IMPORT/event/"
PEOPLE = (
    Person("p1", ("new.one@acme.test", "alias@acme.test"), "New", "One", department="Sales"),
    Person("p2", ("BEN@tiny.test",), "Ben", "There", department="Sales"),
    Person("p3", ("new.three@acme.test",), "New", "Three"),
    Person("p4", ("gone@acme.test",), "Gone", "Away", department="Sales", left=True),
    Person("p5", (), "No", "Mail", department="Sales"),
)


@dataclass
class Source:
    """Our face, the emulator that calls it, and the people behind it."""

    house: House
    emulator: Emulator
    face: Any
    secret: str

    async def event(self, **fields: Any) -> dict[str, Any]:
        """Have the emulator send one event."""
        sent = await self.emulator.control(
            "POST", "import-source", {"app": IMPORT_APP, "event": "FETCH_USERS", **fields}
        )
        assert isinstance(sent, dict)
        return sent

    def client(self, base: str = PUBLIC) -> httpx2.AsyncClient:
        """A caller of the face."""
        return httpx2.AsyncClient(transport=httpx2.ASGITransport(self.face), base_url=base)

    async def signed(
        self, body: bytes, *, path: str = f"{EVENT}FETCH_USERS", **headers: str
    ) -> httpx2.Response:
        """A rightly signed request with any body, by our own clock."""
        at = str(int(self.house.app.clock.now().timestamp() * 1000))
        request = Signed("POST", PUBLIC + path, body, timestamp=at)
        proof = {
            "Content-Type": "application/json",
            "X-HubSpot-Signature-v3": sign_v3(self.secret, request),
            "X-HubSpot-Request-Timestamp": at,
        }
        async with self.client() as client:
            return await client.post(path, content=body, headers={**proof, **headers})

    def body(self, **changes: Any) -> bytes:
        """What HubSpot sends."""
        ids = {"portalId": self.house.portal.id, "appId": IMPORT_APP}
        return json.dumps({**ids, **changes}).encode()


@asynccontextmanager
async def a_source(home: Path, database_url: str = "", **changes: Any) -> AsyncIterator[Source]:
    """The sample app of the emulator, pointed at our face."""
    clock = HandClock(datetime(2026, 11, 20, 12, tzinfo=UTC))
    house_of = a_house(home, clock=clock, database_url=database_url)
    async with house_of as house, running(house.world) as emulator:
        house.world.clock.freeze(clock.at)
        async with house.app.database.begin(house.actor, "a test") as work:
            await work.people.put(PEOPLE)
        theirs = house.world.import_apps[IMPORT_APP]
        ours = ImportApp(IMPORT_APP, PUBLIC, clock.at, **changes)
        await add_import_app(house.app, house.actor, ours, theirs.client_secret)
        face = create_face(house.app)
        theirs.target_url, theirs.transport = PUBLIC, httpx2.ASGITransport(face)
        yield Source(house, emulator, face, theirs.client_secret)


@pytest.fixture
async def source(database_url: str, tmp_path: Path) -> AsyncIterator[Source]:
    """A source grouped by department, on each kind of database."""
    async with a_source(tmp_path, database_url) as made:
        yield made


async def test_the_journey_of_the_document(source: Source) -> None:
    """Create user > several at once > app > account > users: the new one exists afterwards."""
    emulator = source.emulator
    screen = f"/_emulator/screens/{emulator.portal.id}/users"
    step = f"{screen}/import/{IMPORT_APP}"
    accounts = await emulator.get(step)
    listed = await emulator.client.post(f"{step}/people", data={"account": "department:sales"})
    rows = re.findall(r'name="user" value="([^"]*)"( disabled)?', listed.text)
    chosen = [html.unescape(row) for row, _ in rows]
    form = {"user": chosen, "seat": "View-Only", "role": ""}
    done = await emulator.client.post(f"{step}/create", data=form)

    assert "Sales" in accounts.text
    assert "No department" in accounts.text
    assert {"new.three@acme.test", "new.one@acme.test", "BEN@tiny.test"} == {
        json.loads(row)["email"] for row in chosen
    }
    assert [True] == [bool(grey) for row, grey in rows if "BEN@" in row]
    assert "2 users created" in done.text
    assert source.house.member("new.one@acme.test") is not None


class TestAnswers:
    @pytest.mark.parametrize("versions", [["v1"], ["v2"], ["v3"], ["v3", "v1"], ["v3", "v2"]])
    async def test_every_signature(self, source: Source, versions: list[str]) -> None:
        """Both events, signed in each version HubSpot uses, have nothing wrong with them."""
        for event in ("FETCH_ACCOUNTS", "FETCH_USERS"):
            sent = await source.event(event=event, signatures=versions)

            assert [] == sent["problems"]
            assert 200 == sent["answer"]["status"]

    async def test_the_envelope(self, source: Source) -> None:
        """Keys in the documented order, ids as strings, everybody once, leavers never."""
        answer = await source.signed(source.body())
        ben = next(one for one in source.house.portal.members if one)
        users = answer.json()["payload"]["users"]

        assert [
            "portalId", "appId", "integrationComponentIdentifier", "eventType", "payload",
        ] == list(answer.json())  # fmt: skip
        assert "USER_IMPORT" == answer.json()["integrationComponentIdentifier"]
        assert ["p1", "p2", "p3"] == sorted(one["id"] for one in users)
        assert {"id", "email", "firstName", "lastName", "existingUserId"} == set(users[0])
        there = {one["id"]: one["existingUserId"] for one in users}
        identity = source.house.world.identity("ben@tiny.test")
        assert identity is not None
        assert {"p1": None, "p2": str(identity.id), "p3": None} == there
        assert ben

    @pytest.mark.parametrize(
        "selected",
        [{"accountId": "department:sales"}, {"payload": {"accountId": "department:sales"}}],
    )
    async def test_a_selected_account(self, source: Source, selected: dict[str, Any]) -> None:
        """An account named beside the two ids narrows the answer; an unknown one has nobody."""
        some = await source.signed(source.body(**selected))
        none = await source.signed(source.body(accountId="department:nobody"))

        assert ["p1", "p2"] == sorted(one["id"] for one in some.json()["payload"]["users"])
        assert [] == none.json()["payload"]["users"]

    async def test_the_printed_request(self, source: Source) -> None:
        """The example of HubSpot's page, last comma included, is understood."""
        body = b'{ "portalId": %d, "appId": %d, }' % (source.house.portal.id, IMPORT_APP)
        answer = await source.signed(body)

        assert 200 == answer.status_code

    async def test_strict_gives_the_documented_bytes(self, tmp_path: Path) -> None:
        """Nobody's user id, no selected account, and spaces as the page prints them."""
        async with a_source(tmp_path, strict=True, accounts=Grouping.COMPANY) as source:
            ids = source.house.portal.id, IMPORT_APP
            accounts = await source.signed(source.body(), path=f"{EVENT}FETCH_ACCOUNTS")
            users = await source.signed(source.body(accountId="company:nobody"))

            assert (
                b'{ "portalId": %d, "appId": %d, "integrationComponentIdentifier": "USER_IMPORT", '
                b'"eventType": "FETCH_ACCOUNTS", "payload": { "accounts": '
                b'[ { "id": "company:", "name": "No company" } ] } }' % ids
            ) == accounts.content
            assert (
                b'{ "id": "p1", "email": "new.one@acme.test", "firstName": "New", '
                b'"lastName": "One", "existingUserId": null }'
            ) in users.content
            assert b'"email": "BEN@tiny.test", "firstName": "Ben", "lastName": "There", ' in (
                users.content
            )
            assert 3 == len(users.json()["payload"]["users"])

    async def test_people_are_seconds_old_at_most(self, source: Source) -> None:
        """Whoever arrives is offered as soon as the picture is refreshed."""
        await source.signed(source.body())
        async with source.house.app.database.begin(source.house.actor, "a test") as work:
            await work.people.put([replace(PEOPLE[0], id="p9", emails=("late@acme.test",))])
        source.house.app.clock.advance(timedelta(seconds=6))  # type: ignore[attr-defined]
        answer = await source.signed(source.body())

        assert "late@acme.test" in answer.text


class TestRefusals:
    @pytest.mark.parametrize(
        "forge", ["secret", "body", "url", "stale", "future", "downgrade", "unsigned"]
    )
    async def test_forged(self, source: Source, forge: str) -> None:
        """Every forgery the emulator knows is refused without a word."""
        sent = await source.event(forge=forge)

        assert 401 == sent["answer"]["status"]
        assert "" == sent["answer"]["body"]

    @pytest.mark.parametrize("changes", [{"portalId": 1}, {"appId": 7}])
    async def test_strangers(self, source: Source, changes: dict[str, int]) -> None:
        """An unknown portal or app is a 404 that tells nothing."""
        answer = await source.signed(source.body(**changes))

        assert (404, b"") == (answer.status_code, answer.content)

    @pytest.mark.parametrize(
        "path",
        [
            f"{EVENT}FETCH_SECRETS",
            f"{EVENT}FETCH_USERS/",
            f"{EVENT}fetch_users",
            "/elsewhere/../rolecall" + EVENT + "FETCH_USERS",
            "/other" + EVENT + "FETCH_USERS",
            "/feature/USER_IMPORT/event/x%2F..%2FFETCH_USERS",
        ],
    )
    async def test_path_tricks(self, source: Source, path: str) -> None:
        """Only the two paths behind our own prefix are there."""
        answer = await source.signed(source.body(), path=path)

        assert (404, b"") == (answer.status_code, answer.content)

    async def test_get(self, source: Source) -> None:
        """Anything but POST is 405."""
        async with source.client() as client:
            answer = await client.get(f"{EVENT}FETCH_USERS")

        assert (405, "POST") == (answer.status_code, answer.headers["allow"])

    @pytest.mark.parametrize(
        ("body", "status"),
        [
            (b"", 400),
            (b"[]", 400),
            (b'{"portalId": "1", "appId": 2}', 400),
            (b'{"portalId": 1e400, "appId": 2}', 400),
            (b'{"portalId": 99999999999999999999, "appId": 2}', 400),
            (b"[" * 5_000, 400),
            (b'{"portalId": 1, "appId": 2, "x": "\xff"}', 400),
            (b" " * 20_000, 413),
        ],
    )
    async def test_bad_bodies(self, source: Source, body: bytes, status: int) -> None:
        """Nothing that is sent makes the face fall over."""
        answer = await source.signed(body)

        assert status == answer.status_code

    async def test_two_signatures_and_content_types(self, source: Source) -> None:
        """Header smuggling and forms are refused."""
        form = await source.signed(source.body(), **{"Content-Type": "text/plain"})
        at = str(int(source.house.app.clock.now().timestamp() * 1000))
        right = sign_v3(
            source.secret,
            Signed("POST", f"{PUBLIC}{EVENT}FETCH_USERS", source.body(), timestamp=at),
        )
        headers = [
            ("X-HubSpot-Signature-v3", right),
            ("X-HubSpot-Signature-v3", right),
            ("X-HubSpot-Request-Timestamp", at),
        ]
        async with source.client() as client:
            twice = await client.post(f"{EVENT}FETCH_USERS", content=source.body(), headers=headers)

        assert 400 == form.status_code
        assert 401 == twice.status_code

    async def test_a_forwarded_host_is_not_believed(self, source: Source) -> None:
        """A request signed for another host stays forged, whatever a header claims."""
        at = str(int(source.house.app.clock.now().timestamp() * 1000))
        url = f"https://evil.example/rolecall{EVENT}FETCH_USERS"
        proof = sign_v3(source.secret, Signed("POST", url, source.body(), timestamp=at))
        headers = {
            "Host": "evil.example",
            "X-Forwarded-Host": "evil.example",
            "Forwarded": "host=evil.example;proto=https",
            "X-HubSpot-Signature-v3": proof,
            "X-HubSpot-Request-Timestamp": at,
        }
        async with source.client("https://evil.example/rolecall") as client:
            answer = await client.post(
                f"{EVENT}FETCH_USERS", content=source.body(), headers=headers
            )

        assert 401 == answer.status_code

    async def test_a_removed_app_is_a_stranger(self, source: Source) -> None:
        """After remove, within seconds, nothing is answered any more."""
        await remove_import_app(source.house.app, source.house.actor, IMPORT_APP)
        source.house.app.clock.advance(timedelta(seconds=6))  # type: ignore[attr-defined]
        answer = await source.signed(source.body())

        assert 404 == answer.status_code

    async def test_a_replay_is_noticed(
        self, source: Source, caplog: pytest.LogCaptureFixture
    ) -> None:
        """The same signed request twice leaves a line in the log."""
        with caplog.at_level(logging.WARNING, "rolecall.import_source"):
            await source.signed(source.body())
            quiet = caplog.text
            await source.signed(source.body())

        assert "" == quiet
        assert "came again" in caplog.text


class TestDoctor:
    async def test_a_sound_deployment(self, source: Source) -> None:
        """Nothing is wrong with our own face; what HubSpot alone shows is left to a person."""
        patient = await self._patient(source)
        checks = [one async for one in examine(patient, httpx2.ASGITransport(source.face))]
        listed = await set_up(source.house.app, source.house.actor, patient)

        assert [] == [one for one in checks if not one.ok]
        assert 28 == len(checks)
        assert [True, None, None, None, None, None] == [one.ok for one in listed]

    async def test_one_that_believes_everybody(self, source: Source) -> None:
        """HubSpot's own test target verifies nothing: the doctor says so."""
        patient = replace(await self._patient(source), url="http://emulator.test/sample")
        transport = httpx2.MockTransport(
            lambda request: httpx2.Response(200, content=b"{}", request=request)
        )
        checks = [one async for one in examine(patient, transport)]

        assert all(one.ok is False for one in checks)

    async def _patient(self, source: Source) -> Patient:
        # The doctor signs by the machine's clock, as HubSpot does; so does our side here.
        source.house.app.clock.at = datetime.now(UTC)  # type: ignore[misc, attr-defined]
        patient = await patient_of(source.house.app, source.house.actor, PUBLIC)
        assert patient is not None
        assert IMPORT_APP == patient.app_id
        return patient
