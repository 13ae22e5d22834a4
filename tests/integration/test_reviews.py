"""Reviews through the services: opened, decided, closed, proved; evidence checked without us."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import zipfile
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from msgspec import structs
from openpyxl import load_workbook

from rolecall.domain.actor import Actor, Role
from rolecall.domain.assignment import Origin, Slot
from rolecall.domain.finding import Finding, Severity
from rolecall.domain.review import (
    Cadence,
    Campaign,
    CampaignOrder,
    CampaignState,
    ReviewItem,
    Scope,
    Verdict,
)
from rolecall.evidence.seal import Pack
from rolecall.evidence.verify_pack import check_pack
from rolecall.kit.errors import NeedsPerson, Refused
from rolecall.services.connections.portals import portal_named
from rolecall.services.evidence import evidence
from rolecall.services.findings.findings import refresh_findings
from rolecall.services.people.people import import_people
from rolecall.services.reviews import clock as review_clock
from rolecall.services.reviews import reviews
from rolecall.services.reviews import views as review_views
from rolecall.services.reviews.reviews import Decision, RubberStamp
from rolecall.services.rights import NotAllowed
from rolecall.services.upkeep import settle_reviews
from rolecall.store import AuditQuery
from rolecall.store.errors import AlreadyThere, NotThere, OutOfDate
from tests.support.governed import (
    HUB,
    OTHER,
    USERS,
    Governed,
    PlannedOnly,
    a_user,
    governed,
    refusal,
)

MIA, BOSS = "mia@acme.test", "boss@acme.test"
ORDER = CampaignOrder("Q4", fallback_reviewer=BOSS)


@pytest.fixture
async def room(database_url: str, tmp_path: Path) -> AsyncIterator[Governed]:
    """An installation with two portals and nobody signed in."""
    async with governed(database_url, tmp_path) as opened:
        yield opened


async def opened(
    room: Governed, order: CampaignOrder = ORDER
) -> tuple[Actor, Campaign, list[ReviewItem]]:
    """An admin, a campaign and its items."""
    admin = await room.operator("root@acme.test", Role.ADMIN)
    campaign = await reviews.open_campaign(room.app, admin, HUB, order)
    return admin, campaign, await items(room, campaign)


async def items(room: Governed, campaign: Campaign) -> list[ReviewItem]:
    """All items as stored."""
    async with room.app.database.read() as view:
        return list(await view.reviews.all_items(campaign.id))


def of(found: list[ReviewItem], email: str, slot: Slot | None = None) -> list[ReviewItem]:
    """The items about one user."""
    return [one for one in found if one.user_email == email and slot in {None, one.slot}]


class TestOpening:
    """Who is in it, before whom, with what to go by."""

    async def test_population_is_frozen_with_facts(self, room: Governed) -> None:
        """Items before managers, never one's own, with log-in, price, peers and freshness."""
        _, campaign, found = await opened(room)
        (seat,) = of(found, "ana@acme.test", Slot.SEAT)

        assert {MIA} == {one.reviewer for one in of(found, "ana@acme.test")}
        assert {BOSS} == {one.reviewer for one in of(found, MIA)}
        assert "Super Admin" in {one.label for one in of(found, MIA)}
        assert ("2026-10-30", "employee (Sales)") == (
            seat.facts["last_login"], seat.facts["employment"])  # fmt: skip
        assert "1 of 2 others in their main team" == seat.facts["peers"]
        assert campaign.snapshot_at == room.clock.now()

    async def test_only_changed_leaves_out_what_was_kept(self, room: Governed) -> None:
        """The second campaign asks about the new team alone."""
        admin, campaign, found = await opened(room)
        keep = [Decision(one.id, Verdict.KEEP) for one in found]
        await reviews.decide(room.app, admin, campaign.id, keep, confirmed=True)
        await reviews.close_campaign(room.app, admin, campaign.id)
        await room.seal((structs.replace(USERS[0], extra_team_ids=("t2",)), *USERS[1:]))
        order = replace(ORDER, scope=Scope(only_changed=True))

        again = await reviews.open_campaign(room.app, admin, HUB, order)

        assert [("ana@acme.test", "Desk", "new")] == [
            (one.user_email, one.label, one.changed) for one in await items(room, again)
        ]

    async def test_nobody_to_review_is_refused(self, room: Governed) -> None:
        """An empty campaign is a mistake."""
        with pytest.raises(Refused, match="nobody is in"):
            await opened(room, replace(ORDER, scope=Scope(users=("nobody@acme.test",))))

    async def test_incomplete_snapshot_is_no_population(self, room: Governed) -> None:
        """The newest complete picture is frozen, not a newer gap."""
        before = room.clock.now()
        room.clock.advance(timedelta(hours=3))
        await room.seal(USERS[:1], complete=False, gaps=("users",))

        _, campaign, found = await opened(room)

        assert (before, 4) == (campaign.snapshot_at, len({one.user_id for one in found}))


