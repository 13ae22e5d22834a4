"""Everyday ways through the console in a real browser, with and without a mouse."""

from __future__ import annotations

import csv
from datetime import timedelta
from pathlib import Path

import pyotp
import pytest
from playwright.async_api import Browser, Page, expect

from rolecall.domain.actor import SYSTEM, Role
from rolecall.domain.person import Person
from rolecall.plan.wishes import Ask
from rolecall.services.drafts.orders import ChangeUsers
from rolecall.services.plans.drafting import propose
from rolecall.services.upkeep import look, settle_requests
from tests.support.console import PASSWORD, ROOT, Console, signed_in

pytestmark = pytest.mark.browser
CATALOGUE = """\
version: 1
portal: acme
profiles:
  sales-rep: {permission_set: Sales Rep, seat: Core, main_team: Inside Sales}
  reader: {permission_set: Read Only}
catalogue:
  sales-rep: {title: Sales rep, steps: [manager], max_days: 30, break_glass: true, owner: own@acme.test}
  reader: {title: Reader, steps: [admin], max_days: 30, auto_deny: {employment: contractor}}
"""


async def chosen_by_keyboard(page: Page, name: str) -> None:
    """Reach a link by Tab alone and follow it."""
    for _ in range(80):
        await page.keyboard.press("Tab")
        label = await page.evaluate("document.activeElement.getAttribute('aria-label')")
        if label == name:
            await page.keyboard.press("Enter")
            return
    raise AssertionError(f"{name} is not reached by Tab")


async def test_a_team_moves_by_keyboard(console: Console, browser: Browser) -> None:
    """Tab, Enter, Tab, Enter, a reason: the plan that moves it."""
    page = await signed_in(browser, console, ROOT)
    await page.goto("/p/acme/structure/teams")
    await chosen_by_keyboard(page, "Move Inside Sales")
    await expect(page.get_by_role("status").first).to_contain_text("Where should Inside Sales go?")
    await chosen_by_keyboard(page, "Put Inside Sales below Office")
    await expect(page.locator("#reason")).to_be_focused()
    await page.keyboard.type("one house")
    await page.keyboard.press("Enter")

    await expect(page.locator("h1")).to_have_text("Move the team Inside Sales")
    await expect(page.locator(".line .after").first).to_contain_text("Office")


async def test_a_team_is_dragged_onto_another(console: Console, browser: Browser) -> None:
    """Dropping asks for the reason; nothing is planned before, and not onto what is below it."""
    page = await signed_in(browser, console, ROOT)
    await page.goto("/p/acme/structure/teams")
    rows = {
        name: page.locator("tr[data-team]", has=page.get_by_role("link", name=name, exact=True))
        for name in ("Inside Sales", "Office")
    }
    await rows["Inside Sales"].drag_to(rows["Office"])

    await expect(page.locator("#h-move")).to_have_text("Move Inside Sales below Office?")
    await page.go_back()
    await expect(page.locator("#h-move")).to_have_count(0)


async def test_a_second_factor_is_set_up_and_asked_for(console: Console, browser: Browser) -> None:
    """The secret, a code, recovery codes; from then on the password alone is not enough."""
    page = await signed_in(browser, console, ROOT)
    await page.goto("/account")
    await page.get_by_role("button", name="Set up a second factor").click()
    secret = (await page.locator("code.secret").text_content() or "").strip()
    now = console.clock.now()
    await page.fill("#code", pyotp.TOTP(secret).at(now))
    await page.get_by_role("button", name="Turn it on").click()
    await expect(page.get_by_role("status")).to_contain_text("recovery codes")
    await page.get_by_role("button", name="Sign out").click()
    await _sign_in(page)
    await expect(page.get_by_role("alert")).to_contain_text("The password is right")
    console.clock.advance(timedelta(minutes=1))
    await _sign_in(page, pyotp.TOTP(secret).at(console.clock.now()))

    await expect(page).to_have_title("Overview · acme · Rolecall")


async def _sign_in(page: Page, code: str = "") -> None:
    await page.fill("#email", ROOT)
    await page.fill("#password", PASSWORD)
    await page.fill("#code", code)
    await page.click("button.primary")


