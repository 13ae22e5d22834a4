"""How fast the command line starts, against importing what it cannot do without."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from benchmarks.emulated import PORTAL, emulator, installation
from benchmarks.measure import ROLECALL, Figure, paired, run_once

CLICK = [sys.executable, "-c", "import click"]
DATABASE = [sys.executable, "-c", "import click, sqlalchemy.ext.asyncio, aiosqlite"]


def figures() -> Iterator[Figure]:
    """`rolecall --help` and `rolecall user list` on a synced portal of five."""
    ratio = paired([ROLECALL, "--help"], CLICK, runs=15)
    yield Figure("rolecall --help / import click", ratio, "x wall", 1.5)
    with emulator("--seed", "tiny") as emulated, installation(emulated) as env:
        run_once([ROLECALL, "sync", PORTAL], env)
        ratio = paired([ROLECALL, "user", "list", PORTAL], DATABASE, runs=15, env=env)
    yield Figure("rolecall user list / import click, sqlalchemy, aiosqlite", ratio, "x wall", 1.5)
