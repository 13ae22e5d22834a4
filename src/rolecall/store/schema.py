"""What every table shares: metadata, column types, the validity sentinel. No table lives here."""

# ruff: noqa: ARG001, ARG002 -- SQLAlchemy decides these signatures

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Column, Dialect, MetaData, Text, TypeDecorator
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import ColumnElement

from rolecall.store.encoding import from_json, to_json

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
# `valid_to` of a fact that still holds. Fits 32 bits, so both databases keep it small, and a
# literal (not a bound value) lets SQLite prove that a partial index applies.
FOREVER = 2_147_483_647

# Ids and sort keys compare byte by byte on both databases, whatever the server's locale.
Key = Text().with_variant(Text(collation="C"), "postgresql")

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def to_micros(at: datetime) -> int:
    """Microseconds since 1970 of an aware time, exactly."""
    return (at - EPOCH) // MICROSECOND


def from_micros(micros: int) -> datetime:
    """The aware UTC time of microseconds since 1970."""
    return EPOCH + timedelta(0, 0, micros)


class Moment(TypeDecorator[datetime]):
    """An aware time as microseconds since 1970: the same order and value on both databases."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Aware time to number; a naive one is a bug and raises TypeError."""
        return None if value is None else to_micros(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Number to aware UTC time."""
        return None if value is None else from_micros(value)


class Document(TypeDecorator[Any]):
    """A value kept whole as JSON text; repositories give it its type back."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """Any domain value to JSON text."""
        return None if value is None else to_json(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        """JSON text to plain values."""
        return None if value is None else from_json(value, Any)


SQLITE_NOW = "CAST((julianday('now') - 2440587.5) * 86400000000.0 AS INTEGER)"


class database_now(ColumnElement[int]):  # noqa: N801 -- reads as a function in a statement
    """The database's own time in microseconds; leases and limits trust no client's clock."""

    type = BigInteger()
    inherit_cache = True


@compiles(database_now, "sqlite")
def _sqlite_now(element: database_now, compiler: SQLCompiler, **kw: object) -> str:
    return SQLITE_NOW


@compiles(database_now, "postgresql")
def _postgres_now(element: database_now, compiler: SQLCompiler, **kw: object) -> str:
    # clock_timestamp, not now(): a transaction that waited for a row lock must see later time.
    return "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)"


def moment(name: str, *, nullable: bool = False) -> Column[datetime]:
    """A column of an aware time."""
    return Column(name, Moment, nullable=nullable)


def text(name: str, default: str | None = None) -> Column[str]:
    """A text column that is never null."""
    return Column(name, Text, nullable=False, default=default)