async def test_a_file_is_checked_before_it_is_planned(console: Console, browser: Browser) -> None:
    """A mistake is told with line and column, a sound file with its plan; then the plan is made."""
    page = await signed_in(browser, console, ROOT)
    await page.goto("/p/acme/structure/access")
    sound = await page.input_value("#text")
    await page.fill("#text", sound + "\nfroofiles: {}\n")
    await page.get_by_role("button", name="Check and preview").click()
    await expect(page.get_by_role("alert")).to_contain_text("line ")
    changed = sound.replace("main_team: Inside Sales", "main_team: Office", 1)
    assert changed != sound
    await page.fill("#text", changed)
    await page.get_by_role("button", name="Check and preview").click()
    await expect(page.get_by_role("status")).to_contain_text("The file is sound")
    await page.get_by_role("button", name="Make the plan").click()

    await expect(page.locator(".line .after").first).to_contain_text("Office")


async def test_a_large_file_is_changed_outside(
    console: Console, browser: Browser, tmp_path: Path
) -> None:
    """What is too large for a text field is downloaded, and chosen again."""
    large = f"version: 1\nportal: acme\n# {'x' * 130_000}\n"
    await console.enforce(large)
    page = await signed_in(browser, console, ROOT)
    await page.goto("/p/acme/structure/access")
    await expect(page.locator("main")).to_contain_text("too large to edit here")
    async with page.expect_download() as waiting:
        await page.get_by_role("link", name="Download it").click()
    file = tmp_path / "access.yaml"
    await (await waiting.value).save_as(file)
    assert large == file.read_text("utf-8")
    await page.set_input_files("#file", file)
    await page.get_by_role("button", name="Check and preview").click()

    await expect(page.get_by_role("status")).to_contain_text("The file is sound")


async def test_a_leaver_hands_over_and_is_parked(console: Console, browser: Browser) -> None:
    """What is owned is counted, a successor named, and the plan carried out under live progress."""
    page = await signed_in(browser, console, ROOT)
    await page.goto("/p/acme/users?q=ben@")
    await page.get_by_role("link", name="ben@tiny.test").click()
    await page.get_by_role("link", name="Off-board").click()
    await expect(page.locator("#h-owns")).to_have_text("Records owned")
    await page.fill("#to", "dee@tiny.test")
    await page.fill("#reason", "leaves in June")
    await page.get_by_role("button", name="Plan the off-boarding of").click()
    await page.get_by_role("button", name="Approve and carry out").click()
    await expect(page.locator(".fresh")).to_contain_text("done", timeout=30_000)
    ben = console.world.identity("ben@tiny.test")
    assert ben is not None

    assert console.world.portals[console.hub_id].members[ben.id].main_team_id is None


async def test_a_view_becomes_a_report_and_a_file(
    console: Console, browser: Browser, tmp_path: Path
) -> None:
    """Filter, save, download: the rows of the view, under its columns."""
    page = await signed_in(browser, console, ROOT)
    await page.goto("/p/acme/users?state=active&col=email&col=main_team")
    await page.get_by_role("link", name="Save as a report").click()
    await page.fill("#title", "Who is active")
    await page.get_by_role("button", name="Save the report").click()
    await expect(page.locator(".fresh")).to_contain_text("state: active")
    shown = await page.locator("tbody tr").count()
    async with page.expect_download() as waiting:
        await page.get_by_role("link", name="Download CSV").click()
    file = tmp_path / "report.csv"
    await (await waiting.value).save_as(file)
    rows = list(csv.reader(file.read_text("utf-8-sig").splitlines()))

    assert ["E-mail", "Main team"] == rows[0]
    assert shown == len(rows) - 1


async def test_glass_is_broken_and_given_back(console: Console, browser: Browser) -> None:
    """It begins without an answer, everybody sees so, and the former access returns early."""
    await console.enforce(CATALOGUE)
    await console.people(Person("p1", ("dee@tiny.test",), manager_email="mia@acme.test"))
    await console.operator("dee@tiny.test", Role.REQUESTER)
    page = await signed_in(browser, console, "dee@tiny.test")
    await page.goto("/p/acme/requests/new")
    await page.check("input[value=sales-rep]")
    await page.fill("#reason", "a customer is locked out")
    await page.check("input[name=break_glass]")
    await page.get_by_role("button", name="Send the request").click()
    await expect(page.locator("main")).to_contain_text("The glass was broken")
    await expect(page.locator(".fresh")).to_contain_text("active", timeout=30_000)
    dee = console.world.identity("dee@tiny.test")
    assert dee is not None
    member = console.world.portals[console.hub_id].members[dee.id]
    assert [1100001] == member.permission_set_ids
    await look(console.app, SYSTEM, "acme")
    await page.get_by_role("button", name="Give the access back now").click()
    await settle_requests(console.app)
    await page.reload()

    await expect(page.locator(".fresh")).to_contain_text("ended")
    assert [1100001] != member.permission_set_ids


