"""The demo that stays: what it tells to type works in another terminal, as printed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGHUP])
def test_what_the_demo_suggests_works_as_printed(tmp_path: Path, ending: signal.Signals) -> None:
    """A newcomer has no `rolecall` on the path; the printed line puts it there.

    Ctrl-C or a closed terminal leaves neither files nor a portal behind.
    """
    bare = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "NO_COLOR": "1"}
    command = [sys.executable, "-m", "rolecall", "demo", "--seed", "tiny"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, env=bare, stdout=pipe, stderr=pipe, text=True) as demo:
        assert demo.stdout is not None
        assert demo.stderr is not None
        try:
            told = demo.stdout
            wanted = next(line for line in told if line.startswith("  rolecall user show"))
            begin = next(line for line in demo.stderr if line.startswith("  export "))
            done = subprocess.run(
                ["/bin/sh", "-c", f"{begin.strip()}; {wanted.strip()}"],
                env=bare,
                capture_output=True,
                text=True,
            )
            home = Path(begin.partition("ROLECALL_HOME=")[2].split()[0])
            there = home.is_dir()
            portal = next(line for line in demo.stderr if "emulated portal is at" in line)
        finally:
            demo.send_signal(ending)
            demo.communicate(timeout=30)

    assert 0 == done.returncode, done.stderr
    assert "@tiny.test" in done.stdout
    assert (True, False) == (there, home.exists())
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(portal.partition("is at ")[2].split(". ")[0], timeout=5)


def test_the_bare_command_shows_its_help(tmp_path: Path) -> None:
    """`rolecall` alone is no error with a stack of words: it says what there is."""
    done = subprocess.run(
        [sys.executable, "-m", "rolecall"],
        env={**os.environ, "ROLECALL_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
    )

    assert done.stderr.startswith("Usage: rolecall")
    assert 1 == done.returncode
