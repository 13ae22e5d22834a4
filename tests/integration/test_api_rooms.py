"""REST room by room: what a script can do beside users and plans, with the console's own limits."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from rolecall.domain.operator import TokenScope
from tests.support.evidence import export_of
from tests.support.faces import Api, a_token, an_api, calling
from tests.support.hubspot import token_of

V1 = "/api/v1"
ACME = f"{V1}/portals/acme"
PEOPLE = "email,first name,last name,department\nben@tiny.test,Ben,Baker,Sales\nnew@tiny.test,Nia,New,Sales\n"


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Api]:
    """The tiny portal behind REST."""
    async with an_api(tmp_path) as api:
        yield api


async def test_a_portal_is_looked_after(api: Api) -> None:
    """Checked, read less often, given a new key, forgotten; the key is in no answer."""
    token = token_of(api.house.world)
    checked = await api.post(f"{ACME}/check")
    tag = (await api.client.get(ACME)).headers["etag"]
    await api.send("PATCH", ACME, {"sync_every_minutes": 120}, 204)
    changed = await api.get(ACME)
    late = await api.client.delete(ACME, headers={"if-match": tag})
    wrong = await api.send("PUT", f"{ACME}/credential", {"token": "two words"}, 422)
    again = await api.send("PUT", f"{ACME}/credential", {"token": token})
    twice = await api.post(f"{V1}/portals", {"name": "twin", "token": token}, 409)
    await api.send("DELETE", ACME, status=204)
    gone = await api.get(ACME, 404)
    back = await api.post(f"{V1}/portals", {"name": "acme", "token": token}, 201)

    assert checked["works"]
    assert 120 == changed["sync_every_minutes"]
    assert 412 == late.status_code
    assert "token" in wrong["detail"]
    assert again["works"]
    assert back["portal"]["hub_id"] == checked["portal"]["hub_id"]
    told = json.dumps([checked, changed, wrong, again, twice, gone, back])
    assert token not in told


async def test_what_one_has_is_not_sent_again(api: Api) -> None:
    """Single things and pages carry a tag and are spared; files and streams carry none."""
    for path in (ACME, f"{ACME}/users?limit=2", f"{ACME}/teams", f"{V1}/plans", f"{V1}/packs"):
        first = await api.client.get(path)
        again = await api.client.get(
            path, headers={"if-none-match": f'"x", {first.headers["etag"]}'}
        )
        other = await api.client.get(path, headers={"if-none-match": '"x"'})

        assert (304, b"") == (again.status_code, again.content)
        assert first.headers["etag"] == again.headers["etag"]
        assert first.content == other.content
    export = await api.client.get(f"{V1}/audit/export")
    absent = await api.client.get(f"{V1}/plans/none")

    assert "etag" not in export.headers
    assert "etag" not in absent.headers


async def test_a_people_list(api: Api) -> None:
    """Comes in whole, tells who joined, and links users; nobody's access changes by it."""
    before = await api.get(f"{V1}/plans")
    brought = await api.post(f"{V1}/people", {"text": PEOPLE, "source": "hr"})
    listed = await api.get(f"{ACME}/people?limit=1")
    rest = await api.get(f"{ACME}/people?after={listed['next']}&limit=1000")
    shrunk = await api.post(f"{V1}/people", {"text": "email\n", "source": "hr"}, 422)
    both = await api.post(f"{V1}/people", {"text": PEOPLE, "base64": "YQ=="}, 422)
    linked = await api.post(
        f"{ACME}/people/links", {"user": "ben@tiny.test", "person": "ben@tiny.test"}
    )
    nothing = await api.client.post(f"{ACME}/due", json={"emails": []})
    moves = await api.post(f"{V1}/people/moves", {"emails": ["new@tiny.test"]})

    assert 2 == brought["people"] == len(brought["joiners"])
    assert listed["total"] == 1 + len(rest["items"])
    assert "linked" == linked["situation"]
    assert shrunk["hint"]
    assert "not both" in both["detail"]
    assert 204 == nothing.status_code
    assert isinstance(moves["items"], list)
    assert before == await api.get(f"{V1}/plans") or moves["items"]


