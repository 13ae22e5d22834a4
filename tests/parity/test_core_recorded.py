"""The emulator's core against recorded facts; every case names its source and date."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest

from hubspot_emulator.app import create_world
from tests.support.emulator import Emulator, a_token, running

USERS = "/settings/v3/users/"
CASES: dict[str, dict[str, Any]] = {
    case["name"]: case
    for case in json.loads((Path(__file__).parent / "recorded_core.json").read_text())["cases"]
}


@pytest.fixture
async def emulator(door: str) -> AsyncIterator[Emulator]:
    """The tiny seed with real limits."""
    async with running(create_world(seed="tiny"), door) as started:
        yield started


def check(name: str, answer: httpx2.Response) -> None:
    """Compare an answer with a case; the correlation id is in body and header alike."""
    case = CASES[name]
    assert answer.status_code == case["status"]
    body = answer.json()
    correlation_id = body.pop("correlationId")
    extra = {"policyName": "SECONDLY"} if "switches" in case else {}
    assert body == {**case["body"], **extra}
    assert correlation_id == answer.headers["x-hubspot-correlation-id"]


def rate_headers(answer: httpx2.Response) -> dict[str, str]:
    """The rate headers of an answer."""
    return {k: v for k, v in answer.headers.items() if k.startswith("x-hubspot-ratelimit")}


async def test_list_row(emulator: Emulator) -> None:
    """A plain user's row has exactly the recorded keys; the only page carries no paging."""
    case = CASES["user without role or teams in a list"]
    body = {"email": "p@x.test", "firstName": "P", "lastName": "X", "sendWelcomeEmail": False}
    await emulator.send("POST", USERS, body)
    page = (await emulator.get(USERS)).json()

    assert list(page["results"][-1]) == case["keys"]
    assert page["results"][-1]["roleIds"] == case["roleIds"]
    assert "paging" not in page


async def test_empty_put(emulator: Emulator) -> None:
    """PUT {} answers without names."""
    case = CASES["empty PUT on a role-less user"]
    answer = await emulator.send("PUT", f"{USERS}5000004", {})

    assert answer.status_code == case["status"]
    assert list(answer.json()) == case["keys"]


async def test_delete_has_no_body(emulator: Emulator) -> None:
    """DELETE answers 204 and nothing else (recorded 2026-03-12)."""
    answer = await emulator.client.delete(f"{USERS}5000004")

    assert (answer.status_code, answer.content) == (204, b"")


async def test_no_token(emulator: Emulator) -> None:
    """Without a token HubSpot says where to read on."""
    answer = await emulator.client.get(USERS, headers={"Authorization": ""})

    check("no token", answer)


async def test_undecodable_token(emulator: Emulator) -> None:
    """A nonsense token expired in 1970."""
    case = CASES["token nobody can decode"]
    emulator.world.clock.freeze(datetime.fromisoformat(case["at"]))
    answer = await emulator.client.get(USERS, headers={"Authorization": "Bearer nonsense"})

    check(case["name"], answer)


async def test_expired_token(emulator: Emulator) -> None:
    """A token just expired names the moment."""
    case = CASES["token expired a moment ago"]
    at = datetime.fromisoformat(case["at"])
    emulator.world.clock.freeze(at)
    a_token(emulator.world, "old", kind="oauth", expires_at=at)
    answer = await emulator.client.get(USERS, headers={"Authorization": "Bearer old"})

    check(case["name"], answer)


async def test_missing_scope(emulator: Emulator) -> None:
    """A missing scope names those of which any one suffices."""
    a_token(emulator.world, "poor", scopes=frozenset({"oauth"}))
    answer = await emulator.client.get(USERS, headers={"Authorization": "Bearer poor"})

    check("missing scope", answer)


async def test_daily_limit(emulator: Emulator) -> None:
    """The day's limit is told as a policy."""
    await emulator.control("POST", "traffic", {"calls": 1_000_000})

    check("daily limit", await emulator.get(USERS))


async def test_search_limit(emulator: Emulator) -> None:
    """Older 429s of search name a category; none carries interval headers."""
    case = CASES["search limit of older answers"]
    await emulator.control("POST", "switches", case["switches"])
    emulator.world.clock.freeze(datetime(2026, 11, 20, tzinfo=UTC))
    for _ in range(5):
        await emulator.send("POST", "/crm/v3/objects/users/search", {})
    answer = await emulator.send("POST", "/crm/v3/objects/users/search", {})

    check(case["name"], answer)
    assert rate_headers(answer) == {}


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("rate headers of an OAuth app", "oauth"),
        ("rate headers of a private app on a paid portal", "private_app"),
    ],
)
async def test_rate_headers(emulator: Emulator, name: str, kind: str) -> None:
    """Which rate headers come depends on the kind of token."""
    a_token(emulator.world, "fresh", kind=kind)
    answer = await emulator.client.get(USERS, headers={"Authorization": "Bearer fresh"})

    assert rate_headers(answer) == CASES[name]["headers"]


async def test_absent_user(emulator: Emulator) -> None:
    """A known route with an absent object answers JSON."""
    check("absent user", await emulator.get(f"{USERS}4242"))


async def test_roles_refused(emulator: Emulator) -> None:
    """Other tiers than Enterprise have no roles."""
    await emulator.act("set_tier", tier="starter")

    check("roles without the feature", await emulator.get(f"{USERS}roles"))


async def test_bad_parameter(emulator: Emulator) -> None:
    """An unparsable parameter is a 400, and under its switch without a category as recorded."""
    emulator.world.switches.choose("bad_parameter_category", "absent")
    check("bad query parameter", await emulator.get(USERS, params={"limit": "x"}))
