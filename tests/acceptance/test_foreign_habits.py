"""What clients of other people put on the wire: a real emulator must read it as HubSpot would."""

from __future__ import annotations

import asyncio
import http.client
import json
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx2
import pytest

from tests.support.processes import COMMAND, emulator_process

USERS = "/settings/v3/users"


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[str, str]]:
    """The tiny portal without limits, for the whole module."""
    with emulator_process("--seed", "tiny", "--limits", "off") as started:
        yield started


def _raw(url: str, data: bytes) -> bytes:
    place = urlsplit(url)
    with socket.create_connection((place.hostname or "", place.port or 0), timeout=5) as line:
        line.sendall(data)
        found = b""
        while part := line.recv(65_536):
            found += part
    return found


def _request(token: str, first_line: str, *headers: str, body: str = "") -> bytes:
    told = [first_line, "Host: api.hubapi.com", f"authorization: bearer {token}", *headers]
    return "\r\n".join([*told, f"Content-Length: {len(body)}", "", body]).encode()


@pytest.mark.parametrize(
    ("first_line", "status"),
    [
        (f"GET {USERS} HTTP/1.0", 200),
        (f"GET {USERS}/?limit=&after= HTTP/1.1", 200),  # empty values mean none
        (f"GET {USERS}/roles?portalId=62515 HTTP/1.1", 200),  # hubspot3 with a hub id
        (f"GET {USERS}/ROOT%40tiny.test/?idProperty=EMAIL HTTP/1.1", 200),
        (f"GET {USERS}/root@tiny.test?idProperty=EMAIL HTTP/1.1", 200),  # unencoded, CleverTap
        (f"GET http://api.hubapi.com{USERS} HTTP/1.1", 200),  # as through a proxy
        (f"GET {USERS}/{'9' * 6000} HTTP/1.1", 404),
        (f"GET {USERS}?after={'9' * 6000} HTTP/1.1", 400),
        (f"OPTIONS {USERS} HTTP/1.1", 405),
    ],
)
def test_request_lines(served: tuple[str, str], first_line: str, status: int) -> None:
    """Old protocol, odd paths and foreign parameters get HubSpot's status, never a 500."""
    answer = _raw(served[0], _request(served[1], first_line, "Connection: close"))

    assert answer.split(b" ")[1] == str(status).encode()


def test_head_is_a_get_without_its_body(served: tuple[str, str]) -> None:
    """HEAD tells the length and sends nothing."""
    whole = httpx2.get(served[0] + USERS, headers={"Authorization": f"Bearer {served[1]}"})
    head = httpx2.head(served[0] + USERS, headers={"Authorization": f"Bearer {served[1]}"})

    assert head.status_code == 200
    assert head.content == b""
    assert head.headers["content-length"] == str(len(whole.content))


def test_pipelined_requests(served: tuple[str, str]) -> None:
    """Three requests sent at once are answered in order on one connection."""
    one = _request(served[1], "GET /account-info/v3/details HTTP/1.1")
    last = _request(served[1], "GET /account-info/v3/details HTTP/1.1", "Connection: close")

    assert _raw(served[0], one + one + last).count(b"HTTP/1.1 200 OK") == 3


@pytest.mark.parametrize(
    "headers",
    [{}, {"Content-Type": "application/json;charset=utf-8"}, {"Content-Type": "text/plain"}],
)
def test_content_types_of_bodies(served: tuple[str, str], headers: dict[str, str]) -> None:
    """JSON is read whatever the request calls it."""
    httpx2.post(f"{served[0]}/_emulator/reset").raise_for_status()
    body = json.dumps({"email": "new@tiny.test", "sendWelcomeEmail": False}).encode()
    key = {"Authorization": f"Bearer {served[1]}"}
    answer = httpx2.post(served[0] + USERS + "/", content=body, headers={**key, **headers})

    assert answer.status_code == 201


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b'{"email":"\xff@x.test"}', b"email=a"])
def test_bodies_that_are_none(served: tuple[str, str], body: bytes) -> None:
    """What is no JSON object is a 400 in HubSpot's envelope."""
    key = {"Authorization": f"Bearer {served[1]}"}
    answer = httpx2.post(served[0] + USERS, content=body, headers=key)

    assert answer.status_code == 400
    assert answer.json()["category"] == "VALIDATION_ERROR"


async def test_two_hundred_connections(served: tuple[str, str]) -> None:
    """Two hundred clients at once each get their answer."""
    place = urlsplit(served[0])
    request = _request(served[1], "GET /account-info/v3/details HTTP/1.1", "Connection: close")

    async def one() -> bytes:
        reader, writer = await asyncio.open_connection(place.hostname, place.port)
        writer.write(request)
        answer = await reader.read()
        writer.close()
        return answer

    answers = await asyncio.gather(*(one() for _ in range(200)))

    assert sum(b" 200 OK" in answer for answer in answers) == 200


def test_terminated_in_the_middle() -> None:
    """SIGTERM lets the answer under way leave, then the process ends within two seconds."""
    options = [*COMMAND, "--seed", "blank", "--limits", "off"]
    with subprocess.Popen(options, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().removeprefix("listening on ").strip()
        token = process.stdout.readline().removeprefix("token ").strip()
        httpx2.post(f"{url}/_emulator/faults", json={"kind": "slow", "seconds": 0.4})
        line = http.client.HTTPConnection(urlsplit(url).netloc, timeout=5)
        line.request("GET", USERS, headers={"Authorization": f"Bearer {token}"})
        time.sleep(0.1)
        process.send_signal(signal.SIGTERM)
        answer = line.getresponse()

        assert answer.status == 200
        assert json.loads(answer.read())["results"] is not None
        assert process.wait(timeout=5) in (0, -signal.SIGTERM)