async def test_a_rule_refuses_and_a_person_must_say_why(console: Console, browser: Browser) -> None:
    """A contractor's wish is refused at once by the rule; a person's refusal needs a reason."""
    await console.enforce(CATALOGUE)
    await console.people(
        Person("p1", ("cid@tiny.test",), employment="contractor"),
        Person("p2", ("dee@tiny.test",), manager_email=ROOT),
    )
    await console.operator("mia@acme.test", Role.REQUESTER)
    mia = await signed_in(browser, console, "mia@acme.test")
    await _asks(mia, "reader", "cid@tiny.test")
    await expect(mia.locator(".fresh")).to_contain_text("refused")
    await _asks(mia, "sales-rep", "dee@tiny.test")
    root = await signed_in(browser, console, ROOT)
    await root.goto("/p/acme/requests")
    await root.click("text=mia@acme.test asks for Sales rep")
    await root.get_by_role("button", name="Refuse").click()
    await expect(root.get_by_role("alert")).to_contain_text("reason")
    await expect(root.locator("#reason")).to_be_focused()
    await root.fill("#reason", "not this quarter")
    await root.get_by_role("button", name="Refuse").click()

    await expect(root.locator(".fresh")).to_contain_text("refused")


async def _asks(page: Page, profile: str, subject: str) -> None:
    await page.goto("/p/acme/requests/new")
    await page.check(f"input[value={profile}]")
    await page.fill("#subject", subject)
    await page.fill("#reason", "helps out")
    await page.get_by_role("button", name="Send the request").click()
    await expect(page.locator("h1")).to_contain_text(subject)


async def test_keeping_all_at_once_asks_whether_they_were_looked_at(
    console: Console, browser: Browser
) -> None:
    """Ten or more kept together: a question first; some are handed to somebody else."""
    await console.operator("rev@acme.test", Role.REVIEWER)
    page = await signed_in(browser, console, ROOT)
    await page.goto("/p/acme/reviews/new")
    await page.fill("#title", "All of it")
    await page.select_option("#reviewers", "named")
    await page.fill("#named", ROOT)
    await page.get_by_role("button", name="Open the review").click()
    await page.locator("input[data-one]").first.check()
    await page.get_by_text("Reduce, or hand to somebody else").click()
    await page.fill("#to", "rev@acme.test")
    await page.get_by_role("button", name="Hand to them").click()
    await expect(page.get_by_role("status").first).to_contain_text("1 now before rev@acme.test")
    await page.goto(f"{page.url.partition('?')[0]}?show=waiting")
    await page.locator("input[data-all]").check()
    await page.get_by_role("button", name="Keep the ticked").click()
    question = page.get_by_role("alert")
    await expect(question).to_be_visible()
    await question.get_by_role("button").click()

    await expect(page.locator("main")).to_contain_text("You are done here")


async def test_a_page_left_open_over_night(console: Console, browser: Browser) -> None:
    """In the morning the button sends nothing; signing in again leads back to it."""
    order = ChangeUsers(("ben@tiny.test",), Ask(main_team="Office"), reason="moves")
    plan = (await propose(console.app, console.installation.actor, "acme", order)).plan
    page = await signed_in(browser, console, ROOT)
    await page.goto(f"/p/acme/plans/{plan.id}")
    console.clock.advance(timedelta(hours=14))
    await page.fill("#reason", "seen with Dee")
    await page.get_by_role("button", name="Approve and carry out").click()
    await expect(page.get_by_role("status")).to_contain_text("nothing was sent")
    async with console.app.database.read() as view:
        assert "proposed" == (await view.plans.state(plan.id)).value
    await _sign_in(page)

    await expect(page).to_have_title("Change ben@tiny.test · acme · Rolecall")
    await expect(page.locator("#reason")).to_have_value("seen with Dee")


async def test_a_printed_page_is_a_document(console: Console, browser: Browser) -> None:
    """On paper there is no rail and no button, and what was folded is open."""
    page = await signed_in(browser, console, ROOT)
    await page.goto("/p/acme/findings")
    folded = page.locator("details.more p").first
    assert not await folded.is_visible()
    await page.emulate_media(media="print")

    await expect(page.locator(".rail")).to_be_hidden()
    await expect(page.get_by_role("button", name="Search")).to_be_hidden()
    await expect(page.locator("h1")).to_be_visible()
    await expect(folded).to_be_visible()
