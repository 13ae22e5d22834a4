"""What every request to the emulator meets: auth, scopes, limits, faults, pages, ids."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx2
import pytest

from hubspot_emulator.app import create_world
from hubspot_emulator.faults import FAULTS
from tests.support.emulator import Emulator, a_token, running

USERS = "/settings/v3/users"
ADA = f"{USERS}/5000002"
SEARCH = "/crm/v3/objects/users/search"


def as_token(value: str) -> dict[str, Any]:
    """Request options speaking as another token."""
    return {"headers": {"Authorization": f"Bearer {value}"}}


class TestAuth:
    async def test_correlation_id(self, emulator: Emulator) -> None:
        """Each answer carries its own UUID version 7; an error repeats it in the body."""
        answer = await emulator.get(f"{USERS}/4242")
        header = answer.headers["x-hubspot-correlation-id"]

        assert UUID(header).version == 7
        assert answer.json()["correlationId"] == header
        assert (await emulator.get(USERS)).headers["x-hubspot-correlation-id"] != header

    async def test_hapikey_is_history(self, emulator: Emulator) -> None:
        """?hapikey= is refused, even beside a good token."""
        answer = await emulator.get(USERS, params={"hapikey": "abc"})

        assert answer.status_code == 401
        assert "API key" in answer.json()["message"]

    @pytest.mark.parametrize(
        ("age", "words"), [(75, "1 minute(s)"), (7300, "2 hour(s)"), (0, "0 second(s)")]
    )
    async def test_expired(self, emulator: Emulator, age: int, words: str) -> None:
        """An expired token's age is told in changing units."""
        now = datetime(2026, 11, 20, tzinfo=UTC)
        emulator.world.clock.freeze(now)
        a_token(emulator.world, "old", expires_at=now - timedelta(seconds=age))
        body = (await emulator.get(USERS, **as_token("old"))).json()

        assert body["category"] == "EXPIRED_AUTHENTICATION"
        assert body["message"].endswith(f"expired {words} ago.")

    async def test_any_one_scope_suffices(self, emulator: Emulator) -> None:
        """Either of two scopes opens the list; reading ones do not open writing."""
        a_token(emulator.world, "reader", scopes=frozenset({"crm.objects.users.read"}))

        assert (await emulator.get(USERS, **as_token("reader"))).status_code == 200
        refused = await emulator.send("PUT", ADA, {}, **as_token("reader"))
        assert refused.status_code == 403

    async def test_a_scope_can_be_lost(self, emulator: Emulator) -> None:
        """With lose_scope a token of every scope lacks one from then on."""
        await emulator.fault("lose_scope", scope="settings.users.teams.read")

        assert (await emulator.get(f"{USERS}/teams")).status_code == 403
        assert (await emulator.get(USERS)).status_code == 200

    async def test_every_scope_can_be_lost(self, emulator: Emulator) -> None:
        """Without a name the fault lose_scope takes all."""
        await emulator.fault("lose_scope")

        assert (await emulator.get(USERS)).status_code == 403

    async def test_unknown_pages(self, emulator: Emulator) -> None:
        """Unknown paths and verbs answer HTML, unless nobody is asking: then 401 comes first."""
        lost = await emulator.get("/settings/v4/users")
        wrong = await emulator.send("PATCH", USERS, {})
        nobody = await emulator.client.get("/nowhere", headers={"Authorization": ""})

        assert (lost.status_code, wrong.status_code, nobody.status_code) == (404, 405, 401)
        assert lost.headers["content-type"].startswith("text/html")
        assert wrong.headers["content-type"].startswith("text/html")

    async def test_a_wrong_verb_is_told_the_right_ones(self, emulator: Emulator) -> None:
        """405 names the verbs of the path in Allow."""
        wrong = await emulator.send("PATCH", USERS, {})

        assert wrong.headers["allow"] == "GET, POST"

    async def test_unknown_parameters(self, emulator: Emulator) -> None:
        """A parameter the specification does not name is ignored, or refused by switch."""
        ignored = await emulator.get(USERS, params={"archived": "true"})
        emulator.world.switches.choose("unknown_parameters", "reject")
        refused = await emulator.get(USERS, params={"archived": "true"})

        assert (refused.status_code, ignored.status_code) == (400, 200)


