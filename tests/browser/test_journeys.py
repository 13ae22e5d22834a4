"""The journeys of the console, end to end: asked, approved, given, ended; reviewed and proved."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from rolecall.domain.actor import SYSTEM, Role
from rolecall.domain.plan import PlanState
from rolecall.evidence.verify_pack import check_pack
from rolecall.plan.effects import effects_of
from rolecall.plan.wishes import Ask
from rolecall.services.drafts.orders import ChangeUsers
from rolecall.services.operators.operators import first_operator_link
from rolecall.services.plans.drafting import propose
from rolecall.services.plans.plans import approve_plan
from rolecall.services.upkeep import go_on, look, settle_requests, settle_reviews
from tests.support.console import PASSWORD, Console, a_console, signed_in

pytestmark = pytest.mark.browser
CATALOGUE = """\
version: 1
portal: acme
profiles:
  sales-rep: {permission_set: Sales Rep, seat: Core, main_team: Inside Sales}
catalogue:
  sales-rep: {title: Sales rep, steps: [admin], max_days: 30}
"""


@pytest.fixture
async def console(tmp_path: Path) -> AsyncIterator[Console]:
    """The console over the tiny portal."""
    async with a_console(tmp_path) as made:
        yield made


async def test_first_operator_comes_in_by_the_link_once(console: Console, browser: Browser) -> None:
    """The printed link makes the first operator; a second visit finds it used up."""
    link = await first_operator_link(console.app, SYSTEM)
    assert link is not None
    page = await (await browser.new_context(base_url=console.url)).new_page()
    await page.goto(f"/link?t={link.token}")
    await page.fill("#email", "robin@acme.test")
    await page.fill("#name", "Robin")
    await page.fill("#password", PASSWORD)
    await page.get_by_role("button", name="Begin").click()

    await expect(page).to_have_title("Overview · acme · Rolecall")
    await page.goto(f"/link?t={link.token}")
    await expect(page.get_by_role("alert")).to_contain_text("expired")


async def test_a_colleague_gets_access_until_a_date(console: Console, browser: Browser) -> None:
    """A manager asks, an approver sees cost and effect, HubSpot has the user; it ends by itself."""
    await console.enforce(CATALOGUE)
    await console.operator("mia@acme.test", Role.REQUESTER)
    await console.operator("kim@acme.test", Role.APPROVER)
    mia = await signed_in(browser, console, "mia@acme.test")
    await _ask(mia)
    kim = await signed_in(browser, console, "kim@acme.test")
    await kim.goto("/p/acme/requests")
    await kim.click("text=mia@acme.test asks for Sales rep")
    await expect(kim.locator("main")).to_contain_text("a month")
    await expect(kim.locator("main")).to_contain_text("Inside Sales")
    await kim.get_by_role("button", name="Approve: give").click()

    await expect(kim.locator(".fresh")).to_contain_text("active", timeout=20_000)
    identity = console.world.identity("new@acme.test")
    assert identity is not None
    portal = console.world.portals[console.hub_id]
    assert portal.members[identity.id].permission_set_ids == [1100001]
    await kim.click("text=What was done in HubSpot")
    await expect(kim.locator(".line .result").first).to_contain_text("done")

    console.clock.advance(timedelta(days=31))
    await look(console.app, SYSTEM, "acme")
    await settle_requests(console.app)
    mia = await signed_in(browser, console, "mia@acme.test")
    await mia.goto("/p/acme/requests")
    await expect(mia.locator("tbody tr").first).to_contain_text("ended")
    parked = portal.members[identity.id]
    assert (None, ["View-Only"]) == (parked.main_team_id, parked.seat_names)


async def _ask(page: Page) -> None:
    await expect(page).to_have_title("Requests · acme · Rolecall")
    await page.get_by_role("link", name="Ask for access").first.click()
    await page.check("input[value=sales-rep]")
    await page.fill("#subject", "new@acme.test")
    await page.click("text=Check it first")
    await expect(page.locator("main")).to_contain_text("a new user in HubSpot")
    await expect(page.locator("main")).to_contain_text("fit together")
    await page.fill("#first_name", "Nora")
    await page.fill("#last_name", "New")
    await page.fill("#days", "30")
    await page.fill("#reason", "joins on Monday")
    await page.click("text=Send the request")
    await expect(page.locator(".fresh")).to_contain_text("open")


async def test_a_review_is_carried_out_and_proved(
    console: Console, browser: Browser, tmp_path: Path
) -> None:
    """Opened, answered, closed; the revoke is in HubSpot, and the evidence stands alone."""
    await console.enforce("version: 1\nportal: acme\nparking: {no_access_set: No Access}\n")
    await console.operator("root@acme.test", Role.ADMIN, hub_id=0)
    await console.operator("rev@acme.test", Role.REVIEWER)
    root = await signed_in(browser, console, "root@acme.test")
    await root.goto("/p/acme/reviews/new")
    await root.fill("#title", "Review Q4")
    await root.check("input[value=permission_set]")
    await root.select_option("#reviewers", "named")
    await root.fill("#named", "rev@acme.test")
    await root.get_by_role("button", name="Open the review").click()
    await expect(root.locator("h1")).to_have_text("Review Q4")

    rev = await signed_in(browser, console, "rev@acme.test")
    await rev.goto("/p/acme/reviews")
    await rev.click("text=Review Q4")
    await rev.click("button[aria-label='Revoke Sales Rep of ben@tiny.test']")
    while await rev.locator("button[aria-label^=Keep]").count():
        await rev.locator("button[aria-label^=Keep]").first.click()
    await expect(rev.locator("main")).to_contain_text("You are done here")

    await root.reload()
    await root.get_by_role("button", name="Close the review").click()
    await expect(root.locator("h1")).to_have_text("Review Q4")
    await _settled(console)
    await root.reload()
    await expect(root.locator(".fresh")).to_contain_text("closed")
    ben = console.world.identity("ben@tiny.test")
    assert ben is not None
    assert console.world.portals[console.hub_id].members[ben.id].permission_set_ids != [1100001]

    async with root.expect_download() as waiting:
        await root.get_by_role("button", name="Download the evidence").click()
    pack = tmp_path / "evidence.zip"
    await (await waiting.value).save_as(pack)
    assert check_pack(pack).holds
    alone = [sys.executable, "-m", "rolecall", "audit", "verify", str(pack)]
    checked = await asyncio.create_subprocess_exec(*alone, env={"ROLECALL_HOME": "/nowhere"})
    assert 0 == await checked.wait()


async def _settled(console: Console) -> None:
    """What the clock of reviews does in the minutes after a campaign was closed."""
    for _ in range(3):
        await settle_reviews(console.app)
        console.clock.advance(timedelta(minutes=10))
        await look(console.app, SYSTEM, "acme")
    await settle_reviews(console.app)


async def test_a_selection_becomes_a_plan_and_goes_back(console: Console, browser: Browser) -> None:
    """Ticked users, one plan, live receipts, and the way back as a plan of its own."""
    await console.operator("root@acme.test", Role.ADMIN, hub_id=0)
    page = await signed_in(browser, console, "root@acme.test")
    await page.goto("/p/acme/users")
    await page.get_by_label("Tick ben@tiny.test").check()
    await page.get_by_role("button", name="Plan a change").click()
    await page.select_option("#main_team", label="Office")
    await page.fill("#reason", "moves desks")
    await page.get_by_role("button", name="Plan the change").click()
    await expect(page.locator(".line .before").first).to_contain_text("Inside Sales")
    await expect(page.locator(".line .after").first).to_contain_text("Office")
    await page.get_by_role("button", name="Approve and carry out").click()
    await expect(page.locator(".fresh")).to_contain_text("done", timeout=20_000)
    await page.get_by_role("button", name="Plan to undo this").click()
    await expect(page.locator(".line .after").first).to_contain_text("Inside Sales")
    await page.get_by_role("button", name="Approve and carry out").click()
    await expect(page.locator(".fresh")).to_contain_text("done", timeout=20_000)

    ben = console.world.identity("ben@tiny.test")
    assert ben is not None
    assert console.world.portals[console.hub_id].members[ben.id].main_team_id == 52000002


async def test_keys_and_search_work_without_a_mouse(console: Console, browser: Browser) -> None:
    """`/` focuses the search, typing narrows the table, `?` shows the keys, g and p go to plans."""
    await console.operator("root@acme.test", Role.ADMIN, hub_id=0)
    page = await signed_in(browser, console, "root@acme.test")
    await page.goto("/p/acme/users")
    await page.keyboard.press("/")
    await page.keyboard.type("ben@")
    await expect(page.locator("tbody tr")).to_have_count(1)
    assert "q=ben" in page.url
    await page.locator("h1").click()
    await page.keyboard.press("?")
    await expect(page.locator("#keys")).to_be_visible()
    await page.keyboard.press("Escape")
    await page.keyboard.press("g")
    await page.keyboard.press("p")
    await expect(page).to_have_title("Plans · acme · Rolecall")


async def test_a_restart_during_a_run_loses_nothing(console: Console, browser: Browser) -> None:
    """The server dies mid-run: the open page says so, asks again, and shows the end of the run."""
    root = await console.operator("root@acme.test", Role.ADMIN, hub_id=0)
    order = ChangeUsers(("ben@tiny.test",), Ask(main_team="Office"), reason="moves")
    plan = (await propose(console.app, root.actor(), "acme", order)).plan
    await approve_plan(console.app, root.actor(), plan.id)
    async with console.app.database.begin(SYSTEM, "begun, then killed") as work:
        approved = (PlanState.APPROVED,)
        await work.plans.move(plan.id, PlanState.APPLYING, since=approved, at=work.now)
        await work.journal.start(effects_of(plan))
    page = await signed_in(browser, console, "root@acme.test")
    await page.goto(f"/p/acme/plans/{plan.id}")
    await expect(page.locator("#progress")).to_contain_text("0 of 1 changes done")

    await console.stop()
    await expect(page.locator("#away")).to_be_visible(timeout=15_000)
    await console.start()
    await go_on(console.app)
    await expect(page.locator(".fresh")).to_contain_text("done", timeout=30_000)
