"""Tables of evidence, and the two plain forms of them: CSV and JSON. No cell is ever a formula."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from rolecall.kit.cells import unformulated


@dataclass(frozen=True, slots=True)
class Table:
    """One table: a title, its columns, its rows as people read them."""

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def as_csv(table: Table) -> bytes:
    """UTF-8 with a mark, so that spreadsheets read names rightly."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(table.header)
    writer.writerows([[unformulated(cell) for cell in row] for row in table.rows])
    return out.getvalue().encode("utf-8-sig", "replace")


def as_json(value: Any) -> bytes:
    """Readable JSON, keys in their order."""
    return (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode("utf-8", "replace")


def moment(at: datetime | None) -> str:
    """A time as evidence writes it: UTC, to the second; empty for none."""
    return "" if at is None else f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def shown(values: Sequence[str]) -> str:
    """Several values in one cell."""
    return ", ".join(values)
