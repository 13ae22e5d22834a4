"""`rolecall serve` on a socket, spoken to as no browser would: smuggled, endless and deep requests."""

from __future__ import annotations

import json
import re
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.command_line import Home

HEALTH = "GET /healthz HTTP/1.1"
SMUGGLED = b"0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
FORM = "Content-Type: application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Door:
    """Where it listens, and the link its first start printed."""

    port: int
    link: str

    def say(self, start: str, *headers: str, body: bytes = b"") -> bytes:
        """One request as these bytes; everything answered until the connection ends."""
        head = "\r\n".join(
            (start, f"Host: 127.0.0.1:{self.port}", "Connection: close", *headers, "", "")
        )
        with socket.create_connection(("127.0.0.1", self.port), 20) as line:
            try:
                line.sendall(head.encode("latin-1") + body)
            except OSError:
                return b""  # it hung up on us, which is an answer
            return _all(line)


def _all(line: socket.socket) -> bytes:
    told = b""
    while True:
        try:
            part = line.recv(65_536)
        except ConnectionError:
            return told
        if not part:
            return told
        told += part


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    """A fresh installation, serving."""
    home = Home(tmp_path_factory.mktemp("served") / "home")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = home.start("serve", "--port", str(port))
    try:
        assert server.stdout is not None
        yield Door(port, _until_it_listens(port, server.stdout.readline()))
    finally:
        server.terminate()
        server.communicate(timeout=30)


def _until_it_listens(port: int, first: str) -> str:
    for _ in range(300):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return first.strip()
    raise AssertionError("nobody listens")


def status(answer: bytes) -> int:
    """The status of the first answer; 0 where the connection was cut."""
    found = re.match(rb"HTTP/1\.1 (\d{3})", answer)
    return int(found[1]) if found else 0


@pytest.mark.parametrize(
    "headers",
    [
        ("Content-Length: 4", "Transfer-Encoding: chunked"),
        ("Transfer-Encoding: xchunked",),
        ("Transfer-Encoding: chunked", "Transfer-Encoding: identity"),
        ("Content-Length: 0", "Content-Length: 40"),
        ("Content-Length: +4",),
        ("Content-Length: \xb2",),
        ("Content-Length : 4",),
    ],
    ids=str,
)
def test_a_body_with_two_ends_is_refused(door: Door, headers: tuple[str, ...]) -> None:
    """What a proxy before us could end elsewhere than we do gets 400, and nothing after it counts."""
    told = door.say("POST /sign-in HTTP/1.1", *headers, body=SMUGGLED)

    assert (400, 1) == (status(told), told.count(b"HTTP/1.1 "))


@pytest.mark.parametrize(
    ("start", "headers"),
    [
        (HEALTH, ("X: " + "a" * 1_000_000,)),
        (HEALTH, tuple(f"X{number}: a" for number in range(50_000))),
        (f"GET /{'a' * 1_000_000} HTTP/1.1", ()),
    ],
    ids=["one large", "many", "a long path"],
)
def test_headers_have_an_end(door: Door, start: str, headers: tuple[str, ...]) -> None:
    """A stranger cannot fill our memory before a request has even begun."""
    assert status(door.say(start, *headers)) in {0, 400, 431}
    assert 200 == status(door.say(HEALTH))


def test_strangers_send_small_bodies(door: Door) -> None:
    """A sign-in of megabytes is refused by its length, before it is read."""
    told = door.say("POST /sign-in HTTP/1.1", FORM, "Content-Length: 30000000")
    assert 413 == status(told)


@pytest.mark.parametrize("host", ["evil.test", "127.0.0.1@evil.test", "evil.test:80"])
def test_no_host_somebody_names_is_believed(door: Door, host: str) -> None:
    """Links and redirects lead to ours, whatever Host or X-Forwarded-Host say."""
    for path in ("/", "/p/acme/users", "//evil.test/x", "/scim/v2/ServiceProviderConfig"):
        head = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nX-Forwarded-Host: evil.test\r\n"
        with socket.create_connection(("127.0.0.1", door.port), 20) as line:
            line.sendall(f"{head}Connection: close\r\n\r\n".encode())
            told = _all(line)
        locations = re.findall(rb"(?mi)^location: (.*)\r$", told)
        ours = (b"/sign-in", f"http://127.0.0.1:{door.port}/".encode())
        assert all(one.startswith(ours) for one in locations), path
        assert b"://evil.test" not in told


@pytest.mark.parametrize(
    "path",
    ["/../../rolecall.key", "/static/../../../etc/passwd", "/static/x/..%2f..%2f..%2frolecall.key",
     "/static/%2e%2e/%2e%2e/rolecall.key", "/p/..%2f..%2f/users", "/%00", "/static/x/%00"],
)  # fmt: skip
def test_no_path_leads_to_files(door: Door, path: str) -> None:
    """Dots, escapes and zeros lead to the door, not to the disk."""
    told = door.say(f"GET {path} HTTP/1.1")

    assert status(told) in {303, 400, 404}
    assert b"root:" not in told
    assert b'"keys"' not in told


def test_the_first_link_opens_once(door: Door, tmp_path: Path) -> None:
    """The printed link makes one operator; its cookie is for this site and no script alone."""
    token = door.link.partition("?t=")[2]

    def open_it(email: str) -> bytes:
        body = f"t={token}&email={email}&name=R&password=a+long+enough+sentence".encode()
        return door.say(
            "POST /link HTTP/1.1", FORM, f"Content-Length: {len(body)}",
            "Sec-Fetch-Site: same-origin", body=body,
        )  # fmt: skip

    foreign = door.say("POST /link HTTP/1.1", "Sec-Fetch-Site: cross-site", "Content-Length: 0")
    first, second = open_it("root@acme.test"), open_it("eve@acme.test")

    assert [403, 303, 410] == [status(one) for one in (foreign, first, second)]
    cookie = re.search(rb"(?mi)^set-cookie: (rolecall-session=.*)\r$", first)
    assert cookie
    assert {b"HttpOnly", b"SameSite=lax", b"Path=/"} <= set(cookie[1].split(b"; "))


@pytest.mark.parametrize("face", ["/api/v1/portals/acme/users", "/scim/v2/Users", "/mcp"])
@pytest.mark.parametrize("depth", [100, 900, 100_000])
def test_no_depth_breaks_a_face(door: Door, face: str, depth: int) -> None:
    """Nested lists and objects are refused by every face that reads JSON, never with a crash."""
    for body in (b"[" * depth, b'{"a":' * depth + b"1" + b"}" * depth, json.dumps("x").encode()):
        told = door.say(
            f"POST {face} HTTP/1.1", "Content-Type: application/json",
            "Authorization: Bearer rct_nobody", f"Content-Length: {len(body)}", body=body,
        )  # fmt: skip
        assert status(told) in {400, 401, 413, 415}
