"""The console against those who should not: strangers, other roles, other portals, other sites."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest

from rolecall.domain.actor import SYSTEM, Role
from rolecall.domain.portal import Portal
from rolecall.plan.wishes import Ask
from rolecall.services.drafts.orders import ChangeUsers
from rolecall.services.plans.drafting import propose
from rolecall.web.catalogue_of_pages import PAGES
from tests.support.console import PASSWORD, Console, a_console
from tests.support.hubspot import START

OURS = {"sec-fetch-site": "same-origin"}
FILLED = {"portal": "acme", "user": "5000002", "set": "1100001", "pack": "8x8"}


@pytest.fixture
async def console(tmp_path: Path) -> AsyncIterator[Console]:
    """The console over the tiny portal."""
    async with a_console(tmp_path) as made:
        yield made


def a_client(console: Console) -> httpx2.AsyncClient:
    """A browser of sorts: cookies, no redirects followed."""
    return httpx2.AsyncClient(base_url=console.url, follow_redirects=False, timeout=20)


async def signed(console: Console, email: str, *roles: Role, hub_id: int | None = None) -> Any:
    """A client signed in as a new operator with these roles."""
    await console.operator(email, *roles, hub_id=hub_id)
    client = a_client(console)
    told = await client.post("/sign-in", data={"email": email, "password": PASSWORD}, headers=OURS)
    assert 303 == told.status_code, told.text
    return client


def addresses(method: str) -> list[str]:
    """Every address of the console for a method, filled with what there is."""
    found = []
    for page in PAGES:
        if method in page.methods:
            path = page.path
            for name, value in FILLED.items():
                path = path.replace(f"{{{name}}}", value)
            found.append(path.replace("{", "no-").replace("}", ""))
    return found


async def test_nothing_is_shown_to_a_stranger(console: Console) -> None:
    """Every page sends a stranger to the sign-in; every form too, and does nothing."""
    async with a_client(console) as client:
        for path in addresses("GET"):
            answer = await client.get(path)
            assert (303, True) == (
                answer.status_code,
                answer.headers["location"].startswith("/sign-in"),
            ), path
        for path in addresses("POST"):
            answer = await client.post(path, data={"x": "1"})
            assert (303, "/sign-in?late=1") == (answer.status_code, answer.headers["location"])


async def test_every_answer_carries_the_content_policy(console: Console) -> None:
    """Pages, errors, files and health alike; no page holds inline script or style."""
    client = await signed(console, "root@acme.test", Role.ADMIN, hub_id=0)
    for path in (*addresses("GET"), "/nowhere", "/healthz", "/metrics", "/sign-in"):
        answer = await client.get(path)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy, path
        assert "unsafe" not in policy
        if answer.headers.get("content-type", "").startswith("text/html"):
            text = answer.text.lower()
            for forbidden in ("<script>", "<style", " style=", " onclick=", "javascript:"):
                assert forbidden not in text, (path, forbidden)


async def test_a_form_of_another_site_is_refused(console: Console) -> None:
    """Cross-site by Sec-Fetch-Site or by Origin: 403, and nothing was done."""
    client = await signed(console, "root@acme.test", Role.ADMIN, hub_id=0)
    for headers in (
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "https://evil.test"},
        {},
    ):
        answer = await client.post("/p/acme/settings/interval", data={"minutes": "7"},
                                   headers=headers)  # fmt: skip
        assert 403 == answer.status_code, headers
    async with console.app.database.read() as view:
        portal = await view.portals.get(console.hub_id)

    assert portal is not None
    assert 7 != portal.sync_every_minutes


async def test_other_portals_are_not_there(console: Console) -> None:
    """An admin of one portal gets 404 for another's pages, plans, requests and campaigns."""
    async with console.app.database.begin(SYSTEM, "test") as work:
        await work.portals.add(Portal(99, "other", "http://hubspot.test", START))
    order = ChangeUsers(("ben@tiny.test",), Ask(main_team="Office"))
    plan = (await propose(console.app, console.installation.actor, "acme", order)).plan
    stranger = await signed(console, "eve@other.test", Role.ADMIN, hub_id=99)
    for path in ("/p/acme/", "/p/acme/users", "/p/acme/users.csv", f"/p/acme/plans/{plan.id}",
                 f"/p/other/plans/{plan.id}", "/p/acme/settings/audit"):  # fmt: skip
        answer = await stranger.get(path)
        assert answer.status_code in {403, 404}, path
        assert "ben@tiny.test" not in answer.text
    for path in (f"/p/other/plans/{plan.id}/approve", f"/p/acme/plans/{plan.id}/refuse"):
        assert (await stranger.post(path, headers=OURS)).status_code in {403, 404}, path
    async with console.app.database.read() as view:
        assert "proposed" == (await view.plans.state(plan.id)).value


FORBIDDEN = {
    Role.REQUESTER: (
        ("GET", "/p/acme/users"), ("GET", "/p/acme/plans"), ("GET", "/p/acme/structure"),
        ("GET", "/p/acme/settings/audit"), ("GET", "/p/acme/users.csv"), ("POST", "/p/acme/sync"),
    ),
    Role.AUDITOR: (
        ("POST", "/p/acme/sync"), ("POST", "/p/acme/users/plan"), ("POST", "/p/acme/reviews/new"),
        ("GET", "/p/acme/settings/operators"), ("POST", "/p/acme/settings/interval"),
    ),
    Role.REVIEWER: (
        ("POST", "/p/acme/users/plan"), ("POST", "/p/acme/reviews/new"), ("POST", "/portals"),
        ("POST", "/p/acme/structure/people"),
    ),
    Role.APPROVER: (
        ("POST", "/p/acme/settings/reconnect"), ("POST", "/p/acme/settings/operators"),
        ("POST", "/p/acme/reviews/new"), ("POST", "/p/acme/structure/sets/1100001"),
    ),
}  # fmt: skip
TYPED = {
    "user": "ben@tiny.test", "what": "remove", "reason": "r", "title": "T", "minutes": "9",
    "fallback": "x@acme.test", "name": "new", "token": "pat-na1-emulator-tiny", "role": "admin",
    "email": "new@acme.test", "owner": "me", "due_days": "5",
}  # fmt: skip


