"""Acme, connected and synced, with helpers to hand in HubSpot's files in every condition."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hubspot_emulator.granular.export import ExportOptions, users_export
from rolecall.kit.clock import HandClock
from rolecall.services.permissions.files import ExportFile, ExportImported
from rolecall.services.syncs.filing import file_export
from tests.support.house import House, a_house
from tests.support.installation import a_world

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def export_of(house: House, **variant: Any) -> bytes:
    """The portal's users export as it would be downloaded now."""
    return users_export(house.world, house.portal, ExportOptions(**variant))


async def bring(
    house: House, *, as_of: datetime | None = None, mapping: Any = None, **variant: Any
) -> ExportImported:
    """Import the export of now, in some condition."""
    data = export_of(house, **variant)
    day = as_of or house.app.clock.now()
    file = ExportFile(data, "users.csv", day, mapping=mapping)
    return await file_export(house.app, house.actor, house.name, file)


@asynccontextmanager
async def an_informed_house(home: Path, seed: str = "acme") -> AsyncIterator[House]:
    """A synced portal on a hand-wound clock whose users export was imported."""
    async with a_blind_house(home, seed) as house:
        await bring(house)
        yield house


@asynccontextmanager
async def a_blind_house(home: Path, seed: str = "acme") -> AsyncIterator[House]:
    """The same without any file."""
    clock = HandClock(NOW + timedelta(days=2))
    async with a_house(home, seed=seed, clock=clock, world=a_world(clock, seed=seed)) as house:
        yield house
