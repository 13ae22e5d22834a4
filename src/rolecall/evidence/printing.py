"""Tables as a PDF, with the extra `pdf` (reportlab); without it there is none, and that is said."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from html import escape
from importlib.util import find_spec
from typing import Any

from rolecall.evidence.tables import Table

LONGEST = 500  # characters of a cell; the other forms hold all of it
MOST_ROWS = 5_000  # a PDF beyond is read by nobody; the other forms hold all rows


def can_print() -> bool:
    """Whether the extra is installed."""
    return find_spec("reportlab") is not None


def as_pdf(title: str, facts: Mapping[str, str], tables: Sequence[Table]) -> bytes:
    """The document, landscape A4; call it only where `can_print`."""
    from reportlab.lib.pagesizes import A4, landscape
    from reportlab.platypus import SimpleDocTemplate

    out = io.BytesIO()
    document = SimpleDocTemplate(
        out, pagesize=landscape(A4), leftMargin=36, rightMargin=36, title=title, invariant=1
    )
    document.build(_story(title, facts, tables, document.width))
    return out.getvalue()


def _story(
    title: str, facts: Mapping[str, str], tables: Sequence[Table], width: float
) -> list[Any]:
    from reportlab.lib.styles import getSampleStyleSheet
    from reportlab.platypus import Paragraph, Spacer

    styles = getSampleStyleSheet()
    story: list[Any] = [Paragraph(escape(title), styles["Title"])]
    story += [
        Paragraph(f"<b>{escape(name)}</b>: {escape(value)}", styles["BodyText"])
        for name, value in facts.items()
    ]
    for table in tables:
        story += [Spacer(1, 12), Paragraph(escape(table.title), styles["Heading2"])]
        story.append(_grid(table, styles["BodyText"], width))
    return story


def _grid(table: Table, style: Any, width: float) -> Any:
    from reportlab.lib import colors
    from reportlab.platypus import Paragraph, TableStyle
    from reportlab.platypus import Table as Grid

    small = style.clone("cell", fontSize=7, leading=9)
    if not table.rows:
        return Paragraph("None.", style)
    shown = table.rows[:MOST_ROWS]
    cells = [[Paragraph(f"<b>{escape(name)}</b>", small) for name in table.header]]
    cells += [[Paragraph(escape(cell[:LONGEST]), small) for cell in row] for row in shown]
    if len(table.rows) > MOST_ROWS:
        more = f"{len(table.rows) - MOST_ROWS} more rows are in the XLSX and CSV files"
        cells.append([Paragraph(more, small), *([""] * (len(table.header) - 1))])
    grid = Grid(cells, colWidths=[width / len(table.header)] * len(table.header), repeatRows=1)
    lines = [
        ("LINEBELOW", (0, 0), (-1, -1), 0.25, colors.grey),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
    ]
    grid.setStyle(TableStyle(lines))
    return grid
