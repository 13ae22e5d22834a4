"""Saved reports: a view with its columns kept under a name, as a table, a file, or a mail by date."""

from __future__ import annotations

from starlette.responses import Response

from rolecall.domain.actor import Role
from rolecall.domain.finding import Severity
from rolecall.domain.operator import SavedReport
from rolecall.domain.request import RequestState
from rolecall.domain.review import CampaignState
from rolecall.domain.snapshot import Snapshot, UserState
from rolecall.kit.errors import NotThere, Refused, RolecallError
from rolecall.services.inventory.users import Wanted, list_users
from rolecall.services.naming import names_of_actors
from rolecall.services.reporting.reports import (
    EVERY,
    FORMS,
    Draft,
    file_of,
    list_reports,
    remove_report,
    run_report,
    save_report,
    schedule_report,
)
from rolecall.services.reporting.tables import KINDS, kind_named
from rolecall.services.structure import portal_lists
from rolecall.web.routing import Page, get, post
from rolecall.web.visits import Visit

SHOWN = 200  # rows of a report on its page; the file has all of them
STATES = {
    "users": tuple(one.value for one in UserState),
    "requests": tuple(one.value for one in RequestState),
    "reviews": tuple(one.value for one in CampaignState),
}


async def reports(visit: Visit) -> Response:
    """Every report of the portal."""
    found = await list_reports(visit.app, visit.actor, visit.name)
    return visit.page(
        "reports.html",
        reports=found,
        kinds=tuple(KINDS),
        names=await names_of_actors(visit.app, [one.owner for one in found]),
    )


async def new_report(visit: Visit) -> Response:
    """The form; filters and columns of the address are filled in, so a view becomes a report."""
    kind = visit.query("kind") or "users"
    known = kind_named(kind)
    given = {name: visit.query(name) for name in known.filters if visit.query(name)}
    return await _form(visit, kind, given, tuple(visit.queries("col")) or known.usual, None)


async def _form(
    visit: Visit,
    kind: str,
    given: dict[str, str],
    columns: tuple[str, ...],
    problem: RolecallError | None,
) -> Response:
    known = kind_named(kind)
    titles = dict(known.columns)
    if kind == "users":
        page = await list_users(visit.app, visit.actor, visit.name, Wanted(limit=1))
        titles |= {one: one for one in page.properties}
    return visit.page(
        "report_new.html",
        422 if problem else 200,
        kind=kind,
        kinds=tuple(KINDS),
        filters=known.filters,
        given=given,
        titles={key: word for key, word in titles.items() if key in known.columns},
        own={key: word for key, word in titles.items() if key not in known.columns},
        columns=columns,
        lists=await portal_lists(visit.app, visit.actor, visit.name),
        states=STATES.get(kind, ()),
        severities=tuple(one.name.lower() for one in reversed(Severity)),
        title=visit.text("title"),
        problem=problem,
    )


async def keep(visit: Visit) -> Response:
    """Save it; a mistake comes back with everything typed."""
    kind = visit.text("kind")
    known = kind_named(kind)
    given = {name: visit.text(name) for name in known.filters if visit.text(name)}
    columns = visit.texts("col")
    try:
        draft = Draft(visit.text("title"), kind, columns, given)
        report = await save_report(visit.app, visit.actor, visit.name, draft)
    except Refused as error:
        return await _form(visit, kind, given, columns or known.usual, error)
    return visit.go(visit.url("reports", report.id), "Saved.")


async def report(visit: Visit) -> Response:
    """What a report says today."""
    return await _report(visit, None)


async def _report(visit: Visit, problem: RolecallError | None) -> Response:
    one, made = await run_report(visit.app, visit.actor, visit.name, visit.path("report"))
    lists = await portal_lists(visit.app, visit.actor, visit.name)
    return visit.page(
        "report.html",
        422 if problem else 200,
        report=one,
        made=made,
        rows=made.table.rows[:SHOWN],
        hidden=max(0, len(made.table.rows) - SHOWN),
        filters=_words(one, names_in(lists)),
        edit=_address(visit, one),
        names=await names_of_actors(visit.app, [one.owner]),
        every=EVERY,
        forms=tuple(FORMS),
        mails=visit.app.outlets.mail is not None,
        may_change=visit.holds(Role.ADMIN) or one.owner == visit.actor.id,
        problem=problem,
        typed=visit.form,
    )


def names_in(lists: Snapshot) -> dict[str, str]:
    """Names of sets and teams by id."""
    sets = {one.id: one.name for one in lists.permission_sets}
    return sets | {one.id: one.name for one in lists.teams}


def _words(report: SavedReport, names: dict[str, str]) -> tuple[str, ...]:
    """The filters as people read them."""
    told = {"idle": "not active for {} days", "q": "with {} in it"}
    return tuple(
        told.get(name, f"{name.replace('_', ' ')}: {{}}").format(
            names.get(value, "none" if value == "-" else value)
        )
        for name, value in report.filters.items()
    )


def _address(visit: Visit, report: SavedReport) -> str:
    """The form filled in with this report, to save another one."""
    return visit.url("reports", "new", kind=report.kind, col=report.columns, **report.filters)


async def download(visit: Visit) -> Response:
    """All rows as a file."""
    form = visit.path("form")
    if form not in FORMS:
        raise NotThere(f"There is no {form} of a report")
    one, made = await run_report(visit.app, visit.actor, visit.name, visit.path("report"))
    found = file_of(one, made, form, visit.desk.pages.clock.now())
    headers = {"content-disposition": f'attachment; filename="{found.name}"'}
    return Response(found.data, media_type=found.media_type, headers=headers)


async def change(visit: Visit) -> Response:
    """Mail it by date, or no more; or forget it."""
    report_id = visit.path("report")
    if visit.text("what") == "remove":
        await remove_report(visit.app, visit.actor, visit.name, report_id)
        return visit.go(visit.url("reports"), "The report is gone.")
    to = tuple(visit.text("to").replace(",", " ").split())
    every, form = visit.text("every"), visit.text("form") or "csv"
    try:
        await schedule_report(visit.app, visit.actor, visit.name, report_id, every, to, form)
    except Refused as error:
        return await _report(visit, error)
    said = f"Mailed {every} from now on." if every else "It is mailed no more."
    return visit.go(visit.url("reports", report_id), said)


PAGES: tuple[Page, ...] = (
    get("/p/{portal}/reports", reports),
    get("/p/{portal}/reports/new", new_report),
    post("/p/{portal}/reports/new", keep),
    get("/p/{portal}/reports/{report}", report),
    get("/p/{portal}/reports/{report}/file.{form}", download),
    post("/p/{portal}/reports/{report}", change),
)
