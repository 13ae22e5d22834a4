"""An emulated portal as a process of its own, and an installation of Rolecall connected to it."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from benchmarks.measure import ROLECALL, cpu_of, run_once

PORTAL = "bench"
EMULATOR = (sys.executable, "-m", "hubspot_emulator")
BURST = 190  # requests per WINDOW of one app in Professional and Enterprise
WINDOW = 10.0


@dataclass(frozen=True, slots=True)
class Emulator:
    """A running emulator: where it listens, what it accepts, and its process."""

    url: str
    token: str
    pid: int

    def totals(self) -> dict[str, Any]:
        """What it saw since `forget`: requests, by status, by operation; control calls left out."""
        totals: dict[str, Any] = self.control("GET", "requests")["totals"]
        return totals

    def requests(self) -> int:
        """How many requests it saw."""
        return int(self.totals()["requests"])

    def refused(self) -> int:
        """How many of them it answered with 429."""
        return int(self.totals()["by_status"].get("429", 0))

    def forget(self) -> None:
        """Start counting anew."""
        self.control("DELETE", "requests")

    def cpu(self) -> float:
        """CPU seconds it has used so far."""
        return cpu_of(self.pid)

    def control(self, method: str, name: str, body: object = None) -> Any:
        """One call of the control surface; the decoded answer."""
        content = None if body is None else json.dumps(body).encode()
        request = Request(f"{self.url}/_emulator/{name}", content, method=method)
        with urlopen(request, timeout=120) as answer:
            told = answer.read()
        return json.loads(told) if told else None


@contextmanager
def emulator(*options: str, command: Sequence[str] = EMULATOR) -> Iterator[Emulator]:
    """Start the command `hubspot-emulator` (or one like it) with options; stopped on leaving."""
    with subprocess.Popen([*command, *options], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            told = [process.stdout.readline().strip() for _ in range(2)]
            url, token = told[0].removeprefix("listening on "), told[1].removeprefix("token ")
            if not token:
                raise RuntimeError(f"the emulator did not start: {' '.join([*command, *options])}")
            yield Emulator(url, token, process.pid)
        finally:
            process.terminate()


@contextmanager
def installation(emulated: Emulator) -> Iterator[dict[str, str]]:
    """A new ROLECALL_HOME with the portal connected as PORTAL; its environment."""
    with tempfile.TemporaryDirectory(prefix="rolecall-bench-") as home:
        env = {"ROLECALL_HOME": home, "ROLECALL_DATABASE_URL": "", "ROLECALL_KEY_FILE": ""}
        key = Path(home) / "token.txt"
        key.touch(mode=0o600)
        key.write_text(emulated.token + "\n")
        add = ["portal", "add", PORTAL, "--token-file", str(key), "--api-base", emulated.url]
        run_once([ROLECALL, *add], env)
        yield env


def forced(requests: int, burst: int = BURST, window: float = WINDOW) -> float:
    """Seconds a rolling limit forces on this many requests: a whole window after each full one."""
    return (max(requests, 1) - 1) // burst * window
