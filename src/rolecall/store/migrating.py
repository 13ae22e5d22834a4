"""Brings a database to this version's schema: numbered migrations, forward only, under a lock.

alembic takes 400 ms to import, so it is loaded only when there is something to migrate.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import AsyncConnection

from rolecall.store.engines import Engines
from rolecall.store.errors import SchemaTooNew

# Any number, the same in every process: who holds it migrates, everybody else waits.
_LOCK = 4_702_111_234
SHIPPED = Path(__file__).parent / "migrations" / "versions"


def newest() -> str:
    """The newest migration shipped with this code, such as 0003."""
    return max(_shipped(), default="")


async def make_current(engines: Engines) -> None:
    """Apply every missing migration in one transaction.

    Raises SchemaTooNew when the database was written by newer code.
    """
    async with engines.reader.connect() as connection:
        version = await connection.run_sync(version_of)
    if version == newest():
        return
    if version is not None and version not in _shipped():
        raise _too_new(version, engines.place)
    async with engines.writer.begin() as connection:
        await _take_lock(connection)
        await connection.run_sync(upgrade)


def version_of(connection: Connection) -> str | None:
    """The migration a database is at; None for an empty one."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return found


def upgrade(connection: Connection, to: str = "head") -> None:
    """Run the migrations inside the caller's transaction."""
    # Loaded here because it costs 400 ms that no ordinary command has to pay.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "rolecall.store:migrations")
    config.attributes["connection"] = connection
    command.upgrade(config, to)


async def _take_lock(connection: AsyncConnection) -> None:
    """On SQLite the transaction itself is the lock (BEGIN IMMEDIATE)."""
    if connection.dialect.name == "postgresql":
        await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})


def _shipped() -> set[str]:
    return {entry.name[:4] for entry in SHIPPED.iterdir() if entry.name[:4].isdigit()}


def _too_new(version: str, place: str) -> SchemaTooNew:
    message = f"The database {place} has schema {version}, newer than this Rolecall ({newest()})"
    return SchemaTooNew(message, hint="install the Rolecall that wrote it, or a newer one")
