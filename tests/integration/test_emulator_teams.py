"""Teams of the emulator in both APIs, through both doors."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.emulator import Emulator, a_token

TEAMS = "/settings/teams/2026-09"
FLAT = "/settings/v3/users/teams"
SALES, INSIDE, OFFICE = "52000001", "52000002", "52000003"
ADA, BEN = "5000002", "5000003"


async def flat(emulator: Emulator) -> dict[str, dict[str, Any]]:
    """The flat list by id."""
    rows = (await emulator.get(FLAT)).json()["results"]
    return {row["id"]: row for row in rows}


class TestRead:
    async def test_two_halves_of_the_truth(self, emulator: Emulator) -> None:
        """The flat list has members and no parent, the tree a parent and no members."""
        tree = (await emulator.get(TEAMS)).json()["results"]

        assert (await flat(emulator))[INSIDE] == {
            "id": INSIDE,
            "name": "Inside Sales",
            "userIds": [BEN, "5000004"],
            "secondaryUserIds": [],
        }
        assert {"id": INSIDE, "name": "Inside Sales", "parentTeamId": SALES} in tree

    @pytest.mark.parametrize("path", [TEAMS, f"{TEAMS}/{INSIDE}/members"])
    async def test_paging(self, emulator: Emulator, path: str) -> None:
        """One row a page gives every row once."""
        everything = (await emulator.get(path)).json()["results"]
        found: list[Any] = []
        after: str | None = ""
        while after is not None:
            page = (await emulator.get(path, params={"limit": 1, "after": after})).json()
            found += page["results"]
            after = page.get("paging", {}).get("next", {}).get("after")

        assert found == everything

    async def test_scope(self, emulator: Emulator) -> None:
        """The user scopes do not open teams."""
        token = a_token(emulator.world, scopes=frozenset({"settings.users.read"}))
        refused = await emulator.get(FLAT, headers={"Authorization": f"Bearer {token.value}"})

        assert refused.status_code == 403
        assert refused.json()["errors"][0]["context"] == {
            "requiredGranularScopes": ["settings.users.teams.read"]
        }


class TestTree:
    async def test_create_rename_move_delete(self, emulator: Emulator) -> None:
        """A team is made with members, renamed, moved and deleted; members lose it."""
        body = {
            "name": "Deal Desk",
            "parentTeamId": SALES,
            "members": [{"userId": ADA, "type": "EXTRA"}],
        }
        made = await emulator.send("POST", TEAMS, body)
        team_id = made.json()["id"]
        members = (await emulator.get(f"{TEAMS}/{team_id}/members")).json()["results"]
        moved = await emulator.send(
            "PATCH", f"{TEAMS}/{team_id}", {"name": "Desk", "parentTeamId": OFFICE}
        )
        gone = await emulator.client.delete(f"{TEAMS}/{team_id}")

        assert made.status_code == 201
        assert members == [{"userId": ADA, "type": "EXTRA"}]
        assert moved.json() == {"id": team_id, "name": "Desk", "parentTeamId": OFFICE}
        assert gone.status_code == 204
        assert emulator.portal.members[int(ADA)].extra_team_ids == []

    @pytest.mark.parametrize(
        "body",
        [
            {"members": []},
            {"name": "X"},
            {"name": " ", "members": []},
            {"name": "X", "members": [], "parentTeamId": "1"},
            {"name": "X", "members": [{"userId": ADA, "type": "PRIMARY"}]},
        ],
    )
    async def test_wrong_bodies(self, emulator: Emulator, body: dict[str, Any]) -> None:
        """What is missing or unknown is a 400, and no team is made."""
        before = len(emulator.portal.teams)

        assert (await emulator.send("POST", TEAMS, body)).status_code == 400
        assert len(emulator.portal.teams) == before

    async def test_no_circles(self, emulator: Emulator) -> None:
        """A team cannot be moved below its own child."""
        refused = await emulator.send("PATCH", f"{TEAMS}/{SALES}", {"parentTeamId": INSIDE})

        assert refused.status_code == 400

    @pytest.mark.parametrize(
        ("answer", "parent", "status", "top"),
        [
            ("empty_string", None, 200, False),
            ("empty_string", "", 200, True),
            ("null", None, 200, True),
            ("null", "", 400, False),
            ("never", None, 200, False),
            ("never", "", 200, False),
        ],
    )
    async def test_the_top_of_the_tree(
        self, emulator: Emulator, answer: str, parent: str | None, status: int, top: bool
    ) -> None:
        """Which parent means none nobody knows; a 200 alone proves nothing."""
        emulator.world.switches.choose("team_to_top", answer)
        told = await emulator.send("PATCH", f"{TEAMS}/{INSIDE}", {"parentTeamId": parent})

        assert (status, top) == (
            told.status_code,
            emulator.portal.teams[int(INSIDE)].parent_id is None,
        )

    @pytest.mark.parametrize(
        ("answer", "status", "left"),
        [
            ("reject", 400, {SALES, INSIDE, OFFICE}),
            ("orphan", 204, {INSIDE, OFFICE}),
            ("cascade", 204, {OFFICE}),
        ],
    )
    async def test_deleting_a_parent(
        self, emulator: Emulator, answer: str, status: int, left: set[str]
    ) -> None:
        """Children of a deleted team are what the switch says."""
        emulator.world.switches.choose("delete_parent_team", answer)

        assert (await emulator.client.delete(f"{TEAMS}/{SALES}")).status_code == status
        assert set(await flat(emulator)) == left

    async def test_tiers(self, emulator: Emulator) -> None:
        """Nested teams need Enterprise, teams need Professional; caps can be set."""
        nested = {"name": "X", "members": [], "parentTeamId": SALES}
        plain = {"name": "X", "members": []}
        await emulator.act("set_tier", tier="professional")
        refused = await emulator.send("POST", TEAMS, nested)
        passed = await emulator.send("POST", TEAMS, plain)
        emulator.portal.team_cap = 4
        full = await emulator.send("POST", TEAMS, plain)
        await emulator.act("set_tier", tier="starter")
        starter = await emulator.send("POST", TEAMS, plain)

        statuses = [one.status_code for one in (refused, passed, full, starter)]
        assert statuses == [400, 201, 400, 400]


class TestMembers:
    @pytest.mark.parametrize(
        ("answer", "status", "main", "extra"),
        [
            ("replace", 201, OFFICE, []),
            ("reject", 400, SALES, []),
            ("as_extra", 201, SALES, [OFFICE]),
        ],
    )
    async def test_second_main_team(
        self, emulator: Emulator, answer: str, status: int, main: str, extra: list[str]
    ) -> None:
        """A DEFAULT add to somebody with a main team does what the switch says."""
        emulator.world.switches.choose("default_conflict", answer)
        body = {"userId": ADA, "type": "DEFAULT"}
        added = await emulator.send("POST", f"{TEAMS}/{OFFICE}/members", body)
        user = await emulator.control("GET", f"state?user={ADA}")

        assert added.status_code == status
        assert (user["main_team"], user["extra_teams"]) == (main, extra)

    async def test_batch(self, emulator: Emulator) -> None:
        """A batch adds whom it can and names the rest."""
        body = {"inputs": [{"userId": ADA, "type": "EXTRA"}, {"userId": "4242", "type": "EXTRA"}]}
        answer = await emulator.send("POST", f"{TEAMS}/{OFFICE}/members/batch", body)

        assert answer.status_code == 200
        assert answer.json()["status"] == "COMPLETE"
        assert answer.json()["results"] == [{"userId": ADA, "type": "EXTRA"}]
        assert answer.json()["numErrors"] == 1

    async def test_removal_needs_the_right_type(self, emulator: Emulator) -> None:
        """Without type only a main membership ends; an extra one needs EXTRA."""
        await emulator.send("POST", f"{TEAMS}/{OFFICE}/members", {"userId": ADA, "type": "EXTRA"})
        path = f"{TEAMS}/{OFFICE}/members/{ADA}"
        silent = await emulator.client.delete(path)
        still = list(emulator.portal.members[int(ADA)].extra_team_ids)
        done = await emulator.client.delete(path, params={"type": "EXTRA"})

        assert (silent.status_code, still) == (204, [int(OFFICE)])
        assert done.status_code == 204
        assert emulator.portal.members[int(ADA)].extra_team_ids == []