@pytest.mark.parametrize("role", list(FORBIDDEN), ids=str)
async def test_a_role_may_only_its_own(console: Console, role: Role) -> None:
    """What a role may not do is refused whatever is typed, and changes nothing."""
    client = await signed(console, f"{role.value}@acme.test", role)
    before = await _last_line(console)
    for method, path in FORBIDDEN[role]:
        given = {"data": TYPED, "headers": OURS} if method == "POST" else {}
        answer = await client.request(method, path, **given)
        refused = answer.status_code in {403, 404, 422}
        assert refused, (method, path, answer.status_code)

    assert before == await _last_line(console)


async def _last_line(console: Console) -> int:
    async with console.app.database.read() as view:
        return (await view.audit.last())[0]


async def test_signing_in_makes_a_fresh_session(console: Console) -> None:
    """A cookie somebody planted is not taken over, and the one before ends."""
    client = await signed(console, "root@acme.test", Role.ADMIN, hub_id=0)
    former = client.cookies["rolecall-session"]
    typed = {"email": "root@acme.test", "password": PASSWORD}
    await client.post("/sign-in", data=typed, headers=OURS)
    fresh = client.cookies["rolecall-session"]
    async with a_client(console) as other:
        other.cookies.set("rolecall-session", former)
        answer = await other.get("/p/acme/")

    assert former != fresh
    assert 303 == answer.status_code


@pytest.mark.parametrize(
    "wanted", ["https://evil.test", "//evil.test", "/\\evil.test", "javascript:alert(1)"]
)
async def test_nobody_is_sent_to_another_site(console: Console, wanted: str) -> None:
    """Signing in leads to pages of ours, whatever `next` says."""
    await console.operator("root@acme.test", Role.ADMIN, hub_id=0)
    typed = {"email": "root@acme.test", "password": PASSWORD, "next": wanted}
    async with a_client(console) as client:
        answer = await client.post("/sign-in", data=typed, headers=OURS)

    assert (303, "/") == (answer.status_code, answer.headers["location"])


async def test_markup_in_names_stays_text(console: Console) -> None:
    """A team and a user called like a script are shown, and are no script; CSV has no formulas."""
    portal = console.world.portals[console.hub_id]
    team = next(iter(portal.teams.values()))
    team.name = "<script>alert(1)</script>"
    ben = console.world.identity("ben@tiny.test")
    assert ben is not None
    ben.first_name = '=HYPERLINK("http://evil.test")'
    await console.installation.sync(full=True)
    client = await signed(console, "root@acme.test", Role.ADMIN, hub_id=0)
    for path in ("/p/acme/users", "/p/acme/structure/teams", "/p/acme/"):
        assert "<script>alert" not in (await client.get(path)).text, path
    table = await client.get("/p/acme/users.csv?col=email&col=firstname&col=main_team")
    cells = [cell for row in csv.reader(io.StringIO(table.text)) for cell in row]

    assert any("HYPERLINK" in cell for cell in cells)
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]


async def test_a_page_left_open_over_night_sends_nothing(console: Console) -> None:
    """After the session has ended a form leads to the sign-in and says that nothing was sent."""
    client = await signed(console, "root@acme.test", Role.ADMIN, hub_id=0)
    hours = console.app.choices.security.session_hours + 1
    console.clock.advance(timedelta(hours=hours))
    answer = await client.post("/p/acme/sync", headers=OURS)
    page = await client.get(answer.headers["location"])

    assert 303 == answer.status_code
    assert "nothing was sent" in page.text


async def test_two_approvers_at_once_approve_once(console: Console) -> None:
    """The second is told that it is approved already; one run carries it out."""
    order = ChangeUsers(("ben@tiny.test",), Ask(main_team="Office"))
    plan = (await propose(console.app, console.installation.actor, "acme", order)).plan
    first = await signed(console, "one@acme.test", Role.APPROVER)
    second = await signed(console, "two@acme.test", Role.APPROVER)
    typed = {"digest": plan.digest, "then": ""}
    path = f"/p/acme/plans/{plan.id}/approve"
    answers = [await one.post(path, data=typed, headers=OURS) for one in (first, second)]

    assert 303 == answers[0].status_code
    async with console.app.database.read() as view:
        assert "approved" == (await view.plans.state(plan.id)).value


async def test_read_only_shows_everything_and_writes_nothing(tmp_path: Path) -> None:
    """In read-only mode pages answer and forms say why they do not."""
    async with a_console(tmp_path) as console:
        security = replace(console.app.choices.security, read_only=True)
        console.app = replace(console.app, choices=replace(console.app.choices, security=security))
        await console.stop()
        await console.start()
        client = await signed(console, "root@acme.test", Role.ADMIN, hub_id=0)
        shown = await client.get("/p/acme/users")
        typed = {"user": "ben@tiny.test", "main_team": "52000003", "reason": "r"}
        refused = await client.post("/p/acme/users/plan", data=typed, headers=OURS)

    assert 200 == shown.status_code
    assert 403 == refused.status_code
    assert "read-only" in refused.text
