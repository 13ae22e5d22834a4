"""Connecting a portal by a link: a client's Super Admin agrees at HubSpot in their own browser."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from playwright.async_api import Browser, Page, expect

from hubspot_emulator.accounts import app_of_client, uninstall
from hubspot_emulator.seeds.sample_apps import OAUTH_CLIENT
from rolecall.domain.actor import Role
from rolecall.domain.operator import ALL_PORTALS
from rolecall.domain.portal import ConnectionState, CredentialKind
from rolecall.kit.errors import NeedsPerson, Refused
from rolecall.services.connections.links import CALLBACK, make_connect_link
from rolecall.services.connections.oauth_apps import add_oauth_app
from rolecall.services.connections.portals import list_portals
from rolecall.services.operators.links import address_of
from rolecall.services.syncs.syncing import sync_portal
from tests.support.console import Console, a_console, signed_in
from tests.support.emulator import running

pytestmark = pytest.mark.browser
SCOPES = (
    "oauth settings.users.read settings.users.write settings.users.teams.read"
    " settings.users.teams.write crm.objects.users.read crm.objects.owners.read"
)


@pytest.fixture
async def agency(tmp_path: Path) -> AsyncIterator[Console]:
    """An agency with one portal connected by a key, an OAuth app, and HubSpot in the browser."""
    async with (
        a_console(tmp_path, seed="acme") as console,
        running(console.world, "server") as hubspot,
    ):
        sample = app_of_client(console.world, OAUTH_CLIENT[0])
        assert sample is not None
        sample.scopes = SCOPES.split()
        sample.redirect_uris.append(f"{console.url}{CALLBACK}")
        facts = {
            "client_id": OAUTH_CLIENT[0], "client_secret": OAUTH_CLIENT[1], "scope": SCOPES,
            "name": "Agency access", "authorize_base": hubspot.base_url,
        }  # fmt: skip
        await add_oauth_app(console.app, console.installation.actor, facts)
        yield console


async def _link(agency: Console, name: str = "client") -> str:
    made = await make_connect_link(agency.app, agency.installation.actor, name)
    return address_of(agency.app, made.token)


async def _client(browser: Browser, link: str) -> Page:
    """The client's browser, which knows nothing of us, on HubSpot's page."""
    page = await (await browser.new_context()).new_page()
    await page.goto(link)
    await expect(page.get_by_role("heading")).to_contain_text("HubSpot account")
    await page.get_by_role("link", name="Continue to HubSpot").click()
    return page


async def test_a_client_connects_by_a_link(agency: Console, browser: Browser) -> None:
    """Made in the console, opened by a stranger, agreed at HubSpot: connected beside the first."""
    second = list(agency.world.portals)[1]
    await agency.operator("ada@agency.test", Role.ADMIN, hub_id=ALL_PORTALS)
    ada = await signed_in(browser, agency, "ada@agency.test")
    await ada.goto("/portals")
    await ada.fill("#link-name", "client")
    await ada.get_by_role("button", name="Make the link").click()
    link = await ada.locator("code.secret").inner_text()
    page = await _client(browser, link)
    await page.locator(f"input[value='{second}']").check()
    await page.get_by_role("button", name="Connect app").click()
    await expect(page.get_by_role("heading")).to_have_text("Connected")
    await page.goto(link)
    used = await page.get_by_role("alert").inner_text()
    lines = {one.portal.name: one.portal for one in
             await list_portals(agency.app, agency.installation.actor)}  # fmt: skip
    agency.clock.advance(timedelta(minutes=40))  # the access token is over: it is refreshed
    report = await sync_portal(agency.app, agency.installation.actor, "client", full=True)

    assert {"acme", "client"} == set(lines)
    assert (second, CredentialKind.OAUTH) == (
        lines["client"].hub_id, lines["client"].credential_kind,
    )  # fmt: skip
    assert "was used" in used
    assert report.run.complete


async def test_a_link_for_one_portal_connects_no_other(agency: Console, browser: Browser) -> None:
    """Another account answers: told which, nothing kept, and the link still does for the right one."""
    first, second = list(agency.world.portals)[:2]
    actor = agency.installation.actor
    with pytest.raises(Refused, match="not 5"):
        await make_connect_link(agency.app, actor, "acme", hub_id=5)
    made = await make_connect_link(agency.app, actor, "client", hub_id=second)
    link = address_of(agency.app, made.token)
    page = await (await browser.new_context()).new_page()
    await page.goto(link)
    shown = await page.get_by_role("main").inner_text()
    for chosen in (first, second):
        await page.goto(link)
        await page.get_by_role("link", name="Continue to HubSpot").click()
        await page.locator(f"input[value='{chosen}']").check()
        await page.get_by_role("button", name="Connect app").click()
        if chosen == first:
            said = await page.get_by_role("alert").inner_text()
            early = [one.portal.name for one in await list_portals(agency.app, actor)]
    await expect(page.get_by_role("heading")).to_have_text("Connected")
    names = {one.portal.name: one.portal.hub_id for one in await list_portals(agency.app, actor)}

    assert str(second) in shown
    assert f"account {first} answered" in said
    assert f"for account {second}" in said
    assert ["acme"] == early
    assert second == names["client"]


async def test_no_is_no_and_the_link_stays(agency: Console, browser: Browser) -> None:
    """Who cancels at HubSpot is told so here, and may try again with the same link."""
    link = await _link(agency)
    page = await _client(browser, link)
    await page.get_by_role("button", name="Cancel").click()
    await expect(page.get_by_role("alert")).to_contain_text("denied access")
    again = await _client(browser, link)

    await expect(again.get_by_role("heading", level=1)).to_contain_text("Connect Sample OAuth App")


async def test_another_browser_cannot_end_it(agency: Console, browser: Browser) -> None:
    """State and proof key belong to the browser that began: a copied answer is worth nothing."""
    page = await _client(browser, await _link(agency))
    asked = {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}
    async with httpx2.AsyncClient() as stolen:  # the answer HubSpot would send this browser
        told = await stolen.post(page.url.partition("?")[0], data={**asked, "decision": "grant"})
    thief = await (await browser.new_context()).new_page()
    await thief.goto(told.headers["location"])
    own = await (await browser.new_context()).new_page()
    await own.goto(f"{agency.url}{CALLBACK}?code=x&state=y")
    names = [one.portal.name for one in
             await list_portals(agency.app, agency.installation.actor)]  # fmt: skip

    assert {"code", "state"} <= set(parse_qs(urlsplit(told.headers["location"]).query))
    await expect(thief.get_by_role("alert")).to_contain_text("link")
    await expect(own.get_by_role("alert")).to_contain_text("link")
    assert ["acme"] == names


async def test_an_uninstalled_app_is_noticed_and_reconnected(
    agency: Console, browser: Browser
) -> None:
    """Uninstalled at HubSpot: the next read says so, somebody is told, a link brings it back."""
    actor = agency.installation.actor
    second = list(agency.world.portals)[1]
    page = await _client(browser, await _link(agency))
    await page.locator(f"input[value='{second}']").check()
    await page.get_by_role("button", name="Connect app").click()
    await expect(page.get_by_role("heading")).to_have_text("Connected")
    sample = app_of_client(agency.world, OAUTH_CLIENT[0])
    assert sample is not None
    at = agency.world.clock.now()
    uninstall(agency.world, agency.world.portals[second], sample, 0, at)
    with pytest.raises(NeedsPerson):
        await sync_portal(agency.app, actor, "client")
    async with agency.app.database.read() as view:
        gone = await view.portals.named("client")
        told = [one.topic for one in await view.outbox.due(view.now, 1_000)]
    assert "portal.connected" in told
    again = await (await browser.new_context()).new_page()
    await again.goto(await _link(agency))
    await again.get_by_role("link", name="Continue to HubSpot").click()
    await again.locator(f"input[value='{second}']").check()
    await again.get_by_role("button", name="Connect app").click()
    await expect(again.get_by_role("heading")).to_have_text("Connected")
    async with agency.app.database.read() as view:
        back = await view.portals.named("client")

    assert ConnectionState.NEEDS_PERSON is gone.state
    assert "portal.needs_person" in told
    assert ConnectionState.CONNECTED is back.state