class TestLimits:
    @pytest.fixture(autouse=True)
    def _real_limits(self, emulator: Emulator) -> None:
        emulator.world.limits.mode = "real"
        emulator.world.clock.freeze(datetime(2026, 11, 20, 12, tzinfo=UTC))

    async def test_burst_rolls(self, emulator: Emulator) -> None:
        """The 111th call of an OAuth app within ten seconds is a 429; ten seconds later one passes."""
        a_token(emulator.world, "app", kind="oauth")
        answers = [await emulator.get(USERS, **as_token("app")) for _ in range(111)]
        emulator.world.clock.advance(timedelta(seconds=10))
        later = await emulator.get(USERS, **as_token("app"))
        refused = answers[-1].json()

        assert [one.status_code for one in answers] == [200] * 110 + [429]
        assert (refused["errorType"], refused["policyName"]) == (
            "RATE_LIMIT",
            "TEN_SECONDLY_ROLLING",
        )
        assert later.headers["x-hubspot-ratelimit-remaining"] == "109"
        assert "x-hubspot-ratelimit-daily" not in later.headers

    async def test_a_clock_set_back_gives_the_burst_back(self, emulator: Emulator) -> None:
        """Calls the clock has not reached yet are nobody's; searches likewise."""
        for _ in range(190):
            await emulator.get(USERS)
        searches = [await emulator.send("POST", SEARCH, {}) for _ in range(6)]
        emulator.world.clock.freeze(datetime(2026, 11, 1, 12, tzinfo=UTC))
        earlier = await emulator.get(USERS)
        search = await emulator.send("POST", SEARCH, {})

        assert searches[-1].status_code == 429
        assert earlier.headers["x-hubspot-ratelimit-remaining"] == "189"
        assert search.status_code == 200

    async def test_other_apps_spend_the_day(self, emulator: Emulator) -> None:
        """Private apps share the day; the portal's midnight gives it back."""
        await emulator.control("POST", "traffic", {"calls": 1_000_000})
        refused = await emulator.get(USERS)
        emulator.world.clock.freeze(datetime(2026, 11, 20, 23, 0, 1, tzinfo=UTC))  # 00:00 Berlin
        passed = await emulator.get(USERS)

        assert refused.status_code == 429
        assert refused.json()["policyName"] == "DAILY"
        assert "retry-after" not in refused.headers
        assert passed.headers["x-hubspot-ratelimit-daily-remaining"] == "999999"

    async def test_traffic_for_days(self, emulator: Emulator) -> None:
        """Scripted traffic can use up every day until it ends."""
        await emulator.control("POST", "traffic", {"calls_per_day": 2_000_000, "days": 2})
        statuses = []
        for _ in range(4):
            statuses.append((await emulator.get(USERS)).status_code)
            emulator.world.clock.advance(timedelta(days=1))

        assert statuses == [429, 429, 429, 200]

    async def test_switches_of_the_429(self, emulator: Emulator) -> None:
        """A 429 can name a category and carry Retry-After."""
        emulator.world.switches.choose("rate_limit_body", "category")
        emulator.world.switches.choose("retry_after_on_429", "present")
        await emulator.control("POST", "traffic", {"calls": 1_000_000})
        refused = await emulator.get(USERS)

        assert refused.json()["category"] == "RATE_LIMITS"
        assert refused.headers["retry-after"] == str(11 * 3600 + 1)

    async def test_tiers_and_packs(self, emulator: Emulator) -> None:
        """Each tier has its numbers; an add-on raises them."""
        seen = {}
        for tier in ("free", "professional", "enterprise"):
            emulator.portal.tier = tier
            headers = (await emulator.get(USERS)).headers
            seen[tier] = headers["x-hubspot-ratelimit-max"], headers["x-hubspot-ratelimit-daily"]
        emulator.portal.api_limit_packs = 1
        headers = (await emulator.get(USERS)).headers
        seen["pack"] = headers["x-hubspot-ratelimit-max"], headers["x-hubspot-ratelimit-daily"]

        assert seen == {
            "free": ("100", "250000"),
            "professional": ("190", "625000"),
            "enterprise": ("190", "1000000"),
            "pack": ("250", "2000000"),
        }


