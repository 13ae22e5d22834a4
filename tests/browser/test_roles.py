"""Each role in a real browser: the places it sees, the buttons it is not offered, what it is refused."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from rolecall.domain.actor import Role
from rolecall.plan.wishes import Ask
from rolecall.services.drafts.orders import ChangeUsers
from rolecall.services.plans.drafting import propose
from tests.support.console import Console, a_console, signed_in
from tests.support.forbidden import FORBIDDEN, TYPED

pytestmark = pytest.mark.browser
EVERYWHERE = ["Overview", "Users", "Structure", "Plans", "Requests", "Reviews", "Settings"]
PLACES = {Role.REQUESTER: ["Requests", "Reviews"]}
NOT_OFFERED = ("Read from HubSpot now", "Add a user", "Off-board", "Open a review", "Connect")
NO_PAGE = re.compile("There is nothing here|This cannot be shown")
DECIDE = "Approve and carry out"
SEND = """async ([path, typed]) => {
  const sent = { method: "POST", body: new URLSearchParams(typed), redirect: "manual" };
  const answer = await fetch(path, sent);
  return [answer.status, await answer.text()];
}"""


@pytest.fixture
async def console(tmp_path: Path) -> AsyncIterator[Console]:
    """The console over the tiny portal."""
    async with a_console(tmp_path) as made:
        yield made


@pytest.mark.parametrize("role", list(FORBIDDEN), ids=str)
async def test_a_role_sees_its_places_and_no_more(
    console: Console, browser: Browser, role: Role
) -> None:
    """The rail, the buttons, and what happens to who types an address or a form by hand."""
    order = ChangeUsers(("ben@tiny.test",), Ask(main_team="Office"), reason="moves")
    plan = (await propose(console.app, console.installation.actor, "acme", order)).plan
    await console.operator(f"{role.value}@acme.test", role)
    page = await signed_in(browser, console, f"{role.value}@acme.test")
    places = await page.locator(".rail nav a").all_text_contents()
    before = await last_line(console)
    if role is not Role.REQUESTER:
        await page.goto(f"/p/acme/plans/{plan.id}")
        await expect(page.locator("h1")).to_contain_text("Change ben@tiny.test")
        offered = await page.get_by_role("button", name=DECIDE).count()
        assert (1 if role is Role.APPROVER else 0) == offered
    for method, path in FORBIDDEN[role]:
        await refused(page, method, path)
    for path in ("/p/acme/", "/p/acme/users", "/p/acme/reviews"):
        await page.goto(path)
        for name in NOT_OFFERED if role is not Role.APPROVER else NOT_OFFERED[3:]:
            assert 0 == await page.get_by_role("button", name=name, exact=True).count(), name
            assert 0 == await page.get_by_role("link", name=name, exact=True).count(), name

    assert PLACES.get(role, EVERYWHERE) == places
    assert before == await last_line(console)


async def refused(page: Page, method: str, path: str) -> None:
    """A page in words, and a form sent by the browser itself: refused, whatever it holds."""
    if method == "GET":
        answer = await page.goto(path)
        assert answer is not None
        assert answer.status in {403, 404}, path
        await expect(page.locator("h1")).to_have_text(NO_PAGE)
        return
    status, text = await page.evaluate(SEND, [path, TYPED])
    assert status in {403, 404, 422}, (path, status)
    assert 'role="alert"' in text, path


async def last_line(console: Console) -> int:
    """How long the audit trail is."""
    async with console.app.database.read() as view:
        return (await view.audit.last())[0]
