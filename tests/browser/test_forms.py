"""Forms that go wrong: nothing typed is lost, and a refusal stands where it is meant."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, Page, expect

from rolecall.domain.actor import Role
from tests.support.console import PASSWORD, ROOT, Console, signed_in

pytestmark = pytest.mark.browser
BROKEN = "version: 1\nportal: acme\nprofiles:\n  rep: {seat: Core, unknown_key: 1}\n"


async def _sign_in_again(page: Page, email: str) -> None:
    await page.fill("#email", email)
    await page.fill("#password", PASSWORD)
    await page.get_by_role("button", name="Sign in").click()


async def _new_user_half_typed(page: Page) -> None:
    """A form filled in, and its session ended before it is sent."""
    await page.goto("/p/acme/users/new")
    await page.fill("#email", "new@acme.test")
    await page.select_option("#permission_set", label="Sales Rep")
    await page.check("input[name=contractor]")
    await page.fill("#sponsor", ROOT)
    await page.fill("#reason", "joins the team")
    await page.context.clear_cookies()
    await page.get_by_role("button", name="Plan the new user").click()
    await expect(page.locator("h1")).to_have_text("Sign in")
    await expect(page.get_by_role("status")).to_contain_text("nothing was sent")


async def test_a_session_that_ends_takes_nothing_typed_along(
    console: Console, browser: Browser
) -> None:
    """After signing in again the form is there as it was; sent, it becomes the plan."""
    page = await signed_in(browser, console, ROOT)
    await _new_user_half_typed(page)
    await _sign_in_again(page, ROOT)

    await expect(page).to_have_url(f"{console.url}/p/acme/users/new")
    await expect(page.get_by_role("status")).to_contain_text("is here again")
    await expect(page.locator("#email")).to_have_value("new@acme.test")
    await expect(page.locator("#reason")).to_have_value("joins the team")
    await expect(page.locator("#sponsor")).to_have_value(ROOT)
    await expect(page.locator("input[name=contractor]")).to_be_checked()
    chosen = await page.locator("#permission_set option:checked").text_content()
    assert "Sales Rep" == chosen
    await page.fill("#until", "2027-03-31")
    await page.get_by_role("button", name="Plan the new user").click()
    await expect(page.locator("h1")).to_contain_text("new@acme.test")
    await page.goto("/p/acme/users/new")
    await expect(page.locator("#email")).to_have_value("")


async def test_what_one_typed_is_not_given_to_another(console: Console, browser: Browser) -> None:
    """Somebody else who signs in at the same browser finds an empty form."""
    await console.operator("kim@acme.test", Role.ADMIN, hub_id=0)
    page = await signed_in(browser, console, ROOT)
    await _new_user_half_typed(page)
    await _sign_in_again(page, "kim@acme.test")

    await expect(page).to_have_url(f"{console.url}/p/acme/users/new")
    await expect(page.locator("#email")).to_have_value("")
    assert await page.evaluate("sessionStorage.getItem('draft')") is None


async def test_a_refusal_stands_beside_its_field(console: Console, browser: Browser) -> None:
    """The field is marked, described and has the keyboard; the rest is as it was typed."""
    page = await signed_in(browser, console, ROOT)
    await page.goto("/p/acme/users/new")
    await page.fill("#email", "new@acme.test")
    await page.fill("#like", "nobody@tiny.test")
    await page.fill("#reason", "joins")
    await page.get_by_role("button", name="Plan the new user").click()

    like = page.locator("#like")
    await expect(like).to_be_focused()
    await expect(like).to_have_attribute("aria-invalid", "true")
    await expect(page.locator("#wrong-like")).to_contain_text("nobody@tiny.test")
    assert "wrong-like" in (await like.get_attribute("aria-describedby") or "")
    await expect(page.locator("#reason")).to_have_value("joins")


async def test_a_refusal_about_no_field_is_read_first(console: Console, browser: Browser) -> None:
    """The keyboard is at the sentence that says what was not done."""
    page = await signed_in(browser, console, ROOT)
    await page.goto("/p/acme/structure/people")
    file = {"name": "people.csv", "mimeType": "text/csv", "buffer": b"Colour,Shoe\nred,42\n"}
    await page.set_input_files("#list", file)
    await page.get_by_role("button", name="Take over the list").click()

    await expect(page.get_by_role("alert")).to_be_focused()
    await expect(page.get_by_role("alert")).to_contain_text("e-mail")


async def test_downloads_follow_what_is_searched(console: Console, browser: Browser) -> None:
    """Searching as one types changes the table, and what the buttons beside it are about."""
    page = await signed_in(browser, console, ROOT)
    await page.goto("/p/acme/users")
    await page.type("#q", "ben")
    await expect(page.locator("tbody tr")).to_have_count(1)

    await expect(page.get_by_role("link", name="Download CSV")).to_have_attribute(
        "href", "/p/acme/users.csv?q=ben"
    )
    await expect(page.locator("#q")).to_be_focused()


async def test_a_list_is_walked_with_the_keyboard(console: Console, browser: Browser) -> None:
    """Arrow keys in a filter change nothing until the search is sent."""
    page = await signed_in(browser, console, ROOT)
    await page.goto("/p/acme/users")
    await page.focus("#f-set")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("ArrowDown")
    await expect(page).to_have_url(f"{console.url}/p/acme/users")
    await page.get_by_role("button", name="Search").click()

    assert "set=" in page.url


async def test_a_mistake_in_the_file_leads_to_its_line(console: Console, browser: Browser) -> None:
    """Every mistake at once, the text as typed, and from each one to its place."""
    page = await signed_in(browser, console, ROOT)
    await page.goto("/p/acme/structure/access")
    await page.fill("#text", BROKEN)
    await page.get_by_role("button", name="Check and preview").click()
    await expect(page.get_by_role("alert")).to_contain_text("line 4")
    await expect(page.locator("#text")).to_have_value(BROKEN)
    await page.locator("a[data-line='4']").first.click()

    picked = await page.evaluate(
        "(() => { const e = document.getElementById('text');"
        "return e.value.slice(e.selectionStart, e.selectionEnd); })()"
    )
    assert BROKEN.splitlines()[3] == picked
    await expect(page.locator("#text")).to_be_focused()


async def test_a_refused_form_keeps_what_it_held(console: Console, browser: Browser) -> None:
    """A page of its own says why; the way back leads to the form as it was sent."""
    page = await signed_in(browser, console, ROOT)
    await page.goto("/p/acme/settings/operators")
    await page.locator("summary", has_text="Change").first.click()
    await page.fill("input[name=reason]", "moves on")
    await page.get_by_role("button", name=f"Shut out {ROOT}").click()
    await expect(page.get_by_role("alert")).to_be_visible()
    back = page.get_by_role("link", name="Back")
    if await back.count():
        await back.click()

    await expect(page.locator("input[name=reason]").first).to_have_value("moves on")
