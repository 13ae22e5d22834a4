"""An identity provider in the console: seen, tuned, removed after a page that says what goes."""

from __future__ import annotations

from pathlib import Path

import httpx2
import pytest
from playwright.async_api import expect

from rolecall.domain.actor import Role
from rolecall.domain.operator import TokenScope
from rolecall.services.operators.tokens import create_token
from tests.support.console import a_browser, a_console, signed_in
from tests.support.pushing import V2, a_user

pytestmark = pytest.mark.browser


async def test_seen_tuned_and_removed(tmp_path: Path) -> None:
    """Its refusal is in the log, its choices are kept, its token ends with the button."""
    async with a_browser() as browser, a_console(tmp_path) as console:
        who = console.installation.actor
        made = await create_token(console.app, who, "okta", [TokenScope.SCIM], [console.hub_id])
        await console.operator("ada@acme.test", Role.ADMIN)
        await console.operator("eve@acme.test", Role.AUDITOR)
        bearer = {"authorization": f"Bearer {made.secret}"}
        async with httpx2.AsyncClient(base_url=console.url, headers=bearer) as okta:
            refused = await okta.post(f"{V2}/Users", json=a_user("eve@gmail.com"))
            ada = await signed_in(browser, console, "ada@acme.test")
            await ada.goto("/p/acme/settings")
            await ada.get_by_role("link", name="Identity providers").click()
            await ada.get_by_role("link", name="okta").click()
            await expect(ada.get_by_role("region", name="Log")).to_contain_text("409")
            await ada.get_by_label("Who leaves is").select_option(label="removed")
            await ada.get_by_role("button", name="Keep these choices").click()
            await expect(ada.get_by_role("status")).to_contain_text("Kept")
            eve = await signed_in(browser, console, "eve@acme.test")
            await eve.goto("/p/acme/settings/scim")
            hidden = await eve.get_by_role("link", name="okta").count()
            foreign = await eve.goto(ada.url)
            await ada.get_by_role("link", name="Remove okta").click()
            await expect(ada.get_by_text("Users in HubSpot, with all they hold")).to_be_visible()
            await ada.get_by_label("Reason").fill("moved to Entra")
            await ada.get_by_role("button", name="Remove okta and end its token").click()
            await expect(ada.get_by_text("No identity provider pushes here")).to_be_visible()
            after = await okta.get(f"{V2}/Users")

    assert (409, 401) == (refused.status_code, after.status_code)
    assert 0 == hidden
    assert foreign is not None
    assert 404 == foreign.status
