"""Saved reports: columns over one kind of row, made now, as a file, or mailed by date."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Response
from pydantic import Field

from rolecall.api.answers import as_file, errors, told
from rolecall.api.bodies import Body, Name, Text
from rolecall.api.calling import Caller, Reader
from rolecall.api.models import Answer, Page
from rolecall.api.paging import Paged
from rolecall.services.reporting.reports import (
    FORMS,
    Draft,
    file_of,
    list_reports,
    remove_report,
    run_report,
    save_report,
    schedule_report,
)
from rolecall.services.reporting.shapes import report_shape

router = APIRouter(prefix="/portals/{portal}/reports", tags=["reports"], responses=errors())
_FILE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The report as a file",
        "content": {
            form: {"schema": {"type": "string", "format": "binary"}} for form in FORMS.values()
        },
    }
}


class ReportToSave(Body):
    """What a report shows; no columns = the usual ones of its kind."""

    title: Name
    kind: Literal["users", "findings", "requests", "reviews"] = "users"
    columns: Annotated[list[Name], Field(max_length=200)] = []
    filters: dict[Name, Text] = {}


class Mailing(Body):
    """How often a report is mailed, and to which operators; "" = no more."""

    every: Literal["", "daily", "weekly", "monthly"]
    recipients: Annotated[list[Name], Field(max_length=100)] = []
    form: Literal["csv", "xlsx"] = "csv"


@router.get("", operation_id="listReports", response_model=Page[Answer])
async def list_(call: Reader, portal: str, window: Paged) -> Response:
    """The reports of a portal, by title."""
    return told(window.of(await list_reports(call.app, call.actor, portal), report_shape))


@router.post(
    "",
    operation_id="saveReport",
    status_code=201,
    response_model=Answer,
    responses=errors(body=True),
)
async def save(call: Caller, portal: str, body: ReportToSave) -> Response:
    """Keep a report for everybody who may look at the portal."""
    draft = Draft(body.title, body.kind, tuple(body.columns), body.filters)
    return told(report_shape(await save_report(call.app, call.actor, portal, draft)), 201)


@router.get("/{report}", operation_id="runReport", response_model=Page[Answer])
async def run(call: Reader, portal: str, report: str, window: Paged) -> Response:
    """A report as it comes out now."""
    saved, made = await run_report(call.app, call.actor, portal, report)
    head = made.table.header
    page = window.of(made.table.rows, lambda row: dict(zip(head, row, strict=True)))
    return told({**page, "report": report_shape(saved), "columns": list(head)})


@router.get(
    "/{report}/file",
    operation_id="readReportFile",
    response_class=Response,
    responses=_FILE,
)
async def file(
    call: Reader, portal: str, report: str, form: Literal["csv", "xlsx"] = "csv"
) -> Response:
    """A report as CSV or a workbook; no cell is ever a formula."""
    saved, made = await run_report(call.app, call.actor, portal, report)
    found = file_of(saved, made, form, call.app.clock.now())
    return as_file(found.name, found.data, FORMS[form])


@router.put(
    "/{report}/mailing",
    operation_id="scheduleReport",
    response_model=Answer,
    responses=errors(body=True),
)
async def schedule(call: Caller, portal: str, report: str, body: Mailing) -> Response:
    """Mail a report by date to operators who may look at the portal, or no more."""
    done = await schedule_report(
        call.app, call.actor, portal, report, body.every, tuple(body.recipients), body.form
    )
    return told(report_shape(done))


@router.delete("/{report}", operation_id="removeReport", status_code=204)
async def remove(call: Caller, portal: str, report: str) -> Response:
    """Forget a report."""
    await remove_report(call.app, call.actor, portal, report)
    return Response(None, 204)
