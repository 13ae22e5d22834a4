"""The Writer against the emulator: each write once, and lost answers told as what they are."""

from __future__ import annotations

from typing import Any

import pytest

from rolecall.hubspot import Bearer, Connection, Reader, Sender, Target, errors
from rolecall.hubspot.bodies import Member, NewTeam, NewUser, RecordUpdate, TeamUpdate, UserUpdate
from rolecall.hubspot.writer import Writer
from rolecall.kit.clock import HandClock
from rolecall.kit.errors import Retryable
from tests.support.hubspot import BASE, START, Bench, a_bench

JOINER = NewUser("joiner@acme.test", send_welcome_email=False)


async def _some_user(bench: Bench) -> Any:
    users = [user async for page in bench.reader.users() for user in page.items]
    return next(user for user in users if not user.super_admin)


class TestUsers:
    async def test_create_change_remove(self) -> None:
        """The life of a user, read back after every step."""
        bench = a_bench(seed="acme")
        sets = await bench.reader.permission_sets()
        teams = await bench.reader.teams_flat()
        made = await bench.writer.create_user(JOINER)
        body = UserUpdate(
            role_id=sets[0].id,
            primary_team_id=teams[0].id,
            secondary_team_ids=(teams[1].id,),
            seat_names=("View-Only",),
        )
        await bench.writer.put_user(made.id, body)
        read = await bench.reader.user(made.id)

        assert read is not None
        assert read.role_ids == (sets[0].id,)
        assert read.primary_team_id == teams[0].id
        assert read.secondary_team_ids == (teams[1].id,)
        assert read.seat_names == ("View-Only",)

        await bench.writer.delete_user(made.id)

        assert await bench.reader.user(made.id) is None

    async def test_a_second_create_is_a_conflict(self) -> None:
        """HubSpot's 409, for the caller to look up who is there."""
        bench = a_bench(seed="acme")
        await bench.writer.create_user(JOINER)

        with pytest.raises(errors.Conflict):
            await bench.writer.create_user(JOINER)

    async def test_seats_are_written_with_a_version_that_has_them(self) -> None:
        """Where only 2026-03 and v3 answer, seats go by v3."""
        bench = a_bench(seed="acme")
        bench.transport.words = ["2026-09"]
        made = await bench.writer.create_user(JOINER)
        await bench.writer.put_user(made.id, UserUpdate(seat_names=("View-Only",)))

        assert bench.paths(201) == ["POST /settings/users/2026-03"]
        assert bench.paths(200) == ["PUT /settings/v3/users/{userId}"]


class TestTeams:
    async def test_tree_and_members(self) -> None:
        """Teams are made, moved, filled, emptied and deleted."""
        bench = a_bench(seed="acme")
        user = await _some_user(bench)
        parent = await bench.writer.create_team(NewTeam("North"))
        child = await bench.writer.create_team(NewTeam("Nordic", parent_team_id=parent.id))
        await bench.writer.patch_team(child.id, TeamUpdate(name="Nordics"))
        await bench.writer.add_member(child.id, Member(user.id, "EXTRA"))
        members = [m async for page in bench.reader.team_members(child.id) for m in page.items]
        read = await bench.reader.team(child.id)

        assert read is not None
        assert (read.name, read.parent_team_id) == ("Nordics", parent.id)
        assert [(m.user_id, m.type) for m in members] == [(user.id, "EXTRA")]

        await bench.writer.remove_member(child.id, user.id, "EXTRA")
        await bench.writer.add_members(child.id, [Member(user.id, "EXTRA")])
        await bench.writer.delete_team(child.id)

        assert await bench.reader.team(child.id) is None


class TestCrm:
    async def test_profile_and_records(self) -> None:
        """A CRM user's job title, and the owner of records in one batch."""
        bench = a_bench(seed="acme")
        page = await anext(aiter(bench.reader.crm_users(["hs_job_title"])))
        changed = await bench.writer.patch_crm_user(page.items[0].id, {"hs_job_title": "Pilot"})
        owners = await anext(aiter(bench.reader.owners()))
        contacts = await anext(aiter(bench.reader.crm_objects("contacts", limit=3)))
        updates = [
            RecordUpdate(record.id, {"hubspot_owner_id": owners.items[0].id})
            for record in contacts.items
        ]
        result = await bench.writer.batch_update("contacts", updates)

        assert changed.properties["hs_job_title"] == "Pilot"
        assert result.status == "COMPLETE"
        assert len(result.results) == 3


