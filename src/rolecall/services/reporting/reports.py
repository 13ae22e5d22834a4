"""Saved reports: columns over one kind of row, filtered; made when asked for, or mailed by date.

Whoever gets one sees what they may see: a mailed report is made as its addressee, at the moment
the mail goes out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta

from rolecall.domain.actor import Actor, Role
from rolecall.domain.events import Event
from rolecall.domain.notice import Attachment
from rolecall.domain.operator import Operator, SavedReport, TokenScope
from rolecall.domain.portal import Portal
from rolecall.evidence.tables import as_csv
from rolecall.kit.errors import NotThere, Refused
from rolecall.kit.ids import uuid7
from rolecall.policy.moments import zone_named
from rolecall.services.app import App
from rolecall.services.connections.portals import portal_named
from rolecall.services.reporting.tables import Made, kind_named
from rolecall.services.rights import NotAllowed, may_read, need_reading, need_scope, need_writing
from rolecall.store import View

EVERY = ("daily", "weekly", "monthly")
FORMS = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
MORNING = time(7)  # in the portal's own zone
MOST_MAILED = 8 * 2**20  # bytes; mail servers refuse larger files
SHORTEST_END = 6  # characters of an id that still name one report
MOST_REPORTS = 200  # of one portal


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody fills in; no columns = the usual ones."""

    title: str
    kind: str = "users"
    columns: tuple[str, ...] = ()
    filters: Mapping[str, str] = field(default_factory=dict)


async def save_report(app: App, actor: Actor, name: str, draft: Draft) -> SavedReport:
    """Keep a report for everybody who may look at the portal; Refused where it cannot be made."""
    portal = await _writable(app, actor, name)
    kind = kind_named(draft.kind)
    if not draft.title.strip():
        raise Refused("a report needs a title")
    report = SavedReport(
        uuid7(), portal.hub_id, draft.title.strip(), draft.kind, draft.columns or kind.usual,
        actor.id, app.clock.now(),
        {one: draft.filters[one] for one in kind.filters if draft.filters.get(one)},
    )  # fmt: skip
    unknown = [one for one in report.columns if draft.kind != "users" and one not in kind.columns]
    if unknown:
        raise Refused(f"there is no column {unknown[0]}", hint=", ".join(kind.columns))
    await made_of(app, actor, portal, report)
    async with app.database.begin(actor, f"report: {report.title}") as work:
        if len(await work.preferences.reports(portal.hub_id)) >= MOST_REPORTS:
            raise Refused("there are too many reports", hint="remove one nobody reads")
        await work.preferences.save_report(report)
        work.record(Event.REPORT_DEFINITION_CHANGED, subject=report.title, hub_id=portal.hub_id)
    return report


async def list_reports(app: App, actor: Actor, name: str) -> tuple[SavedReport, ...]:
    """The reports of a portal, by title."""
    portal = await _readable(app, actor, name)
    async with app.database.read() as view:
        found = await view.preferences.reports(portal.hub_id)
    return tuple(sorted(found, key=lambda one: one.title.casefold()))


async def report_named(app: App, actor: Actor, name: str, wanted: str) -> SavedReport:
    """The report of an id, of the end of one, or of a title; Refused where two fit."""
    found = await list_reports(app, actor, name)
    exact = [one for one in found if wanted in (one.id, one.title)]
    near = [one for one in found if wanted.casefold() == one.title.casefold()]
    ends = [one for one in found if len(wanted) >= SHORTEST_END and one.id.endswith(wanted)]
    fits = exact or near or ends
    if len(fits) > 1:
        raise Refused(f"{len(fits)} reports are called {wanted}", hint="name one by its id")
    if not fits:
        raise NotThere(f"There is no report {wanted}", hint="list the reports for their titles")
    return fits[0]


async def run_report(app: App, actor: Actor, name: str, report_id: str) -> tuple[SavedReport, Made]:
    """A report as it comes out now; NotThere for one of another portal."""
    portal = await _readable(app, actor, name)
    async with app.database.read() as view:
        report = await _of(view, portal, report_id)
    return report, await made_of(app, actor, portal, report)


async def made_of(app: App, actor: Actor, portal: Portal, report: SavedReport) -> Made:
    """The table of a report, as this actor may see it."""
    make = kind_named(report.kind).make
    return await make(app, actor, portal, report.columns, report.filters, report.title)


async def schedule_report(
    app: App,
    actor: Actor,
    name: str,
    report_id: str,
    every: str,
    recipients: tuple[str, ...],
    form: str = "csv",
) -> SavedReport:
    """Mail a report by date to operators who may look at the portal; `every` "" = no more.

    Refused for anybody else: a report of a portal leaves it to nobody an admin did not let in.
    """
    portal = await _writable(app, actor, name)
    if every and every not in EVERY:
        raise Refused(f"a report is not sent {every}", hint=", ".join(EVERY))
    if form not in FORMS:
        raise Refused(f"a report is no {form}", hint=", ".join(FORMS))
    if every and app.outlets.mail is None:
        raise Refused("no mail server is set up", hint="docs/notices.md names the settings")
    async with app.database.begin(actor, f"mail the report {every or 'no more'}") as work:
        report = await _own(work, actor, portal, report_id)
        to = await _readers(work, portal.hub_id, recipients) if every else ()
        if every and not to:
            raise Refused("a mailed report needs somebody to go to")
        changed = replace(report, every=every, recipients=to, form=form, next_at=None)
        changed = replace(changed, next_at=following(changed, portal, work.now))
        await work.preferences.save_report(changed)
        details = {"every": every, "to": ", ".join(to)}
        work.record(
            Event.REPORT_DEFINITION_CHANGED,
            subject=report.title,
            hub_id=portal.hub_id,
            details=details,
        )
    return changed


