"""What a command asks for comes back whole, and nobody spells it out on the way."""

from __future__ import annotations

import signal
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from rolecall.cli.running import ask


@dataclass
class Large:
    """An answer that would take seconds to spell out, and counts how often somebody does."""

    spelt: list[str] = field(default_factory=list)

    def __repr__(self) -> str:
        """Counted."""
        self.spelt.append("again")
        return "large"


def test_a_large_answer_is_never_spelt_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Putting Ctrl-C back, asyncio.run prints its task; the answer is no part of that."""
    monkeypatch.setenv("ROLECALL_HOME", str(tmp_path))
    before = signal.signal(signal.SIGINT, signal.default_int_handler)

    async def use(_: Any, __: Any) -> Large:
        return Large()

    try:
        found = ask(use)
    finally:
        signal.signal(signal.SIGINT, before)

    assert [] == found.spelt
