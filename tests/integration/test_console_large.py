"""Pages of a portal with thousands of teams and users: a page at a time, and never the whole list."""

from __future__ import annotations

import csv
import io
import tracemalloc
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from rolecall.domain.actor import SYSTEM, Role
from rolecall.domain.snapshot import PermissionSet, Snapshot, Team, User
from rolecall.kit.ids import uuid7
from rolecall.permissions.pack_check import Verdict
from rolecall.services.inventory.users import Wanted, users_in_pages
from rolecall.services.permissions.answers import standpoint_of
from rolecall.services.permissions.packs import Asked, check_pack, find_known_pack, pack_page
from tests.integration.test_console_security import OURS, signed
from tests.support.console import Console, a_console
from tests.support.evidence import a_blind_house, bring

TEAMS, USERS, MOST_BYTES = 2_000, 12_000, 200_000
PAGES = (
    *("structure/teams", "structure/teams?in=3", "structure/teams?q=team+1&move=7", "users"),
    *("users/new", "reports/new", "reviews/new", "structure/packs/8x8"),
)


@pytest.fixture
async def console(tmp_path: Path) -> AsyncIterator[Console]:
    """Twenty teams at the top, the others below them three deep."""
    async with a_console(tmp_path) as made:
        async with made.app.database.begin(SYSTEM, "test") as work:
            await work.snapshots.seal(_large(made))
        yield made


def _large(console: Console) -> Snapshot:
    now = console.clock.now() + timedelta(minutes=1)
    teams = tuple(
        Team(str(n), f"Team {n}", str(n // 12) if n >= 20 else None) for n in range(TEAMS)
    )
    users = tuple(_user(n) for n in range(USERS))
    sets = (PermissionSet("1", "Sales Rep"),)
    return Snapshot(
        console.hub_id, uuid7(), now, now, True, users=users, permission_sets=sets, teams=teams
    )


def _user(number: int) -> User:
    return User(
        str(number),
        f"user{number:05}@acme.test",
        "Un",
        f"User{number}",
        main_team_id=str(number % TEAMS),
        permission_set_ids=("1",),
    )


async def _client(console: Console) -> Any:
    return await signed(console, "root@acme.test", Role.ADMIN, hub_id=0)


async def test_no_page_grows_with_the_portal(console: Console) -> None:
    """Two thousand teams: every page stays within what a first visit may weigh."""
    client = await _client(console)
    sizes = {path: len((await client.get(f"/p/acme/{path}")).content) for path in PAGES}

    assert {} == {path: size for path, size in sizes.items() if size > MOST_BYTES}


async def test_a_large_tree_is_walked_level_by_level(console: Console) -> None:
    """The top first, a level by its link, a search over all; a move keeps its way."""
    client = await _client(console)
    top = (await client.get("/p/acme/structure/teams")).text
    level = (await client.get("/p/acme/structure/teams?in=3")).text
    found = (await client.get("/p/acme/structure/teams?q=team+1999")).text
    moving = (await client.get("/p/acme/structure/teams?move=1999&in=3")).text
    second = (await client.get("/p/acme/structure/teams?q=team&skip=100")).text

    assert "1 to 20 of 20" in top
    assert "teams below" in top
    assert "Team 36<" in level
    assert 'href="/p/acme/structure/teams?in=3" aria-current="page"' in level
    assert "Team 1999<" in found
    assert "in Team 13 / Team 166" in found
    assert "move=1999&amp;below=36" in moving
    assert 'href="/p/acme/structure/teams?move=1999&amp;in=36"' in moving
    assert "101 to 200 of 2,000" in second


async def test_a_team_is_named_where_it_cannot_be_chosen(console: Console) -> None:
    """Forms take the name of a team; one nobody knows is refused by its name."""
    client = await _client(console)
    form = {"email": "new@acme.test", "main_team": "Team 1234", "reason": "joins"}
    made = await client.post("/p/acme/users/new", data=form, headers=OURS)
    plan = (await client.get(made.headers["location"])).text
    wrong = await client.post(
        "/p/acme/users/new", data={**form, "main_team": "Nobodies"}, headers=OURS
    )
    scope = {"title": "Q4", "team": "Nobodies", "fallback": "root@acme.test", "reviewers": "named"}
    review = await client.post("/p/acme/reviews/new", data=scope, headers=OURS)

    assert "Team 1234" in plan
    assert 422 == wrong.status_code
    assert "Nobodies" in wrong.text
    assert 422 == review.status_code
    assert "No team is called Nobodies" in review.text


async def test_the_file_is_read_as_it_is_sent(console: Console) -> None:
    """Every user once; a page of a stream is gone when the next one comes."""
    client = await _client(console)
    table = await client.get("/p/acme/users.csv?col=email")
    emails = [row[0] for row in csv.reader(io.StringIO(table.text))][1:]
    root = console.operators["root@acme.test"].actor()
    tracemalloc.start()
    peaks = []
    async for page in users_in_pages(console.app, root, "acme", Wanted(), 1_000):
        assert 1_000 >= len(page.rows)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.reset_peak()
    tracemalloc.stop()

    assert [f"user{n:05}@acme.test" for n in range(USERS)] == emails
    assert USERS // 1_000 == len(peaks)
    assert max(peaks[3:]) < 1.5 * peaks[2]


async def test_a_page_of_a_pack_is_the_pack(tmp_path: Path) -> None:
    """Counts, order and lines of the page are those of the check; new evidence counts at once."""
    async with a_blind_house(tmp_path) as house:
        pack = find_known_pack(house.app, "8x8").pack
        blind = await pack_page(house.app, house.actor, house.name, pack)
        kept = await standpoint_of(house.app, house.actor, house.name)
        again = await standpoint_of(house.app, house.actor, house.name)
        await bring(house)
        every = await check_pack(house.app, house.actor, house.name, pack, Asked())
        page = await pack_page(house.app, house.actor, house.name, pack, limit=10, skip=10)
        ready = await pack_page(house.app, house.actor, house.name, pack, verdict="ready")
        named = await pack_page(house.app, house.actor, house.name, pack, search="AGENT.ready@")

    assert kept is again
    assert 0 == blind.counts[Verdict.READY]
    assert every.users[10:20] == page.results
    assert len(every.users) == page.total == sum(page.counts.values())
    assert ready.total == page.counts[Verdict.READY] == len(ready.results)
    assert ["agent.ready@acme.test"] == [one.subject for one in named.results]
