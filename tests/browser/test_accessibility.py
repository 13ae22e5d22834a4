"""Every page with a screen reader's eyes: axe finds nothing serious, wide and phone, both looks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from scripts.screenshots import ADMIN, LOOKS, furnished
from tests.support.console import a_browser, signed_in

pytestmark = pytest.mark.browser
SERIOUS = {"serious", "critical"}


# Between them both themes and both widths; the other two pairs are part of the soak.
@pytest.mark.parametrize(
    "look",
    [
        "light-wide",
        "dark-phone",
        pytest.param("dark-wide", marks=pytest.mark.soak),
        pytest.param("light-phone", marks=pytest.mark.soak),
    ],
)
async def test_axe_finds_nothing_serious(tmp_path: Path, look: str) -> None:
    """No page has a serious or critical fault, or is wider than its window."""
    faults: list[str] = []
    async with a_browser() as browser, furnished(tmp_path) as (console, pages):
        page = await signed_in(browser, console, ADMIN, bypass_csp=True, **LOOKS[look])
        await _with_axe(page)
        for name, address in pages.items():
            await page.goto(address)
            faults += [f"{name}: {one}" for one in await _faults(page)]
            if await page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                faults.append(f"{name}: wider than the window")

    assert not faults, "\n".join(faults)


async def _with_axe(page: Any) -> None:
    import axe_playwright_python

    script = Path(axe_playwright_python.__file__).with_name("axe.min.js")
    await page.add_init_script(path=script)


async def _faults(page: Any) -> list[str]:
    found = await page.evaluate("async () => (await axe.run()).violations")
    return [
        f"{one['id']} {one['nodes'][0]['html'][:160]}" for one in found if one["impact"] in SERIOUS
    ]


async def test_pages_work_without_scripts(tmp_path: Path) -> None:
    """Search, filter and plan without JavaScript: links and forms are enough."""
    async with a_browser() as browser, furnished(tmp_path) as (console, _pages):
        page = await signed_in(browser, console, ADMIN, java_script_enabled=False)
        await page.goto("/p/acme/users")
        await page.fill("input[type=search]", "amara")
        await page.get_by_role("button", name="Search").click()
        rows = await page.locator("tbody tr").count()
        await page.get_by_label("Tick amara.okafor@acme.test").check()
        await page.get_by_role("button", name="Plan a change").click()
        await page.select_option("#main_team", label="Content")
        await page.fill("#reason", "moves")
        await page.get_by_role("button", name="Plan the change").click()

        assert 1 == rows
        assert "Change amara.okafor@acme.test" == await page.locator("h1").text_content()
