"""Saved reports: a view under a name, as a table, a file, and a mail by date."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec import structs
from openpyxl import load_workbook

from rolecall.domain.actor import SYSTEM, Actor, Role
from rolecall.domain.finding import Finding, Severity
from rolecall.domain.operator import SavedReport
from rolecall.kit.errors import NotThere, Refused
from rolecall.services.operators.operators import set_roles
from rolecall.services.reporting.reports import (
    Draft,
    file_of,
    list_reports,
    remove_report,
    run_report,
    save_report,
    schedule_report,
    send_due,
)
from rolecall.services.rights import NotAllowed
from rolecall.services.telling.notices import deliver_due
from tests.support.governed import HUB, OTHER, USERS, Governed, governed, refusal
from tests.support.mail import MailSink, a_mail_sink

MONDAY = datetime(2026, 11, 9, 7, tzinfo=UTC)  # the first after the pictures of tests
IDLE = Draft("Idle", columns=("email", "main_team", "seats"), filters={"set": "Sales Rep"})


@pytest.fixture
async def sink() -> AsyncIterator[MailSink]:
    """A mail server on this machine."""
    async with a_mail_sink() as opened:
        yield opened


@pytest.fixture
async def room(sink: MailSink, database_url: str, tmp_path: Path) -> AsyncIterator[Governed]:
    """An installation that mails into the sink."""
    told = {
        "notify_smtp_host": "127.0.0.1", "notify_smtp_port": sink.port, "notify_smtp_tls": "off",
        "notify_smtp_from": "rolecall@acme.test", "public_url": "https://rolecall.acme.test",
    }  # fmt: skip
    async with governed(database_url, tmp_path, **told) as opened:
        yield opened


async def saved(room: Governed, draft: Draft = IDLE) -> tuple[Actor, SavedReport]:
    """An auditor and a report of theirs."""
    kim = await room.operator("kim@acme.test", Role.AUDITOR)
    return kim, await save_report(room.app, kim, "acme", draft)


class TestMakingOne:
    """Tables and files."""

    async def test_columns_and_filters_are_kept(self, room: Governed) -> None:
        """Only who fits, only what was chosen; another auditor sees the same."""
        _, report = await saved(room)
        lee = await room.operator("lee@acme.test", Role.AUDITOR)
        _, made = await run_report(room.app, lee, "acme", report.id)

        assert ("E-mail", "Main team", "Seats") == made.table.header
        assert ("ana@acme.test", "Sales", "Core") == made.table.rows[0]
        assert 3 == len(made.table.rows)

    async def test_files_hold_the_rows_and_no_formula(self, room: Governed) -> None:
        """CSV and workbook say the same; a name that begins like a formula is text."""
        await room.seal((structs.replace(USERS[0], first_name="=1+1"), *USERS[1:]))
        kim, report = await saved(room, Draft("R&D: all", columns=("email", "firstname")))
        _, made = await run_report(room.app, kim, "acme", report.id)
        plain = file_of(report, made, "csv", room.clock.now())
        book = file_of(report, made, "xlsx", room.clock.now())
        rows = list(csv.reader(io.StringIO(plain.data.decode("utf-8-sig"))))
        sheet = load_workbook(io.BytesIO(book.data)).worksheets[0]

        assert ["E-mail", "First name"] == rows[0]
        assert ["ana@acme.test", "'=1+1"] == rows[1]
        assert "s" == sheet["B2"].data_type
        assert 5 == sheet.max_row
        assert plain.name.startswith("R-D--all-2026-11-02")

    @pytest.mark.parametrize("kind", ["findings", "requests", "reviews"])
    async def test_every_kind_makes_a_table(self, room: Governed, kind: str) -> None:
        """Whatever it is about, its columns have titles and its rows as many cells."""
        found = Finding("user.dormant", Severity.HIGH, "user", "1", "ana@acme.test", "idle", "why")
        async with room.app.database.work() as work:
            await work.findings.record(HUB, [found], work.now)
        kim, report = await saved(room, Draft("One", kind))
        _, made = await run_report(room.app, kim, "acme", report.id)

        assert len(report.columns) == len(made.table.header)
        assert (1 if kind == "findings" else 0) == len(made.table.rows)

    @pytest.mark.parametrize(
        "draft",
        [
            Draft(" "), Draft("x", "plans"), Draft("x", columns=("shoe_size",)),
            Draft("x", filters={"team": "nobody's"}), Draft("x", "reviews", ("password",)),
        ],
    )  # fmt: skip
    async def test_what_cannot_be_made_is_not_kept(self, room: Governed, draft: Draft) -> None:
        """No title, no such kind, column or team: refused, and nothing is saved."""
        kim = await room.operator("kim@acme.test", Role.AUDITOR)
        refused = await refusal(save_report(room.app, kim, "acme", draft))

        assert refused is not None
        assert () == await list_reports(room.app, kim, "acme")


class TestMailing:
    """By date, to who may look."""

    async def test_mondays_mail_goes_once_with_the_file(
        self, sink: MailSink, room: Governed
    ) -> None:
        """Two processes send one; the mail carries today's rows; the next one is in a week."""
        kim, report = await saved(room)
        await schedule_report(room.app, kim, "acme", report.id, "weekly", ("kim@acme.test",), "csv")
        assert () == await send_due(room.app)
        room.clock.advance(MONDAY - room.clock.now())
        sent = await asyncio.gather(send_due(room.app), send_due(room.app))
        await deliver_due(room.app)

        assert ["Idle"] == [one for some in sent for one in some]
        (mail,) = sink.mails
        (file,) = mail.iter_attachments()
        assert ("kim@acme.test", "Report: Idle") == (mail["To"], mail["Subject"])
        assert "idle-2026-11-09.csv" == file.get_filename().casefold()
        assert "ana@acme.test,Sales,Core" in file.get_content()
        (after,) = await list_reports(room.app, kim, "acme")
        assert MONDAY + timedelta(days=7) == after.next_at

    async def test_who_may_no_longer_look_gets_nothing(
        self, sink: MailSink, room: Governed
    ) -> None:
        """A role taken away between the schedule and the morning counts."""
        await room.operator("root@acme.test", Role.ADMIN, hub_id=0)
        kim, report = await saved(room)
        every = ("kim@acme.test",)
        await schedule_report(room.app, kim, "acme", report.id, "daily", every)
        await set_roles(room.app, SYSTEM, kim.id.removeprefix("operator:"), {HUB: frozenset()})
        room.clock.advance(timedelta(days=1))
        assert ("Idle",) == await send_due(room.app)
        await deliver_due(room.app)

        assert [] == sink.mails

    @pytest.mark.parametrize("to", [(), ("eve@elsewhere.test",), ("req@acme.test",)])
    async def test_it_leaves_the_house_to_nobody(self, room: Governed, to: tuple[str, ...]) -> None:
        """Addresses of strangers, or of operators who may not look, are refused."""
        await room.operator("req@acme.test", Role.REQUESTER)
        kim, report = await saved(room)
        with pytest.raises(Refused):
            await schedule_report(room.app, kim, "acme", report.id, "daily", to)

    async def test_no_mail_server_no_schedule(self, database_url: str, tmp_path: Path) -> None:
        """Said when it is saved, not on Monday."""
        async with governed(database_url, tmp_path) as room:
            kim, report = await saved(room)
            with pytest.raises(Refused, match="no mail server"):
                await schedule_report(room.app, kim, "acme", report.id, "daily", (kim.email,))


class TestRights:
    """Whose it is."""

    async def test_other_portals_reports_are_not_there(self, room: Governed) -> None:
        """Under one's own portal's name neither; a requester reads none."""
        _, report = await saved(room)
        eve = await room.operator("eve@other.test", Role.ADMIN, hub_id=OTHER)
        asker = await room.operator("req@acme.test", Role.REQUESTER)

        for who, name in ((eve, "acme"), (eve, "other"), (asker, "acme")):
            assert NotThere == await refusal(run_report(room.app, who, name, report.id))
            assert NotThere == await refusal(remove_report(room.app, who, name, report.id))

    async def test_only_who_made_it_or_an_admin_changes_it(self, room: Governed) -> None:
        """Somebody else's report stays; an admin may remove it."""
        _, report = await saved(room)
        lee = await room.operator("lee@acme.test", Role.AUDITOR)
        root = await room.operator("root@acme.test", Role.ADMIN)

        assert NotAllowed == await refusal(remove_report(room.app, lee, "acme", report.id))
        await remove_report(room.app, root, "acme", report.id)
        assert () == await list_reports(room.app, lee, "acme")
