"""Notices over a real mail server and real posts: told once, repeated, held, given up."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import time, timedelta
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from rolecall.bootstrap import open_app
from rolecall.domain.actor import Role
from rolecall.domain.assignment import Assignment, Origin, Slot
from rolecall.domain.notice import NoticeDelivery
from rolecall.domain.operator import LinkPurpose
from rolecall.domain.request import AccessRequest
from rolecall.domain.webhook import DeliveryState
from rolecall.kit.errors import NotThere, Refused
from rolecall.services.operators.links import peek_link
from rolecall.services.operators.operators import accept_link, invite
from rolecall.services.requests import requests
from rolecall.services.requests.requests import RequestForm
from rolecall.services.telling.digest import digest_due
from rolecall.services.telling.lost import lost_notices, send_test, tell_again
from rolecall.services.telling.notices import deliver_due
from rolecall.settings import Settings
from tests.support.governed import HUB, NOW, OTHER, Governed, governed
from tests.support.mail import MailSink, a_mail_sink

ANA, BEN, MIA = "ana@acme.test", "ben@acme.test", "mia@acme.test"
ROOT = "root@acme.test"
URL = "https://rolecall.acme.test"
FORM = RequestForm("sales-rep", "covers for Kim", BEN, days=30)
TOKEN = re.compile(r"/link\?t=(\S+)")


@pytest.fixture
async def sink() -> AsyncIterator[MailSink]:
    """A mail server on this machine."""
    async with a_mail_sink() as opened:
        yield opened


@asynccontextmanager
async def a_room(sink: MailSink, url: str, home: Path, **more: Any) -> AsyncIterator[Governed]:
    """An installation that mails into the sink."""
    told = {
        "notify_smtp_host": "127.0.0.1", "notify_smtp_port": sink.port, "notify_smtp_tls": "off",
        "notify_smtp_from": "Rolecall <rolecall@acme.test>", "public_url": URL,
    }  # fmt: skip
    async with governed(url, home, **{**told, **more}) as opened:
        yield opened


@pytest.fixture
async def room(sink: MailSink, tmp_path: Path) -> AsyncIterator[Governed]:
    """The same on SQLite."""
    async with a_room(sink, f"sqlite:///{tmp_path / 'rolecall.db'}", tmp_path) as opened:
        yield opened


async def asked(room: Governed) -> AccessRequest:
    """Ana asks for Ben; Mia is his manager."""
    ana = await room.operator(ANA, Role.REQUESTER)
    return await requests.file_request(room.app, ana, HUB, FORM)


async def queued(room: Governed, topic: str = "plan.due_failed", **facts: str) -> None:
    """A notice, written by an act."""
    async with room.app.database.work() as work:
        work.notify(topic, {"message": "no such team", **facts}, hub_id=HUB)


async def given_up(room: Governed) -> list[NoticeDelivery]:
    """What never arrived."""
    async with room.app.database.read() as view:
        return [one for one, _ in await view.notice_deliveries.given_up(HUB, NOW)]


async def test_approver_answers_by_the_mail(
    sink: MailSink, database_url: str, tmp_path: Path
) -> None:
    """On each database: one mail, with links that answer, whose tokens lie in no outbox."""
    async with a_room(sink, database_url, tmp_path) as room:
        request = await asked(room)
        assert 1 == await deliver_due(room.app)
        assert 0 == await deliver_due(room.app)
        (mail,) = sink.mails
        tokens = TOKEN.findall(mail.get_content())
        async with room.app.database.read() as view:
            kept = [one.payload for one in await view.webhooks.notices_since(request.created_at)]
        answered = await requests.answer_by_link(room.app, tokens[0])

    assert (MIA, f"{ANA} asks for sales-rep") == (mail["To"], mail["Subject"])
    assert f"{URL}/p/acme/requests/{request.id}" in mail.get_content()
    assert 2 == len(tokens)
    assert not [one for one in tokens if one in str(kept)]
    assert "approved" == answered.steps[0].decision


async def test_overtaken_questions_are_not_asked(sink: MailSink, room: Governed) -> None:
    """Who has no answer to give any more is not asked for one."""
    request = await asked(room)
    mia = await room.operator(MIA, Role.REQUESTER)
    await requests.answer(room.app, mia, request.id, yes=False, reason="not now")

    await deliver_due(room.app)

    assert [] == await given_up(room)
    assert [] == sink.about(MIA)
    (mail,) = sink.about(ANA)
    assert f"{MIA} answered: not now" in mail.get_content()


async def test_busy_server_is_tried_again_with_growing_pauses(
    sink: MailSink, room: Governed
) -> None:
    """A 4xx is greylisting: the same delivery comes later, under the same message id."""
    await room.operator(ROOT, Role.ADMIN)
    await queued(room)
    sink.answer = b"451 later"
    for minutes in (0, 1, 5):
        room.clock.advance(timedelta(minutes=minutes))
        assert 0 == await deliver_due(room.app)
    room.clock.advance(timedelta(minutes=29))
    sink.answer = b"250 ok"
    assert 0 == await deliver_due(room.app)
    room.clock.advance(timedelta(minutes=1))

    assert 1 == await deliver_due(room.app)
    assert [ROOT] == [one["To"] for one in sink.mails]
    assert sink.mails[0]["Message-ID"].endswith("@acme.test>")


async def test_dead_server_is_given_up_after_days(sink: MailSink, room: Governed) -> None:
    """Two days of tries, then the error is kept and nothing is tried any more."""
    await room.operator(ROOT, Role.ADMIN)
    await queued(room)
    sink.answer = b"451 later"
    for _ in range(9):
        await deliver_due(room.app)
        room.clock.advance(timedelta(days=1))

    (lost,) = await given_up(room)
    assert "451" in lost.error
    assert DeliveryState.FAILED is lost.state


async def test_refused_address_is_not_tried_again(sink: MailSink, room: Governed) -> None:
    """A 5xx is final at once."""
    await room.operator(ROOT, Role.ADMIN)
    await queued(room)
    sink.answer = b"550 nobody here"
    await deliver_due(room.app)
    sink.answer = b"250 ok"
    room.clock.advance(timedelta(days=1))

    assert 0 == await deliver_due(room.app)
    assert [1] == [one.attempts for one in await given_up(room)]


async def test_old_notices_are_not_told(sink: MailSink, room: Governed) -> None:
    """A server that was off for a month wakes up quietly."""
    await room.operator(ROOT, Role.ADMIN)
    await queued(room)
    room.clock.advance(timedelta(days=30))

    assert 0 == await deliver_due(room.app)
    assert [] == sink.mails


async def test_quiet_hours_hold_all_but_urgent(sink: MailSink, tmp_path: Path) -> None:
    """At night only broken glass is told; the rest comes in the morning."""
    quiet = {"notify_quiet_from": time(8), "notify_quiet_to": time(12)}
    url = f"sqlite:///{tmp_path / 'rolecall.db'}"
    async with a_room(sink, url, tmp_path, notify_email_to=("it@acme.test",), **quiet) as room:
        ana = await room.operator(ANA, Role.REQUESTER)
        await queued(room)
        form = RequestForm("exporter", "incident 7", ANA, days=1, break_glass=True)
        await requests.file_request(room.app, ana, HUB, form)
        await deliver_due(room.app)
        night = [one["Subject"] for one in sink.mails]
        room.clock.advance(timedelta(hours=3))
        await deliver_due(room.app)

    assert [f"Glass was broken: {ANA} took exporter"] == night
    assert "it@acme.test" == sink.mails[-1]["To"]
    assert 2 == len(sink.mails)


async def test_chats_get_no_link_that_answers(
    sink: MailSink, tmp_path: Path, httpserver: HTTPServer
) -> None:
    """Slack and Teams are told with a link to the page; what is private stays out of them."""
    for path in ("/slack", "/teams"):
        httpserver.expect_request(path, method="POST").respond_with_data("ok")
    chats = {f"notify_{one}_url": httpserver.url_for(f"/{one}") for one in ("slack", "teams")}
    url = f"sqlite:///{tmp_path / 'rolecall.db'}"
    async with a_room(sink, url, tmp_path, **chats) as room:
        request = await asked(room)
        await invite(room.app, room.local, "new@acme.test", {HUB: frozenset({Role.APPROVER})})
        assert 4 == await deliver_due(room.app)

    bodies = [entry[0].get_data(as_text=True) for entry in httpserver.log]
    assert 2 == len(bodies)
    assert all(f"/p/acme/requests/{request.id}" in one for one in bodies)
    assert not [one for one in bodies if "/link?t=" in one]


async def test_dead_chat_holds_up_no_mail(
    sink: MailSink, tmp_path: Path, httpserver: HTTPServer
) -> None:
    """Each channel has its own attempts; a webhook that is gone is not posted to again."""
    httpserver.expect_request("/slack").respond_with_data("gone", status=404)
    httpserver.expect_request("/teams").respond_with_data("busy", status=503)
    chats = {f"notify_{one}_url": httpserver.url_for(f"/{one}") for one in ("slack", "teams")}
    url = f"sqlite:///{tmp_path / 'rolecall.db'}"
    async with a_room(sink, url, tmp_path, **chats) as room:
        await asked(room)
        assert 1 == await deliver_due(room.app)
        room.clock.advance(timedelta(minutes=1))
        await deliver_due(room.app)
        lost = await given_up(room)

    assert 1 == len(sink.mails)
    assert ["/slack", "/teams", "/teams"] == sorted(one[0].path for one in httpserver.log)
    assert ["slack"] == [one.channel for one in lost]


async def test_invitation_opens_an_account_once(sink: MailSink, room: Governed) -> None:
    """The mail's own link works, and ends the one the admin was shown."""
    roles = {HUB: frozenset({Role.APPROVER})}
    _, shown = await invite(room.app, room.local, "new@acme.test", roles)
    await deliver_due(room.app)
    (mail,) = sink.about("new@acme.test")
    (token,) = TOKEN.findall(mail.get_content())
    link = await peek_link(room.app, token)
    await accept_link(room.app, token, "correct horse battery")

    assert LinkPurpose.INVITATION is link.purpose
    with pytest.raises(Refused):
        await peek_link(room.app, shown.token)


