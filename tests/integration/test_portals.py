"""Connecting portals over the real store, against the emulator in process."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from hubspot_emulator.world import World
from rolecall.domain.actor import Actor, Role
from rolecall.kit.clock import HandClock
from rolecall.kit.errors import NeedsPerson, Refused
from rolecall.services.connections.credentials import oauth_app_from, token_from
from rolecall.services.connections.installing import revive_install
from rolecall.services.connections.portals import (
    check_portal,
    list_portals,
    portal_named,
    reconnect_portal,
    remove_portal,
)
from rolecall.services.rights import NotAllowed
from rolecall.services.syncs.syncing import sync_portal
from tests.support.emulator import DOORS, a_token
from tests.support.hubspot import START, token_of
from tests.support.installation import (
    BASE,
    Installation,
    a_key,
    a_served_installation,
    a_world,
    an_installation,
)


@pytest.fixture
def clock() -> HandClock:
    """One clock for the portal and for us."""
    return HandClock(START)


@pytest.fixture(params=DOORS)
async def one(
    request: pytest.FixtureRequest, tmp_path: Path, clock: HandClock
) -> AsyncIterator[Installation]:
    """An installation beside the tiny portal, not connected yet, through each door."""
    opened = an_installation if request.param == "asgi" else a_served_installation
    async with opened(a_world(clock, seed="tiny"), tmp_path, clock=clock) as installed:
        yield installed


async def test_one_screen_tells_what_the_token_allows(one: Installation) -> None:
    """Features, versions with their end, the owner of the credential, surplus scopes."""
    report = await one.connect()

    assert report.works
    assert () == report.scopes.missing
    assert "root@tiny.test" == report.owner
    assert any("may stop working" in text for text in report.warnings)
    assert {"users", "account"} <= {line.api for line in report.versions}
    assert all(line.ends for line in report.versions if line.version not in {"v2", ""})
    assert "automation" in report.scopes.surplus


async def test_the_same_portal_is_refused_twice(one: Installation) -> None:
    """A hub id is connected once, under whatever name."""
    await one.connect()

    with pytest.raises(Refused, match="connected already, as acme"):
        await one.connect(name="again")


async def test_a_token_that_reads_nothing_is_not_stored(one: Installation) -> None:
    """Without a scope for users there is nothing to connect."""
    poor = a_token(one.world, scopes=frozenset({"oauth", "crm.objects.contacts.read"}))

    with pytest.raises(NeedsPerson, match=r"settings\.users\.read"):
        await one.connect(poor.value)

    assert () == await list_portals(one.app, one.actor)


async def test_an_expired_token_says_so(one: Installation) -> None:
    """An expired token is told apart from an unknown one."""
    over = a_token(one.world, expires_at=START - timedelta(hours=1))

    with pytest.raises(NeedsPerson, match="time is over"):
        await one.connect(over.value)


async def test_reconnect_keeps_history_and_refuses_strangers(
    one: Installation, clock: HandClock
) -> None:
    """A new credential of the same portal is taken, one of another portal is not."""
    await one.connect()
    await one.sync()
    fresh = a_token(one.world, "pat-na1-fresh")
    other = _second_portal(one.world)

    await reconnect_portal(one.app, one.actor, "acme", a_key(fresh.value))
    with pytest.raises(Refused, match="but acme is portal"):
        await reconnect_portal(one.app, one.actor, "acme", a_key(other))

    assert (await one.sync()).unchanged


def _second_portal(world: World) -> str:
    """A token of a portal beside the first one."""
    from dataclasses import replace

    first = next(iter(world.portals.values()))
    world.portals[first.id + 1] = replace(first, id=first.id + 1, name="other")
    return a_token(world, "pat-na1-stranger", portal_id=first.id + 1).value


async def test_check_sees_a_scope_that_was_taken_away(one: Installation) -> None:
    """What a token lost since is missing now, with the feature it costs."""
    await one.connect()
    one.world.faults.schedule(kind="lose_scope", scope="settings.users.teams.read")

    report = await check_portal(one.app, one.actor, "acme")

    assert "teams" in {feature.id for feature, _ in report.scopes.missing}


async def test_removing_forgets_the_credential(one: Installation) -> None:
    """A removed portal is gone, and can be connected again."""
    await one.connect()
    await remove_portal(one.app, one.actor, "acme")

    assert () == await list_portals(one.app, one.actor)
    assert (await one.connect()).works


async def test_an_installed_oauth_app_is_taken(one: Installation, tmp_path: Path) -> None:
    """An app file with a refresh token needs no browser; its token is refreshed when over."""
    given = await _an_oauth_app(one, tmp_path)
    credential = await revive_install(one.app, oauth_app_from(given), one.app.choices.api_base)

    from rolecall.services.connections.portals import add_portal

    report = await add_portal(one.app, one.actor, "acme", credential)
    assert isinstance(one.app.clock, HandClock)
    one.app.clock.advance(timedelta(hours=2))

    assert "oauth" == report.portal.credential_kind
    assert (await one.sync()).run.complete


async def _an_oauth_app(one: Installation, tmp_path: Path) -> Path:
    import json

    import httpx2

    from hubspot_emulator.app import create_app

    transport = httpx2.ASGITransport(create_app(one.world))
    async with httpx2.AsyncClient(transport=transport, base_url=BASE) as client:
        wish = {"kind": "oauth", "scopes": "all"}
        told = (await client.post("/_emulator/tokens", json=wish)).json()
    path = tmp_path / "app.json"
    path.write_text(json.dumps({**told, "access_token": told["token"]}), encoding="utf-8")
    return path


async def test_only_an_admin_connects_and_syncs(one: Installation) -> None:
    """An auditor looks, but neither connects nor syncs; a requester does not even look."""
    await one.connect()
    hub_id = next(iter(one.world.portals))
    auditor = Actor("operator:1", "Ada", {hub_id: frozenset({Role.AUDITOR})})
    requester = Actor("operator:2", "Rob", {hub_id: frozenset({Role.REQUESTER})})

    assert 1 == len(await list_portals(one.app, auditor))
    assert () == await list_portals(one.app, requester)
    with pytest.raises(NotAllowed):
        await sync_portal(one.app, auditor, "acme")
    with pytest.raises(Refused, match="No portal"):
        await portal_named(one.app, requester, "acme")


def test_a_legacy_key_is_recognised(tmp_path: Path) -> None:
    """HubSpot's API keys of old are named as such, with what to use instead."""
    path = tmp_path / "key"
    path.write_text("eu1-3f2504e0-4f89-11d3-9a0c-0305e82c3301\n", encoding="utf-8")

    with pytest.raises(Refused, match="API key") as caught:
        token_from(path)

    assert "service key" in (caught.value.hint or "")


async def test_a_typo_is_answered_with_a_guess(one: Installation) -> None:
    """An unknown portal name comes with the nearest one."""
    await one.connect(token_of(one.world))

    with pytest.raises(Refused) as caught:
        await portal_named(one.app, one.actor, "acne")

    assert "did you mean acme?" == caught.value.hint