class TestDeciding:
    """Who decides, once, having looked."""

    async def test_reviewer_decides_their_items_alone(self, room: Governed) -> None:
        """Mia decides about Ana, not about herself, not about what waits for the boss."""
        _, campaign, found = await opened(room)
        mia = await room.operator(MIA, Role.REVIEWER)
        ana, own = of(found, "ana@acme.test")[0], of(found, MIA)[0]

        (done,) = await reviews.decide(
            room.app, mia, campaign.id, [Decision(ana.id, Verdict.REVOKE, "left Sales")]
        )

        assert (Verdict.REVOKE, MIA) == (done.verdict, done.decided_by)
        with pytest.raises(Refused, match="their own"):
            await reviews.decide(room.app, mia, campaign.id, [Decision(own.id, Verdict.KEEP)])

    async def test_own_access_under_another_address_is_own(self, room: Governed) -> None:
        """Two addresses of one person are one person, admin or not."""
        _, campaign, found = await opened(room)
        alias = await room.operator("ana@old.test", Role.ADMIN)
        (one, *_) = of(found, "ana@acme.test")

        with pytest.raises(Refused, match="their own"):
            await reviews.decide(room.app, alias, campaign.id, [Decision(one.id, Verdict.KEEP)])

    async def test_two_reviewers_at_once(self, room: Governed) -> None:
        """Both saw version 0; one is first, the other looks again."""
        admin, campaign, found = await opened(room)
        mia = await room.operator(MIA, Role.REVIEWER)
        (one, *_) = of(found, "ana@acme.test")
        keep, revoke = (
            Decision(one.id, verdict, version=0) for verdict in (Verdict.KEEP, Verdict.REVOKE)
        )

        results = await asyncio.gather(
            reviews.decide(room.app, mia, campaign.id, [keep]),
            reviews.decide(room.app, admin, campaign.id, [revoke]),
            return_exceptions=True,
        )

        assert 1 == sum(isinstance(result, OutOfDate) for result in results)

    async def test_bulk_is_all_or_none_and_asks(self, room: Governed) -> None:
        """Ten kept at once are asked about; one stale item stops all of them."""
        admin, campaign, found = await opened(room)
        keep = [Decision(one.id, Verdict.KEEP, version=0) for one in found]
        assert len(keep) >= 10
        with pytest.raises(RubberStamp):
            await reviews.decide(room.app, admin, campaign.id, keep)
        stale = [*keep[:-1], replace(keep[-1], version=7)]
        with pytest.raises(OutOfDate):
            await reviews.decide(room.app, admin, campaign.id, stale, confirmed=True)

        assert {None} == {one.verdict for one in await items(room, campaign)}
        await reviews.decide(room.app, admin, campaign.id, keep, confirmed=True)
        view = await review_views.show_campaign(room.app, admin, campaign.id)
        assert 1.0 == view.progress.share

    async def test_reduced_by_name_is_kept_by_id(self, room: Governed) -> None:
        """People write names; what the portal does not have is refused."""
        admin, campaign, found = await opened(room)
        (one,) = of(found, "ana@acme.test", Slot.PERMISSION_SET)
        smaller = Decision(one.id, Verdict.REDUCE, reduce_to="Marketer")

        (done,) = await reviews.decide(room.app, admin, campaign.id, [smaller])

        assert "s3" == done.reduce_to
        with pytest.raises(Refused, match="cannot be reduced"):
            await reviews.decide(
                room.app, admin, campaign.id, [replace(smaller, reduce_to="No Such Set")]
            )

    async def test_delegated_never_to_the_reviewed(self, room: Governed) -> None:
        """Mia may pass Ana's items on, but not to Ana, whatever her address."""
        _, campaign, found = await opened(room)
        mia = await room.operator(MIA, Role.REVIEWER)
        (one, *_) = of(found, "ana@acme.test")
        for email in ("ana@acme.test", "ANA@old.test"):
            with pytest.raises(Refused, match="their own"):
                await reviews.delegate(room.app, mia, campaign.id, [one.id], email)
        await reviews.delegate(room.app, mia, campaign.id, [one.id], BOSS)

        with pytest.raises(NotAllowed):
            await reviews.decide(room.app, mia, campaign.id, [Decision(one.id, Verdict.KEEP)])

    async def test_other_campaigns_items_are_not_there(self, room: Governed) -> None:
        """An item's id under another campaign's address opens nothing."""
        admin, campaign, found = await opened(room)
        other = await reviews.open_campaign(room.app, admin, HUB, replace(ORDER, title="Other"))

        with pytest.raises(NotThere):
            await reviews.decide(room.app, admin, other.id, [Decision(found[0].id, Verdict.KEEP)])
        assert campaign.id != other.id


