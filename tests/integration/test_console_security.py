"""The console against those who should not: strangers, other roles, other portals, other sites."""

from __future__ import annotations

import asyncio
import csv
import io
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest

from rolecall.domain.actor import SYSTEM, Role
from rolecall.domain.finding import Finding, Severity
from rolecall.domain.notice import NoticeDelivery
from rolecall.domain.operator import TokenScope
from rolecall.domain.plan import ManualTask
from rolecall.domain.portal import Portal
from rolecall.domain.review import Cadence, CampaignOrder, ReviewerKind, Scope
from rolecall.domain.webhook import DeliveryState
from rolecall.kit.ids import uuid7
from rolecall.plan.wishes import Ask
from rolecall.services.drafts.orders import ChangeUsers, RemoveUsers
from rolecall.services.operators.sign_in import NOBODY_KNOWN, begin_session
from rolecall.services.operators.tokens import create_token
from rolecall.services.plans.drafting import propose
from rolecall.services.reporting.reports import Draft, save_report
from rolecall.services.requests.requests import RequestForm, file_request
from rolecall.services.reviews.reviews import open_campaign, save_schedule
from rolecall.services.telling.webhooks import add_webhook
from rolecall.services.upkeep import look
from rolecall.store import AuditQuery
from rolecall.web.catalogue_of_pages import PAGES
from tests.support.console import PASSWORD, Console, a_console
from tests.support.forbidden import FORBIDDEN, TYPED
from tests.support.governed import a_snapshot
from tests.support.hubspot import START

OURS = {"sec-fetch-site": "same-origin"}
CATALOGUE = """\
version: 1
portal: acme
profiles:
  sales-rep: {permission_set: Sales Rep, seat: Core, main_team: Inside Sales}
"""
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


async def test_ids_of_another_portal_open_nothing(console: Console) -> None:
    """Every address with an id in it, under the foreign portal's name and under one's own."""
    ids = await ids_of_everything(console)
    async with console.app.database.begin(SYSTEM, "test") as work:
        item = (await work.reviews.all_items(ids["campaign"]))[0].id
        await work.portals.add(Portal(99, "other", "http://hubspot.test", START))
        await work.snapshots.seal(a_snapshot(hub_id=99, at=START))
    eve = await signed(console, "eve@other.test", Role.ADMIN, hub_id=99)
    before = await _last_line(console)
    tried = set()
    for page in PAGES:
        wanted = PARAMETER.findall(page.path)
        if not set(wanted) & ids.keys():
            continue
        tried |= set(wanted)
        for name in ("acme", "other"):
            path = page.path
            for key, value in {**ids, "portal": name}.items():
                path = path.replace(f"{{{key}}}", value)
            typed = {**TYPED, "item": item, "one": "keep", "to": "eve@other.test"}
            given = {"data": typed, "headers": OURS} if page.methods == ("POST",) else {}
            answer = await eve.request(page.methods[0], path, **given)
            assert answer.status_code in {403, 404}, (page.methods, path, answer.status_code)
            assert "ben@tiny.test" not in answer.text, path

    assert ids.keys() <= tried
    assert before == await _last_line(console)


PARAMETER = re.compile(r"\{(\w+)\}")


async def ids_of_everything(console: Console) -> dict[str, str]:
    """One thing of every kind in the first portal, by the name addresses have for its id."""
    app, hub_id = console.app, console.hub_id
    root = (await console.operator("root@acme.test", Role.ADMIN, hub_id=hub_id)).actor()
    await console.enforce(CATALOGUE)
    plan = (await propose(app, root, "acme", RemoveUsers(("ben@tiny.test",)))).plan
    form = RequestForm("sales-rep", "covers", "ben@tiny.test")
    request = await file_request(app, root, hub_id, form)
    order = CampaignOrder("Q4", Scope(), ReviewerKind.NAMED, ("rev@acme.test",), "root@acme.test")
    campaign = await open_campaign(app, root, hub_id, order)
    schedule = await save_schedule(app, root, hub_id, order, Cadence.QUARTERLY, console.clock.now())
    report = await save_report(app, root, "acme", Draft("All"))
    token = (await create_token(app, root, "ci", [TokenScope.READ], [hub_id])).token
    webhook = (await add_webhook(app, root, "https://acme.test/hook", (), hub_id)).webhook
    await begin_session(app, console.operators["root@acme.test"], NOBODY_KNOWN)
    task = ManualTask(uuid7(), hub_id, "title", ("click",), "", "ben@tiny.test")
    finding = Finding(
        "user.dormant", Severity.HIGH, "user", "5000002", "ben@tiny.test", "idle", "w"
    )
    delivery = NoticeDelivery(uuid7(), "n", "email", "x@acme.test", DeliveryState.FAILED)
    async with app.database.begin(SYSTEM, "test") as work:
        await work.tasks.add([task])
        await work.findings.record(hub_id, [finding], work.now)
        await work.notice_deliveries.queue([delivery])
        (stored,) = [
            one for one in await work.findings.open(hub_id) if one.finding.rule == "user.dormant"
        ]
        (mine,) = await work.sessions.of(console.operators["root@acme.test"].id, work.now)
    return {
        "user": "5000002", "set": "1100001", "plan": plan.id, "request": request.id,
        "campaign": campaign.id, "schedule": schedule.id, "report": report.id, "task": task.id,
        "token": token.id, "webhook": webhook.id, "operator": root.id.removeprefix("operator:"),
        "finding": stored.id, "delivery": delivery.id, "session": mine.id, "form": "csv",
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
    await look(console.app, SYSTEM, "acme")
    client = await signed(console, "root@acme.test", Role.ADMIN, hub_id=0)
    shown = 0
    for path in addresses("GET"):
        answer = await client.get(path)
        if answer.headers.get("content-type", "").startswith("text/html"):
            assert "<script>alert" not in answer.text, path
            shown += "&lt;script&gt;alert" in answer.text
    assert shown > 4
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
    """Both say yes in the same moment: one run begins, and each effect is sent once."""
    order = ChangeUsers(("ben@tiny.test",), Ask(main_team="Office"))
    plan = (await propose(console.app, console.installation.actor, "acme", order)).plan
    first = await signed(console, "one@acme.test", Role.APPROVER)
    second = await signed(console, "two@acme.test", Role.APPROVER)
    typed = {"digest": plan.digest, "then": "apply"}
    path = f"/p/acme/plans/{plan.id}/approve"
    asked = (one.post(path, data=typed, headers=OURS) for one in (first, second))
    answers = await asyncio.gather(*asked)
    await until_done(console, plan.id)

    assert 303 in {one.status_code for one in answers}
    assert {one.status_code for one in answers} <= {303, 409, 422}
    async with console.app.database.read() as view:
        agreed = [one.actor for one in await view.plans.approvals(plan.id)]
        begun = await view.audit.lines(AuditQuery(event="plan:run:started"))
        sent = await view.audit.lines(AuditQuery(event="plan:effect:sent"))
    assert len(set(agreed)) == len(agreed)
    assert (1, 1) == (len(begun), len(sent))


async def until_done(console: Console, plan_id: str) -> None:
    """The run of a plan to its end."""
    for _ in range(200):
        async with console.app.database.read() as view:
            if (await view.plans.state(plan_id)).value == "done":
                return
        await asyncio.sleep(0.05)
    raise AssertionError("the plan was never done")


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
