"""How fast the command line starts, against importing what it cannot do without."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measure import Figure, paired, run_once

ROLECALL = str(Path(sys.executable).with_name("rolecall"))
CLICK = [sys.executable, "-c", "import click"]
DATABASE = [sys.executable, "-c", "import click, sqlalchemy.ext.asyncio, aiosqlite"]


def figures() -> Iterator[Figure]:
    """`rolecall --help` and `rolecall user list` on a synced portal of five."""
    ratio = paired([ROLECALL, "--help"], CLICK, runs=15)
    yield Figure("rolecall --help / import click", ratio, "x wall", 1.5)
    with tempfile.TemporaryDirectory() as home:
        env = {"ROLECALL_HOME": home}
        run_once([ROLECALL, "demo", "--once", "--seed", "tiny"], env)
        ratio = paired([ROLECALL, "user", "list", "demo"], DATABASE, runs=15, env=env)
    yield Figure("rolecall user list / import click, sqlalchemy, aiosqlite", ratio, "x wall", 1.5)
