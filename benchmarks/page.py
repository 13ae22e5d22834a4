"""The figures of one run as the page docs/benchmarks.md."""

from __future__ import annotations

import os
import platform
import sqlite3
from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import groupby
from operator import itemgetter

from benchmarks.measure import Figure

HEAD = """\
# Benchmarks

Written by `make bench ARGS="--page docs/benchmarks.md"` on {day} ({machine}).
Ratios compare two things measured in the same run, so they carry over to other machines; absolute
times do not.
"""


def page(figures: Iterable[tuple[str, Figure]]) -> str:
    """Markdown: a table for each benchmark, in the order they ran."""
    parts = [HEAD.format(day=f"{datetime.now(UTC):%Y-%m-%d}", machine=_machine())]
    for name, group in groupby(figures, key=itemgetter(0)):
        rows = [_row(figure) for _, figure in group]
        table = ["| what | measured | limit | |", "|---|---|---|---|", *rows]
        parts.append(f"## `make bench ARGS={name}`\n\n" + "\n".join(table) + "\n")
    return "\n".join(parts)


def _row(figure: Figure) -> str:
    limit = "reported" if figure.limit is None else f"{figure.limit:g}"
    verdict = {True: "within", False: "**over**", None: ""}[figure.within]
    note = figure.note.removeprefix("(").removesuffix(")")
    name = f"{figure.name} ({note})" if note else figure.name
    return f"| {name.replace('|', '/')} | {figure.value:.3g} {figure.unit} | {limit} | {verdict} |"


def _machine() -> str:
    cores = os.cpu_count()
    return f"{cores} cores, Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
