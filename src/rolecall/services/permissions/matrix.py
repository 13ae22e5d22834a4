"""The permission matrix written as CSV, XLSX or HTML, streamed; no cell is ever a formula."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import TextIO

from rolecall.domain.snapshot import User
from rolecall.kit.errors import Refused
from rolecall.permissions.access import Resolver
from rolecall.permissions.matrix import csv_lines, header, rows

MOST_ROWS = 1_048_575  # below the header, what a worksheet holds
_STYLE = (
    "body{font:14px system-ui,sans-serif}table{border-collapse:collapse}"
    "th,td{border:1px solid #ccc;padding:2px 6px;text-align:left;white-space:nowrap}"
    "th{position:sticky;top:0;background:#f3f3f3}td:nth-child(2){font-weight:600}"
)


def write_csv(
    path: Path, resolver: Resolver, users: Sequence[User], permissions: Sequence[str] | None
) -> None:
    """CSV with a byte order mark, which spreadsheet programs need to read names right."""
    with path.open("w", encoding="utf-8-sig", newline="") as out:
        out.writelines(csv_lines(resolver, users, permissions))


def write_xlsx(
    path: Path, resolver: Resolver, users: Sequence[User], permissions: Sequence[str] | None
) -> None:
    """A workbook whose first row and two columns stay in sight; Refused beyond a sheet's rows."""
    from openpyxl import Workbook

    if len(users) > MOST_ROWS:
        raise Refused(f"{len(users)} users do not fit on a worksheet", hint="write CSV instead")
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Permissions")
    sheet.freeze_panes = "C2"
    sheet.append(header(resolver, permissions))
    for row in rows(resolver, users, permissions):
        sheet.append(row)
    book.save(path)


def write_html(
    path: Path, resolver: Resolver, users: Sequence[User], permissions: Sequence[str] | None
) -> None:
    """One page without script or outside address; every text is escaped."""
    with path.open("w", encoding="utf-8") as out:
        _write_page(out, header(resolver, permissions), rows(resolver, users, permissions))


def _write_page(out: TextIO, head: Sequence[str], body: Iterable[Sequence[str]]) -> None:
    out.write('<!doctype html><html lang="en"><head><meta charset="utf-8">')
    out.write(f"<title>Permissions</title><style>{_STYLE}</style></head><body><table><thead>")
    out.write(_row(head, "th"))
    out.write("</thead><tbody>\n")
    out.writelines(_row(row, "td") for row in body)
    out.write("</tbody></table></body></html>\n")


def _row(cells: Sequence[str], tag: str) -> str:
    inside = "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in cells)
    return f"<tr>{inside}</tr>\n"


Writer = Callable[[Path, Resolver, Sequence[User], Sequence[str] | None], None]
WRITERS: Mapping[str, Writer] = {"csv": write_csv, "xlsx": write_xlsx, "html": write_html}