async def test_a_review_from_opening_to_evidence(api: Api) -> None:
    """Opened, delegated, decided, reminded, closed; the pack is a sealed archive."""
    order = {
        "title": "Q4", "reviewers": "named", "named_reviewers": ["rev@tiny.test"],
        "silence": "keep",
    }  # fmt: skip
    made = await api.post(f"{ACME}/reviews", order, 201)
    review = f"{V1}/reviews/{made['id']}"
    page = await api.get(f"{review}/items?limit=2")
    rest = await api.get(f"{review}/items?limit=1000&after={page['next']}")
    item = page["items"][0]
    body = {"items": [item["id"]], "to": "other@tiny.test"}
    moved = await api.post(f"{review}/delegate", body)
    decision = {"item": item["id"], "verdict": "keep", "comment": "needed"}
    decided = await api.post(f"{review}/decisions", {"decisions": [decision]})
    stale = {**decision, "version": item["version"]}
    late = await api.post(f"{review}/decisions", {"decisions": [stale]}, 409)
    reminded = await api.post(f"{review}/remind")
    escalated = await api.post(f"{review}/escalate")
    seen = await api.get(review)
    closed = await api.post(f"{review}/close", {"reason": "the quarter is over"})
    again = await api.post(f"{review}/close", {}, 422)
    pack = await api.client.get(f"{review}/evidence")

    assert seen["items"] == 2 + len(rest["items"])
    assert "other@tiny.test" == moved["items"][0]["reviewer"]
    assert "keep" == decided["items"][0]["verdict"]
    assert "changed" in late["detail"] or late["hint"]
    assert 1 == seen["decided"]
    assert reminded["reviewers"] >= 1
    assert 0 <= escalated["items"]
    assert "closed" == closed["state"]
    assert again["title"] == "Refused"
    assert "application/zip" == pack.headers["content-type"]
    assert {"manifest.json", "audit.jsonl"} <= set(_names(pack.content))


async def test_reviews_open_by_themselves(api: Api) -> None:
    """A schedule is kept, listed and removed; a time without a zone is refused."""
    body = {"title": "Quarterly", "every": "quarterly", "first_at": "2027-01-04T06:00:00Z"}
    made = await api.post(f"{ACME}/review-schedules", body, 201)
    naive = {**body, "first_at": "2027-01-04T06:00:00"}
    refused = await api.post(f"{ACME}/review-schedules", naive, 422)
    listed = await api.get(f"{ACME}/review-schedules")
    await api.send("DELETE", f"{V1}/review-schedules/{made['id']}", status=204)

    assert "time zone" in refused["detail"]
    assert [made["id"]] == [one["id"] for one in listed["items"]]
    assert [] == (await api.get(f"{ACME}/review-schedules"))["items"]
    assert [] == (await api.get(f"{V1}/reviews/mine"))["items"]


async def test_what_an_auditor_takes_away(api: Api) -> None:
    """The trail pages, is proved, goes out whole; who had what on a day is answered and sealed."""
    now = (datetime.now(UTC) + timedelta(minutes=1)).isoformat()
    first = await api.get(f"{V1}/audit?limit=1&portal=acme")
    second = await api.get(f"{V1}/audit?limit=1&portal=acme&after={first['next']}")
    verdict = await api.post(f"{V1}/audit/verify")
    whole = await api.client.get(f"{V1}/audit/export")
    table = await api.client.get(f"{V1}/audit/export?form=csv")
    lines = [json.loads(one) for one in whole.text.splitlines()]
    known = await api.get(f"{V1}/audit/hashes/{lines[0]['hash']}")
    unknown = await api.get(f"{V1}/audit/hashes/{'0' * 64}")
    held = await api.get(f"{ACME}/holdings", params={"at": now, "limit": 2})
    never = await api.get(f"{ACME}/holdings", 409, params={"at": "2001-01-01T00:00:00Z"})
    pack = await api.client.get(f"{ACME}/holdings/evidence", params={"at": now})
    key = await api.get(f"{V1}/evidence/key")

    assert first["items"][0]["seq"] > second["items"][0]["seq"]
    assert "" == verdict["fault"]
    assert verdict["lines"] <= len(lines)
    assert table.text.startswith("seq,at,event")
    assert (True, False) == (known["holds"], unknown["holds"])
    assert 2 == len(held["items"]) < held["total"]
    assert "nothing is known" in never["detail"]
    assert "holdings.csv" in _names(pack.content)
    assert "PUBLIC KEY" in key["text"]


