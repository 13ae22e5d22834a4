"""Engines for both databases: who may write, how a transaction begins, how long to wait.

SQLite gets four: a writer (one connection, BEGIN IMMEDIATE, full sync), readers (query only) and
a pulse for leases and limits (one connection, no fsync: losing the last heartbeats in a power cut
costs nothing), and a ledger of the same kind that is asked without a thread in between and never
waits: a moment is reserved for every request, which takes a seventh of the time so.
SQLAlchemy's own default mode loses updates silently on SQLite.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from rolecall.kit.errors import Refused
from rolecall.store.errors import HomeUnwritable

URL_HINT = "use sqlite:///PATH or postgresql://USER@HOST/NAME"

# A writer holds the lock for at most the sealing of a first snapshot (about a second for 50,000
# users); ten times that before we say busy.
BUSY_SECONDS = 15.0
# Waiting for our own single writer connection: longer than BUSY_SECONDS, so the cause is told.
QUEUE_SECONDS = 60.0
# 16 MiB: the indexes of a first snapshot fit, and are not written out and read back meanwhile.
ROOMY = "PRAGMA cache_size=-16384"


@dataclass(frozen=True, slots=True)
class Engines:
    """One engine per duty; `place` names the database without its password."""

    writer: AsyncEngine
    reader: AsyncEngine
    pulse: AsyncEngine
    place: str
    dialect: str  # sqlite | postgresql
    ledger: Engine | None = None

    async def dispose(self) -> None:
        """Close every connection."""
        if self.ledger is not None:
            self.ledger.dispose()
        for engine in {id(e): e for e in (self.writer, self.reader, self.pulse)}.values():
            await engine.dispose()


def engines_for(url: str) -> Engines:
    """Engines of a database URL (`sqlite:///path`, `postgresql://...`); connects to nothing."""
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise Refused("ROLECALL_DATABASE_URL is no address of a database", hint=URL_HINT) from error
    kind = parsed.get_backend_name()
    if kind == "sqlite":
        return _sqlite(parsed)
    if kind == "postgresql":
        return _postgres(parsed)
    raise Refused(f"Cannot keep data in {kind}", hint=URL_HINT)


def _sqlite(url: URL) -> Engines:
    path = _prepared(Path(url.database or ""))
    target = URL.create("sqlite+aiosqlite", database=str(path))
    writer = _sqlite_engine(target, "BEGIN IMMEDIATE", "FULL", ROOMY, size=1)
    reader = _sqlite_engine(target, "BEGIN", "FULL", "PRAGMA query_only=ON", size=5)
    pulse = _sqlite_engine(target, "BEGIN IMMEDIATE", "NORMAL", size=1)
    ledger = create_engine(URL.create("sqlite", database=str(path)), **_pooled(1, busy=0.0))
    # What goes from the log into the file is synced; that is left to those who may wait for it.
    _prepare(ledger, "BEGIN IMMEDIATE", "NORMAL", "PRAGMA wal_autocheckpoint=0")
    return Engines(writer, reader, pulse, str(path), "sqlite", ledger)


def _prepared(path: Path) -> Path:
    """Make the directory (0700) and the file (0600), so nobody else ever reads it."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        hint = "check its owner and mode, or set ROLECALL_HOME to a directory of yours"
        raise HomeUnwritable(f"Cannot write {path}: {error.strerror}", hint=hint) from error
    return path


class LettingGo(sqlite3.Connection):
    """A connection that ends its transaction when it is closed.

    SQLite keeps a closed connection, and its lock, for as long as a statement of it is alive; that
    of a cancelled task lives in the traceback until somebody collects it. One cancelled write kept
    everybody else of the process from writing.
    """

    def close(self) -> None:
        """Roll back what is open, then close."""
        with suppress(sqlite3.ProgrammingError):  # closed before
            if self.in_transaction:
                self.rollback()
        super().close()


def _sqlite_engine(url: URL, begin: str, sync: str, *more: str, size: int) -> AsyncEngine:
    engine = create_async_engine(url, **_pooled(size))
    _prepare(engine.sync_engine, begin, sync, *more)
    return engine


def _pooled(size: int, busy: float = BUSY_SECONDS) -> dict[str, Any]:
    return {
        "pool_size": size,
        "max_overflow": 0,
        "pool_timeout": QUEUE_SECONDS,
        "connect_args": {"timeout": busy, "factory": LettingGo},
    }


def _prepare(engine: Engine, begin: str, sync: str, *more: str) -> None:
    """How each connection of an engine is set up, and how a transaction begins."""
    pragmas = [
        # Of a new file alone. A user takes half a kilobyte: fewer, larger pages are written faster.
        "PRAGMA page_size=8192",
        "PRAGMA journal_mode=WAL",
        f"PRAGMA synchronous={sync}",
        "PRAGMA foreign_keys=ON",
        "PRAGMA temp_store=MEMORY",
        "PRAGMA case_sensitive_like=ON",  # as on PostgreSQL
        *more,
    ]

    @event.listens_for(engine, "connect")
    def _connected(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves
        cursor = connection.cursor()
        for pragma in pragmas:
            cursor.execute(pragma)
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begun(connection: Any) -> None:
        connection.exec_driver_sql(begin)


def _postgres(url: URL) -> Engines:
    target = url.set(drivername="postgresql+psycopg")
    common: dict[str, Any] = {"pool_pre_ping": True, "pool_timeout": QUEUE_SECONDS}
    options = {"preserve_rowcount": True}  # rowcount of INSERT..SELECT is wrong without
    writer = create_async_engine(target, pool_size=10, execution_options=options, **common)
    reading = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    reader = create_async_engine(target, pool_size=5, execution_options=reading, **common)
    return Engines(writer, reader, writer, url.render_as_string(hide_password=True), "postgresql")
