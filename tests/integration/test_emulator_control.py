"""The emulator's control surface, through both doors."""

from __future__ import annotations

from typing import Any

import pytest

from hubspot_emulator.acts.table import ACTS
from hubspot_emulator.faults import FAULTS
from hubspot_emulator.switches import SWITCHES
from tests.support.emulator import Emulator

USERS = "/settings/v3/users"
ADA = f"{USERS}/5000002"


class TestRequests:
    async def test_every_request_is_seen(self, emulator: Emulator) -> None:
        """Method, template, status and time of each; control requests are not counted."""
        await emulator.get(ADA)
        await emulator.get(f"{USERS}/4242/")
        await emulator.get("/nowhere")
        seen = await emulator.control("GET", "requests")

        template = f"{USERS}/{{userId}}"
        assert [(one["path"], one["status"]) for one in seen["requests"]] == [
            (template, 200),
            (template, 404),
            ("/nowhere", 404),
        ]
        assert seen["totals"]["by_operation"] == {"unknown": 1, "users.read": 2}
        assert all(one["method"] == "GET" and one["ms"] >= 0 for one in seen["requests"])

    async def test_emptied(self, emulator: Emulator) -> None:
        """DELETE forgets requests and totals."""
        await emulator.get(USERS)
        await emulator.control("DELETE", "requests")
        seen = await emulator.control("GET", "requests")

        assert seen["requests"] == []
        assert seen["totals"]["requests"] == 0


class TestWorlds:
    async def test_reset(self, emulator: Emulator) -> None:
        """Everything is as at the start: people, switches, faults, clock, tokens."""
        await emulator.client.delete(ADA)
        await emulator.control("POST", "switches", {"put_omission": "preserve"})
        await emulator.control("POST", "clock", {"advance": 86_400})
        await emulator.fault("500_json")
        made = await emulator.control("POST", "reset")

        assert made["portals"][0]["users"] == 5
        assert made["portals"][0]["tokens"] == [emulator.token]
        assert (await emulator.get(ADA)).status_code == 200
        assert emulator.world.switches["put_omission"] == "clear_all"

    async def test_seed(self, emulator: Emulator) -> None:
        """Another seed replaces the world and has its own token."""
        made = await emulator.control("POST", "seed", {"users": 12})

        assert made["portals"][0]["users"] == 12
        assert made["portals"][0]["tokens"] == ["pat-na1-emulator-users"]
        assert (await emulator.get(USERS)).status_code == 401

    @pytest.mark.parametrize("body", [{"seed": "moon"}, {"sed": "tiny"}, {"tier": "gold"}])
    async def test_wrong_seed(self, emulator: Emulator, body: dict[str, Any]) -> None:
        """An unknown seed, tier or field is a 400 and the world stays."""
        answer = await emulator.send("POST", "/_emulator/seed", body)

        assert answer.status_code == 400
        assert (await emulator.get(USERS)).status_code == 200

    async def test_state_tells_the_truth(self, emulator: Emulator) -> None:
        """State holds what the API hides: three ids, invitation, permissions, seat totals."""
        state = await emulator.control("GET", "state")
        ada = next(one for one in state["users"] if one["email"] == "ada@tiny.test")

        assert state["portal"]["tier"] == "enterprise"
        assert len({ada["id"], ada["owner"]["id"], ada["crm_record"]}) == 3
        assert ada["effective"]
        assert {seat["name"] for seat in state["seats"]} >= {"Core", "View-Only"}
        assert [one["status"] for one in state["users"]].count("invited") == 1


class TestClock:
    async def test_hand_wound(self, emulator: Emulator) -> None:
        """Freeze, advance, run."""
        await emulator.control("POST", "clock", {"freeze": "2026-11-20T09:00:00Z"})
        frozen = await emulator.control("POST", "clock", {"advance": 90})
        running = await emulator.control("POST", "clock", {"run": True})

        assert frozen == {"now": "2026-11-20T09:01:30.000Z", "frozen": True}
        assert running["frozen"] is False
        assert running["now"].startswith("2026-11-20T09:01:3")

    async def test_needs_a_zone(self, emulator: Emulator) -> None:
        """A time without zone is refused."""
        answer = await emulator.send("POST", "/_emulator/clock", {"freeze": "2026-11-20T09:00:00"})

        assert answer.status_code == 400
        assert "time zone" in answer.json()["message"]


