"""Real databases for tests: both kinds by one fixture, and what a skip may not hide in CI."""

from __future__ import annotations

import os
import shutil
import socket
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from sqlalchemy import create_engine, text

from rolecall.store import Database, KeyRing

POSTGRES = os.environ.get("ROLECALL_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432/postgres")
# The same key in every test: what it locks is never worth anything.
KEYS = KeyRing("k1-test", {"k1-test": bytes(range(32))})


def require(what: str) -> None:
    """Skip the test when postgres, browser or node is missing, with the reason.

    With ROLECALL_TEST_REQUIRE naming it (as CI does), what is missing fails the test.
    """
    missing = {"postgres": _no_postgres, "browser": _no_browser, "node": _no_node}[what]()
    if not missing:
        return
    if what in os.environ.get("ROLECALL_TEST_REQUIRE", "").split(","):
        pytest.fail(f"{what} is required here: {missing}")
    pytest.skip(missing)


def _no_postgres() -> str:
    place = urlsplit(POSTGRES)
    try:
        with socket.create_connection((place.hostname or "", place.port or 5432), timeout=2):
            return ""
    except OSError as error:
        return f"no PostgreSQL at {place.hostname}:{place.port}: {error}"


def _no_browser() -> str:
    return "" if shutil.which("chromium") else "no Chromium on this machine"


def _no_node() -> str:
    return "" if shutil.which("node") else "no Node.js on this machine"


@pytest.fixture(
    params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)],
)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty database of each kind, gone after the test."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'rolecall.db'}"
        return
    require("postgres")
    name = f"rolecall_test_{uuid.uuid4().hex[:12]}"
    server = create_engine(POSTGRES, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE template0"))
    try:
        yield POSTGRES.rsplit("/", 1)[0] + f"/{name}"
    finally:
        with server.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        server.dispose()


@pytest_asyncio.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """An open store on each kind of database."""
    opened = await Database.open(database_url, keys=KEYS)
    try:
        yield opened
    finally:
        await opened.close()
