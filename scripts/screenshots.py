"""Renders every page of the console, light and dark, wide and phone, over the acme portal.

Somebody looks at every picture before it lands: `make screenshots`, then open screenshots/.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from playwright.async_api import Browser, Page  # noqa: E402

from rolecall.domain.actor import SYSTEM, Role  # noqa: E402
from rolecall.domain.review import CampaignOrder, ReviewerKind, Scope  # noqa: E402
from rolecall.domain.scim import ScimClient, ScimLine, ScimRecord  # noqa: E402
from rolecall.domain.snapshot import User  # noqa: E402
from rolecall.kit.ids import uuid7  # noqa: E402
from rolecall.plan.wishes import Ask  # noqa: E402
from rolecall.services.drafts.orders import ChangeUsers, RemoveUsers  # noqa: E402
from rolecall.services.plans.drafting import propose  # noqa: E402
from rolecall.services.reporting.reports import Draft, save_report  # noqa: E402
from rolecall.services.requests.requests import RequestForm, file_request  # noqa: E402
from rolecall.services.reviews.reviews import open_campaign  # noqa: E402
from tests.support.console import Console, a_browser, a_console, signed_in  # noqa: E402

LOOKS = {
    "light-wide": {"color_scheme": "light", "viewport": {"width": 1280, "height": 900}},
    "dark-wide": {"color_scheme": "dark", "viewport": {"width": 1280, "height": 900}},
    "light-phone": {"color_scheme": "light", "viewport": {"width": 390, "height": 844}},
    "dark-phone": {"color_scheme": "dark", "viewport": {"width": 390, "height": 844}},
}
ADMIN, KIM = "robin@acme.test", "kim@acme.test"
CATALOGUE = """\
version: 1
portal: acme
profiles:
  sales-rep: {permission_set: Sales Rep, seat: Core, main_team: DACH Sales}
  reader: {permission_set: Read Only, seat: View-Only}
catalogue:
  sales-rep: {title: Sales rep, description: For people who sell, steps: [admin], max_days: 90}
  reader: {title: Reader, steps: [admin], max_days: 365}