class TestLevers:
    async def test_switches_all_or_none(self, emulator: Emulator) -> None:
        """One wrong answer leaves every switch as it was."""
        body = {"put_omission": "preserve", "default_conflict": "maybe"}
        answer = await emulator.send("POST", "/_emulator/switches", body)
        shown = await emulator.control("GET", "switches")

        assert answer.status_code == 400
        assert shown["put_omission"] == "clear_all"
        assert [one["name"] for one in shown["switches"]] == [one.name for one in SWITCHES]

    async def test_faults_are_listed_and_dropped(self, emulator: Emulator) -> None:
        """What is scheduled can be read, and dropped one by one."""
        await emulator.fault("500_json", "users.list", subject="x")
        await emulator.fault("cut", "users.read")
        shown = await emulator.control("GET", "faults")
        await emulator.control("DELETE", f"faults?id={shown['faults'][0]['id']}")
        left = await emulator.control("GET", "faults")

        assert [one["kind"] for one in shown["faults"]] == ["500_json", "cut"]
        assert [one["kind"] for one in shown["kinds"]] == [one.name for one in FAULTS]
        assert [one["kind"] for one in left["faults"]] == ["cut"]

    async def test_acts_are_listed(self, emulator: Emulator) -> None:
        """Every act tells the fields it reads."""
        shown = await emulator.control("GET", "acts")

        assert [one["act"] for one in shown["acts"]] == list(ACTS)


class TestActs:
    async def test_several_sets(self, emulator: Emulator) -> None:
        """The screens give several sets at once; the API shows all and mirrors one."""
        await emulator.act("edit", 5000002, permission_sets=[1100001, 1100002])
        row = (await emulator.get(ADA)).json()

        assert row["roleIds"] == ["1100001", "1100002"]
        assert row["roleId"] == "1100001"

    async def test_sets_come_and_go(self, emulator: Emulator) -> None:
        """A set is made, changed and deleted; its holders follow."""
        made = await emulator.act("create_set", name="Exports", permissions={})
        await emulator.act("edit", 5000002, permission_sets=[made["set"]])
        changed = await emulator.act(
            "edit_set", set=made["set"], permissions={"crm_tools.export": "on"}
        )
        holder = await emulator.control("GET", "state?user=5000002")
        await emulator.act("delete_set", set=made["set"])

        assert changed["holders"] == 1
        assert "crm_tools.export" in holder["effective"]
        assert (await emulator.get(ADA)).json()["roleIds"] == []

    async def test_super_admin_comes_and_goes(self, emulator: Emulator) -> None:
        """Promotion shows in the list and in the feed, with who did it."""
        await emulator.act("make_super_admin", 5000002)
        promoted = (await emulator.get(ADA)).json()["superAdmin"]
        await emulator.act("demote", 5000002, **{"as": "root@tiny.test"})
        events = [(one.type, one.actor_id) for one in emulator.portal.feeds.security.in_order()]

        assert promoted is True
        assert events[-2:] == [
            ("ADD_ADMIN_PERMISSIONS", 5000001),
            ("REMOVE_ADMIN_PERMISSIONS", 5000001),
        ]

    async def test_app_after_demotion(self, emulator: Emulator) -> None:
        """An app works on after its installer's demotion, unless the switch stops it."""
        await emulator.act("make_super_admin", 5000002)
        await emulator.act("demote", 5000001)
        works = await emulator.get(USERS)
        emulator.world.switches.choose("app_after_demotion", "stops")
        await emulator.act("make_super_admin", 5000001)
        await emulator.act("demote", 5000001)

        assert works.status_code == 200
        assert (await emulator.get(USERS)).status_code == 401

    async def test_app_access_switched(self, emulator: Emulator) -> None:
        """Disconnect and connect toggle an app's access without a new authorisation."""
        await emulator.act("connect_app", token=emulator.token, on=False)
        off = await emulator.get(USERS)
        await emulator.act("connect_app", token=emulator.token, on=True)

        assert (off.status_code, (await emulator.get(USERS)).status_code) == (401, 200)

    async def test_log_in_of_the_deactivated_fails(self, emulator: Emulator) -> None:
        """Whoever is deactivated cannot log in, until reactivated."""
        await emulator.act("deactivate", 5000003)
        failed = await emulator.act("log_in", 5000003)
        await emulator.act("reactivate", 5000003)
        passed = await emulator.act("log_in", 5000003)

        assert (failed["succeeded"], passed["succeeded"]) == (False, True)

    async def test_changed_email_keeps_the_id(self, emulator: Emulator) -> None:
        """A new e-mail is found, the old one is nobody's."""
        await emulator.act("change_email", 5000002, email="ada.new@tiny.test")
        new = await emulator.get(f"{USERS}/ada.new@tiny.test?idProperty=EMAIL")
        old = await emulator.get(f"{USERS}/ada@tiny.test?idProperty=EMAIL")

        assert (new.json()["id"], old.status_code) == ("5000002", 404)

    @pytest.mark.parametrize(
        "body",
        [
            {"act": "fly"},
            {"act": "activate", "user": "nobody@tiny.test"},
            {"act": "edit", "user": "5000002", "permission_sets": [4242]},
            {"act": "set_tier", "tier": "gold"},
        ],
    )
    async def test_wrong_acts(self, emulator: Emulator, body: dict[str, Any]) -> None:
        """An unknown act, user, set or tier is a 400 that names it."""
        assert (await emulator.send("POST", "/_emulator/acts", body)).status_code == 400
