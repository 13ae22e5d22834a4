"""The store as the HubSpot client sees it: quota, OAuth tokens, known versions."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from rolecall.hubspot.ports import (
    CredentialStore,
    OAuthTokens,
    QuotaLedger,
    Slot,
    VersionFact,
    VersionMemory,
)
from rolecall.store import Database, KnownVersions, OAuthCredentials, SharedQuota

NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)


async def test_a_hold_keeps_everybody_waiting(database: Database) -> None:
    """After a 429 the next grant comes no earlier; a shorter hold changes nothing."""
    ledger: QuotaLedger = SharedQuota(database.engines, Slot)
    await ledger.hold("k", 30)
    await ledger.hold("k", 1)

    slot = await ledger.reserve("k", limit=5, window=10, guard=0.25, holder="a")

    assert 28 < slot.wait <= 30
    assert 1 == slot.used


async def test_a_full_window_is_waited_out(database: Database) -> None:
    """The request after the limit leaves a window later, and the guard after somebody else's."""
    ledger: QuotaLedger = SharedQuota(database.engines, Slot)

    async def take(holder: str) -> Slot:
        return await ledger.reserve("k", limit=3, window=10, guard=0.25, holder=holder)

    slots = [await take("a") for _ in range(4)]

    assert [0, 0, 0] == [slot.wait for slot in slots[:3]]
    assert 9 < slots[3].wait <= 10
    assert [1, 2, 3] == [slot.used for slot in slots[:3]]

    other = await take("b")

    assert slots[3].wait < other.wait <= 10.25


async def test_a_moment_is_reserved_although_somebody_writes(database: Database) -> None:
    """A snapshot being sealed delays a request on SQLite, and fails none."""
    ledger: QuotaLedger = SharedQuota(database.engines, Slot)
    writing = asyncio.Event()

    async def write() -> None:
        async with database.work():
            writing.set()
            await asyncio.sleep(0.2)

    async with asyncio.TaskGroup() as group:
        group.create_task(write())
        await writing.wait()
        slot = await ledger.reserve("k", limit=3, window=10, guard=0.25, holder="a")

    assert (0, 1) == (slot.wait, slot.used)


async def test_tokens_are_refreshed_by_one_at_a_time(database: Database) -> None:
    """Whoever waited for the lock sees the tokens of the one before; other fields stay."""
    store: CredentialStore = OAuthCredentials(database, OAuthTokens)
    async with database.work() as work:
        fields = {
            "access_token": "0", "refresh_token": "r", "expires_at": NOW.isoformat(),
            "client_secret": "s",
        }  # fmt: skip
        await work.credentials.save(7, fields, NOW)

    async def refresh() -> None:
        async with store.exclusively(7) as slot:
            number = int(slot.tokens.access_token)
            await asyncio.sleep(0.01)
            later = slot.tokens.expires_at + timedelta(minutes=30)
            await slot.save(replace(slot.tokens, access_token=str(number + 1), expires_at=later))

    await asyncio.gather(*(refresh() for _ in range(5)))

    tokens = await store.load(7)
    assert ("5", NOW + timedelta(minutes=150)) == (tokens.access_token, tokens.expires_at)
    async with database.read() as view:
        assert "s" == (await view.credentials.load(7))["client_secret"]


async def test_versions_are_remembered_per_family(database: Database) -> None:
    """The newest fact of a family replaces the former one."""
    memory: VersionMemory = KnownVersions(database, VersionFact)
    await memory.remember(7, VersionFact("users", "v3", NOW))
    await memory.remember(7, VersionFact("users", "2026-03", NOW))
    await memory.remember(7, VersionFact("teams", "v3", NOW))

    found = await memory.recall(7)

    assert (VersionFact("teams", "v3", NOW), VersionFact("users", "2026-03", NOW)) == found
    assert () == await memory.recall(8)
