"""Settings users of the emulator, through both doors."""

from __future__ import annotations

from typing import Any

import pytest

from hubspot_emulator.users.versions import PATHS
from tests.support.emulator import Emulator, a_token

V3 = "/settings/v3/users"
NEWEST = "/settings/users/2026-09"


async def invite(emulator: Emulator, email: str = "new@tiny.test", **fields: Any) -> dict[str, Any]:
    """Create a user and give its row."""
    body = {"email": email, "sendWelcomeEmail": False, **fields}
    answer = await emulator.send("POST", NEWEST, body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def named(emulator: Emulator, email: str) -> dict[str, Any]:
    """The row of one user by e-mail."""
    answer = await emulator.get(f"{NEWEST}/{email}", params={"idProperty": "EMAIL"})
    assert answer.status_code == 200, answer.text
    row: dict[str, Any] = answer.json()
    return row


class TestPathForms:
    @pytest.mark.parametrize("path", [path for path, _ in PATHS])
    @pytest.mark.parametrize("slash", ["", "/"])
    async def test_list_answers_under_every_form(
        self, emulator: Emulator, path: str, slash: str
    ) -> None:
        """Each path form lists the same people, with and without a trailing slash."""
        answer = await emulator.get(path + slash)

        assert answer.status_code == 200
        assert [row["email"] for row in answer.json()["results"]] == [
            f"{name}@tiny.test" for name in ("root", "ada", "ben", "cid", "dee")
        ]

    @pytest.mark.parametrize("written", ["ada@tiny.test", "ada%40tiny.test", "ADA@Tiny.test"])
    async def test_email_in_the_path(self, emulator: Emulator, written: str) -> None:
        """An e-mail names a user raw, encoded and in any case."""
        answer = await emulator.get(f"{V3}/{written}?idProperty=EMAIL")

        assert answer.json()["id"] == "5000002"

    async def test_seat_names_by_version(self, emulator: Emulator) -> None:
        """2026-03 shows seatNames in lists only."""
        old, new = "/settings/users/2026-03", NEWEST
        listed = (await emulator.get(old)).json()["results"][1]

        assert "seatNames" in listed
        assert "seatNames" not in (await emulator.get(f"{old}/5000002")).json()
        assert "seatNames" in (await emulator.get(f"{new}/5000002")).json()


class TestCreate:
    async def test_answer(self, emulator: Emulator) -> None:
        """201 with Location; the welcome e-mail is echoed once and never again."""
        body = {"email": "new@tiny.test", "sendWelcomeEmail": True}
        answer = await emulator.send("POST", f"{V3}/", body)
        row = answer.json()
        read = (await emulator.get(f"{V3}/{row['id']}")).json()

        assert answer.status_code == 201
        assert answer.headers["location"].endswith(f"{V3}/{row['id']}")
        assert row["sendWelcomeEmail"] is True
        assert read == {
            "id": row["id"],
            "email": "new@tiny.test",
            "roleIds": [],
            "superAdmin": False,
        }

    @pytest.mark.parametrize(
        ("answer", "status", "category"),
        [
            ("conflict_409", 409, "CONFLICT"),
            ("conflict_bare", 409, None),
            ("bad_request_400", 400, "VALIDATION_ERROR"),
        ],
    )
    async def test_duplicate(
        self, emulator: Emulator, answer: str, status: int, category: str | None
    ) -> None:
        """The same e-mail in any case is refused as the switch says."""
        emulator.world.switches.choose("duplicate_create", answer)
        body = {"email": "ADA@tiny.test", "sendWelcomeEmail": False}
        refused = await emulator.send("POST", V3, body)

        assert refused.status_code == status
        assert refused.json().get("category") == category

    @pytest.mark.parametrize(
        ("fields", "word"),
        [
            ({"email": None}, "email"),
            ({"sendWelcomeEmail": None}, "sendWelcomeEmail"),
            ({"email": "nonsense"}, "invalid"),
            ({"roleId": "424242"}, "424242"),
            ({"primaryTeamId": "424242"}, "424242"),
            ({"secondaryTeamIds": ["424242"]}, "424242"),
            ({"seatNames": ["Throne"]}, "Throne"),
            ({"secondaryTeamIds": "x"}, "array"),
        ],
    )
    async def test_wrong_fields(
        self, emulator: Emulator, fields: dict[str, Any], word: str
    ) -> None:
        """What is missing, unknown or of the wrong type is a 400 that names it."""
        body = {"email": "new@tiny.test", "sendWelcomeEmail": False, **fields}
        refused = await emulator.send("POST", NEWEST, body)

        assert refused.status_code == 400
        assert word in refused.json()["message"]
        assert emulator.world.identity("new@tiny.test") is None

    async def test_body_that_is_no_json(self, emulator: Emulator) -> None:
        """Broken JSON is a 400 in HubSpot's words."""
        answer = await emulator.client.post(V3, content=b"{")

        assert answer.status_code == 400
        assert answer.json()["message"].startswith("Invalid input JSON on line 1")

    async def test_no_seat_left(self, emulator: Emulator) -> None:
        """A seat out of stock refuses the create."""
        await emulator.act("set_seats", seat="Core", total=2)
        body = {"email": "new@tiny.test", "sendWelcomeEmail": False, "seatNames": ["Core"]}
        refused = await emulator.send("POST", NEWEST, body)

        assert refused.status_code == 400
        assert refused.json()["subCategory"].endswith("NO_SEAT_AVAILABLE_FOR_ROLE_COMBINATION")

    async def test_free_portal_has_room_for_two(self, emulator: Emulator) -> None:
        """A free portal refuses a third user."""
        await emulator.control("POST", "seed", {"seed": "tiny", "tier": "free"})
        body = {"email": "new@tiny.test", "sendWelcomeEmail": False}

        assert len(emulator.portal.members) == 2
        assert (await emulator.send("POST", V3, body)).status_code == 400


class TestUpdate:
    @pytest.mark.parametrize(
        ("answer", "kept"),
        [
            ("preserve", {"roleId", "primaryTeamId", "seatNames"}),
            ("clear_role", {"primaryTeamId", "seatNames"}),
            ("clear_all", set()),
        ],
    )
    async def test_what_a_put_leaves_out(
        self, emulator: Emulator, answer: str, kept: set[str]
    ) -> None:
        """Fields not sent are kept or cleared as the switch says."""
        emulator.world.switches.choose("put_omission", answer)
        await emulator.send("PUT", f"{NEWEST}/5000002", {})
        row = await named(emulator, "ada@tiny.test")

        assert {key for key in ("roleId", "primaryTeamId", "seatNames") if key in row} == kept

    async def test_the_dangerous_answer_is_the_default(self, emulator: Emulator) -> None:
        """Without a word, a PUT clears what it leaves out."""
        assert emulator.world.switches["put_omission"] == "clear_all"

    async def test_seats_survive_where_the_version_has_none(self, emulator: Emulator) -> None:
        """A PUT of 2026-03 cannot clear seatNames, which it does not know."""
        await emulator.send("PUT", "/settings/users/2026-03/5000002", {"seatNames": []})

        assert (await named(emulator, "ada@tiny.test"))["seatNames"] == ["Sales Hub Enterprise"]

    async def test_whole_record(self, emulator: Emulator) -> None:
        """All four access fields together are stored as sent."""
        row = await named(emulator, "ben@tiny.test")
        wish = {
            "roleId": row["roleId"],
            "primaryTeamId": "52000001",
            "secondaryTeamIds": ["52000003"],
            "seatNames": ["Sales Hub Enterprise"],
        }
        answer = await emulator.send("PUT", f"{NEWEST}/{row['id']}", wish)

        assert answer.status_code == 200
        assert wish.items() <= (await named(emulator, "ben@tiny.test")).items()

    async def test_name_before_activation(self, emulator: Emulator) -> None:
        """A name of somebody who never came is refused, even unchanged; access is not stored."""
        cid = await named(emulator, "cid@tiny.test")
        refused = await emulator.send(
            "PUT", f"{V3}/{cid['id']}", {"firstName": "Cid", "seatNames": ["View-Only"]}
        )
        await emulator.act("activate", cid["id"])
        passed = await emulator.send("PUT", f"{V3}/{cid['id']}", {"firstName": "Sid"})

        assert refused.status_code == 400
        assert "USER_NOT_ON_ANY_HUBS" in refused.text
        assert passed.json()["firstName"] == "Sid"

    async def test_super_admin(self, emulator: Emulator) -> None:
        """A Super Admin is not updated by the API."""
        refused = await emulator.send("PUT", f"{V3}/5000001", {"seatNames": ["Core"]})

        assert refused.status_code == 400
        assert refused.json()["category"] == "VALIDATION_ERROR"

    async def test_fields_nobody_can_write(self, emulator: Emulator) -> None:
        """superAdmin in a body is ignored without a word, or refused."""
        body = {"superAdmin": True}
        ignored = await emulator.send("PUT", f"{V3}/5000002", body)
        emulator.world.switches.choose("unknown_body_fields", "reject")
        refused = await emulator.send("PUT", f"{V3}/5000002", body)

        assert (ignored.status_code, ignored.json()["superAdmin"]) == (200, False)
        assert refused.status_code == 400

    async def test_paid_seat_needs_the_billing_scope(self, emulator: Emulator) -> None:
        """A token without settings.billing.write cannot give or clear a paid seat."""
        poor = frozenset({"settings.users.write"})
        token = a_token(emulator.world, scopes=poor)
        refused = await emulator.client.put(
            f"{NEWEST}/5000002", json={}, headers={"Authorization": f"Bearer {token.value}"}
        )

        assert refused.status_code == 403
        assert "settings.billing.write" in refused.text
        assert (await named(emulator, "ada@tiny.test"))["seatNames"] == ["Sales Hub Enterprise"]

    async def test_paid_seat_refused_as_not_valid(self, emulator: Emulator) -> None:
        """The other answer to the same: the first words a client was told in January 2021."""
        emulator.world.switches.choose("billing_write_refusal", "bad_request_400")
        token = a_token(emulator.world, scopes=frozenset({"settings.users.write"}))
        refused = await emulator.client.put(
            f"{NEWEST}/5000002", json={}, headers={"Authorization": f"Bearer {token.value}"}
        )

        assert refused.status_code == 400
        assert refused.json()["message"] == "Error validating request."
        assert "settings.billing.write" in refused.json()["errors"][0]["message"]

    async def test_set_beyond_the_actor(self, emulator: Emulator) -> None:
        """Whoever is no Super Admin hands out only what he holds."""
        rows = (await emulator.get(f"{V3}/roles")).json()["results"]
        manager = next(row["id"] for row in rows if row["name"] == "Sales Manager")
        token = a_token(emulator.world, user_id=5000005)
        options = {"headers": {"Authorization": f"Bearer {token.value}"}}
        wish = {"roleId": manager, "seatNames": ["Sales Hub Enterprise"]}
        refused = await emulator.send("PUT", f"{V3}/5000003", wish, **options)
        emulator.world.switches.choose("set_beyond_actor", "allow")
        passed = await emulator.send("PUT", f"{V3}/5000003", wish, **options)

        assert (refused.status_code, passed.status_code) == (400, 200)

    async def test_effect_comes_later(self, emulator: Emulator) -> None:
        """Stored at once, effective after five minutes and a new log-in."""
        emulator.world.clock.freeze(emulator.world.clock.now())
        await emulator.send("PUT", f"{V3}/5000003", {})
        stored = await emulator.control("GET", "state?user=5000003")
        await emulator.control("POST", "clock", {"advance": 301})
        await emulator.act("log_in", 5000003)
        after = await emulator.control("GET", "state?user=5000003")

        assert stored["effective_at"] is not None
        assert after["effective_at"] is None


class TestRemove:
    async def test_gone_and_still_gone(self, emulator: Emulator) -> None:
        """204, then 404 by id and e-mail; a second DELETE is 204 again; a stranger is a 404."""
        first = await emulator.client.delete(f"{V3}/5000003")
        second = await emulator.client.delete(f"{V3}/ben@tiny.test?idProperty=EMAIL")
        by_id = await emulator.get(f"{V3}/5000003")
        by_email = await emulator.get(f"{V3}/ben@tiny.test?idProperty=EMAIL")
        stranger = await emulator.client.delete(f"{V3}/4242")

        assert (first.status_code, first.content) == (204, b"")
        assert second.status_code == 204
        assert (by_id.status_code, by_email.status_code, stranger.status_code) == (404, 404, 404)

    async def test_comes_back_with_the_same_id(self, emulator: Emulator) -> None:
        """The same e-mail gets the same id and none of the former access."""
        await emulator.client.delete(f"{V3}/5000003")
        row = await invite(emulator, "ben@tiny.test")

        assert row["id"] == "5000003"
        assert row["roleIds"] == []
        assert "primaryTeamId" not in row

    async def test_seat_comes_back_late(self, emulator: Emulator) -> None:
        """An immediate re-create is refused while the seat is not free again."""
        emulator.world.clock.freeze(emulator.world.clock.now())
        await emulator.act("set_seats", seat="Sales Hub Enterprise", total=2)
        await emulator.client.delete(f"{V3}/5000003")
        body = {
            "email": "ben@tiny.test",
            "sendWelcomeEmail": False,
            "seatNames": ["Sales Hub Enterprise"],
        }
        refused = await emulator.send("POST", V3, body)
        await emulator.control("POST", "clock", {"advance": 11})
        passed = await emulator.send("POST", V3, body)

        assert (refused.status_code, passed.status_code) == (400, 201)
        assert "NO_SEAT_AVAILABLE" in refused.text

    async def test_last_super_admin(self, emulator: Emulator) -> None:
        """The last Super Admin stays; with a second one either may go."""
        refused = await emulator.client.delete(f"{V3}/5000001")
        await emulator.act("make_super_admin", 5000002)
        passed = await emulator.client.delete(f"{V3}/5000001")

        assert (refused.status_code, passed.status_code) == (400, 204)

    async def test_installer_takes_the_token_along(self, emulator: Emulator) -> None:
        """Removing the token's creator ends the token, unless the switch says otherwise."""
        token = a_token(emulator.world, user_id=5000003)
        headers = {"Authorization": f"Bearer {token.value}"}
        await emulator.client.delete(f"{V3}/5000003", headers=headers)

        assert (await emulator.get(V3, headers=headers)).status_code == 401

    async def test_list_may_lag(self, emulator: Emulator) -> None:
        """With the fault list_lag a removed user stays listed for a while, and is 404 by id."""
        emulator.world.clock.freeze(emulator.world.clock.now())
        await emulator.fault("list_lag", seconds=30)
        await emulator.client.delete(f"{V3}/5000003")
        lagging = (await emulator.get(V3)).json()["results"]
        read = await emulator.get(f"{V3}/5000003")
        await emulator.control("POST", "clock", {"advance": 31})
        later = (await emulator.get(V3)).json()["results"]

        assert [len(lagging), read.status_code, len(later)] == [5, 404, 4]


class TestLifecycle:
    async def test_record_and_owner_come_with_activation(self, emulator: Emulator) -> None:
        """An unknown person has no CRM record before accepting; the settings list shows no difference."""
        row = await invite(emulator)
        before = await emulator.control("GET", f"state?user={row['id']}")
        await emulator.act("activate", row["id"])
        after = await emulator.control("GET", f"state?user={row['id']}")

        assert (before["status"], before["crm_record"]) == ("invited", None)
        assert after["status"] == "active"
        assert after["owner"] == {"id": after["owner"]["id"], "archived": False}
        assert after["crm_record"] not in (None, row["id"])

    async def test_record_may_come_late(self, emulator: Emulator) -> None:
        """With the fault crm_record_delay the record appears on the emulator's clock."""
        await emulator.fault("crm_record_delay", seconds=60)
        await emulator.act("activate", 5000004)
        before = await emulator.control("GET", "state?user=5000004")
        await emulator.control("POST", "clock", {"advance": 61})
        await emulator.get(V3)
        after = await emulator.control("GET", "state?user=5000004")

        assert before["crm_record"] is None
        assert after["crm_record"] is not None

    async def test_feed_tells_who_did_what(self, emulator: Emulator) -> None:
        """Create, team change and removal are in the security feed with actor and target."""
        row = await invite(emulator, primaryTeamId="52000001")
        await emulator.client.delete(f"{V3}/{row['id']}")
        told = [
            (event.type, event.actor_id, event.target_id)
            for event in emulator.portal.feeds.security.in_order()[-3:]
        ]

        actor, target = 5000001, int(row["id"])
        assert told == [
            ("ADD_USER", actor, target),
            ("TEAM_USER_ADDED", actor, target),
            ("REMOVE_USER", actor, target),
        ]

    async def test_deactivated_stays_listed(self, emulator: Emulator) -> None:
        """The list carries no flag for deactivated users; the switch can hide them."""
        await emulator.act("deactivate", 5000003)
        listed = (await emulator.get(V3)).json()["results"]
        emulator.world.switches.choose("deactivated_in_list", "hidden")
        hidden = (await emulator.get(V3)).json()["results"]

        assert (len(listed), len(hidden)) == (5, 4)
        assert (await emulator.control("GET", "state?user=5000003"))["owner"]["archived"] is True

    async def test_inactivity_rule_runs_by_itself(self, emulator: Emulator) -> None:
        """After months on the clock the portal deactivates whoever did not log in."""
        await emulator.get(V3)
        await emulator.control("POST", "clock", {"advance": 200 * 86_400})
        await emulator.get(V3)
        state = await emulator.control("GET", "state")

        by_status = {one["email"]: one["status"] for one in state["users"]}
        assert by_status["ben@tiny.test"] == "deactivated"
        assert by_status["root@tiny.test"] == "active"
        assert by_status["cid@tiny.test"] == "invited"


class TestTiers:
    async def test_sets_need_enterprise(self, emulator: Emulator) -> None:
        """Roles of another tier are refused in HubSpot's words; so is their assignment."""
        role = (await emulator.get(f"{V3}/roles")).json()["results"][0]["id"]
        await emulator.act("set_tier", tier="professional")
        listed = await emulator.get(f"{V3}/roles")
        assigned = await emulator.send("PUT", f"{V3}/5000004", {"roleId": role})

        assert listed.status_code == assigned.status_code == 400
        assert listed.json()["message"] == "Account doesn't have access to roles."

    async def test_seats_are_new(self, emulator: Emulator) -> None:
        """Only 2026-09 tells seats, and only what is left of them."""
        rows = (await emulator.get(f"{NEWEST}/seats")).json()["results"]
        older = await emulator.get("/settings/users/2026-03/seats")

        assert {"name", "description", "remainingSeats"} >= set().union(*rows)
        assert "remainingSeats" not in next(row for row in rows if row["name"] == "View-Only")
        assert older.status_code == 404
