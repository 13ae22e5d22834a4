"""The one screen of `portal add` and `portal check`, over what a real probe found."""

from __future__ import annotations

from pathlib import Path

import pytest

from rolecall.cli.connection_output import WIDTH, connection_lines
from rolecall.kit.clock import HandClock
from rolecall.kit.errors import Refused
from rolecall.services.connections.portals import add_portal, check_portal
from rolecall.services.shapes import connection_shape
from tests.support.emulator import a_token
from tests.support.hubspot import START
from tests.support.installation import NAME, a_key, a_world, an_installation

POOR = frozenset({"oauth", "settings.users.read", "crm.objects.owners.read", "automation"})


async def _screen(tmp_path: Path, scopes: frozenset[str] | None, tier: str) -> str:
    clock = HandClock(START)
    world = a_world(clock, seed="tiny", tier=tier, limits="real")
    token = None if scopes is None else a_token(world, scopes=scopes).value
    async with an_installation(world, tmp_path, clock=clock) as one:
        lines = connection_lines(await one.connect(token))
    assert max(map(len, lines)) <= WIDTH
    assert len(lines) <= 50
    return " ".join(" ".join(lines).split())


async def test_everything_there(tmp_path: Path) -> None:
    """The tick, the scopes each feature stands on, what the edition allows, versions and ends."""
    told = await _screen(tmp_path, None, "enterprise")

    assert "acme: ✓ everything works" in told
    assert "edition enterprise, with permission sets, nested teams" in told
    assert "+ Teams and who is in them: settings.users.teams.read" in told
    assert "2026-09 until 2028-03-08: account" in told
    assert "missing" not in told


async def test_an_api_nobody_called_yet_is_named_too(tmp_path: Path) -> None:
    """Connecting asks few APIs; what a sync asked is remembered by the next check."""
    clock = HandClock(START)
    async with an_installation(a_world(clock, seed="tiny"), tmp_path, clock=clock) as one:
        new = await one.connect()
        added = " ".join(" ".join(connection_lines(new)).split())
        await one.sync()
        report = await check_portal(one.app, one.actor, NAME)
        checked = " ".join(" ".join(connection_lines(report)).split())
    first, told = (
        {line["api"]: line["version"] for line in connection_shape(found)["versions"]}
        for found in (new, report)
    )

    assert "not tried yet: objects, owners, properties, teams" in added
    assert "account, objects, owners, properties, seats, teams, users" in checked
    assert "not tried yet" not in checked
    assert first["owners"] is None
    assert "2026-09" == told["owners"]


async def test_a_poor_token(tmp_path: Path) -> None:
    """What is there, what is missing and costs which feature, what nothing needs."""
    told = await _screen(tmp_path, POOR, "enterprise")

    assert "acme: works in part" in told
    assert "+ Users and permission sets: settings.users.read" in told
    assert "- Teams and who is in them: add settings.users.teams.read" in told
    assert "without it teams have no names" in told
    assert "take them away) ! automation" in told
    assert "not seen with this token: how many seats are left, audit log" in told


async def test_a_small_edition(tmp_path: Path) -> None:
    """What a Starter portal does not have is said beside its name."""
    told = await _screen(tmp_path, None, "starter")

    assert "edition starter, with how many seats are left; without permission sets" in told


@pytest.mark.parametrize(
    "address", ["nonsense", "ftp://hubspot.test", "https://", "http://a:99999"]
)
async def test_an_address_that_is_none(tmp_path: Path, address: str) -> None:
    """Refused at once, before anything is sent there."""
    clock = HandClock(START)
    async with an_installation(a_world(clock, seed="tiny"), tmp_path, clock=clock) as one:
        with pytest.raises(Refused, match="no address of an API"):
            await add_portal(one.app, one.actor, NAME, a_key("pat-na1-x"), address)
        assert {} == one.asked()