async def test_operators(api: Api) -> None:
    """Invited by a link told once, given roles, shut out and let in again."""
    body = {"email": "kim@acme.test", "name": "Kim", "roles": {"0": ["approver"]}}
    made = await api.client.post(f"{V1}/operators", json=body, headers={"idempotency-key": "kim"})
    same = await api.client.post(f"{V1}/operators", json=body, headers={"idempotency-key": "kim"})
    twice = await api.post(f"{V1}/operators", body, 409)
    one = f"{V1}/operators/{made.json()['id']}"
    after = await api.send("PUT", f"{one}/roles", {"roles": {"0": ["auditor"]}})
    out = await api.send("PUT", f"{one}/standing", {"disabled": True, "reason": "left"})
    back = await api.send("PUT", f"{one}/standing", {"disabled": False})
    link = await api.post(f"{one}/password-link")
    reset = await api.post(f"{one}/second-factor/reset", {}, 422)
    boss = await api.post(
        f"{V1}/operators", {"email": "boss@acme.test", "roles": {"0": ["admin"]}}, 201
    )
    last = await api.send("PUT", f"{V1}/operators/{boss['id']}/standing", {"disabled": True}, 422)
    listed = await api.get(f"{V1}/operators")

    assert (201, "no-store") == (made.status_code, made.headers["cache-control"])
    assert "/link?t=" in made.json()["link"]
    assert 409 == same.status_code
    assert "link" not in same.text.replace("linked", "")
    assert "already" in twice["detail"]
    assert {"0": ["auditor"]} == after["roles"]
    assert (True, False) == (out["disabled"], back["disabled"])
    assert link["link"] != made.json()["link"]
    assert "reason" in reset["detail"]
    assert "last admin" in last["detail"]
    assert "link" not in listed["items"][0]


async def test_permissions_by_evidence(api: Api) -> None:
    """A users export comes in as base64; matrix, comparison and contents answer from it."""
    before = await api.get(f"{ACME}/matrix?permission=export contacts&limit=1")
    file = {"text": export_of(api.house).decode("utf-8-sig"), "file_name": "users.csv"}
    brought = await api.post(f"{ACME}/exports", file, 201)
    listed = await api.get(f"{ACME}/exports")
    after = await api.get(f"{ACME}/matrix?permission=export contacts&limit=1000")
    people = [one["email"] for one in after["items"]][:2]
    compared = await api.post(f"{ACME}/compare", {"users": people, "all_rows": True})
    alone = await api.post(f"{ACME}/compare", {"users": people[:1]}, 422)
    sets = await api.get(f"{ACME}/permission-sets")
    one = sets["items"][0]
    contents = await api.get(f"{ACME}/permission-sets/{one['id']}/contents")
    change = {"grants": {"export contacts": ""}}
    what_if = await api.post(f"{ACME}/permission-sets/{one['id']}/change?preview=true", change)
    new = {"name": "Dialer", "grants": {"edit contacts": "own"}}
    made = await api.post(f"{ACME}/permission-sets?preview=true", new)
    draft = await api.get(f"{ACME}/permission-sets/definitions")
    bad = await api.post(f"{ACME}/exports", {"base64": "?"}, 422)

    assert before["evidence"] is None
    assert brought["covered"] == brought["users"]
    assert [brought["id"]] == [one["id"] for one in listed["items"]]
    assert {"email", "evidence"} <= set(after["items"][0])
    assert people == compared["columns"]
    assert "nothing to compare" in alone["detail"]
    assert contents["rests_on"].startswith("users export")
    assert "export" in json.dumps(what_if["changes"]).casefold()
    assert "Dialer" in made["title"]
    assert one["name"] in draft["text"]
    assert "base64" in bad["detail"]


async def test_structure_and_notes(api: Api) -> None:
    """Sets with what operators know of them, teams and seats."""
    sets = await api.get(f"{ACME}/permission-sets?limit=1")
    one = sets["items"][0]["id"]
    note = {"owner": "it@tiny.test", "purpose": "for sellers"}
    await api.send("PUT", f"{ACME}/permission-sets/{one}/note", note, 204)
    noted = await api.get(f"{ACME}/permission-sets?limit=1")
    attested = await api.send("PUT", f"{ACME}/two-factor", {"holds": True})
    answerable = await api.send(
        "PUT", f"{ACME}/users/ben@tiny.test/answerable", {"owner": "it@tiny.test"}
    )

    assert note == noted["items"][0]["note"]
    assert attested["holds"]
    assert "ben@tiny.test" == answerable["user"]
    assert (await api.get(f"{ACME}/teams"))["total"] >= 1
    assert "seats" in await api.get(f"{ACME}/seats?renews_on=2027-01-31")


