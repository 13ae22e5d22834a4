"""Notices: rendering, signatures and quiet hours."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime, time, timedelta

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolecall.domain.notice import Notice, QuietHours
from rolecall.kit.clock import HandClock
from rolecall.kit.errors import Refused, Retryable
from rolecall.notify import Delivery, HttpChannel, as_email, as_slack, as_teams, held_until

NIGHT = QuietHours(time(20), time(7), "Europe/Berlin")
NOTICE = Notice("request.open", "Ana asks for Sales Rep", ("for <Ben> & Kim",), "https://r.test/1")
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))


def a_channel(status: int, seen: list[httpx2.Request]) -> HttpChannel:
    """A webhook whose receiver answers with one status."""

    def answer(request: httpx2.Request) -> httpx2.Response:
        seen.append(request)
        return httpx2.Response(status, headers={"retry-after": "7"})

    client = httpx2.AsyncClient(transport=httpx2.MockTransport(answer))
    clock = HandClock(datetime(2026, 11, 2, 9, tzinfo=UTC))
    return HttpChannel("webhook", "https://hooks.test/secret", client, clock, secret=b"s3")


@given(MOMENTS)
def test_held_notices_wake_when_it_is_loud(now: datetime) -> None:
    """A held notice goes out at a moment that is not quiet, never more than three days later."""
    wake = held_until(NOTICE, NIGHT, now)

    if wake is not None:
        assert now < wake <= now + timedelta(days=3)
        assert None is held_until(NOTICE, NIGHT, wake)


def test_urgent_notices_are_never_held() -> None:
    """Break-glass at midnight is told at midnight."""
    urgent = Notice("request.break_glass", "Break-glass", urgent=True)

    assert None is held_until(urgent, NIGHT, datetime(2026, 11, 2, 23, tzinfo=UTC))


def test_mail_headers_cannot_be_injected() -> None:
    """A line break in a name stays inside the subject."""
    mail = as_email(Notice("t", "Ana\r\nBcc: x@evil.test"), "r@acme.test", ("it@acme.test",))

    assert (None, "Ana Bcc: x@evil.test") == (mail["Bcc"], mail["Subject"])


def test_chat_bodies_carry_text_and_links() -> None:
    """Slack's control characters are escaped; both chats get the link as a button."""
    slack, teams = as_slack(NOTICE), as_teams(NOTICE)

    assert "for &lt;Ben&gt; &amp; Kim" == slack["blocks"][1]["text"]["text"]
    assert "https://r.test/1" == slack["blocks"][2]["elements"][0]["url"]
    assert "https://r.test/1" == teams["attachments"][0]["content"]["actions"][0]["url"]


def test_names_bring_no_mentions_and_no_links_into_chats() -> None:
    """Slack's title is escaped too; Teams gets runs of text, which are no Markdown."""
    notice = Notice("t", "<!channel> [pay](https://evil.test)", ("[pay](https://evil.test)",))
    slack, teams = as_slack(notice), as_teams(notice)

    assert "<!channel>" not in json.dumps(slack)
    body = teams["attachments"][0]["content"]["body"]
    assert {"RichTextBlock"} == {one["type"] for one in body}
    assert {"TextRun"} == {run["type"] for one in body for run in one["inlines"]}


async def test_webhooks_are_signed_over_time_and_body() -> None:
    """A receiver can check the body and refuse a replay."""
    seen: list[httpx2.Request] = []
    await a_channel(200, seen).send(Delivery("d1", NOTICE))

    (request,) = seen
    stamp = request.headers["x-rolecall-timestamp"]
    expected = hmac.new(b"s3", f"{stamp}.".encode() + request.content, hashlib.sha256).hexdigest()
    assert expected == request.headers["x-rolecall-signature"]


@pytest.mark.parametrize(
    ("status", "error"), [(500, Retryable), (429, Retryable), (404, Refused), (410, Refused)]
)
async def test_failures_say_whether_to_try_again(status: int, error: type[Exception]) -> None:
    """A busy receiver is tried again, a deleted one is not; the secret address is never told."""
    with pytest.raises(error) as caught:
        await a_channel(status, []).send(Delivery("d1", NOTICE))

    assert "hooks.test" not in str(caught.value)