class TestClosing:
    """Silence, remediation, proof."""

    async def test_revoke_is_planned_and_proved(self, room: Governed) -> None:
        """One set is revoked: claim, wish, and closed when a later snapshot shows it gone."""
        admin, campaign, found = await opened(room)
        (ana,) = of(found, "ana@acme.test", Slot.PERMISSION_SET)
        await reviews.decide(
            room.app, admin, campaign.id,
            [Decision(one.id, Verdict.REVOKE if one is ana else Verdict.KEEP) for one in found],
            confirmed=True,
        )  # fmt: skip
        closed = await reviews.close_campaign(room.app, admin, campaign.id)
        door = PlannedOnly(nothing=True)
        await review_clock.carry_out_due(room.app, door)
        still = await review_views.show_campaign(room.app, admin, campaign.id)
        room.clock.advance(timedelta(hours=1))
        await room.seal((structs.replace(USERS[0], permission_set_ids=()), *USERS[1:]))
        await review_clock.carry_out_due(room.app, door)
        done = await review_views.show_campaign(room.app, admin, campaign.id)

        (wish,) = door.orders[0].wishes
        assert CampaignState.IN_REMEDIATION is closed.state
        assert CampaignState.IN_REMEDIATION is still.campaign.state
        assert CampaignState.CLOSED is done.campaign.state
        assert room.clock.now() == done.campaign.verified_at
        assert wish.permission_sets is not None
        assert ((), None) == (wish.permission_sets.values, wish.seats)
        async with room.app.database.read() as view:
            (claim,) = await view.assignments.find(HUB, origin=Origin.REVIEW)
        assert ("ana@acme.test", "s1") == (claim.assignment.subject, claim.assignment.value)

    async def test_silence_parks(self, room: Governed) -> None:
        """Nobody decided: at the deadline everything goes, and who keeps nothing is parked."""
        _, campaign, _ = await opened(room, replace(ORDER, scope=Scope(users=("cas@acme.test",))))
        door = PlannedOnly()
        room.clock.advance(timedelta(days=15))
        await review_clock.carry_out_due(room.app, door)
        await review_clock.carry_out_due(room.app, door)

        (wish,) = door.orders[0].wishes
        assert wish.presence is not None
        assert ("parked",) == wish.presence.values
        assert {Verdict.NONE} == {one.verdict for one in await items(room, campaign)}
        assert [("plan-1", ("policy",))] == door.approved

    async def test_reviewers_are_reminded_then_escalated(self, room: Governed) -> None:
        """Seven and three days before, then up to the manager's manager."""
        _, campaign, _ = await opened(room)
        acts = []
        for _ in range(13):
            room.clock.advance(timedelta(days=1))
            turn = await review_clock.carry_out_due(room.app, PlannedOnly())
            acts += [act for act, what in turn.done if what == campaign.id]

        found = of(await items(room, campaign), "ana@acme.test")
        assert ["remind", "remind", "escalate", "remind"] == acts
        assert {BOSS} == {one.reviewer for one in found}

    async def test_closed_takes_no_more_decisions(self, room: Governed) -> None:
        """What is closed is evidence."""
        admin, campaign, found = await opened(room)
        await reviews.close_campaign(room.app, admin, campaign.id)

        with pytest.raises(Refused, match="in_remediation"):
            await reviews.decide(
                room.app, admin, campaign.id, [Decision(found[0].id, Verdict.KEEP)]
            )
        with pytest.raises(Refused):
            await reviews.close_campaign(room.app, admin, campaign.id)


