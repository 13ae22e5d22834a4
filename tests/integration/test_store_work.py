"""People, claims, findings, plans, the journal, tasks and evidence, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from rolecall.domain.assignment import Assignment, Origin, Slot
from rolecall.domain.finding import Finding, Severity
from rolecall.domain.person import Link, Person, Situation
from rolecall.domain.plan import (
    Approval,
    Change,
    ChangeKind,
    Effect,
    EffectState,
    ManualTask,
    Outcome,
    Override,
    Phase,
    Plan,
    PlanState,
    Receipt,
    Route,
)
from rolecall.domain.snapshot import FeedEvent
from rolecall.domain.sync import SyncRun, SyncState
from rolecall.store import (
    Database,
    ExportImport,
    FeedCursor,
    FeedQuery,
    HandedRecord,
    RuleException,
    Statement,
    StoredPolicy,
    SyncPage,
)
from rolecall.store.errors import NotThere, OutOfDate

NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def a_plan(plan_id: str = "p1", digest: str = "d1") -> Plan:
    """A plan of one change."""
    change = Change(
        "c1", ChangeKind.SET_SEATS, "user", "a@acme.test", "1", ("Core",), (), "left", Phase.REVOKE
    )
    return Plan(
        plan_id, 7, "acme", "s1", NOW, "local:anna", "title", "why", (change,), digest=digest
    )


def an_effect(number: int = 1, plan_id: str = "p1") -> Effect:
    """An effect of that change."""
    return Effect(
        f"{plan_id}-e{number}", plan_id, 7, number, Phase.REVOKE, Route.PUT_USER, "user",
        "a@acme.test", None, ("c1",),
    )  # fmt: skip


class TestSyncs:
    """A killed sync reads no page twice."""

    async def test_pages_survive_until_the_sync_is_finished(self, database: Database) -> None:
        """Where each resource stood is known, bodies come back in order, and then go."""
        run = SyncRun("r1", 7, NOW, "local:anna")
        async with database.work() as work:
            await work.syncs.start(run)
            pages = [SyncPage("users", n, f"after{n}", b"\x00%d" % n) for n in range(120)]
            await work.syncs.keep_pages("r1", [*pages, SyncPage("teams", 0, None, b"")])

        async with database.read() as view:
            reached = await view.syncs.reached("r1")
            bodies = [page.body async for page in view.syncs.pages("r1", "users")]
            assert run == await view.syncs.running(7)
        assert (120, "after119", False) == (
            reached["users"].pages, reached["users"].after, reached["users"].finished,
        )  # fmt: skip
        assert reached["teams"].finished
        assert [page.body for page in pages] == bodies

        async with database.work() as work:
            await work.syncs.finish(replace(run, state=SyncState.DONE, complete=True))
            assert None is await work.syncs.running(7)
            assert {} == await work.syncs.reached("r1")

    async def test_feed_events_are_kept_once(self, database: Database) -> None:
        """Reading a page of a feed again adds nothing."""
        events = [
            FeedEvent("login", f"e{n}", "LOGIN_SUCCEEDED", NOW + n * DAY, "1", "A@acme.test")
            for n in range(3)
        ]
        async with database.work() as work:
            await work.feeds.add(7, events)
            await work.feeds.add(7, events)
            assert tuple(reversed(events)) == await work.feeds.events(7, FeedQuery())
            await work.feeds.move(FeedCursor(7, "login", "c", NOW))
            newest = await work.feeds.events(7, FeedQuery(since=NOW + DAY, limit=1))
            assert {"a@acme.test": NOW + 2 * DAY} == await work.feeds.last_logins(7)
            assert FeedCursor(7, "login", "c", NOW) == await work.feeds.cursor(7, "login")

        assert (events[2],) == newest


class TestPeople:
    """Humans, by any of their e-mails."""

    async def test_a_person_is_found_by_every_email(self, database: Database) -> None:
        """In any case; a former e-mail no longer finds them."""
        anna = Person("1", ("Anna@Acme.test", "a@old.test"), "Anna", ends_on=date(2026, 7, 1))
        async with database.work() as work:
            await work.people.put([anna])
            assert (anna,) == await work.people.by_email("ANNA@acme.TEST")
            moved = replace(anna, emails=("anna@acme.test",))
            await work.people.put([moved])

            assert () == await work.people.by_email("a@old.test")
            assert moved == await work.people.get("1")

    async def test_links_say_whose_a_user_is(self, database: Database) -> None:
        """Per portal, replaced by the next correlation."""
        link = Link(7, "u1", Situation.DISPUTED, None, ("1", "2"), "two people")
        async with database.work() as work:
            await work.people.put_links([link])
            settled = replace(link, situation=Situation.LINKED, person_id="1", candidates=())
            await work.people.put_links([settled])

            assert (settled,) == await work.people.links(7)
            assert (settled,) == await work.people.links_of("1")


class TestClaims:
    """Assignments, policies, findings."""

    async def test_replacing_an_origin_keeps_what_stays(self, database: Database) -> None:
        """Only the difference is made and ended; the past stays answerable."""
        one = Assignment("A@acme.test", 7, Slot.SEAT, "Core", Origin.RULE)
        two = replace(one, slot=Slot.MAIN_TEAM, value="12")
        three = replace(two, value="13")
        async with database.work() as work:
            assert (2, 0) == await work.assignments.replace(7, Origin.RULE, [one, two], NOW)
            assert (1, 1) == await work.assignments.replace(7, Origin.RULE, [one, three], NOW + DAY)
            before = await work.assignments.in_force(7, NOW)
            after = await work.assignments.in_force(7, NOW + DAY)
            found = await work.assignments.find(7, subject="a@ACME.test", slot=Slot.MAIN_TEAM)

        assert [one, two] == [held.assignment for held in before]
        assert [one, three] == [held.assignment for held in after]
        assert [three] == [held.assignment for held in found]

    async def test_the_end_of_an_assignment_is_exclusive(self, database: Database) -> None:
        """At its end it no longer counts, and it is due."""
        until = Assignment("a", 7, Slot.SEAT, "Core", Origin.ELEVATION, ends_at=NOW + DAY)
        async with database.work() as work:
            await work.assignments.put([until], NOW)

            assert 1 == len(await work.assignments.in_force(7, NOW))
            assert 0 == len(await work.assignments.in_force(7, NOW + DAY))
            assert 1 == len(await work.assignments.due(NOW + DAY))

    async def test_the_newest_policy_is_in_force(self, database: Database) -> None:
        """The same text again is no new policy."""
        first = StoredPolicy(7, "version: 1", "d1", "local:anna", NOW)
        second = StoredPolicy(7, "version: 1 # two", "d2", "local:anna", NOW + DAY)
        async with database.work() as work:
            for policy in (first, first, second):
                await work.policies.put_in_force(policy)

            assert second == await work.policies.in_force(7)
            assert (second, first) == await work.policies.history(7)

    async def test_findings_open_stay_and_close(self, database: Database) -> None:
        """A finding keeps its first day until a look no longer sees it."""
        one = Finding("dormant", Severity.LOW, "user", "1", "a", "m", "w")
        two = replace(one, subject_id="2", severity=Severity.HIGH)
        async with database.work() as work:
            await work.findings.record(7, [one, two], NOW)
            worse = replace(one, severity=Severity.CRITICAL)
            seen = await work.findings.record(7, [worse], NOW + DAY)
            (held,) = await work.findings.open(7)

        assert ((), ["2"]) == (seen.opened, [gone.finding.subject_id for gone in seen.closed])
        assert (worse, NOW, NOW + DAY) == (held.finding, held.first_seen, held.last_seen)

    async def test_a_leave_ends_on_its_day(self, database: Database) -> None:
        """Exceptions count until their end, or until somebody ends them."""
        leave = RuleException("x", 7, "a", "sod", NOW + DAY, "cfo", "year end", "local:anna", NOW)
        async with database.work() as work:
            await work.findings.put_exception(leave)
            assert (leave,) == await work.findings.exceptions(7, NOW)
            assert () == await work.findings.exceptions(7, NOW + DAY)
            await work.findings.end_exception("x", NOW)
            assert () == await work.findings.exceptions(7, NOW)


class TestPlans:
    """Stored once, moved forward, approved by digest."""

    async def test_a_plan_moves_only_from_where_it_stands(self, database: Database) -> None:
        """Two processes that both want to apply it: one does."""
        async with database.work() as work:
            await work.plans.add(a_plan())
            move = {"since": [PlanState.PROPOSED], "at": NOW}
            await work.plans.move("p1", PlanState.APPROVED, **move)
            with pytest.raises(OutOfDate, match="approved by now"):
                await work.plans.move("p1", PlanState.CANCELLED, **move)

            assert (a_plan(), PlanState.APPROVED) == (
                (await work.plans.get("p")).plan, await work.plans.state("p1"),
            )  # fmt: skip
            assert 1 == len(await work.plans.find(7, [PlanState.APPROVED]))
            with pytest.raises(NotThere):
                await work.plans.get("nope")

    async def test_only_what_was_seen_can_be_approved(self, database: Database) -> None:
        """A yes to another digest is refused."""
        yes = Approval("p1", "d1", "local:anna", NOW, "fine")
        async with database.work() as work:
            await work.plans.add(a_plan())
            with pytest.raises(OutOfDate, match="not what was approved"):
                await work.plans.approve(replace(yes, digest="d2"))
            await work.plans.approve(yes)

            assert (yes,) == await work.plans.approvals("p1")

    async def test_an_override_is_spent_once(self, database: Database) -> None:
        """On one plan, before it expires."""
        leave = Override("o1", "removal-brake", "local:anna", "moving", NOW + DAY, 7)
        async with database.work() as work:
            await work.overrides.grant(leave)
            assert (leave,) == await work.overrides.usable(7, NOW)
            assert () == await work.overrides.usable(7, NOW + DAY)

            assert await work.overrides.use("o1", "p1", NOW)
            assert await work.overrides.use("o1", "p1", NOW)
            assert not await work.overrides.use("o1", "p2", NOW)
            assert () == await work.overrides.usable(7, NOW)
            assert (leave,) == await work.overrides.usable(7, NOW, used_for="p1")

    async def test_a_task_is_closed_once(self, database: Database) -> None:
        """By whoever is first."""
        task = ManualTask("t1", 7, "Deactivate Ben", ("click",), "https://x", "ben")
        done = replace(task, state="done", closed_at=NOW, closed_by="local:anna")
        async with database.work() as work:
            await work.tasks.add([task, task])
            assert (task,) == await work.tasks.open(7)
            await work.tasks.close(done)
            with pytest.raises(OutOfDate):
                await work.tasks.close(done)

            assert done == await work.tasks.get("t1")


class TestJournal:
    """Every effect is written down before it is sent, and settled once."""

    async def test_an_effect_goes_its_way(self, database: Database) -> None:
        """Pending, sent, waiting, sent again, settled; what was observed first is kept."""
        async with database.work() as work:
            journal = work.journal
            await journal.start([an_effect(), an_effect(2)])
            await journal.start([an_effect()])
            sent = await journal.sending(an_effect(), "f1", {"roleId": "12"})
            put_off = await journal.wait(sent, NOW + DAY, "quota spent", unsent=True)
            again = await journal.sending(put_off, "f2", {"roleId": "13"})
            settled = await journal.settle(again)
            held = await journal.effects("p1")

        assert (0, 1) == (put_off.attempt, again.attempt)
        assert {"roleId": "12"} == settled.observed
        assert (settled, an_effect(2)) == held

    async def test_two_owners_never_both_advance_an_effect(self, database: Database) -> None:
        """The one that lost its lease is told so."""
        async with database.work() as work:
            await work.journal.start([an_effect()])
            await work.journal.sending(an_effect(), "f", {})
            with pytest.raises(OutOfDate, match="another process"):
                await work.journal.sending(an_effect(), "f", {})

    async def test_what_is_due_and_what_waits_for_a_person(self, database: Database) -> None:
        """A time that came makes it due; a person's turn does not, until they have acted."""
        async with database.work() as work:
            journal = work.journal
            await journal.start([an_effect()])
            assert ["p1"] == [due.plan_id for due in await journal.due(NOW)]
            later = await journal.wait(an_effect(), NOW + DAY, "quota")
            assert () == await journal.due(NOW)
            assert 1 == len(await journal.due(NOW + DAY))
            await journal.wait(later, None, "scope missing")
            assert {"p1-e1": "scope missing"} == await journal.waiting_for("p1")
            assert () == await journal.due(NOW + DAY)
            assert 1 == await journal.wake("p1", NOW)
            assert 1 == len(await journal.due(NOW))

    async def test_receipts_and_the_id_of_what_was_created(self, database: Database) -> None:
        """Later effects of a new user learn its id; receipts come in order."""
        receipts = [
            Receipt("p1", "c1", "p1-e1", n, outcome, NOW + n * DAY)
            for n, outcome in enumerate((Outcome.UNKNOWN, Outcome.DONE), 1)
        ]
        async with database.work() as work:
            await work.journal.start([an_effect(), an_effect(2)])
            await work.journal.add_receipts(receipts)
            await work.journal.name_subject("p1", "a@acme.test", "99")

            assert tuple(receipts) == await work.journal.receipts("p1")
            assert {"c1": Outcome.DONE} == await work.journal.outcomes("p1")
            effects = await work.journal.effects("p1")
        assert ["99", "99"] == [one.subject_id for one in effects]
        assert EffectState.PENDING is effects[0].state


