"""The client on the real store: two processes, one refresh, and versions remembered."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest

from hubspot_emulator.app import create_app, create_world
from hubspot_emulator.oauth.minting import mint, read_wanted
from hubspot_emulator.world import World
from rolecall.domain.portal import CredentialKind, Portal
from rolecall.hubspot import (
    Connection,
    OAuth,
    OAuthApp,
    OAuthTokens,
    Reader,
    Sender,
    Slot,
    Target,
    TokenEndpoint,
    VersionFact,
)
from rolecall.kit.clock import SystemClock
from rolecall.store import Database, KnownVersions, OAuthCredentials, SharedQuota
from tests.support.databases import KEYS, database, database_url
from tests.support.emulator import InProcess
from tests.support.hubspot import BASE, Hiding

__all__ = ["database", "database_url"]


@pytest.fixture
def world() -> World:
    """A portal in real time."""
    return create_world(seed="tiny")


async def _connect(database: Database, world: World) -> OAuthApp:
    """Store the portal with tokens that have just run out."""
    now = datetime.now(UTC)
    made = mint(world, read_wanted(world, {"kind": "oauth", "expires_in": -1}), now)
    fields = {
        "client_id": made["client_id"],
        "client_secret": made["client_secret"],
        "access_token": made["token"],
        "refresh_token": made["refresh_token"],
        "expires_at": (now - timedelta(seconds=1)).isoformat(),
    }
    hub_id = made["portal_id"]
    async with database.work() as work:
        await work.portals.add(
            Portal(hub_id, "acme", BASE, now, credential_kind=CredentialKind.OAUTH)
        )
        await work.credentials.save(hub_id, fields, now)
    return OAuthApp(made["client_id"], made["client_secret"])


@asynccontextmanager
async def _process(
    url: str, world: World, app: OAuthApp, transport: Hiding | None = None
) -> AsyncIterator[Connection]:
    """A connection as another process has it: its own handle on the database."""
    own = await Database.open(url, keys=KEYS)
    hub_id = next(iter(world.portals))
    try:
        async with Sender(transport or InProcess(create_app(world))) as sender:
            auth = OAuth(
                hub_id,
                OAuthCredentials(own, OAuthTokens),
                TokenEndpoint(sender, app, BASE),
                SystemClock(),
            )
            yield Connection(
                sender,
                auth,
                Target(BASE, hub_id),
                ledger=SharedQuota(own.engines, Slot),
                versions=KnownVersions(own, VersionFact),
            )
    finally:
        await own.close()


class TestTwoProcesses:
    async def test_refreshing_at_once_yields_one_refresh_and_both_succeed(
        self, database: Database, database_url: str, world: World
    ) -> None:
        """The lock is the database's, so it holds between processes and machines."""
        app = await _connect(database, world)
        async with (
            _process(database_url, world, app) as one,
            _process(database_url, world, app) as two,
        ):
            answers = await asyncio.gather(
                *(Reader(one if n % 2 else two).account_details() for n in range(6))
            )

        assert {answer.portal_id for answer in answers} == {next(iter(world.portals))}
        assert world.recorder.by_operation["oauth.token"] == 1
        assert world.recorder.by_status[401] == 0

    async def test_what_one_process_learned_of_versions_the_next_one_knows(
        self, database: Database, database_url: str, world: World
    ) -> None:
        """A missing version is asked for once a day, not once a process."""
        app = await _connect(database, world)
        old = Hiding(InProcess(create_app(world)), "/settings/users/2026-")
        async with _process(database_url, world, app, old) as first:
            await Reader(first).permission_sets()
        async with _process(database_url, world, app, old) as second:
            await Reader(second).permission_sets()

        assert first.counts.requests == 4
        assert second.counts.requests == 1
        assert second.versions_in_use()["users"].name == "v3"
