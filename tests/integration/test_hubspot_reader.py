"""The Reader against the emulator: every resource, paging, absence, scopes and tiers."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from rolecall.hubspot import Bearer, Policy, errors
from rolecall.hubspot.bodies import Filter, FilterGroup, Search
from tests.support.emulator import a_token
from tests.support.hubspot import START, a_bench


class TestWholePortal:
    async def test_every_list_is_read_once_in_the_fewest_pages(self) -> None:
        """150 people are two pages of users; nothing is asked per user."""
        bench = a_bench(seed="acme")
        portal = bench.world.portals[bench.hub_id]
        users = [user async for page in bench.reader.users() for user in page.items]

        assert {user.id for user in users} == {str(user_id) for user_id in portal.members}
        assert len(users) == len(portal.members)
        assert bench.connection.counts.requests == -(-len(users) // 100)

    async def test_independent_resources_are_read_at_the_same_time(self) -> None:
        """One connection serves concurrent reads; all agree on the portal."""
        bench = a_bench(seed="acme")
        reader = bench.reader
        details, sets, flat, seats, usage = await asyncio.gather(
            reader.account_details(),
            reader.permission_sets(),
            reader.teams_flat(),
            reader.seats(),
            reader.usage_daily(),
        )
        tree = [team async for page in reader.teams_tree() for team in page.items]

        assert details.portal_id == bench.hub_id
        assert {team.id for team in tree} == {team.id for team in flat}
        assert any(team.parent_team_id for team in tree)
        assert sets
        assert seats
        assert usage[0].usage_limit == 1_000_000

    async def test_owners_in_use_and_archived_are_two_lists(self) -> None:
        """Archived owners keep their id and have no user id of their own."""
        reader = a_bench(seed="acme").reader
        there = [owner async for page in reader.owners() for owner in page.items]
        gone = [owner async for page in reader.owners(archived=True) for owner in page.items]

        assert gone
        assert {owner.archived for owner in there} == {False}
        assert {owner.archived for owner in gone} == {True}
        assert {owner.user_id for owner in gone} == {None}

    async def test_paging_goes_on_from_a_cursor(self) -> None:
        """A read can be resumed where another one stopped."""
        reader = a_bench(seed="acme").reader
        pages = [page async for page in reader.users(limit=40)]
        rest = [page async for page in reader.users(limit=40, after=pages[0].after)]

        assert pages[1:] == rest

    async def test_leaving_early_leaves_nothing_running(self) -> None:
        """A caller that stops reading stops the fetching too."""
        bench = a_bench(seed="acme")
        pages = bench.reader.users(limit=5, prefetch=1)
        async for _ in pages:
            break
        await pages.aclose()  # type: ignore[attr-defined]
        sent = bench.connection.counts.requests
        await asyncio.sleep(0.01)

        assert bench.connection.counts.requests == sent
        assert sent <= 3

    async def test_feeds_are_bounded_by_pages_and_time(self) -> None:
        """A first read never walks the whole history by accident."""
        bench = a_bench(seed="acme")
        login = [page async for page in bench.reader.login_feed(max_pages=1)]
        month = START - timedelta(days=30)
        security = [
            row async for page in bench.reader.security_feed(since=month) for row in page.items
        ]

        assert len(login) == 1
        assert login[0].after is not None
        assert security
        assert min(str(row.created_at) for row in security) >= month.isoformat()[:19]
        assert bench.connection.counts.requests == 2


class TestOneUser:
    async def test_a_user_is_found_by_id_and_by_email_in_any_case(self) -> None:
        """Both keys lead to the same user."""
        bench = a_bench()
        known = (await anext(aiter(bench.reader.users()))).items[0]

        assert await bench.reader.user(known.id) == known
        assert await bench.reader.user_by_email(known.email.upper()) == known

    async def test_absence_is_hubspots_own_404(self) -> None:
        """Nobody there is None."""
        reader = a_bench().reader

        assert await reader.user("999999999") is None
        assert await reader.user_by_email("nobody@nowhere.test") is None

    async def test_an_html_404_is_no_proof_of_absence(self) -> None:
        """A page that is not HubSpot's JSON proves nothing, and the version stays trusted."""
        bench = a_bench()
        await bench.reader.permission_sets()
        bench.fault("404_html", "users.read")

        with pytest.raises(errors.Unreadable, match="HTML"):
            await bench.reader.user("5000001")
        assert bench.connection.versions_in_use()["users"].name == "2026-09"


class TestCrm:
    async def test_count_search_and_batch_read_agree(self) -> None:
        """Three ways to the same records."""
        reader = a_bench(seed="acme").reader
        total = await reader.crm_count("contacts")
        page = await reader.crm_search("contacts", Search(properties=("email",), limit=100))
        ids = [record.id for record in page.items]
        read = await reader.crm_batch_read("contacts", [*ids, "999999999999"], ["email"])

        assert page.total == total
        assert {record.id for record in read} == set(ids)

    async def test_owned_records_are_counted_by_one_request(self) -> None:
        """The question before every off-boarding."""
        bench = a_bench(seed="acme")
        record = (
            await bench.reader.crm_search(
                "contacts",
                Search(
                    filter_groups=(FilterGroup((Filter("hubspot_owner_id", "HAS_PROPERTY"),)),),
                    properties=("hubspot_owner_id",),
                    limit=1,
                ),
            )
        ).items[0]
        owner = record.properties["hubspot_owner_id"] or ""
        before = bench.connection.counts.requests
        count = await bench.reader.crm_count("contacts", [Filter("hubspot_owner_id", "EQ", owner)])

        assert count >= 1
        assert bench.connection.counts.requests == before + 1

    async def test_a_crm_user_is_found_by_settings_id(self) -> None:
        """The three identities are joined by HubSpot's own properties."""
        reader = a_bench().reader
        user = (await anext(aiter(reader.users()))).items[0]
        record = await reader.crm_record(
            "users", user.id, ["hs_internal_user_id"], id_property="hs_internal_user_id"
        )

        assert record is not None
        assert record.properties["hs_internal_user_id"] == user.id
        assert await reader.crm_record("users", "1") is None

    async def test_bad_searches_are_refused_with_hubspots_words(self) -> None:
        """HubSpot's limits come back as Invalid, not as a retry."""
        bench = a_bench()

        with pytest.raises(errors.Invalid):
            await bench.reader.crm_search("contacts", Search(limit=5000))
        assert bench.connection.counts.requests == 1


