"""How every command speaks: data on stdout, everything else on stderr, readable without colour.

rich is imported for terminals only; a pipe gets plain text, `--json` gets JSON.
"""

from __future__ import annotations

import json
import os
import re
import sys
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from shutil import get_terminal_size
from typing import Any, TypeVar

import click

from rolecall.kit.cells import unformulated
from rolecall.kit.visible import on_one_line, visible, visible_in_json

Command = TypeVar("Command", bound=Callable[..., Any])

_WHOLE = re.compile(r"\S*|\d{4}-\d\d-\d\d \d\d:\d\d")  # an address, an id, a time: never broken
SHORT = 10  # characters of an id on a terminal
SENTENCE = 24  # terminal columns below which text is no pleasure to read
GAP = 2  # terminal columns between two columns of a table
SEVERITY_STYLES = {"critical": "bold red", "high": "red", "medium": "yellow", "low": "dim"}


def json_option(command: Command) -> Command:
    """Adds --json."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")(
        command
    )


def say(text: str = "") -> None:
    """A line for the person, on stderr."""
    click.echo(visible(text), err=True)


def tell(text: str = "") -> None:
    """A line of data, on stdout."""
    click.echo(visible(text))


def hint(text: str) -> None:
    """What one could do next, on stderr."""
    click.echo(visible(f"hint: {text}"), err=True)


def print_json(data: object) -> None:
    """Data as JSON on stdout; names of people stay readable."""
    text = json.dumps(data, ensure_ascii=False, indent=2, default=plain)
    click.echo(visible_in_json(text))


def plain(value: object) -> object:
    """What JSON has no word for: times as ISO in UTC, sets and mappings as lists and objects."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, frozenset | set | tuple):
        return sorted(value) if isinstance(value, frozenset | set) else list(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def print_csv(header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """CSV on stdout; no cell is ever a formula."""
    import csv

    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([[visible(unformulated(shown(cell))) for cell in row] for row in rows])


def shown(value: object) -> str:
    """One cell: nothing for None, minutes for times, commas for lists."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%d %H:%M}"
    if isinstance(value, tuple | list | frozenset):
        return ", ".join(shown(one) for one in value)
    return str(value)


def print_table(
    header: Sequence[str],
    rows: Sequence[Sequence[object]],
    *,
    spare: Sequence[str] = (),
    short: Sequence[str] = (),
) -> None:
    """A table on stdout: rich on a terminal, aligned text in a pipe.

    On a terminal, columns named in `short` show their end alone, and those in `spare` are left
    out, the first ones first, where there is no room for them.
    """
    texts = [[on_one_line(shown(cell)) for cell in row] for row in rows]
    if not sys.stdout.isatty():
        click.echo("\n".join(aligned(header, texts)))
        return
    for number, name in enumerate(header):
        if name in short:
            for row in texts:
                row[number] = row[number][-SHORT:]
    kept = fitting(header, texts, spare, get_terminal_size().columns)
    _rich_table([header[one] for one in kept], [[row[one] for one in kept] for row in texts])
    left = [name for number, name in enumerate(header) if number not in kept]
    if left:
        hint(f"no room for {' and '.join(left)}; a wider terminal or --json shows all")


def fitting(
    header: Sequence[str], rows: Sequence[Sequence[str]], spare: Sequence[str], width: int
) -> list[int]:
    """The columns that fit into a width, by number; only `spare` ones are left out."""
    needs = [
        max(width_of(name), *(_narrowest(row[number]) for row in rows), 0)
        for number, name in enumerate(header)
    ]
    kept = list(range(len(header)))
    for name in spare:
        if sum(needs[one] for one in kept) + GAP * (len(kept) - 1) <= width:
            break
        kept.remove(list(header).index(name))
    return kept


def _narrowest(text: str) -> int:
    """Columns a cell needs to be readable: a word is never broken, a sentence is not a pillar."""
    words = max(map(width_of, text.split()), default=0)
    return max(words, min(width_of(text), SENTENCE))


def aligned(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """The lines of a table whose columns line up, wide characters counted as two."""
    columns = list(zip(header, *rows, strict=True)) if rows else [(name,) for name in header]
    widths = [max(width_of(cell) for cell in column) for column in columns]
    lines = [header, ["-" * width for width in widths], *rows]
    return [
        "  ".join(_padded(c, w) for c, w in zip(line, widths, strict=True)).rstrip()
        for line in lines
    ]


def width_of(text: str) -> int:
    """Terminal columns of a text."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )


def _padded(text: str, width: int) -> str:
    return text + " " * (width - width_of(text))


def _rich_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, header_style="bold", pad_edge=False)
    for number, name in enumerate(header):
        whole = all(_WHOLE.fullmatch(row[number]) for row in rows)
        table.add_column(name, overflow="fold", no_wrap=whole)
    for row in rows:
        table.add_row(*[Text(cell, style=SEVERITY_STYLES.get(cell, "")) for cell in row])
    Console().print(table)


def progress_wanted() -> bool:
    """A person watches stderr."""
    return sys.stderr.isatty() and os.environ.get("TERM") != "dumb"


def ago(moment: datetime, now: datetime) -> str:
    """How long ago, in the largest fitting unit: 3 days ago."""
    seconds = max(0, int((now - moment).total_seconds()))
    for size, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= size:
            count = seconds // size
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return "just now"
