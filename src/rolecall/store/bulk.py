"""Many rows at once by the fastest way of each database; a row is a tuple in column order.

Values are the drivers' own (numbers, text, bytes, bool, None); column types are not applied.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import Column, ColumnElement, Table, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

# Rows in flight: enough to make the round trip cheap, little enough to stay in the processor's cache.
BATCH = 500

Row = tuple[Any, ...]
Value = TypeVar("Value")


async def insert_rows(connection: AsyncConnection, table: Table, rows: Iterable[Row]) -> None:
    """Insert every row: executemany on SQLite, COPY on PostgreSQL."""
    if connection.dialect.name == "postgresql":
        await _copy(connection, table, rows)
        return
    statement = _insert_into(table, "?")
    for batch in batches(rows):
        await connection.exec_driver_sql(statement, batch)


async def insert_new_rows(connection: AsyncConnection, table: Table, rows: Iterable[Row]) -> None:
    """Insert those rows whose primary key is not there yet."""
    mark = "%s" if connection.dialect.name == "postgresql" else "?"
    statement = _insert_into(table, mark) + " ON CONFLICT DO NOTHING"
    for batch in batches(rows):
        await connection.exec_driver_sql(statement, batch)


async def close_rows(
    connection: AsyncConnection,
    column: Column[str],
    keys: Iterable[str],
    *within: ColumnElement[bool],
    since: int,
) -> None:
    """End the validity of rows whose `column` is one of the keys; `within` picks open ones.

    By sets of keys, not row by row: PostgreSQL without fresh statistics scanned the table for
    every single key (5,000 users took 90 seconds).
    """
    for batch in batches(keys):
        chosen = update(column.table).where(column.in_(batch), *within)
        await connection.execute(chosen.values(valid_to=since))


def batches(rows: Iterable[Value]) -> Iterator[list[Value]]:
    """Rows or keys in lists of at most BATCH."""
    left = iter(rows)
    while batch := list(islice(left, BATCH)):
        yield batch


async def _copy(connection: AsyncConnection, table: Table, rows: Iterable[Row]) -> None:
    raw = await connection.get_raw_connection()
    driver: Any = raw.driver_connection
    module: Any = connection.dialect.dbapi
    target = f"COPY {_named(table)} FROM STDIN"
    try:
        async with driver.cursor() as cursor, cursor.copy(target) as copy:
            for row in rows:
                await copy.write_row(row)
    except module.Error as error:
        # SQLAlchemy does not see what happens on the bare driver; `store.errors` explains it.
        raise DBAPIError(target, None, error) from error


def _insert_into(table: Table, mark: str) -> str:
    marks = ", ".join(mark for _ in table.columns)
    return f"INSERT INTO {_named(table)} VALUES ({marks})"  # noqa: S608 -- names are ours


def _named(table: Table) -> str:
    """The table with its columns, in the order in which rows hold them."""
    return f"{table.name} ({', '.join(column.name for column in table.columns)})"