class TestOpeningItself:
    """Schedules and events."""

    async def test_schedule_opens_one_a_quarter(self, room: Governed) -> None:
        """A server that slept for a year opens one campaign, not four."""
        admin = await room.operator("root@acme.test", Role.ADMIN)
        when = room.clock.now() + timedelta(days=1)
        await reviews.save_schedule(room.app, admin, HUB, ORDER, Cadence.QUARTERLY, when)
        room.clock.advance(timedelta(days=365))
        for _ in range(2):
            await review_clock.carry_out_due(room.app, PlannedOnly())

        found = await review_views.list_campaigns(room.app, admin, HUB)
        (schedule,) = await review_views.list_schedules(room.app, admin, HUB)
        assert ["Q4, 2026-11"] == [one.title for one in found]
        assert schedule.next_at > room.clock.now()

    async def test_events_open_one_review_each(self, room: Governed) -> None:
        """A new Super Admin, a mover and a leaver: each once, however often it is looked at."""
        admin = await room.operator("root@acme.test", Role.ADMIN)
        room.clock.advance(timedelta(hours=1))
        promoted = structs.replace(USERS[1], super_admin=True)
        moved = structs.replace(USERS[0], main_team_id="t2")
        await room.seal((moved, promoted, *USERS[2:]))
        left = Finding("person.left", Severity.HIGH, "user", "4", "cas@acme.test", "left", "why")
        async with room.app.database.work() as work:
            await work.findings.record(HUB, [left], work.now)
        first = await review_clock.open_for_events(room.app, HUB)
        second = await review_clock.open_for_events(room.app, HUB)

        assert {"new super admin", "mover", "left"} == {one.trigger for one in first}
        assert () == second
        assert 3 == len(await review_views.list_campaigns(room.app, admin, HUB))

    async def test_no_picture_between_is_overlooked(self, room: Governed) -> None:
        """Two pictures since the last look: what the first showed and the second still does counts."""
        await review_clock.open_for_events(room.app, HUB)
        promoted = (USERS[0], structs.replace(USERS[1], super_admin=True), *USERS[2:])
        for _ in range(2):
            room.clock.advance(timedelta(hours=1))
            await room.seal(promoted)
        opened = await review_clock.open_for_events(room.app, HUB)

        assert ["New super admin: ben@acme.test"] == [one.title for one in opened]

    async def test_a_people_list_tells_of_movers(self, room: Governed) -> None:
        """A new department by the list opens one review of that user, though HubSpot is unchanged."""
        admin = await room.operator("root@acme.test", Role.ADMIN, hub_id=0)
        await room.seal((*USERS, a_user("9", "new@acme.test")))
        listed = "email,department,manager\nnew@acme.test,{},mia@acme.test\nelse@acme.test,Ops,\n"
        await refresh_findings(room.app, await portal_named(room.app, room.local, "acme"))
        for department in ("Sales", "Marketing", "Marketing"):
            data = listed.format(department).encode()
            await import_people(room.app, admin, data, accept_shrink=True)
            await settle_reviews(room.app)

        found = await review_views.list_campaigns(room.app, admin, HUB)
        assert ["Mover: new@acme.test"] == [one.title for one in found]

    async def test_one_cause_one_campaign(self, room: Governed) -> None:
        """Opened by hand for an incident; the same cause again is refused."""
        admin = await room.operator("root@acme.test", Role.ADMIN)
        order = replace(ORDER, trigger="incident")
        await reviews.open_campaign(room.app, admin, HUB, order, cause="incident 7")

        with pytest.raises(AlreadyThere):
            await reviews.open_campaign(room.app, admin, HUB, order, cause="incident 7")