class TestTokens:
    async def test_an_unknown_token_needs_a_person(self) -> None:
        """No retry, no token in the message."""
        bench = a_bench(token="pat-na1-not-a-real-token")

        with pytest.raises(errors.BadToken) as caught:
            await bench.reader.account_details()
        assert "not-a-real" not in str(caught.value)
        assert bench.connection.counts.requests == 1

    @pytest.mark.parametrize("token", ["", " ", "tökén", "pat-na1-x\n", "日本"])
    async def test_what_cannot_be_a_token_is_not_sent(self, token: str) -> None:
        """A file with the wrong thing in it is told apart from a refused token."""
        bench = a_bench(auth=Bearer(token))

        with pytest.raises(errors.BadToken, match="characters"):
            await bench.reader.account_details()
        assert bench.paths() == []

    async def test_a_missing_scope_is_named(self) -> None:
        """403 lists what would have sufficed."""
        world = a_bench().world
        token = a_token(world, scopes=frozenset({"oauth", "crm.objects.users.read"}))
        bench = a_bench(world=world, token=token.value)

        assert await bench.reader.user("1") is None
        with pytest.raises(errors.MissingScopes) as caught:
            await bench.reader.teams_flat()
        assert "settings.users.teams.read" in caught.value.required

    async def test_below_enterprise_permission_sets_are_a_missing_feature(self) -> None:
        """HubSpot's 400 is told apart from a wrong request."""
        bench = a_bench()
        bench.world.portals[bench.hub_id].tier = "starter"

        with pytest.raises(errors.FeatureMissing):
            await bench.reader.permission_sets()

    async def test_key_info_tells_portal_app_and_scopes(self) -> None:
        """The token itself says what it may do."""
        world = a_bench().world
        token = a_token(world, scopes=frozenset({"oauth", "crm.objects.users.read"}), user_id=5)
        info = await a_bench(world=world, token=token.value).reader.token_info()

        assert info.hub_id == next(iter(world.portals))
        assert info.app_id == 77
        assert set(info.scopes) == {"oauth", "crm.objects.users.read"}
        assert info.user_id == 5


class TestVersions:
    @pytest.mark.parametrize(
        ("hidden", "expected"),
        [
            ((), "2026-09"),
            (("/2026-09/",), "2026-09-beta"),
            (("2026-09",), "2026-03"),
            (("2026-",), "v3"),
        ],
    )
    async def test_the_newest_version_that_answers_is_used(
        self, hidden: tuple[str, ...], expected: str
    ) -> None:
        """Older portals are read with older paths; each missing version costs one request."""
        bench = a_bench()
        bench.transport.words = [*hidden]
        assert await bench.reader.permission_sets()
        first = bench.connection.counts.requests
        assert await bench.reader.permission_sets()

        assert bench.connection.versions_in_use()["users"].name == expected
        assert bench.connection.counts.requests == first + 1

    async def test_405_means_another_version_too(self) -> None:
        """A known path without the verb is a version without the operation."""
        bench = a_bench()
        bench.transport.words = ["2026-09"]
        bench.transport.status = 405

        assert await bench.reader.permission_sets()
        assert bench.connection.versions_in_use()["users"].name == "2026-03"

    async def test_seats_say_that_no_version_has_them(self) -> None:
        """What only 2026-09 has is missing, not broken, elsewhere."""
        bench = a_bench()
        bench.transport.words = ["2026-09"]

        with pytest.raises(errors.VersionMissing):
            await bench.reader.seats()

    async def test_a_version_that_goes_away_is_left_for_good(self) -> None:
        """The day HubSpot ends a version, reads go on with the next one."""
        bench = a_bench()
        await bench.reader.permission_sets()
        bench.transport.words = ["2026-09"]
        await bench.reader.permission_sets()
        sent = bench.connection.counts.requests
        await bench.reader.permission_sets()

        assert bench.connection.versions_in_use()["users"].name == "2026-03"
        assert bench.connection.counts.requests == sent + 1

    async def test_one_odd_html_page_does_not_cost_the_version(self) -> None:
        """A single 404 page is answered by another version, and the newest stays in use."""
        bench = a_bench()
        await bench.reader.permission_sets()
        bench.fault("404_html", times=1)

        assert await bench.reader.permission_sets()
        assert bench.connection.versions_in_use()["users"].name == "2026-09"


class TestProgress:
    async def test_what_was_sent_is_told_without_ids(self) -> None:
        """Progress names templates, so a log of it holds nobody's e-mail."""
        bench = a_bench(policy=Policy())
        await bench.reader.user_by_email("someone@acme.test")

        assert bench.paths() == ["GET /settings/users/2026-09/{userId}"]
