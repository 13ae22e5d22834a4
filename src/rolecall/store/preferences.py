"""What people chose for themselves: settings of notices, saved reports. Small values, kept whole."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    RowMapping,
    Table,
    Text,
    delete,
    select,
    update,
)

from rolecall.domain.operator import SavedReport
from rolecall.store.encoding import from_json, to_json
from rolecall.store.errors import NotThere
from rolecall.store.rows import Repository
from rolecall.store.schema import Document, Key, metadata, moment, text

PREFERENCES = Table(
    "preferences",
    metadata,
    Column("owner", Text, primary_key=True),  # portal:HUB_ID, operator:ID, installation
    Column("name", Text, primary_key=True),  # notices, ...
    Column("value", Document, nullable=False),
    moment("saved_at"),
)
REPORTS = Table(
    "saved_reports",
    metadata,
    Column("id", Key, primary_key=True),
    Column("hub_id", BigInteger, nullable=False),
    text("owner"),
    moment("next_at", nullable=True),
    text("body"),
    Index("ix_saved_reports_hub_id", "hub_id"),
)


class Preferences(Repository):
    """Chosen values by owner and name, and saved reports by portal."""

    async def get(self, owner: str, name: str) -> Any:
        """The value as plain dicts, lists and text; None when never chosen."""
        mine = (PREFERENCES.c.owner == owner, PREFERENCES.c.name == name)
        row = await self.one(select(PREFERENCES).where(*mine))
        return row["value"] if row else None

    async def save(self, owner: str, name: str, value: object, at: datetime) -> None:
        """Choose a value."""
        row = {"owner": owner, "name": name, "value": value, "saved_at": at}
        await self.upsert(PREFERENCES, [row])

    async def save_report(self, report: SavedReport) -> None:
        """Keep or replace a report."""
        row = {
            "id": report.id,
            "hub_id": report.hub_id,
            "owner": report.owner,
            "next_at": report.next_at,
            "body": to_json(report),
        }
        await self.upsert(REPORTS, [row])

    async def report(self, report_id: str) -> SavedReport:
        """One saved report; NotThere for an unknown id."""
        row = await self.one(select(REPORTS).where(REPORTS.c.id == report_id))
        if row is None:
            raise NotThere(f"There is no report {report_id}")
        return _report(row)

    async def reports(self, hub_id: int) -> tuple[SavedReport, ...]:
        """Reports of a portal, oldest first."""
        found = select(REPORTS).where(REPORTS.c.hub_id == hub_id).order_by(REPORTS.c.id)
        return tuple(_report(row) for row in await self.rows(found))

    async def due_reports(self, now: datetime) -> tuple[SavedReport, ...]:
        """Reports whose time to be sent has come."""
        found = select(REPORTS).where(REPORTS.c.next_at <= now).order_by(REPORTS.c.id)
        return tuple(_report(row) for row in await self.rows(found))

    async def move_on(self, report: SavedReport, since: datetime) -> bool:
        """Keep a report's next turn; False when another process has taken the turn of `since`."""
        due = (REPORTS.c.id == report.id, REPORTS.c.next_at == since)
        values = {"next_at": report.next_at, "body": to_json(report)}
        done = await self.connection.execute(update(REPORTS).where(*due).values(**values))
        return done.rowcount == 1

    async def remove_report(self, report_id: str) -> None:
        """Forget a report."""
        await self.connection.execute(delete(REPORTS).where(REPORTS.c.id == report_id))


def _report(row: RowMapping) -> SavedReport:
    return from_json(row["body"], SavedReport)