async def test_other_portals_and_roles_are_refused(room: Governed) -> None:
    """Every act as every role of another portal finds nothing; in the portal only an admin runs."""
    _, campaign, found = await opened(room)
    decision = [Decision(found[0].id, Verdict.KEEP)]
    acts = {
        "decide": lambda who: reviews.decide(room.app, who, campaign.id, decision),
        "delegate": lambda who: reviews.delegate(room.app, who, campaign.id, [found[0].id], BOSS),
        "show": lambda who: review_views.show_campaign(room.app, who, campaign.id),
        "items": lambda who: review_views.list_items(room.app, who, campaign.id),
        "pack": lambda who: evidence.campaign_pack(room.app, who, campaign.id),
        "close": lambda who: reviews.close_campaign(room.app, who, campaign.id),
        "remind": lambda who: reviews.remind(room.app, who, campaign.id),
        "escalate": lambda who: reviews.escalate(room.app, who, campaign.id),
    }
    for role in Role:
        stranger = await room.operator(f"{role}@other.test", role, hub_id=OTHER)
        for name, act in acts.items():
            assert await refusal(act(replace(stranger, email=MIA))) is NotThere, (name, role)
        for act in (
            reviews.open_campaign(room.app, stranger, HUB, ORDER),
            review_views.list_campaigns(room.app, stranger, HUB),
            evidence.who_had_what(room.app, stranger, HUB, room.clock.now()),
        ):
            with pytest.raises(NotAllowed):
                await act
    for role in (Role.APPROVER, Role.REVIEWER, Role.AUDITOR, Role.REQUESTER):
        weak = await room.operator(f"{role}@acme.test", role)
        for name in ("close", "remind", "escalate"):
            assert await refusal(acts[name](weak)) is NotAllowed, (name, role)