class TestLostAnswers:
    @pytest.mark.parametrize(
        "kind", ["answer_lost", "half_answer", "html_200", "empty_body", "504_html", "500_json"]
    )
    async def test_a_create_is_never_repeated_blindly(self, kind: str) -> None:
        """Committed or not, the caller is told the outcome is unknown; one request was sent."""
        bench = a_bench(seed="acme")
        bench.fault(kind, "users.create", phase="after_commit")

        with pytest.raises(errors.UnknownOutcome) as caught:
            await bench.writer.create_user(JOINER)
        assert not isinstance(caught.value, Retryable)
        assert len(bench.paths()) == 1
        assert await bench.reader.user_by_email(JOINER.email) is not None

    @pytest.mark.parametrize("kind", ["cut", "502_html", "521_cloudflare"])
    async def test_nor_when_nothing_was_done(self, kind: str) -> None:
        """From outside the two cases look alike; only reading back tells."""
        bench = a_bench(seed="acme")
        bench.fault(kind, "users.create", phase="before")

        with pytest.raises(errors.UnknownOutcome):
            await bench.writer.create_user(JOINER)
        assert len(bench.paths()) == 1
        assert await bench.reader.user_by_email(JOINER.email) is None

    @pytest.mark.parametrize("kind", ["423_locked", "429_burst", "477_migration"])
    async def test_a_refusal_that_did_nothing_is_repeated(self, kind: str) -> None:
        """Locked, too many, migrating: HubSpot says that nothing was done."""
        bench = a_bench(seed="acme")
        bench.fault(kind, "users.create", phase="before", times=2)

        assert (await bench.writer.create_user(JOINER)).email == JOINER.email
        assert bench.connection.counts.waited >= 4

    async def test_a_delete_whose_answer_was_lost_is_unknown_too(self) -> None:
        """Even what HubSpot forgives twice is not sent twice."""
        bench = a_bench(seed="acme")
        user = await _some_user(bench)
        bench.fault("answer_lost", "users.remove", phase="after_commit")
        bench.fault("answer_lost", "users.delete", phase="after_commit")

        with pytest.raises(errors.UnknownOutcome):
            await bench.writer.delete_user(user.id)

    @pytest.mark.parametrize("kind", ["html_200", "empty_body"])
    async def test_a_removal_is_done_only_when_hubspot_says_so(self, kind: str) -> None:
        """204 without a body is done; somebody else's page with status 200 is not."""
        bench = a_bench(seed="acme")
        user = await _some_user(bench)
        bench.fault(kind, "users.*", phase="after_commit", times=1)
        if kind == "empty_body":
            assert await bench.writer.delete_user(user.id) is None
            return

        with pytest.raises(errors.UnknownOutcome):
            await bench.writer.delete_user(user.id)

    async def test_a_write_that_never_left_is_no_mystery(self) -> None:
        """Nobody listens there: retryable, and known not to have happened."""
        clock = HandClock(START)
        target = Target("http://127.0.0.1:9")
        async with Sender() as sender:
            writer = Writer(Connection(sender, Bearer("pat-na1-x"), target, clock=clock))

            with pytest.raises(errors.Unreachable) as caught:
                await writer.create_user(JOINER)
        assert isinstance(caught.value, Retryable)


class TestRefusals:
    @pytest.mark.parametrize(
        ("kind", "expected"),
        [("no_seat", errors.NoSeat), ("user_not_on_any_hubs", errors.NotActivated)],
    )
    async def test_known_refusals_have_their_own_error(
        self, kind: str, expected: type[Exception]
    ) -> None:
        """What a person must do differs, so the class does."""
        bench = a_bench(seed="acme")
        user = await _some_user(bench)
        bench.fault(kind, "users.update")

        with pytest.raises(expected):
            await bench.writer.put_user(user.id, UserUpdate(first_name="Ann"))

    def test_reader_and_writer_share_no_verb(self) -> None:
        """Whoever holds a Reader cannot change anything."""

        def verbs(face: type) -> set[str]:
            return {name for name in dir(face) if not name.startswith("_")} - {"connection"}

        assert verbs(Reader) & verbs(Writer) == set()
        assert BASE.startswith("http")
