"""The first row of the overview: a tick, or the reason and the way out."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from rolecall.domain.actor import SYSTEM, Role
from rolecall.domain.portal import ConnectionState
from tests.integration.test_console_security import signed
from tests.support.console import Console, a_console

REASON = "the token was revoked"


async def _tile(console: Console, *roles: Role) -> str:
    """The connection tile as somebody with these roles sees it, without its tags."""
    client = await signed(console, f"{roles[0].value}@acme.test", *roles)
    page = (await client.get("/p/acme/")).text
    found = re.search(
        r'<section class="tile[^>]*aria-labelledby="h-conn">(.*?)</section>', page, re.DOTALL
    )
    assert found is not None
    return found[0]


async def _becomes(console: Console, state: ConnectionState, reason: str) -> None:
    async with console.app.database.begin(SYSTEM, "test") as work:
        portal = await work.portals.get(console.hub_id)
        assert portal is not None
        retry_at = work.now + timedelta(hours=2)
        await work.portals.change(
            replace(portal, state=state, state_reason=reason, retry_at=retry_at)
        )


async def test_a_connected_portal_has_its_tick(tmp_path: Path) -> None:
    """The word, its shape and the account; no reason, no way out."""
    async with a_console(tmp_path) as console:
        tile = await _tile(console, Role.ADMIN)

    assert "✓" in tile
    assert "connected" in tile
    assert "broken" not in tile


@pytest.mark.parametrize(("role", "offered"), [(Role.ADMIN, True), (Role.AUDITOR, False)])
async def test_a_broken_connection_says_why_and_what_to_do(
    tmp_path: Path, role: Role, offered: bool
) -> None:
    """The reason for everybody, the way to reconnect for who may."""
    async with a_console(tmp_path) as console:
        await _becomes(console, ConnectionState.NEEDS_PERSON, REASON)
        tile = await _tile(console, role)

    assert "The token was revoked" in tile
    assert offered == ("Reconnect with a new token" in tile)
    assert offered == ('href="/p/acme/settings#h-re"' in tile)


async def test_a_waiting_connection_says_when_it_goes_on(tmp_path: Path) -> None:
    """Nothing to do: the reason, and when it is tried again."""
    async with a_console(tmp_path) as console:
        reason = "HubSpot API shared rate limit reached"
        await _becomes(console, ConnectionState.WAITING, reason)
        tile = await _tile(console, Role.ADMIN)

    assert reason in tile
    assert "in 2 hours" in tile
    assert "Reconnect" not in tile
