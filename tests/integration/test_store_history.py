"""Snapshots in, any past picture out: the history on both databases against naive copies."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rolecall.domain.actor import SYSTEM
from rolecall.domain.snapshot import Snapshot, User, UserState
from rolecall.store import Database, UserQuery
from tests.support.snapshots import START, histories

SOME = settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
SECOND = timedelta(seconds=1)


async def sealed(database: Database, told: tuple[Snapshot, ...]) -> None:
    for one in told:
        async with database.begin(SYSTEM) as work:
            await work.snapshots.seal(one)


def naive_changes(before: Snapshot, after: Snapshot) -> set[tuple[str, str, str]]:
    """Kind, id and field of everything that differs, by looking at both pictures."""
    found = set()
    for kind in ("users", "permission_sets", "teams", "owners"):
        old = {one.id: one for one in getattr(before, kind)}
        new = {one.id: one for one in getattr(after, kind)}
        for key in old.keys() | new.keys():
            if key not in old or key not in new:
                found.add((kind[:-1], key, ""))
                continue
            for field in type(old[key]).__struct_fields__:
                if getattr(old[key], field) != getattr(new[key], field):
                    found.add((kind[:-1], key, field))
    return found


class TestHistory:
    """What was sealed comes back as it was."""

    @SOME
    @given(told=histories())
    async def test_every_past_picture_is_the_one_that_was_sealed(
        self, database: Database, told: tuple[Snapshot, ...]
    ) -> None:
        """At the time of each snapshot, and just before the next, the answer is that snapshot."""
        await sealed(database, told)

        async with database.read() as view:
            hub_id = told[0].hub_id
            for one, following in pairwise((*told, None)):
                assert one is not None
                assert one == await view.snapshots.load(hub_id, one.sealed_at)
                assert one == await view.snapshots.load(hub_id, snapshot_id=one.id)
                if following:
                    just_before = following.sealed_at - SECOND
                    assert one == await view.snapshots.load(hub_id, just_before)
            assert None is await view.snapshots.load(hub_id, START - SECOND)
            assert told[-1] == await view.snapshots.load(hub_id)

    @SOME
    @given(told=histories())
    async def test_changes_between_are_those_one_sees_side_by_side(
        self, database: Database, told: tuple[Snapshot, ...]
    ) -> None:
        """Between any two times the differences are those of the two pictures."""
        await sealed(database, told)
        empty = Snapshot(told[0].hub_id, "", START, START - SECOND, True)

        async with database.read() as view:
            for before, after in pairwise((empty, *told)):
                found = await view.snapshots.changes_between(
                    after.hub_id, before.sealed_at, after.sealed_at
                )
                seen = {(one.kind, one.id, one.field) for one in found if one.kind != "seat"}
                assert naive_changes(before, after) == seen

    @SOME
    @given(told=histories())
    async def test_a_users_versions_are_what_they_were(
        self, database: Database, told: tuple[Snapshot, ...]
    ) -> None:
        """At every snapshot exactly one version of a user holds, and it is the user of then."""
        await sealed(database, told)

        async with database.read() as view:
            for user_id in {user.id for one in told for user in one.users}:
                versions = await view.users.history(told[0].hub_id, user_id)
                for one in told:
                    held = [
                        version.user
                        for version in versions
                        if version.since <= one.sealed_at
                        and (version.until is None or one.sealed_at < version.until)
                    ]
                    assert [user for user in one.users if user.id == user_id] == held

    @SOME
    @given(told=histories())
    async def test_sealing_the_same_again_changes_nothing(
        self, database: Database, told: tuple[Snapshot, ...]
    ) -> None:
        """An unchanged second snapshot has no differences."""
        await sealed(database, told)

        async with database.begin(SYSTEM) as work:
            last = told[-1]
            again = Snapshot(
                last.hub_id, last.id + "-again", last.sealed_at, last.sealed_at + SECOND, True,
                last.users, last.permission_sets, last.teams, last.seats, last.owners,
            )  # fmt: skip
            found = await work.snapshots.seal(again)

        assert 0 == found.changes


def matches(user: User, query: UserQuery) -> bool:
    """The filter as one would write it down."""
    states = query.states or set(UserState) - {UserState.REMOVED}
    text = f"{user.first_name} {user.last_name}".strip() + "\n" + user.email
    teams = {*user.extra_team_ids, *([user.main_team_id] if user.main_team_id else [])}
    since = query.inactive_since
    return (
        user.state in states
        and query.search.casefold() in text.casefold()
        and query.super_admin in (None, user.super_admin)
        and (query.team_id is None or (query.team_id in teams if query.team_id else not teams))
        and (
            query.permission_set_id is None
            or (
                query.permission_set_id in user.permission_set_ids
                if query.permission_set_id
                else not user.permission_set_ids
            )
        )
        and (query.several_sets is None or query.several_sets == (len(user.permission_set_ids) > 1))
        and (query.seat is None or query.seat in (user.seat_names or ()))
        and (since is None or user.last_active_at is None or user.last_active_at < since)
        and all(user.profile.get(name) == value for name, value in query.profile.items())
    )


def sort_key(user: User, sort: str) -> object:
    """What a column sorts by; never active and of unknown age come before everybody."""
    text = f"{user.first_name} {user.last_name}".strip() + "\n" + user.email
    return {
        "name": text.casefold(),
        "email": user.email.casefold(),
        "id": user.id,
        "state": user.state.value,
        "last_active": user.last_active_at or EARLIEST,
        "created": user.created_at or EARLIEST,
    }[sort]


EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
QUERIES = st.builds(
    UserQuery,
    search=st.sampled_from(["", "ana", "%", "_", "å", "u1"]),
    states=st.none() | st.just(frozenset(UserState)) | st.just(frozenset({UserState.ACTIVE})),
    super_admin=st.none() | st.booleans(),
    team_id=st.sampled_from([None, "", "1", "12"]),
    permission_set_id=st.sampled_from([None, "", "1", "2"]),
    several_sets=st.none() | st.booleans(),
    seat=st.sampled_from([None, "Core", "core"]),
    inactive_since=st.none() | st.just(START + timedelta(days=3)),
    profile=st.sampled_from([{}, {"jobtitle": "Rep"}, {'odd "key': "Rep"}]),
    sort=st.sampled_from(["name", "email", "id", "state", "last_active", "created"]),
    descending=st.booleans(),
    limit=st.integers(1, 3),
)


class TestUserQueries:
    """The database filters and sorts as plain Python would."""

    @SOME
    @given(told=histories(), query=QUERIES)
    async def test_pages_hold_exactly_the_matching_users(
        self, database: Database, told: tuple[Snapshot, ...], query: UserQuery
    ) -> None:
        """All pages together hold every matching user once, in order of the sort column."""
        await sealed(database, told)
        hub_id, found, after = told[0].hub_id, [], None

        async with database.read() as view:
            while True:
                page = await view.users.find(hub_id, _after(query, after))
                found += page.items
                after = page.after
                if after is None:
                    break

        wanted = [user for user in told[-1].users if matches(user, query)]
        wanted.sort(key=lambda user: user.id)
        wanted.sort(key=lambda user: sort_key(user, query.sort), reverse=query.descending)
        assert [user.id for user in wanted] == [user.id for user in found]
        assert page.total == len(wanted)


def _after(query: UserQuery, after: str | None) -> UserQuery:
    values = {name: getattr(query, name) for name in UserQuery.__dataclass_fields__}
    return UserQuery(**{**values, "after": after})


async def test_the_same_pages_seal_the_same_snapshot(database: Database) -> None:
    """A sync that saw the same input seals without comparing a single user."""
    first = Snapshot(7, "a", START, START, True, (User("1", "a@acme.test"),))
    async with database.begin(SYSTEM) as work:
        await work.snapshots.seal(first, input_digest="same")
    async with database.begin(SYSTEM) as work:
        later = START + timedelta(days=1)
        await work.snapshots.seal_same("b", 7, later, later, "same")

    async with database.read() as view:
        loaded = await view.snapshots.load(7)
        days = await view.snapshots.daily_counts(7, START.date(), later.date())

    assert loaded is not None
    assert ("b", first.users) == (loaded.id, loaded.users)
    assert [1, 1] == [counts["users"] for _, counts in days]


async def test_more_ids_than_a_driver_takes(database: Database) -> None:
    """A selection of 70,000 users is one question on either database."""
    first = Snapshot(7, "a", START, START, True, (User("1", "a@acme.test"),))
    async with database.begin(SYSTEM) as work:
        await work.snapshots.seal(first)
    async with database.read() as view:
        page = await view.users.find(7, UserQuery(ids=frozenset(map(str, range(70_000)))))

    assert first.users == page.items