async def test_without_channels_nothing_piles_up(tmp_path: Path) -> None:
    """A channel that is set up later begins with what is new."""
    async with governed(f"sqlite:///{tmp_path / 'rolecall.db'}", tmp_path) as room:
        await queued(room)
        await deliver_due(room.app)
        async with room.app.database.read() as view:
            assert () == await view.outbox.due(room.clock.now())


async def test_digest_comes_once_a_week(sink: MailSink, room: Governed) -> None:
    """Monday morning in the portal's zone: what waits and what ends, to the portal's admins."""
    await room.operator(ROOT, Role.ADMIN)
    await asked(room)
    assert () == await digest_due(room.app)
    room.clock.advance(timedelta(days=7))
    ends = room.clock.now() + timedelta(days=3)
    claim = Assignment(BEN, HUB, Slot.SEAT, "Core", Origin.REQUEST, ends_at=ends)
    async with room.app.database.work() as work:
        await work.assignments.put([claim], work.now)
    assert {"acme", "other"} == set(await digest_due(room.app))
    assert () == await digest_due(room.app)
    await deliver_due(room.app)

    (mail,) = [one for one in sink.about(ROOT) if "week" in one["Subject"]]
    text = mail.get_content()
    assert "Requests that wait: 1" in text
    assert f"{BEN} on {ends:%Y-%m-%d}" in text
    assert "Findings: none" in text