"""


@asynccontextmanager
async def furnished(home: Path) -> AsyncIterator[tuple[Console, dict[str, str]]]:
    """The acme portal with something on every page; and the addresses of those pages."""
    async with a_console(home, seed="acme") as console:
        await console.enforce(CATALOGUE)
        admin = await console.operator(ADMIN, Role.ADMIN, hub_id=0)
        kim = await console.operator(KIM, Role.REQUESTER)
        yield console, await _pages(console, admin.actor(), kim.actor())


async def _pages(console: Console, admin: Any, kim: Any) -> dict[str, str]:
    app = console.app
    async with app.database.read() as view:
        snapshot = await view.snapshots.load(console.hub_id)
    assert snapshot is not None
    plain = [u for u in snapshot.users if u.present and len(u.permission_set_ids) == 1][:3]
    change = ChangeUsers(tuple(u.email for u in plain), Ask(main_team="Content"), reason="moves")
    plan = (await propose(app, admin, "acme", change)).plan
    stopped = (
        await propose(app, admin, "acme", RemoveUsers(tuple(u.email for u in snapshot.users[:20])))
    ).plan
    form = RequestForm("sales-rep", "covers for Ana", plain[0].email, days=30)
    request = await file_request(app, kim, console.hub_id, form)
    order = CampaignOrder(
        "Access review 2026 Q4", Scope(), ReviewerKind.NAMED, (ADMIN,), ADMIN, due_days=14
    )
    campaign = await open_campaign(app, SYSTEM, console.hub_id, order)
    draft = Draft("Idle for a quarter", filters={"idle": "90", "state": "active"})
    report = await save_report(app, admin, "acme", draft)
    moved = next(one for one in snapshot.teams if one.parent_id)
    made = {"plan": plan.id, "stopped": stopped.id, "request": request.id, "report": report.id}
    made["scim"] = await _provider(console)
    return _addresses({**made, "campaign": campaign.id, "team": moved.id}, plain)


async def _provider(console: Console) -> str:
    """An identity provider with a group that is mapped, one that is not, and a refusal."""
    hub_id = console.hub_id
    async with console.app.database.begin(SYSTEM, "screenshots") as work:
        client = ScimClient(uuid7(), hub_id, "okta", work.now)
        told = {"Content": "team:1", "Book club": ""}
        groups = [
            ScimRecord(client.id, "Group", uuid7(), hub_id, name, "{}", work.now, work.now,
                       target=target)
            for name, target in told.items()
        ]  # fmt: skip
        why = "email-domain: eve@gmail.com is not of the company"
        line = ScimLine(uuid7(), client.id, work.now, "POST", "/v2/Users", "{}", 409, why,
                        kind="User", asked="{}")  # fmt: skip
        await work.scim.put_client(client)
        await work.scim.add(*groups)
        await work.scim.log(line)
    return client.id


def _addresses(made: dict[str, str], plain: list[User]) -> dict[str, str]:
    """Every page by its name; `made` are ids of what stands on some of them."""
    base, user = "/p/acme", plain[0].id
    return {
        "overview": f"{base}/",
        "findings": f"{base}/findings",
        "users": f"{base}/users",
        "users-filtered": f"{base}/users?idle=90&sort=last_active",
        "users-nobody": f"{base}/users?q=nobody-at-all",
        "user-new": f"{base}/users/new",
        "user": f"{base}/users/{user}",
        "user-why": f"{base}/users/{user}/why?can=export+contacts",
        "user-compare": f"{base}/users/{user}/compare?with={plain[1].email}",
        "user-offboard": f"{base}/users/{user}/offboard",
        "reports": f"{base}/reports",
        "report-new": f"{base}/reports/new?idle=90",
        "report": f"{base}/reports/{made['report']}",
        "sets": f"{base}/structure",
        "set": f"{base}/structure/sets/{plain[0].permission_set_ids[0]}",
        "teams": f"{base}/structure/teams",
        "teams-choose": f"{base}/structure/teams?move={made['team']}",
        "teams-move": f"{base}/structure/teams?move={made['team']}&below=",
        "seats": f"{base}/structure/seats",
        "packs": f"{base}/structure/packs",
        "pack": f"{base}/structure/packs/8x8",
        "people": f"{base}/structure/people",
        "access": f"{base}/structure/access",
        "plans": f"{base}/plans",
        "plan": f"{base}/plans/{made['plan']}",
        "plan-stopped": f"{base}/plans/{made['stopped']}",
        "tasks": f"{base}/plans/tasks",
        "requests": f"{base}/requests",
        "request-new": f"{base}/requests/new?profile=sales-rep&subject=new@acme.test",
        "request": f"{base}/requests/{made['request']}",
        "reviews": f"{base}/reviews",
        "review-new": f"{base}/reviews/new",
        "review": f"{base}/reviews/{made['campaign']}",
        "settings": f"{base}/settings",
        "operators": f"{base}/settings/operators",
        "tokens": f"{base}/settings/tokens",
        "notices": f"{base}/settings/notices",
        "providers": f"{base}/settings/scim",
        "provider": f"{base}/settings/scim/{made['scim']}",
        "provider-remove": f"{base}/settings/scim/{made['scim']}/remove",
        "audit": f"{base}/settings/audit",
        "account": "/account",
        "portals": "/portals",
        "error": f"{base}/plans/none",
    }


async def shoot(browser: Browser, console: Console, pages: dict[str, str], to: Path) -> int:
    """Every page in every look; how many of them are wider than their window."""
    wide = 0
    for look, context in LOOKS.items():
        page = await signed_in(browser, console, ADMIN, **context)
        for name, address in pages.items():
            await page.goto(address)
            wide += await _shot(page, to / look, name)
        stranger = await (await browser.new_context(base_url=console.url, **context)).new_page()
        await stranger.goto("/sign-in")
        wide += await _shot(stranger, to / look, "sign-in")
    return wide


async def _shot(page: Page, to: Path, name: str) -> int:
    await page.screenshot(path=to / f"{name}.png", full_page=True)
    if await page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        print(f"{to.name}/{name}: wider than the window", file=sys.stderr)
        return 1
    return 0


async def main() -> int:
    """Render; exit 1 where a page is wider than its window."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--to", type=Path, default=ROOT / "screenshots")
    parser.add_argument("names", nargs="*", help="only these pages")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        async with furnished(Path(home)) as (console, pages), a_browser() as browser:
            chosen = {k: v for k, v in pages.items() if not wanted.names or k in wanted.names}
            wide = await shoot(browser, console, chosen, wanted.to)
    print(f"{len(chosen) + 1} pages in {len(LOOKS)} looks in {wanted.to}")
    return 1 if wide else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