async def remove_report(app: App, actor: Actor, name: str, report_id: str) -> None:
    """Forget a report; who made it may, or an admin."""
    portal = await _writable(app, actor, name)
    async with app.database.begin(actor, "removed a report") as work:
        report = await _own(work, actor, portal, report_id)
        await work.preferences.remove_report(report.id)
        work.record(Event.REPORT_DEFINITION_CHANGED, subject=report.title, hub_id=portal.hub_id)


def following(report: SavedReport, portal: Portal, now: datetime) -> datetime | None:
    """The next morning a report is mailed: every day, on Mondays, or on the first of a month."""
    if not report.every:
        return None
    local = now.astimezone(zone_named(portal.time_zone))
    day = local.date()
    while True:
        morning = datetime.combine(day, MORNING, local.tzinfo)
        if morning > local and _is_turn(report.every, morning):
            return morning
        day += timedelta(days=1)


def _is_turn(every: str, morning: datetime) -> bool:
    return every == "daily" or (morning.weekday() == 0 if every == "weekly" else morning.day == 1)


async def send_due(app: App) -> tuple[str, ...]:
    """Queue every report whose morning has come; their titles. Called often, by any process."""
    async with app.database.read() as view:
        due = await view.preferences.due_reports(view.now)
        portals = {one.hub_id: one for one in await view.portals.all()}
    return tuple([one.title for one in due if await _sent(app, one, portals.get(one.hub_id))])


async def _sent(app: App, report: SavedReport, portal: Portal | None) -> bool:
    """Queue one report and move its turn on; False when another process has done so."""
    async with app.database.work() as work:
        if portal is None:
            await work.preferences.remove_report(report.id)
            return False
        assert report.next_at is not None
        after = replace(report, next_at=following(report, portal, work.now))
        if not await work.preferences.move_on(after, report.next_at):
            return False
        to = ", ".join(report.recipients)
        facts = {"report": report.id, "title": report.title, "to": to}
        work.notify("report.ready", facts, hub_id=report.hub_id)
    return True


async def attachment_for(app: App, report_id: str, address: str) -> Attachment | None:
    """The file for one addressee, made as they may see it now; None where it is too large to mail.

    Raises NotThere when the report is gone, NotAllowed when they may no longer look.
    """
    async with app.database.read() as view:
        report = await view.preferences.report(report_id)
        portal = await view.portals.get(report.hub_id)
        operator = await view.operators.by_email(address)
    if portal is None or operator is None or not _reads(operator, report.hub_id):
        raise NotAllowed(f"{address} may no longer look at this portal")
    made = await made_of(app, operator.actor(), portal, report)
    found = file_of(report, made, report.form, app.clock.now())
    return found if len(found.data) <= MOST_MAILED else None


def file_of(report: SavedReport, made: Made, form: str, now: datetime) -> Attachment:
    """A report as a file; no cell is ever a formula."""
    kept = "".join(one if one.isascii() and one.isalnum() else "-" for one in report.title)
    name = f"{kept.strip('-')[:80] or 'report'}-{now:%Y-%m-%d}.{form}"
    if form == "xlsx":
        from rolecall.evidence.sheets import as_xlsx

        return Attachment(name, FORMS[form], as_xlsx([made.table], now))
    return Attachment(name, FORMS["csv"], as_csv(made.table))


async def _readable(app: App, actor: Actor, name: str) -> Portal:
    portal = await portal_named(app, actor, name)
    need_scope(actor, TokenScope.READ, "read reports")
    need_reading(actor, portal.hub_id, "read reports")
    return portal


async def _writable(app: App, actor: Actor, name: str) -> Portal:
    portal = await _readable(app, actor, name)
    need_writing(app, "save reports")
    need_scope(actor, TokenScope.MANAGE, "save reports")
    return portal


async def _of(view: View, portal: Portal, report_id: str) -> SavedReport:
    report = await view.preferences.report(report_id)
    if report.hub_id != portal.hub_id:
        raise NotThere(f"There is no report {report_id}")
    return report


async def _own(view: View, actor: Actor, portal: Portal, report_id: str) -> SavedReport:
    report = await _of(view, portal, report_id)
    if report.owner != actor.id and not actor.holds(Role.ADMIN, portal.hub_id):
        raise NotAllowed("somebody else made this report", hint="save one of your own")
    return report


async def _readers(view: View, hub_id: int, emails: tuple[str, ...]) -> tuple[str, ...]:
    """The addresses, each of an operator who may look at the portal."""
    for email in emails:
        operator = await view.operators.by_email(email)
        if operator is None or not _reads(operator, hub_id):
            raise Refused(
                f"{email} may not look at this portal",
                hint="reports go to operators with a role that reads; invite them first",
            )
    return tuple(dict.fromkeys(one.casefold() for one in emails))


def _reads(operator: Operator, hub_id: int) -> bool:
    return not operator.disabled and may_read(operator.actor(), hub_id)
