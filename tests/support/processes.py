"""The command `hubspot-emulator` as a process of its own, for tests of what outsiders run."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

COMMAND = [sys.executable, "-m", "hubspot_emulator"]


@contextmanager
def emulator_process(*options: str) -> Iterator[tuple[str, str]]:
    """Start the command; yields base URL and token from its first two lines."""
    process = subprocess.Popen([*COMMAND, *options], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        first, second = process.stdout.readline(), process.stdout.readline()
        yield first.removeprefix("listening on ").strip(), second.removeprefix("token ").strip()
    finally:
        process.terminate()
        process.wait(timeout=10)
        process.stdout.close()
