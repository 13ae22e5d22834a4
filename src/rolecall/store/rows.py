"""What every repository shares: a connection, reading rows, writing one. No table lives here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Executable, Insert, RowMapping, Select, Table
from sqlalchemy.dialects import sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

# SQLite allows 32,766 bound values in a statement; ids of an IN list are cut well below.
CHUNK = 5_000


@dataclass(frozen=True, slots=True)
class Repository:
    """The rows of one noun, read and written through one transaction's connection."""

    connection: AsyncConnection

    @property
    def on_postgres(self) -> bool:
        """PostgreSQL, not SQLite."""
        return self.connection.dialect.name == "postgresql"

    async def one(self, statement: Executable) -> RowMapping | None:
        """The first row, or None."""
        return (await self.connection.execute(statement)).mappings().first()

    async def rows(self, statement: Executable) -> Sequence[RowMapping]:
        """Every row."""
        return (await self.connection.execute(statement)).mappings().all()

    async def value(self, statement: Executable) -> Any:
        """The first column of the first row, or None."""
        return (await self.connection.execute(statement)).scalar()

    async def touched(self, statement: Executable) -> int:
        """Carry out a change; how many rows it met."""
        return (await self.connection.execute(statement)).rowcount

    async def upsert(self, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
        """Write rows; those whose primary key exists are replaced."""
        if rows:
            names = tuple(rows[0])
            await self.connection.execute(_upsert(table, names, self.on_postgres), list(rows))

    async def add_new(self, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
        """Write rows; those whose primary key exists stay as they are."""
        if rows:
            kept = inserting(table, self.on_postgres).on_conflict_do_nothing()
            await self.connection.execute(kept, list(rows))


def narrowed(
    statement: Select[Any], *limits: tuple[Any, Callable[[Any], ColumnElement[bool]]]
) -> Select[Any]:
    """The statement with a condition for every limit whose wanted value is not None."""
    for wanted, condition in limits:
        if wanted is not None:
            statement = statement.where(condition(wanted))
    return statement


def inserting(table: Table, on_postgres: bool) -> Any:
    """An INSERT that can say what to do on conflict; both dialects spell it alike."""
    if on_postgres:
        # The optional extra: 40 ms that SQLite need not pay.
        from sqlalchemy.dialects import postgresql

        return postgresql.insert(table)
    return sqlite.insert(table)


def _upsert(table: Table, names: tuple[str, ...], on_postgres: bool) -> Insert:
    insert = inserting(table, on_postgres)
    keys = [column.name for column in table.primary_key]
    changed = {name: insert.excluded[name] for name in names if name not in keys}
    if not changed:
        kept: Insert = insert.on_conflict_do_nothing(index_elements=keys)
        return kept
    replaced: Insert = insert.on_conflict_do_update(index_elements=keys, set_=changed)
    return replaced
