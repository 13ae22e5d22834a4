"""The command `hubspot-emulator` as a real process."""

from __future__ import annotations

import socket
import subprocess
import sys

import httpx2
import pytest

from tests.support.processes import COMMAND, emulator_process


@pytest.mark.parametrize(
    ("options", "token", "users"),
    [
        (("--seed", "tiny"), "pat-na1-emulator-tiny", 5),
        (("--users", "7", "--tier", "starter"), "pat-na1-emulator-users", 7),
    ],
)
def test_two_lines_and_it_answers(options: tuple[str, ...], token: str, users: int) -> None:
    """The first two lines are enough to make the first call."""
    with emulator_process(*options) as (url, told):
        answer = httpx2.get(f"{url}/settings/v3/users", headers={"Authorization": f"Bearer {told}"})

    assert told == token
    assert url.startswith("http://127.0.0.1:")
    assert len(answer.json()["results"]) == users


def test_busy_port() -> None:
    """A busy port is told in one line with a way out, and exit 1."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = subprocess.run(
            [*COMMAND, "--port", port], capture_output=True, text=True, check=False
        )

    assert done.returncode == 1
    assert done.stdout == ""
    assert f"cannot listen on 127.0.0.1:{port}" in done.stderr
    assert "hint:" in done.stderr


def test_wrong_option() -> None:
    """A wrong seed is refused with the seeds there are."""
    done = subprocess.run([*COMMAND, "--seed", "moon"], capture_output=True, text=True, check=False)

    assert done.returncode != 0
    assert "acme" in done.stderr


def test_help_is_light() -> None:
    """Help loads neither the server nor the portal."""
    code = "import sys, hubspot_emulator.cli; print([m for m in ('uvicorn', 'msgspec') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