@pytest.mark.parametrize(
    ("chosen", "says"),
    [
        ({"notify_smtp_host": "mail.test"}, "SMTP_FROM"),
        ({"notify_slack_url": "http://hooks.test/x"}, "SLACK_URL"),
        ({"notify_quiet_from": time(8)}, "QUIET_TO"),
    ],
)
async def test_wrong_settings_are_told_at_the_start(
    tmp_path: Path, chosen: dict[str, Any], says: str
) -> None:
    """Nobody finds out at the first notice."""
    with pytest.raises(Refused, match=says):
        async with open_app(Settings(home=tmp_path, **chosen)):
            pass


async def test_lost_notices_are_listed_and_told_again(sink: MailSink, room: Governed) -> None:
    """What was given up is shown with its error, and goes out when the server takes it again."""
    root = await room.operator(ROOT, Role.ADMIN)
    eve = await room.operator("eve@other.test", Role.ADMIN, hub_id=OTHER)
    sink.answer = b"550 nobody here"
    await queued(room)
    await deliver_due(room.app)
    (lost,) = await lost_notices(room.app, root, HUB)
    with pytest.raises(NotThere):
        await tell_again(room.app, eve, OTHER, lost.delivery_id)
    sink.answer = b"250 ok"
    await tell_again(room.app, root, HUB, lost.delivery_id)
    await deliver_due(room.app)

    assert ("email", ROOT, 1, True) == (lost.channel, lost.address, lost.attempts, lost.again)
    assert "What is due by date in acme cannot be planned" == lost.title
    assert "nobody here" in lost.error
    assert () == await lost_notices(room.app, root, HUB)
    assert 1 == len(sink.mails)


async def test_old_news_is_not_told_again(sink: MailSink, room: Governed) -> None:
    """After a week it is listed, and that is all."""
    root = await room.operator(ROOT, Role.ADMIN)
    sink.answer = b"550 nobody here"
    await queued(room)
    await deliver_due(room.app)
    room.clock.advance(timedelta(days=8))
    (lost,) = await lost_notices(room.app, root, HUB)
    with pytest.raises(Refused, match="after a week"):
        await tell_again(room.app, root, HUB, lost.delivery_id)

    assert not lost.again


async def test_a_test_goes_to_who_asks(sink: MailSink, room: Governed) -> None:
    """One mail that says what it is."""
    root = await room.operator(ROOT, Role.ADMIN)
    await send_test(room.app, root, HUB)
    await deliver_due(room.app)
    (mail,) = sink.mails

    assert (ROOT, "A test from Rolecall") == (mail["To"], mail["Subject"])
