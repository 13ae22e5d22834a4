"""Applies in processes of their own that may be killed, and the house seen from outside."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from rolecall.domain.actor import local_actor
from rolecall.domain.plan import Plan
from tests.support.house import House


def remote(app: Any) -> House:
    """A house over an installation whose emulator runs elsewhere."""

    class Elsewhere(House):
        """Knows its portal from the store alone."""

        hub_id = 147200001

        @property
        def portal(self) -> Any:
            """What `House` needs of the portal: its id."""
            return type("Id", (), {"id": self.hub_id})

    return Elsewhere(app, None, local_actor("ada"))  # type: ignore[arg-type]


def work(home: Path, url: str, plan: Plan, kill_at: int = 0) -> subprocess.Popen[str]:
    """An apply in a process of its own."""
    command = [sys.executable, "-m", "tests.support.apply_worker"]
    arguments = [str(home), url, plan.id, str(kill_at)]
    return subprocess.Popen(
        [*command, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
