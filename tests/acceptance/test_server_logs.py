"""What `rolecall serve` writes: JSON alone, each line with its request, HubSpot's id beside ours."""

from __future__ import annotations

import json
import socket
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from tests.support.command_line import Home, served

OURS = {"X-Request-Id": "request-0001", "X-Correlation-Id": "act-of-theirs-7"}


def test_every_line_has_its_ids(tmp_path: Path) -> None:
    """A sync HubSpot refuses: our request id and theirs are on one line, and no credential is."""
    with served("tiny") as emulator:
        home = Home(tmp_path / "home")
        home.connect(emulator)
        home.run("sync", "acme")
        made = home.run(
            "token", "create", "script", "--scope", "manage", "--scope", "read", "--json"
        )
        secret = json.loads(made.stdout)["secret"]
        fault = {"kind": "401_expired", "operation": "*", "times": 50}
        emulator.control("POST", "faults", fault)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        server = home.start("serve", "--port", str(port))
        try:
            headers = {**OURS, "Authorization": f"Bearer {secret}"}
            status, answered = _post(f"http://127.0.0.1:{port}/api/v1/portals/acme/check", headers)
        finally:
            server.terminate()
            _, told = server.communicate(timeout=30)
    lines = [json.loads(one) for one in told.splitlines() if one.startswith("{")]
    ours = [one for one in lines if one.get("request_id") == "request-0001"]
    refused = [one for one in ours if one["log"] == "rolecall.hubspot"]
    [request] = [one for one in ours if one["log"] == "rolecall.http"]

    assert status >= 400
    assert OURS["X-Request-Id"] == answered["x-request-id"]
    assert OURS["X-Correlation-Id"] == answered["x-correlation-id"]
    assert {"act-of-theirs-7"} == {one["correlation_id"] for one in ours}
    assert refused
    assert all(one["upstream_correlation_id"] for one in refused)
    assert ("/api/v1/portals/acme/check", status) == (request["path"], request["status"])
    assert secret not in told
    assert emulator.token not in told


def _post(url: str, headers: dict[str, str]) -> tuple[int, Any]:
    """POST, as soon as somebody listens; status and headers."""
    request = urllib.request.Request(url, b"", headers, method="POST")
    for _ in range(200):
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, answer.headers
        except urllib.error.HTTPError as error:
            return error.code, error.headers
        except urllib.error.URLError:
            time.sleep(0.1)
    raise AssertionError("nobody listens")
