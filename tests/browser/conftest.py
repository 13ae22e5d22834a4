"""What most journeys start from: Chromium, and a console with an admin."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser

from rolecall.domain.actor import Role
from tests.support.console import ROOT, Console, a_browser, a_console


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """Chromium."""
    async with a_browser() as opened:
        yield opened


@pytest.fixture
async def console(tmp_path: Path) -> AsyncIterator[Console]:
    """The console over the tiny portal, with an admin."""
    async with a_console(tmp_path) as made:
        await made.operator(ROOT, Role.ADMIN, hub_id=0)
        yield made