async def test_a_user_then_and_now(api: Api) -> None:
    """What is known of one user, what they hold and since when, and what would be left behind."""
    ben = f"{ACME}/users/ben@tiny.test"
    now = (datetime.now(UTC) + timedelta(minutes=1)).isoformat()
    card = await api.get(f"{ben}/card")
    held = await api.get(f"{ben}/holdings")
    past = await api.get(f"{ben}/past", params={"at": now})
    before = await api.get(f"{ben}/past", params={"at": "2001-01-01T00:00:00Z"})
    impact = await api.get(f"{ben}/impact")

    assert "ben@tiny.test" == card["user"]["email"] == past["user"]["email"] == impact["email"]
    assert {"slot", "label", "since", "claims"} <= set(held["items"][0])
    assert (None, None) == (before["user"], before["as_of"])


class TestPlans:
    async def test_a_look_keeps_nothing(self, api: Api) -> None:
        """`preview` tells the plan an order would make, and stores none."""
        joiner = {"email": "joy@tiny.test", "seat": "View-Only"}
        seen = await api.post(f"{ACME}/users?preview=true", joiner)
        rows = {"text": "email,action,seat\nben@tiny.test,change,View-Only\n"}
        told = await api.post(f"{ACME}/users/imports?preview=true", rows)
        text = (await api.get(f"{ACME}/access/dump"))["text"]
        file = await api.post(f"{ACME}/access/plan?preview=true", {"text": text})

        assert {"joy@tiny.test"} == {one["subject"] for one in seen["changes"]}
        assert ["ben@tiny.test"] == [one["email"] for one in told["rows"]]
        assert [] == file["changes"]
        assert not seen["stored"]
        assert [] == (await api.get(f"{V1}/plans"))["items"]

    async def test_pages(self, api: Api) -> None:
        """Every plan once, newest first, whatever the size of a page."""
        for name in ("a", "b", "c"):
            await api.post(f"{ACME}/users", {"email": f"{name}@tiny.test"}, 201)
        every = [one["id"] for one in (await api.get(f"{V1}/plans"))["items"]]
        seen, after = [], ""
        while True:
            page = await api.get(f"{V1}/plans?limit=2{after}")
            seen += [one["id"] for one in page["items"]]
            if page["next"] is None:
                break
            after = f"&after={page['next']}"

        assert 3 == len(every)
        assert every == seen

    async def test_a_guardrail_is_passed_once(self, api: Api) -> None:
        """A plan a guardrail stops is made again with a named leave; a run that is none pauses not."""
        users = (await api.get(f"{ACME}/users?limit=1000"))["items"]
        mostly = [one["email"] for one in users if not one["super_admin"]]
        made = await api.post(f"{ACME}/users/removals", {"emails": mostly}, 201)
        stopped = [one for one in made["guardrails"] if one["stops"]]
        plan = f"{V1}/plans/{made['id']}"
        refused = await api.post(f"{plan}/approve", {"digest": made["digest"]}, 409)
        leave = {"guardrail": stopped[0]["guardrail"], "reason": "the office closes", "hours": 1}
        again = await api.post(f"{plan}/override", leave, 201)
        paused = await api.client.post(f"{V1}/plans/{again['id']}/pause", json={})

        assert refused["hint"]
        assert again["id"] != made["id"]
        assert stopped[0]["guardrail"] not in {
            one["guardrail"] for one in again["guardrails"] if one["stops"]
        }
        assert 400 <= paused.status_code < 500

    async def test_a_pack_and_an_elevation(self, api: Api) -> None:
        """A pack becomes a plan; without evidence nobody is elevated, and the answer says why."""
        packs = await api.get(f"{V1}/packs?limit=1")
        name = packs["items"][0]["pack"]
        given = await api.client.post(
            f"{ACME}/packs/{name}/plan?preview=true", json={"users": ["ben@tiny.test"]}
        )
        raised = await api.client.post(
            f"{ACME}/users/ben@tiny.test/elevation", json={"pack": name, "minutes": 60}
        )
        nothing = await api.post(f"{ACME}/users/ben@tiny.test/elevation/return", {}, 422)

        assert given.status_code in {200, 422}
        assert 422 == raised.status_code
        assert raised.json()["hint"]
        assert "no elevation" in nothing["detail"]
        assert [] == (await api.get(f"{ACME}/elevations"))["items"]
        assert 404 == (await api.client.get(f"{ACME}/packs/..%2fsecret")).status_code


async def test_deliveries_page(api: Api) -> None:
    """What was posted to an address comes page by page."""
    hook = await api.post(f"{V1}/webhooks", {"url": "https://hooks.example.test/in"}, 201)
    path = f"{V1}/webhooks/{hook['id']}/deliveries"

    assert {"items": [], "next": None} == await api.get(f"{path}?limit=1")
    assert [hook["id"]] == [one["id"] for one in (await api.get(f"{V1}/webhooks"))["items"]]


