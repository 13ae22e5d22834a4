"""Pages of what was pushed, and their count, against naive copies; on both databases."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, create_engine, text

from rolecall.domain.actor import SYSTEM
from rolecall.domain.scim import ScimRecord
from rolecall.kit.ids import uuid7
from rolecall.store import Database
from rolecall.store.errors import StoreFault
from rolecall.store.migrating import upgrade
from tests.integration.test_store_migrations import sync_url

NOW = datetime(2026, 3, 1, tzinfo=UTC)
SOME = settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
KINDS = ("User", "Group")
# A resource is there after its first mention, gone after its second, and so on.
MENTIONS = st.lists(
    st.tuples(st.sampled_from("ab"), st.sampled_from(KINDS), st.sampled_from("0123456789")),
    max_size=40,
)


def a_record(client_id: str, kind: str, key: str) -> ScimRecord:
    """A resource as the face would push it."""
    return ScimRecord(client_id, kind, key, 7, f"{kind} {key}", "{}", NOW, NOW)


async def ids(database: Database, client: str, kinds: tuple[str, ...], *place: int) -> object:
    """The count of a page and the ids on it."""
    start, count = place or (0, None)
    async with database.read() as view:
        total, page = await view.scim.page(client, kinds, start, count)
    return total, [one.id for one in page]


class TestPages:
    """The count is kept, not counted; it is the truth all the same."""

    @SOME
    @given(mentions=MENTIONS, place=st.tuples(st.integers(0, 12), st.integers(0, 5)))
    async def test_count_and_page_are_those_of_a_list(
        self, database: Database, mentions: list[tuple[str, str, str]], place: tuple[int, int]
    ) -> None:
        """Whatever came and went, one by one, twice or in a transaction that failed."""
        mine = uuid7()
        there: set[tuple[str, str, str]] = set()
        for one, kind, key in mentions:
            record = a_record(mine + one, kind, key)
            async with database.begin(SYSTEM) as work:
                if (one, kind, key) in there:
                    await work.scim.remove(record.client_id, kind, key)
                    await work.scim.remove(record.client_id, kind, key)
                else:
                    await work.scim.add(record)
            there ^= {(one, kind, key)}
            if (one, kind, key) in there:
                with pytest.raises(StoreFault):
                    async with database.begin(SYSTEM) as work:
                        await work.scim.add(record)

        start, count = place
        for one in "ab":
            for kinds in (("User",), ("Group",), KINDS):
                known = sorted(key for who, kind, key in there if who == one and kind in kinds)
                whole = await ids(database, mine + one, kinds)
                part = await ids(database, mine + one, kinds, start, count)
                assert (len(known), known) == whole
                assert len(known) == part[0]  # type: ignore[index]
                if len(kinds) == 1:
                    assert known[start : start + count] == part[1]  # type: ignore[index]

    async def test_writers_at_the_same_time_lose_no_count(self, database: Database) -> None:
        """Each adds two and takes one away again, all at once."""

        async def come_and_go(number: int) -> None:
            first, second = (a_record("c", "User", f"{number}-{half}") for half in "ab")
            async with database.begin(SYSTEM) as work:
                await work.scim.add(first, second)
            async with database.begin(SYSTEM) as work:
                await work.scim.remove("c", "User", first.id)

        await asyncio.gather(*(come_and_go(number) for number in range(20)))

        known = sorted(f"{number}-b" for number in range(20))
        assert (20, known) == await ids(database, "c", ("User",))

    async def test_one_resource_taken_away_by_two_counts_once(self, database: Database) -> None:
        """Both looked at it, one of them came second."""
        async with database.begin(SYSTEM) as work:
            await work.scim.add(a_record("c", "User", "1"), a_record("c", "User", "2"))

        async def take() -> None:
            async with database.begin(SYSTEM) as work:
                await work.scim.remove("c", "User", "1")

        await asyncio.gather(*(take() for _ in range(5)))

        assert (1, ["2"]) == await ids(database, "c", ("User",))


def pushed_before(connection: Connection) -> None:
    """What a release before 0010 kept: three users and a group of one client, a user of another."""
    for client, kind, key in (
        ("c", "User", "1"), ("c", "User", "2"), ("c", "User", "3"), ("c", "Group", "1"),
        ("d", "User", "1"),
    ):  # fmt: skip
        connection.execute(
            text(
                "INSERT INTO scim_resources VALUES"
                " (:client, :kind, :key, 7, 'n', 'n', '', '', '', 1, 0, 0, '{}')"
            ),
            {"client": client, "kind": kind, "key": key},
        )


@pytest.mark.parametrize("former", ["0006", "0009"])
async def test_what_was_pushed_before_is_counted(database_url: str, former: str) -> None:
    """A store of an earlier release counts right at once, and goes on from there."""
    engine = create_engine(sync_url(database_url))
    with engine.begin() as connection:
        upgrade(connection, former)
        pushed_before(connection)
    engine.dispose()
    database = await Database.open(database_url)
    before = [await ids(database, client, (kind,), 1, 1) for client in ("c", "d") for kind in KINDS]
    async with database.begin(SYSTEM) as work:
        await work.scim.add(a_record("c", "User", "4"))
        await work.scim.remove("c", "Group", "1")
    after = [await ids(database, "c", (kind,)) for kind in KINDS]
    await database.close()

    assert [(3, ["2"]), (1, []), (1, []), (0, [])] == before
    assert [(4, ["1", "2", "3", "4"]), (0, [])] == after
