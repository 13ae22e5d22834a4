"""Migrations: from nothing and from every earlier schema to exactly what the tables declare."""

from __future__ import annotations

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, make_url, text

from rolecall.store import Database
from rolecall.store.migrating import SHIPPED, newest, upgrade, version_of
from rolecall.store.tables import metadata


def sync_url(url: str) -> str:
    """The same database for a driver without an event loop."""
    parsed = make_url(url)
    name = "postgresql+psycopg" if parsed.get_backend_name() == "postgresql" else "sqlite"
    return parsed.set(drivername=name).render_as_string(hide_password=False)


def differences(connection: Connection) -> list[object]:
    """What the migrated schema and the declared tables disagree about."""
    return list(compare_metadata(MigrationContext.configure(connection), metadata))


def test_migrations_are_one_line_of_numbers() -> None:
    """No gaps, no branches: two rooms that add tables meet here, not in production."""
    script = ScriptDirectory(str(SHIPPED.parent))

    assert [newest()] == script.get_heads()
    found = sorted(one.revision for one in script.walk_revisions())
    assert [f"{number:04d}" for number in range(1, len(found) + 1)] == found


async def test_a_new_store_has_exactly_the_declared_tables(database_url: str) -> None:
    """Nothing is declared that no migration makes, and the other way round."""
    database = await Database.open(database_url)
    await database.close()
    engine = create_engine(sync_url(database_url))
    with engine.begin() as connection:
        found = differences(connection)
        version = version_of(connection)
    engine.dispose()

    assert ([], newest()) == (found, version)


@pytest.mark.parametrize("back", [1, 2])
async def test_an_older_store_is_brought_forward(database_url: str, back: int) -> None:
    """What was in it stays, the schema becomes current, opening again changes nothing."""
    former = f"{int(newest()) - back:04d}"
    engine = create_engine(sync_url(database_url))
    with engine.begin() as connection:
        upgrade(connection, former)
        connection.execute(
            text("INSERT INTO portals VALUES (7, 'acme', 'connected', :body)"), {"body": BODY}
        )
    for _ in range(2):
        database = await Database.open(database_url)
        async with database.read() as view:
            names = [portal.name for portal in await view.portals.all()]
        await database.close()
    with engine.begin() as connection:
        found = differences(connection)
    engine.dispose()

    assert (["acme"], []) == (names, found)


BODY = '{"hub_id":7,"name":"acme","api_base":"x","added_at":"2026-01-01T00:00:00Z"}'