async def test_saved_reports(api: Api) -> None:
    """Kept, made now page by page, as a file, and forgotten; only to mail it wants a mail server."""
    draft = {"title": "Everybody", "columns": ["email"]}
    made = await api.post(f"{ACME}/reports", draft, 201)
    one = f"{ACME}/reports/{made['id']}"
    rows = await api.get(f"{one}?limit=1")
    file = await api.client.get(f"{one}/file")
    mailed = await api.send("PUT", f"{one}/mailing", {"every": "daily", "recipients": ["a"]}, 422)
    await api.send("DELETE", one, status=204)

    assert 1 == len(rows["items"]) < rows["total"]
    assert "text/csv" in file.headers["content-type"]
    assert rows["total"] + 1 == len(file.text.splitlines())
    assert "mail server" in mailed["detail"]
    assert [] == (await api.get(f"{ACME}/reports"))["items"]


async def test_lost_notices(api: Api) -> None:
    """Nothing was lost; a test notice wants a way out."""
    test = await api.post(f"{ACME}/notices/test", status=422)
    gone = await api.post(f"{ACME}/notices/none/again", status=404)

    assert [] == (await api.get(f"{ACME}/notices/lost"))["items"]
    assert "no way out" in test["detail"]
    assert "no lost notice" in gone["detail"]


async def test_import_apps(api: Api) -> None:
    """An app HubSpot calls us for is added and removed; its secret is in no answer."""
    body = {
        "app_id": 7, "public_url": "https://hooks.example.test/rc", "client_secret": "s3cr3t-value",
    }  # fmt: skip
    made = await api.post(f"{V1}/import-apps", body, 201)
    wrong = await api.post(f"{V1}/import-apps", {**body, "app_id": 8, "public_url": "ftp://x"}, 422)
    listed = await api.get(f"{V1}/import-apps")
    await api.send("DELETE", f"{V1}/import-apps/7", status=204)
    gone = await api.send("DELETE", f"{V1}/import-apps/7", status=404)

    assert [7] == [one["app_id"] for one in listed["items"]]
    assert "s3cr3t-value" not in json.dumps([made, wrong, listed, gone])


async def test_a_reading_token_changes_nothing(api: Api) -> None:
    """Every operation that writes refuses a token that may only read, before it does anything."""
    document = await api.get(f"{V1}/openapi.json")
    secret = await a_token(api.house, TokenScope.READ)
    lines = len((await api.client.get(f"{V1}/audit/export")).text.splitlines())
    done = []
    async with calling(api.face, secret) as reader:
        for method, path, operation in _writes(document):
            answer = await reader.request(method, _filled(path), json=_least(operation, document))
            if answer.is_success:
                done.append(operation["operationId"])
    after = len((await api.client.get(f"{V1}/audit/export")).text.splitlines())

    assert sorted(READS_BY_POST) == sorted(done)
    assert 3 >= after - lines  # two exports and a verification look, and leave their lines


# POST for the sake of a body; nothing is written but the line that somebody looked.
READS_BY_POST = {"readUsersBatch", "searchUsers", "verifyAudit"}


def _writes(document: Any) -> Any:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if method != "get":
                yield method.upper(), path, operation


def _filled(path: str) -> str:
    known = {"portal": "acme", "user": "ben@tiny.test", "pack": "8x8", "app_id": "7"}
    for name in [part[1:-1] for part in path.split("/") if part.startswith("{")]:
        path = path.replace(f"{{{name}}}", known.get(name, "none"))
    return path


def _least(operation: Any, document: Any) -> Any:
    """The smallest body that fits an operation's schema."""
    if "requestBody" not in operation:
        return None
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    return _value(schema, document["components"]["schemas"])


def _value(schema: Any, schemas: Any) -> Any:
    if "$ref" in schema:
        return _value(schemas[schema["$ref"].rpartition("/")[2]], schemas)
    if "enum" in schema:
        return schema["enum"][0]
    match schema.get("type"):
        case "object":
            needed = schema.get("required", ())
            return {one: _value(schema["properties"][one], schemas) for one in needed}
        case "array":
            return [_value(schema["items"], schemas)] if schema.get("minItems") else []
        case "integer":
            return schema.get("minimum", 1)
        case "boolean":
            return True
    return {"date-time": "2027-01-04T06:00:00Z"}.get(schema.get("format", ""), "x@tiny.test")


def _names(archive: bytes) -> list[str]:
    with zipfile.ZipFile(io.BytesIO(archive)) as pack:
        return [name.rpartition("/")[2] for name in pack.namelist()]
