"""The layers of every HTTP face, driven as ASGI."""

from __future__ import annotations

import httpx2
import pytest

from rolecall.http.asgi import App, Receive, Scope, Send, answer
from rolecall.http.layers import BodyLimit, Problems, RequestLog, SameOrigin, SecurityHeaders
from rolecall.kit.errors import NeedsPerson, Refused, Retryable


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers the size of the body."""
    size, more = 0, True
    while more:
        message = await receive()
        size += len(message.get("body", b""))
        more = message.get("more_body", False)
    await answer(send, 200, str(size).encode(), "text/plain")


def failing(error: Exception) -> App:
    """An app that raises."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        raise error

    return app


def a_client(app: App) -> httpx2.AsyncClient:
    """A client of one app."""
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="https://r.test")


@pytest.mark.parametrize(("size", "status"), [(10, 200), (11, 413)])
async def test_body_limit_by_length(size: int, status: int) -> None:
    """A claimed length over the limit is refused at once."""
    async with a_client(BodyLimit(echo, 10)) as client:
        assert status == (await client.post("/", content=b"x" * size)).status_code


async def test_body_limit_counts_what_comes() -> None:
    """A body without a length is counted while it comes."""

    async def chunks():
        for _ in range(5):
            yield b"xxx"

    async with a_client(BodyLimit(echo, 10)) as client:
        assert 413 == (await client.post("/", content=chunks())).status_code


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"cookie": "s=1", "sec-fetch-site": "same-origin"}, 200),
        ({"cookie": "s=1", "sec-fetch-site": "cross-site"}, 403),
        ({"cookie": "s=1", "sec-fetch-site": "same-site"}, 403),
        ({"cookie": "s=1", "origin": "https://r.test"}, 200),
        ({"cookie": "s=1", "origin": "https://evil.test"}, 403),
        ({"cookie": "s=1", "origin": "null"}, 403),
        ({"cookie": "s=1"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"origin": "https://evil.test"}, 403),
        ({}, 200),
    ],
)
async def test_cross_site_forms_are_refused(headers: dict[str, str], status: int) -> None:
    """Only our own pages may send forms, with our cookie or (to sign somebody in) without one."""
    async with a_client(SameOrigin(echo, "https://r.test/base")) as client:
        assert status == (await client.post("/", headers=headers)).status_code


async def test_reading_is_free_of_origin_checks() -> None:
    """A link from elsewhere opens."""
    async with a_client(SameOrigin(echo, "https://r.test")) as client:
        headers = {"cookie": "s=1", "sec-fetch-site": "cross-site"}

        assert 200 == (await client.get("/", headers=headers)).status_code


@pytest.mark.parametrize(
    ("error", "status"),
    [(Refused("no"), 422), (NeedsPerson("scope"), 409), (Retryable("later", retry_after=3), 503)],
)
async def test_errors_become_problem_details(error: Exception, status: int) -> None:
    """What the caller must do decides the status; secrets never show."""
    async with a_client(Problems(failing(error))) as client:
        got = await client.get("/")

    assert (status, "application/problem+json") == (got.status_code, got.headers["content-type"])


async def test_tokens_in_errors_are_redacted() -> None:
    """A token that slipped into a message does not leave."""
    error = Refused("token pat-na1-12345678-aaaa is wrong", hint="Bearer abcdefghijk")
    async with a_client(Problems(failing(error))) as client:
        text = (await client.get("/")).text

    assert "12345678" not in text
    assert "abcdefghijk" not in text


async def test_every_answer_has_an_id_and_a_policy() -> None:
    """A proxy's id is kept when it looks like one, replaced when it does not."""
    async with a_client(RequestLog(SecurityHeaders(echo, https=True))) as client:
        kept = await client.get("/", headers={"x-request-id": "abc-12345678"})
        made = await client.get("/", headers={"x-request-id": "<script>"})

    assert "abc-12345678" == kept.headers["x-request-id"]
    assert 36 == len(made.headers["x-request-id"])
    assert "frame-ancestors 'none'" in kept.headers["content-security-policy"]
    assert "strict-transport-security" in kept.headers
