"""Evidence that no API gives: imported users exports, attested set definitions, learned facts.

Values are kept whole as JSON; the caller says of which type they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from sqlalchemy import BigInteger, Column, Index, Integer, RowMapping, Table, insert, select

from rolecall.store.bulk import insert_rows
from rolecall.store.encoding import from_json, to_json
from rolecall.store.rows import Repository
from rolecall.store.schema import Document, Key, metadata, moment, text

Value = TypeVar("Value")

ELEVATION = "elevation"  # kind of statement: who is raised for a while, by the id of the plan

IMPORTS = Table(
    "export_imports", metadata,
    Column("id", Key, primary_key=True),
    Column("hub_id", BigInteger, nullable=False),
    moment("as_of"),
    moment("imported_at"),
    text("imported_by"),
    text("file_name"),
    text("file_digest"),
    Column("lines", Integer, nullable=False),
    Column("mapping", Document, nullable=False),
    Index("ix_export_imports_hub_id", "hub_id", "as_of"),
)  # fmt: skip
RECORDS = Table(
    "permission_records", metadata,
    Column("import_id", Key, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("email_key", Key, nullable=False),
    text("body"),
    Index("ix_permission_records_email", "import_id", "email_key"),
)  # fmt: skip
# Facts about a portal that people told or that were learned: attested definitions of permission
# sets, seat rules, the price book. The newest of a kind and key counts, the others are history.
STATEMENTS = Table(
    "statements", metadata,
    Column("id", Key, primary_key=True),
    Column("hub_id", BigInteger, nullable=False),
    text("kind"),
    text("key"),
    moment("at"),
    text("by"),
    text("body"),
    Index("ix_statements_hub_id", "hub_id", "kind", "key", "id"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ExportImport:
    """One users export as it was imported."""

    id: str
    hub_id: int
    as_of: datetime  # when HubSpot wrote the file
    imported_at: datetime
    imported_by: str
    file_name: str
    file_digest: str
    lines: int
    mapping: Mapping[str, str] = field(default_factory=dict)  # column -> permission id


@dataclass(frozen=True, slots=True)
class Statement:
    """Something told or learned about a portal; `kind` is attestation, seat_rule, price, ..."""

    id: str
    hub_id: int
    kind: str
    key: str
    at: datetime
    by: str
    body: str  # JSON; `from_json` of `store.encoding` gives it its type


class Evidence(Repository):
    """Imports with their lines, and statements."""

    async def add_import(
        self, imported: ExportImport, records: Iterable[tuple[str, object]]
    ) -> None:
        """Keep an import and its records: (e-mail, record), in the order of the file."""
        row = {name: getattr(imported, name) for name in ExportImport.__dataclass_fields__}
        await self.connection.execute(insert(IMPORTS), row)
        lines = (
            (imported.id, number, email.casefold(), to_json(record))
            for number, (email, record) in enumerate(records, 1)
        )
        await insert_rows(self.connection, RECORDS, lines)

    async def newest(self, hub_id: int) -> ExportImport | None:
        """The import of the newest export."""
        found = select(IMPORTS).where(IMPORTS.c.hub_id == hub_id)
        row = await self.one(found.order_by(IMPORTS.c.as_of.desc(), IMPORTS.c.id.desc()))
        return _import(row) if row else None

    async def imports(self, hub_id: int) -> tuple[ExportImport, ...]:
        """Every import, the newest export first."""
        found = select(IMPORTS).where(IMPORTS.c.hub_id == hub_id)
        ordered = found.order_by(IMPORTS.c.as_of.desc(), IMPORTS.c.id.desc())
        return tuple(_import(row) for row in await self.rows(ordered))

    async def records(self, import_id: str, kind: type[Value]) -> tuple[Value, ...]:
        """The records of an import, in the order of the file."""
        found = select(RECORDS.c.body).where(RECORDS.c.import_id == import_id)
        rows = await self.rows(found.order_by(RECORDS.c.number))
        return tuple(from_json(row["body"], kind) for row in rows)

    async def record(self, import_id: str, email: str, kind: type[Value]) -> Value | None:
        """One user's record in an import."""
        mine = (RECORDS.c.import_id == import_id, RECORDS.c.email_key == email.casefold())
        row = await self.one(select(RECORDS.c.body).where(*mine))
        return from_json(row["body"], kind) if row else None

    async def state(self, statement: Statement) -> None:
        """Keep something told or learned."""
        row = {name: getattr(statement, name) for name in Statement.__dataclass_fields__}
        await self.connection.execute(insert(STATEMENTS), row)

    async def stated(
        self, hub_id: int, kind: str, at: datetime | None = None
    ) -> dict[str, Statement]:
        """What counts of one kind, now or at a past time: the newest statement of each key."""
        found = select(STATEMENTS).where(STATEMENTS.c.hub_id == hub_id, STATEMENTS.c.kind == kind)
        if at is not None:
            found = found.where(STATEMENTS.c.at <= at)
        rows = await self.rows(found.order_by(STATEMENTS.c.id))
        return {row["key"]: Statement(**row) for row in rows}

    async def statement(self, hub_id: int, kind: str, key: str) -> Statement | None:
        """What counts now of one kind and key."""
        mine = (STATEMENTS.c.hub_id == hub_id, STATEMENTS.c.kind == kind, STATEMENTS.c.key == key)
        newest = select(STATEMENTS).where(*mine).order_by(STATEMENTS.c.id.desc()).limit(1)
        row = await self.one(newest)
        return Statement(**row) if row else None


def _import(row: RowMapping) -> ExportImport:
    return ExportImport(**row)