class TestEvidence:
    """What no API gives."""

    async def test_an_import_keeps_every_line(self, database: Database) -> None:
        """Records come back in the order of the file, or by e-mail."""
        told = ExportImport("i1", 7, NOW - DAY, NOW, "local:anna", "users.csv", "d", 2, {"a": "b"})
        async with database.work() as work:
            await work.evidence.add_import(told, [("B@x", {"n": "1"}), ("a@x", {"n": "2"})])

            assert told == await work.evidence.newest(7)
            assert ({"n": "1"}, {"n": "2"}) == await work.evidence.records("i1", dict[str, str])
            assert {"n": "1"} == await work.evidence.record("i1", "b@X", dict[str, str])

    async def test_the_newest_statement_counts(self, database: Database) -> None:
        """Earlier ones are history."""
        first = Statement("1", 7, "attestation", "12", NOW, "anna", "{}")
        second = replace(first, id="2", body='{"x":1}')
        async with database.work() as work:
            await work.evidence.state(first)
            await work.evidence.state(second)

            assert {"12": second} == await work.evidence.stated(7, "attestation")

    async def test_handed_records_can_be_followed_and_returned(self, database: Database) -> None:
        """Batch by batch, with the value before."""
        rows = [
            HandedRecord("e1", n, "deals", str(n), "hubspot_owner_id", "1", "2") for n in range(250)
        ]
        async with database.work() as work:
            await work.handovers.add(rows)
            batch = await work.handovers.batch("e1")
            await work.handovers.mark("e1", [one.number for one in batch], "done", NOW)

            assert {"done": 100, "pending": 150} == await work.handovers.progress("e1")
            assert 100 == (await work.handovers.batch("e1"))[0].number
            assert "1" == (await work.handovers.all("e1"))[0].before
