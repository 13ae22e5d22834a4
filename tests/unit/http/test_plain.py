"""Requests in disguise are refused before any face sees them."""

from __future__ import annotations

from typing import Any

import pytest

from rolecall.http.asgi import Receive, Scope, Send, answer
from rolecall.http.plain import PlainRequests


async def _asked(path: bytes, *headers: tuple[bytes, bytes]) -> int:
    async def welcoming(scope: Scope, receive: Receive, send: Send) -> None:
        await answer(send, 200, b"", "text/plain")

    seen: list[Any] = []

    async def send(message: Any) -> None:
        seen.append(message)

    async def receive() -> Any:
        return {"type": "http.request", "body": b""}

    scope = {"type": "http", "raw_path": path, "path": path.decode("latin-1"), "headers": headers}
    await PlainRequests(welcoming)(scope, receive, send)
    return int(seen[0]["status"])


@pytest.mark.parametrize(
    "path",
    [
        b"/api%2fv1/portals", b"/api/v1/..%2fportals", b"/a/../b", b"/a/%2e%2e/b", b"/a/.%2E",
        b"/./a", b"/a/..", b"/scim/v2/Users/%00", b"/scim/v2/Users/%0d%0aX-Evil:%201",
        b"/a%5cb", b"/a\\b", b"/a%7F", b"/%1b",
    ],
)  # fmt: skip
async def test_paths_in_disguise(path: bytes) -> None:
    """Escaped slashes, dot segments and control characters are nobody's address."""
    assert 400 == await _asked(path)


@pytest.mark.parametrize(
    "path",
    [
        b"/", b"/api/v1/portals/acme/users/anna%40acme.test", b"/p/acme.eu/settings/audit.jsonl",
        b"/scim/v2//Users", b"/scim/v2/Users/%C3%A9", b"/a...b/.well-known/x", b"/x?next=%2Fp%2Facme",
    ],
)  # fmt: skip
async def test_plain_paths(path: bytes) -> None:
    """Ours, and what identity providers make of a base address that ends in a slash."""
    assert 200 == await _asked(path)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ([(b"authorization", b"Bearer a"), (b"authorization", b"Bearer b")], 400),
        ([(b"host", b"a"), (b"host", b"b")], 400),
        ([(b"content-type", b"a/b"), (b"content-type", b"c/d")], 400),
        ([(b"accept", b"a/b"), (b"accept", b"c/d")], 200),
        ([(b"x-long", b"a" * 70_000)], 431),
    ],
)
async def test_headers(headers: list[tuple[bytes, bytes]], status: int) -> None:
    """One value where one is meant, and no endless ones."""
    assert status == await _asked(b"/", *headers)
