"""The command line and the emulator as processes, the way people run them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.processes import emulator_process


@dataclass(frozen=True)
class Served:
    """An emulator in a process of its own."""

    url: str
    token: str

    def control(self, method: str, name: str, body: Any = None) -> Any:
        """One control request."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/_emulator/{name}", data, method=method)
        with urllib.request.urlopen(request) as answer:
            told = answer.read()
        return json.loads(told) if told else None

    def requests(self) -> int:
        """How many requests it has seen."""
        return int(self.control("GET", "requests")["totals"]["requests"])


@dataclass(frozen=True)
class Home:
    """One ROLECALL_HOME and the command line on it."""

    path: Path
    more: Mapping[str, str] = field(default_factory=dict)  # further environment variables

    def command(self, *arguments: str) -> list[str]:
        """The command as a list."""
        return [sys.executable, "-m", "rolecall", *arguments]

    @property
    def environment(self) -> dict[str, str]:
        """The environment of this home."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith("ROLECALL_")}
        return {**kept, "ROLECALL_HOME": str(self.path), "NO_COLOR": "1", **self.more}

    def run(self, *arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        """Run to the end; the exit code must be as told."""
        done = subprocess.run(
            self.command(*arguments), env=self.environment, capture_output=True, text=True
        )
        assert code == done.returncode, f"{done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start and come back at once."""
        pipe = subprocess.PIPE
        return subprocess.Popen(
            self.command(*arguments), env=self.environment, stdout=pipe, stderr=pipe, text=True
        )

    def connect(self, served: Served, name: str = "acme") -> None:
        """Add the emulated portal."""
        key = self.path / "token.txt"
        key.parent.mkdir(parents=True, exist_ok=True)
        key.write_text(served.token + "\n", encoding="utf-8")
        self.run("portal", "add", name, "--token-file", str(key), "--api-base", served.url)

    def users(self) -> list[dict[str, Any]]:
        """Every user, removed ones included, without what only times tell."""
        told = json.loads(self.run("user", "list", "acme", "--json").stdout)
        assert isinstance(told, list)
        return told


@contextmanager
def served(seed: str = "acme", *options: str) -> Iterator[Served]:
    """A portal over a socket, without limits unless told otherwise."""
    with emulator_process("--seed", seed, "--limits", "off", *options) as (url, token):
        yield Served(url, token)