class TestEvidence:
    """Packs that are checked without trusting us."""

    async def packed(self, room: Governed) -> tuple[Actor, Pack]:
        """A closed review with odd names, as a pack."""
        odd = a_user("5", "=cmd|' /C calc'!A0@acme.test", first_name="<script>alert(1)</script>")
        await room.seal((*USERS, odd))
        admin, campaign, _ = await opened(room)
        await reviews.close_campaign(room.app, admin, campaign.id)
        return admin, await evidence.campaign_pack(room.app, admin, campaign.id)

    async def test_stand_alone_verifier_agrees(self, room: Governed, tmp_path: Path) -> None:
        """The script in the pack, run by itself with the key from elsewhere, finds all intact."""
        _, pack = await self.packed(room)
        path, key = tmp_path / pack.name, tmp_path / "key.pem"
        path.write_bytes(pack.body)
        key.write_text(await evidence.public_key(room.app))
        with zipfile.ZipFile(path) as archive:
            script = tmp_path / "verify_pack.py"
            script.write_bytes(archive.read("verify_pack.py"))
        told = await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-I", str(script), str(path), "--key", str(key)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip

        assert (0, "everything holds") == (told.returncode, told.stdout.splitlines()[-1])
        assert "signature with the key given" in told.stdout

    async def test_every_change_is_found(self, room: Governed, tmp_path: Path) -> None:
        """One byte in any file, one file more or less: the verifier says so."""
        _, pack = await self.packed(room)
        with zipfile.ZipFile(BytesIO(pack.body)) as archive:
            whole = {name: archive.read(name) for name in archive.namelist()}
        for name in whole:
            changed = {**whole, name: whole[name][:-2] + b"#\n"}
            if name == "public_key.pem":
                continue  # without a key from elsewhere the pack proves only its own unity
            report = check_pack(_zip(tmp_path, changed))
            assert not report.holds, name
        assert not check_pack(_zip(tmp_path, {**whole, "more.txt": b"x"})).holds
        assert not check_pack(_zip(tmp_path, {k: v for k, v in whole.items() if k[0] != "d"})).holds

    async def test_other_signer_is_found(self, room: Governed, tmp_path: Path) -> None:
        """A pack made anew by somebody else fails against the key one was given."""
        from rolecall.evidence.seal import new_key, public_key_of

        _, pack = await self.packed(room)
        path = tmp_path / "pack.zip"
        path.write_bytes(pack.body)

        assert check_pack(path).holds
        assert not check_pack(path, public_key_of(new_key()).encode()).holds

    async def test_names_never_run(self, room: Governed) -> None:
        """Formulas are text in CSV and XLSX, markup is text in HTML."""
        _, pack = await self.packed(room)
        with zipfile.ZipFile(BytesIO(pack.body)) as archive:
            page = archive.read("evidence.html").decode()
            rows = archive.read("decisions.csv").decode("utf-8-sig")
            book = load_workbook(BytesIO(archive.read("evidence.xlsx")))

        assert "<script>" not in page
        assert "&lt;script&gt;" in page
        assert "\n=cmd" not in rows
        cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
        assert "f" not in {cell.data_type for cell in cells}

    async def test_lines_of_other_portals_are_withheld(
        self, room: Governed, tmp_path: Path
    ) -> None:
        """An agency's client sees its own lines; the chain still holds."""
        eve = await room.operator("eve@other.test", Role.ADMIN, hub_id=OTHER)
        await reviews.open_campaign(room.app, eve, OTHER, replace(ORDER, title="secret title"))
        _, pack = await self.packed(room)
        path = tmp_path / "pack.zip"
        path.write_bytes(pack.body)
        with zipfile.ZipFile(path) as archive:
            audit = archive.read("audit.jsonl").decode()

        assert "secret title" not in audit
        assert check_pack(path).holds
        assert any("withheld" in json.loads(line) for line in audit.splitlines())

    async def test_the_past_is_answered_from_its_own_picture(self, room: Governed) -> None:
        """Who had what yesterday is not who has it today; before the first sync nobody knows."""
        admin = await room.operator("root@acme.test", Role.ADMIN)
        then = room.clock.now()
        room.clock.advance(timedelta(days=1))
        await room.seal(USERS[:2])

        past = await evidence.who_had_what(room.app, admin, HUB, then)
        now = await evidence.who_had_what(room.app, admin, HUB, room.clock.now())
        assert (4, 2) == (len(past.table.rows), len(now.table.rows))
        with pytest.raises(NeedsPerson):
            await evidence.who_had_what(room.app, admin, HUB, then - timedelta(days=1))

    async def test_making_a_pack_leaves_a_line(self, room: Governed) -> None:
        """Who took evidence out is evidence too."""
        await self.packed(room)
        async with room.app.database.read() as view:
            assert await view.audit.lines(AuditQuery(event="evidence:pack:made"))


def _zip(home: Path, files: dict[str, bytes]) -> Path:
    path = home / "changed.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, body in files.items():
            archive.writestr(name, body)
    return path
