"""Opening the store, transactions, secrets, the audit trail and the outbox, on both databases."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from rolecall.domain.actor import SYSTEM, local_actor
from rolecall.domain.events import Event
from rolecall.domain.portal import Capabilities, Portal
from rolecall.kit.clock import HandClock
from rolecall.kit.errors import Broken
from rolecall.store import (
    AuditQuery,
    Database,
    SyncPage,
    forget_old_keys,
    open_keys,
    rotate_keys,
)
from rolecall.store.errors import (
    AlreadyThere,
    HomeUnwritable,
    KeyFileUnsafe,
    KeyMissing,
    NotThere,
    SchemaTooNew,
    StoreDamaged,
    StoreFault,
)
from rolecall.store.verify_chain import check

NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)
ANNA = local_actor("anna")
VERIFIER = Path("src/rolecall/store/verify_chain.py")


def a_portal(hub_id: int = 7, name: str = "acme") -> Portal:
    """A portal with defaults."""
    return Portal(hub_id, name, "https://api.hubapi.com", NOW)


class TestPortals:
    """One hub id, one name."""

    async def test_a_hub_id_is_refused_twice(self, database: Database) -> None:
        """The error names the portal it is connected as."""
        async with database.begin(ANNA, "try") as work:
            await work.portals.add(a_portal())

        with pytest.raises(AlreadyThere, match="as acme"):
            async with database.begin(ANNA, "try") as work:
                await work.portals.add(a_portal(name="other"))

    async def test_a_name_is_refused_twice(self, database: Database) -> None:
        """Two portals never share a name, and the transaction can go on."""
        async with database.begin(ANNA, "try") as work:
            await work.portals.add(a_portal())
            with pytest.raises(AlreadyThere, match="called acme"):
                await work.portals.add(a_portal(8))
            await work.portals.add(a_portal(8, "beta"))

        async with database.read() as view:
            assert ["acme", "beta"] == [one.name for one in await view.portals.all()]

    async def test_what_a_probe_found_is_kept(self, database: Database) -> None:
        """Capabilities come back as probed."""
        value = Capabilities(scopes=("oauth",), teams=True, daily_limit=5)
        async with database.begin(ANNA, "try") as work:
            await work.portals.save_capabilities(7, value, NOW)

        async with database.read() as view:
            assert (value, NOW) == await view.portals.capabilities(7)
            with pytest.raises(NotThere, match="nope"):
                await view.portals.named("nope")


class TestTransactions:
    """Everything or nothing."""

    async def failing(self, database: Database) -> None:
        async with database.begin(ANNA, "try") as work:
            await work.portals.add(a_portal())
            work.record(Event.PORTAL_CONNECTION_ADDED)
            work.notify("portal.added", {})
            raise ZeroDivisionError

    async def test_an_error_leaves_nothing_behind(self, database: Database) -> None:
        """Rows, audit lines and notices of a failed act are gone together."""
        with pytest.raises(ZeroDivisionError):
            await self.failing(database)

        async with database.read() as view:
            assert () == await view.portals.all()
            assert (0, "0" * 64) == await view.audit.last()
            assert () == await view.outbox.due(NOW + timedelta(days=9_999))

    async def test_two_hundred_counts_at_once_are_all_counted(self, database: Database) -> None:
        """No update is lost, whichever way the tasks interleave."""

        async def count() -> None:
            async with database.work() as work:
                await work.daily_use.add(7, NOW.date(), "sync", 1)

        await asyncio.gather(*(count() for _ in range(200)))

        async with database.read() as view:
            assert {"sync": 200} == await view.daily_use.used(7, NOW.date())

    async def test_readers_cannot_write(self, database: Database) -> None:
        """A view refuses to change anything."""
        with pytest.raises(Exception, match=r"(?i)read-?only|cannot be written"):
            async with database.read() as view:
                await view.portals.add(a_portal())


class TestSecrets:
    """What is encrypted, opens only where it belongs."""

    async def test_a_credential_comes_back_and_never_shows(self, database: Database) -> None:
        """The token is neither in the row nor in a repr."""
        async with database.begin(ANNA, "try") as work:
            await work.credentials.save(7, {"token": "pat-na1-secret"}, NOW)
            rows = (await work.connection.execute(text("SELECT * FROM secrets"))).all()
            held = await work.credentials.load(7)

        assert "pat-na1-secret" == held["token"]
        assert "secret" not in repr(rows) + repr(held) + repr(database)

    async def test_a_value_moved_to_another_portal_does_not_open(self, database: Database) -> None:
        """The portal is part of what is sealed."""
        async with database.begin(ANNA, "try") as work:
            await work.credentials.save(7, {"token": "t"}, NOW)
            await work.connection.execute(text("UPDATE secrets SET owner = 'portal:8'"))
            with pytest.raises(KeyMissing, match="altered"):
                await work.credentials.load(8)

    async def test_rotation_locks_everything_anew(self, database_url: str, tmp_path: Path) -> None:
        """After rotate, rewrap and forget, secrets open with the new key alone."""
        path = tmp_path / "key"
        first = await Database.open(database_url, keys=open_keys(path))
        async with first.work() as work:
            await work.credentials.save(7, {"a": "1", "b": "2"}, NOW)
        await first.close()
        second = await Database.open(database_url, keys=rotate_keys(path))
        async with second.work() as work:
            assert 2 == await work.credentials.rewrap()
        await second.close()
        third = await Database.open(database_url, keys=forget_old_keys(path))
        async with third.read() as view:
            held = await view.credentials.load(7)
        await third.close()

        assert {"a": "1", "b": "2"} == held.fields

    def test_a_key_file_others_can_read_is_refused(self, tmp_path: Path) -> None:
        """With the command that mends it."""
        path = tmp_path / "key"
        open_keys(path)
        path.chmod(0o644)

        with pytest.raises(KeyFileUnsafe, match="read by others") as caught:
            open_keys(path)
        assert f"chmod 600 {path}" == caught.value.hint


class TestAudit:
    """The chain holds, or says where it does not."""

    async def filled(self, database: Database, lines: int) -> None:
        for number in range(lines):
            async with database.begin(ANNA, f"reason {number} é") as work:
                work.record(
                    Event.PORTAL_SETTINGS_CHANGED, subject="acme", hub_id=7, details={"n": "ü"}
                )

    @staticmethod
    def checked(run: list[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(run, capture_output=True, check=False, text=True)

    async def test_an_act_without_a_reason_is_a_bug(self, database: Database) -> None:
        """Nothing is audited without saying why."""
        with pytest.raises(Broken, match="needs a reason"):
            async with database.begin(ANNA) as work:
                work.record(Event.PORTAL_CONNECTION_ADDED)

    async def test_lines_cannot_be_changed_or_deleted(self, database: Database) -> None:
        """The database itself refuses."""
        await self.filled(database, 2)
        for statement in ("UPDATE audit SET reason = 'x'", "DELETE FROM audit"):
            with pytest.raises(StoreFault, match="append-only"):
                async with database.work() as work:
                    await work.connection.execute(text(statement))

    async def test_writers_at_once_make_one_chain(self, database: Database) -> None:
        """Fifty transactions side by side leave fifty lines in one unbroken chain."""

        async def act() -> None:
            async with database.begin(ANNA, "at once") as work:
                work.record(Event.SYNC_SNAPSHOT_SEALED, hub_id=7)

        await asyncio.gather(*(act() for _ in range(50)))

        async with database.read() as view:
            verdict = await view.audit.verify()
            page = await view.audit.lines(AuditQuery(event="sync:", limit=3))
        assert (50, "") == (verdict.lines, verdict.fault)
        assert [50, 49, 48] == [line.seq for line in page]

    async def test_the_export_is_checked_without_us(
        self, database: Database, tmp_path: Path
    ) -> None:
        """The stand-alone script accepts the export and finds one changed word."""
        await self.filled(database, 3)
        async with database.read() as view:
            lines = [line async for line in view.audit.export()]
            _, last = await view.audit.last()
        path = tmp_path / "audit.jsonl"
        path.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
        run = [sys.executable, "-I", str(VERIFIER), str(path), last]

        assert 0 == (await asyncio.to_thread(self.checked, run)).returncode
        path.write_text(path.read_text("utf-8").replace("reason 1", "reason 9"), "utf-8")
        told = await asyncio.to_thread(self.checked, run)
        assert (1, "line 2 was changed") == (told.returncode, told.stdout[:18])

    async def test_a_forged_line_is_found(self, database: Database) -> None:
        """Even with triggers taken away, a changed row breaks the chain."""
        await self.filled(database, 3)
        async with database.read() as view:
            lines = [dict(line) async for line in view.audit.export()]
        lines[1]["actor"] = "local:mallory"

        assert "line 2 was changed after it was written" == check(lines).fault
        assert "line 2 is missing or out of order (found 3)" == check([lines[0], lines[2]]).fault


class TestOutbox:
    """Notices go out once the act is done."""

    async def test_a_notice_waits_until_it_is_delivered(self, database: Database) -> None:
        """Failed ones come back at their time, delivered ones never."""
        opened = Database(database.engines, HandClock(NOW), database.keys)
        async with opened.begin(ANNA, "try") as work:
            work.notify("plan.approved", {"plan": "p"}, hub_id=7)
        async with opened.work() as work:
            (notice,) = await work.outbox.due(NOW)
            await work.outbox.failed(notice.id, NOW + timedelta(minutes=1), "no route")

        async with opened.work() as work:
            assert () == await work.outbox.due(NOW)
            (again,) = await work.outbox.due(NOW + timedelta(minutes=1))
            await work.outbox.delivered(again.id, NOW)
            assert () == await work.outbox.due(NOW + timedelta(days=1))
        assert (1, "no route", {"plan": "p"}) == (again.attempts, again.error, again.payload)


class TestTroubles:
    """Each with a clear error, nothing half done."""

    async def test_a_file_that_is_no_database(self, tmp_path: Path) -> None:
        """Says so, and touches nothing."""
        path = tmp_path / "x.db"
        path.write_bytes(b"hello, this is no database" * 100)

        with pytest.raises(StoreDamaged, match="not a Rolecall database"):
            await Database.open(f"sqlite:///{path}")
        assert path.read_bytes().startswith(b"hello")

    async def test_a_home_that_cannot_be_made(self, tmp_path: Path) -> None:
        """Names the place and the setting."""
        (tmp_path / "file").write_text("in the way")

        with pytest.raises(HomeUnwritable) as caught:
            await Database.open(f"sqlite:///{tmp_path / 'file' / 'rolecall.db'}")
        assert "ROLECALL_HOME" in str(caught.value.hint)

    async def test_a_database_of_a_newer_version(
        self, database: Database, database_url: str
    ) -> None:
        """An older Rolecall keeps its hands off."""
        async with database.work() as work:
            await work.connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

        with pytest.raises(SchemaTooNew, match="newer than this Rolecall"):
            await Database.open(database_url)

    async def test_a_full_disk_leaves_what_was_there(self, tmp_path: Path) -> None:
        """The act fails as a whole with a hint; afterwards everything works again."""
        opened = await Database.open(f"sqlite:///{tmp_path / 'a.db'}")
        try:
            async with opened.engines.writer.connect() as connection:
                pages = (await connection.execute(text("PRAGMA page_count"))).scalar_one()
                await connection.execute(text(f"PRAGMA max_page_count = {pages}"))
            with pytest.raises(Exception, match="is full"):
                async with opened.work() as work:
                    await work.syncs.keep_pages("r", [_big_page()])
            async with opened.read() as view:
                assert {} == await view.syncs.reached("r")
        finally:
            await opened.close()

    async def test_a_database_somebody_keeps_locked(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """After waiting a while the error says who may be in the way."""
        monkeypatch.setattr("rolecall.store.engines.BUSY_SECONDS", 0.2)
        opened = await Database.open(f"sqlite:///{tmp_path / 'a.db'}")
        other = sqlite3.connect(tmp_path / "a.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        try:
            with pytest.raises(Exception, match="is busy"):
                async with opened.work() as work:
                    await work.daily_use.add(7, NOW.date(), "sync", 1)
        finally:
            other.close()
            await opened.close()

    async def test_the_file_is_ours_alone(self, tmp_path: Path) -> None:
        """Nobody else may read the database file."""
        opened = await Database.open(f"sqlite:///{tmp_path / 'home' / 'a.db'}")
        await opened.close()

        assert 0o600 == (tmp_path / "home" / "a.db").stat().st_mode & 0o777
        assert 0o700 == (tmp_path / "home").stat().st_mode & 0o777


def _big_page() -> SyncPage:
    return SyncPage("users", 0, None, b"x" * 3_000_000)


async def test_the_outer_actor_is_in_every_line(database: Database) -> None:
    """The trail says who and why."""
    async with database.begin(SYSTEM, "hourly sync") as work:
        work.record(Event.SYNC_SNAPSHOT_SEALED, hub_id=7)
    async with database.read() as view:
        (line,) = await view.audit.lines(AuditQuery())

    assert ("system", "hourly sync") == (line.event.actor, line.event.reason)