class TestFaults:
    @pytest.mark.parametrize(
        ("kind", "status"),
        [
            ("401_expired", 401),
            ("401_unknown", 401),
            ("403_missing_scope", 403),
            ("404_html", 404),
            ("423_locked", 423),
            ("429_burst", 429),
            ("429_daily", 429),
            ("429_search", 429),
            ("477_migration", 477),
            ("500_json", 500),
            ("502_html", 502),
            ("503_html", 503),
            ("504_html", 504),
            ("521_cloudflare", 521),
            ("no_seat", 400),
            ("user_not_on_any_hubs", 400),
        ],
    )
    async def test_refusals(self, emulator: Emulator, kind: str, status: int) -> None:
        """Each refusing fault answers its status, and nothing was done."""
        await emulator.fault(kind, "users.remove")

        assert (await emulator.client.delete(ADA)).status_code == status
        assert 5000002 in emulator.portal.members

    async def test_refused_after_commit(self, emulator: Emulator) -> None:
        """With phase after_commit the operation is done and the answer denies it."""
        await emulator.fault("502_html", "users.remove", phase="after_commit")

        assert (await emulator.client.delete(ADA)).status_code == 502
        assert 5000002 not in emulator.portal.members

    @pytest.mark.parametrize(("kind", "done"), [("cut", False), ("answer_lost", True)])
    async def test_cut_connection(self, emulator: Emulator, kind: str, done: bool) -> None:
        """The connection breaks before anything was done, or after all was."""
        await emulator.fault(kind, "users.remove")

        with pytest.raises(httpx2.TransportError):
            await emulator.client.delete(ADA)
        assert (5000002 not in emulator.portal.members) is done
        assert (await emulator.get(USERS)).status_code == 200

    async def test_half_answer(self, emulator: Emulator) -> None:
        """The body breaks off in the middle."""
        await emulator.fault("half_answer", "users.list")

        with pytest.raises(httpx2.TransportError):
            await emulator.get(USERS)

    async def test_spoiled_answers(self, emulator: Emulator) -> None:
        """Bodies can be empty, HTML, cut short as if whole, or carry unknown fields."""
        bodies = {}
        for kind in ("empty_body", "html_200", "truncated_list", "unknown_fields"):
            await emulator.fault(kind, "users.list")
            bodies[kind] = await emulator.get(USERS)
            await emulator.control("DELETE", "faults")

        assert bodies["empty_body"].content == b""
        assert bodies["html_200"].headers["content-type"].startswith("text/html")
        assert len(bodies["truncated_list"].json()["results"]) == 1
        assert "hsNew" in bodies["unknown_fields"].json()["results"][0]

    async def test_write_ignored(self, emulator: Emulator) -> None:
        """A PUT can answer as if done and store nothing."""
        await emulator.fault("write_ignored", "users.update")
        answered = await emulator.send("PUT", ADA, {})
        stored = (await emulator.get(ADA)).json()

        assert answered.json()["roleIds"] == []
        assert stored["roleIds"] == ["1100002"]

    async def test_keyed_by_subject_and_attempt(self, emulator: Emulator) -> None:
        """Only the named user's named attempts are struck, by id or by e-mail alike."""
        await emulator.fault("500_json", "users.*", subject="ada@tiny.test", attempts=[1, 3])
        other = await emulator.get(f"{USERS}/5000003")
        ada = [(await emulator.get(ADA)).status_code for _ in range(4)]

        assert other.status_code == 200
        assert ada == [500, 200, 500, 200]

    async def test_keyed_by_method_and_path(self, emulator: Emulator) -> None:
        """An operation may be named by verb and template; `times` ends it."""
        await emulator.fault("500_json", "GET /settings/v3/users/{userId}", times=1)
        seen = [(await emulator.get(ADA)).status_code for _ in range(2)]

        assert seen == [500, 200]

    async def test_slow(self, emulator: Emulator) -> None:
        """A slow answer takes its seconds."""
        await emulator.fault("slow", "users.list", seconds=0.05)
        await emulator.get(USERS)

        assert emulator.world.recorder.seen[-1].ms >= 50

    async def test_unknown_kind_is_refused(self, emulator: Emulator) -> None:
        """A misspelt fault is an error that lists what there is."""
        answer = await emulator.send("POST", "/_emulator/faults", {"kind": "429"})

        assert answer.status_code == 400
        assert all(kind.name in answer.json()["message"] for kind in FAULTS)


class TestSearchLimit:
    async def test_sixth_search_of_a_second(self, emulator: Emulator) -> None:
        """Searches share five a second per portal and carry no rate headers."""
        emulator.world.limits.mode = "real"
        emulator.world.clock.freeze(datetime(2026, 11, 20, 12, tzinfo=UTC))
        path = "/crm/v3/objects/users/search"
        answers = [await emulator.send("POST", path, {}) for _ in range(6)]

        assert [one.status_code for one in answers] == [200] * 5 + [429]
        assert answers[-1].json()["message"] == "You have reached your secondly limit."
        assert not [name for name in answers[0].headers if "ratelimit" in name]


async def test_several_portals_in_one_process(door: str) -> None:
    """A token opens its own portal only; one human has one id in both."""
    world = create_world(seed="tiny", limits="off")
    async with running(world, door) as emulator:
        made = await emulator.control("POST", "seed", {"seed": "blank", "keep": True})
        other = next(one for one in made["portals"] if one["id"] != emulator.portal.id)
        options = as_token(other["tokens"][0])
        body = {"email": "ada@tiny.test", "sendWelcomeEmail": False}
        row = (await emulator.send("POST", USERS, body, **options)).json()

        assert row["id"] == "5000002"
        assert len((await emulator.get(USERS, **options)).json()["results"]) == 2
        assert len((await emulator.get(USERS)).json()["results"]) == 5
