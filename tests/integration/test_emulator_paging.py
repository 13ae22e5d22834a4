"""Paging of settings users as a property: whatever happens between pages, nobody is seen twice."""

from __future__ import annotations

import asyncio
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from hubspot_emulator.portals import add_member, add_portal, add_token, empty_world
from hubspot_emulator.world import World
from tests.support.emulator import running

USERS = "/settings/v3/users"


def a_world(count: int) -> World:
    """A portal of this many plain users."""
    world = empty_world(limits="off")
    portal = add_portal(world, "Paged")
    for number in range(count):
        add_member(world, portal, f"u{number}@paged.test")
    add_token(world, portal, "pat-na1-emulator-blank", None)
    return world


async def read_all(world: World, limit: int, leaving: set[int]) -> list[list[str]]:
    """Ids page by page; after each page the next of `leaving` is removed."""
    pages = []
    queue = sorted(leaving)
    async with running(world) as emulator:
        query: dict[str, Any] = {"limit": limit}
        while True:
            page = (await emulator.get(USERS, params=query)).json()
            pages.append([row["id"] for row in page["results"]])
            if "paging" not in page:
                return pages
            query["after"] = page["paging"]["next"]["after"]
            if queue:
                await emulator.client.delete(f"{USERS}/{queue.pop(0)}")


@settings(max_examples=40, deadline=None)
@given(
    count=st.integers(0, 60),
    limit=st.integers(1, 100),
    leaving=st.sets(st.integers(5_000_001, 5_000_060), max_size=10),
)
def test_pages_are_whole(count: int, limit: int, leaving: set[int]) -> None:
    """Pages are full but the last, ascending, and hold everybody who stayed exactly once."""
    world = a_world(count)
    everybody = {str(one) for one in next(iter(world.portals.values())).members}
    pages = asyncio.run(read_all(world, limit, leaving))
    seen = [one for page in pages for one in page]

    assert all(len(page) == limit for page in pages[:-1])
    assert seen == sorted(set(seen), key=int)
    assert everybody - {str(one) for one in leaving} <= set(seen) <= everybody
