"""`import rolecall` as somebody else's program uses it: the script of docs/library.md, as it stands."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.support.command_line import Home, served

SCRIPT = Path(__file__).parents[2] / "docs/examples/library.py"


def test_the_script_lets_somebody_in_and_go(tmp_path: Path) -> None:
    """A joiner is there, is asked about, and is parked again; the command line sees the same."""
    token = tmp_path / "token.txt"
    with served("tiny") as emulator:
        home = Home(tmp_path / "home", {"ROLECALL_API_BASE": emulator.url})
        token.write_text(emulator.token, encoding="utf-8")
        done = subprocess.run(
            [sys.executable, str(SCRIPT), "acme", str(token), "joy@tiny.test"],
            env=home.environment, capture_output=True, text=True,
        )  # fmt: skip
        users = {one["email"]: one for one in home.users()}
    [seated] = [line for line in done.stdout.splitlines() if line.startswith("View-Only:")]

    assert (0, "") == (done.returncode, done.stderr)
    assert 2 == done.stdout.count(" is done")
    assert "joy@tiny.test" in seated
    assert "joy@tiny.test" in users
    assert emulator.token not in done.stdout
