"""Signing in through a real OpenID Connect provider, with its own screens, in a real browser."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from rolecall.domain.actor import Role
from rolecall.kit.clock import HandClock
from rolecall.services.operators.provider import CALLBACK
from tests.support.console import Console, a_console, free_port
from tests.support.node import with_package

pytestmark = pytest.mark.browser
PROVIDER = "oidc-provider@8.8.1"
SCRIPT = Path(__file__).with_name("oidc_provider.mjs")
SECRET = "of the client: 100% + a space"  # what nobody encodes breaks the exchange


@pytest.fixture(scope="module")
def node_provider(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The script beside the installed provider."""
    place = with_package(PROVIDER, tmp_path_factory.mktemp("provider"))
    return Path(shutil.copy(SCRIPT, place))


@pytest.fixture
async def console(tmp_path: Path, node_provider: Path) -> AsyncIterator[Console]:
    """The console with the provider running; the hand-wound clock agrees with the provider's."""
    port = free_port()
    chosen = {
        "oidc_issuer": f"http://127.0.0.1:{port}",
        "oidc_client_id": "rolecall-test",
        "oidc_client_secret": SECRET,
    }
    async with a_console(tmp_path, clock=HandClock(datetime.now(UTC)), **chosen) as made:
        command = ["node", str(node_provider), str(port), f"{made.url}{CALLBACK}", SECRET]
        process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
        assert process.stdout is not None
        try:
            assert b"listening\n" == await process.stdout.readline()
            yield made
        finally:
            process.terminate()
            await process.wait()


async def at_the_provider(browser: Browser, console: Console, path: str, name: str) -> Page:
    """From a page one may not see to the provider, signed in there as this account."""
    page = await (await browser.new_context(base_url=console.url)).new_page()
    await page.goto(path)
    await page.get_by_role("link", name="Sign in with your company").click()
    await page.fill("input[name=login]", name)
    await page.fill("input[name=password]", "anything")
    await page.get_by_role("button", name="Sign-in").click()
    return page


async def test_an_operator_comes_in_and_stays_known(console: Console, browser: Browser) -> None:
    """Joined by the verified e-mail, which only the userinfo endpoint tells; then known by itself."""
    kim = await console.operator("kim@acme.test", Role.REQUESTER)
    wanted = "/p/acme/requests?show=open"
    for _ in range(2):
        page = await at_the_provider(browser, console, wanted, "kim")
        await page.get_by_role("button", name="Continue").click()
        await expect(page).to_have_title("Requests · acme · Rolecall")
        assert f"{console.url}{wanted}" == page.url
    async with console.app.database.read() as view:
        known = await view.operators.get(kim.id)

    assert known is not None
    assert "kim" == known.oidc_subject


@pytest.mark.parametrize("account", ["stranger", "unproved"])
async def test_nobody_else_comes_in(console: Console, browser: Browser, account: str) -> None:
    """No operator of that name, or an e-mail the provider did not verify: refused in words."""
    await console.operator("unproved@acme.test", Role.ADMIN)
    page = await at_the_provider(browser, console, "/p/acme/", account)
    await page.get_by_role("button", name="Continue").click()

    await expect(page.get_by_role("alert")).to_contain_text("may not sign in here")
    await page.goto("/p/acme/")
    await expect(page).to_have_title("Sign in · Rolecall")


async def test_giving_up_at_the_provider_is_told(console: Console, browser: Browser) -> None:
    """Whoever cancels there comes back to a page that says so, and is not signed in."""
    page = await at_the_provider(browser, console, "/p/acme/", "kim")
    await page.get_by_role("link", name="Cancel").click()

    await expect(page.get_by_role("alert")).to_contain_text("The identity provider said")
