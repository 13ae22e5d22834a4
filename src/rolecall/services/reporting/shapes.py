"""Saved reports as JSON, the same from every face."""

from __future__ import annotations

from typing import Any

from rolecall.domain.operator import SavedReport
from rolecall.services.reporting.tables import Made


def report_shape(one: SavedReport) -> dict[str, Any]:
    """What is kept of a report: what it shows, whose it is, to whom it is mailed."""
    return {
        "id": one.id,
        "title": one.title,
        "kind": one.kind,
        "columns": list(one.columns),
        "filters": dict(one.filters),
        "owner": one.owner,
        "created_at": one.created_at,
        "every": one.every,
        "recipients": list(one.recipients),
        "form": one.form,
        "next_at": one.next_at,
    }


def made_shape(report: SavedReport, made: Made) -> dict[str, Any]:
    """A report as it came out: its rows by column, and of when the picture behind it is."""
    head = made.table.header
    return {
        "report": report_shape(report),
        "as_of": made.as_of,
        "complete": made.complete,
        "columns": list(head),
        "items": [dict(zip(head, row, strict=True)) for row in made.table.rows],
    }
