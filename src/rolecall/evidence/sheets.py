"""Tables as one XLSX workbook, a sheet each; texts stay texts."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from datetime import datetime

import xlsxwriter

from rolecall.evidence.tables import Table

LONGEST_CELL = 32_767  # Excel's own limit
_FORBIDDEN = re.compile(r"[\[\]:*?/\\]")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


def as_xlsx(tables: Sequence[Table], made_at: datetime) -> bytes:
    """The workbook; the same tables make the same cells, never formulas or links."""
    out = io.BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    book = xlsxwriter.Workbook(out, options)
    book.set_properties({"created": made_at.replace(tzinfo=None)})
    bold = book.add_format({"bold": True, "bottom": 1})
    wrapped = book.add_format({"text_wrap": True, "valign": "top"})
    for place, table in enumerate(tables, 1):
        sheet = book.add_worksheet(_name(table.title, place))
        sheet.freeze_panes(1, 0)
        for column, name in enumerate(table.header):
            sheet.write_string(0, column, name, bold)
            sheet.set_column(column, column, _width(table, column))
        for number, row in enumerate(table.rows, 1):
            for column, cell in enumerate(row):
                sheet.write_string(number, column, _plain(cell), wrapped)
        sheet.autofilter(0, 0, max(len(table.rows), 1), max(len(table.header) - 1, 0))
    book.close()
    return out.getvalue()


def _name(title: str, place: int) -> str:
    """A sheet's name: 31 characters, unique by its number."""
    return f"{place} {_FORBIDDEN.sub(' ', title)}"[:31].strip()


def _plain(cell: str) -> str:
    return _CONTROL.sub("", cell)[:LONGEST_CELL]


def _width(table: Table, column: int) -> int:
    cells = [table.header[column], *(row[column] for row in table.rows[:200])]
    return min(max(len(cell) for cell in cells) + 2, 60)
