"""What saved reports are made of: kinds of rows, their columns and filters, as tables of text."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from rolecall.domain.actor import Actor
from rolecall.domain.finding import Severity
from rolecall.domain.portal import Portal
from rolecall.domain.request import AccessRequest, RequestState
from rolecall.domain.review import Campaign
from rolecall.evidence.tables import Table, moment
from rolecall.kit.errors import Refused
from rolecall.services.app import App
from rolecall.services.glance import findings_page
from rolecall.services.inventory.users import (
    COLUMNS,
    TITLES,
    UserRow,
    checked_columns,
    list_users,
    wanted_of,
)
from rolecall.services.requests.views import list_requests
from rolecall.services.reviews.views import list_campaigns
from rolecall.store.findings import StoredFinding

MOST_ROWS = 100_000
Filters = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Made:
    """A report as it came out: its table, and of when the picture behind it is."""

    table: Table
    as_of: datetime | None
    complete: bool = True


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of row: its columns by name with their titles, and the filters it takes."""

    columns: Mapping[str, str]
    usual: tuple[str, ...]
    filters: tuple[str, ...]
    make: Callable[[App, Actor, Portal, Sequence[str], Filters, str], Awaitable[Made]]


async def _users(
    app: App, actor: Actor, portal: Portal, columns: Sequence[str], filters: Filters, title: str
) -> Made:
    page = await list_users(app, actor, portal.name, wanted_of(filters))
    checked_columns(columns, page.properties)
    rows = tuple(tuple(_user_cell(row, one) for one in columns) for row in page.rows)
    header = tuple(TITLES.get(one, one) for one in columns)
    return Made(Table(title, header, rows), page.as_of, page.complete)


def _user_cell(row: UserRow, column: str) -> str:
    """What nobody told is unknown: no last activity is not never active."""
    value = row.value(column)
    if value is None:
        return "unknown"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return moment(value)
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


_FINDING: Mapping[str, Callable[[StoredFinding], str]] = {
    "severity": lambda one: one.finding.severity.name.lower(),
    "rule": lambda one: one.finding.rule,
    "subject": lambda one: one.finding.subject,
    "message": lambda one: one.finding.message,
    "why": lambda one: one.finding.why,
    "mend": lambda one: one.finding.mend.summary if one.finding.mend else "",
    "since": lambda one: moment(one.first_seen),
}
_REQUEST: Mapping[str, Callable[[AccessRequest], str]] = {
    "profile": lambda one: one.profile,
    "subject": lambda one: one.subject,
    "requester": lambda one: one.requester,
    "state": lambda one: one.state.value,
    "reason": lambda one: one.reason,
    "asked": lambda one: moment(one.created_at),
    "starts": lambda one: moment(one.starts_at),
    "ends": lambda one: moment(one.ends_at) or ("" if one.duration else "no end"),
    "answered_by": lambda one: ", ".join(s.decided_by for s in one.steps if s.decision),
    "break_glass": lambda one: "yes" if one.break_glass else "no",
}
_REVIEW: Mapping[str, Callable[[Campaign], str]] = {
    "title": lambda one: one.title,
    "state": lambda one: one.state.value,
    "trigger": lambda one: one.trigger,
    "population": lambda one: moment(one.snapshot_at),
    "due": lambda one: moment(one.due_at),
    "closed": lambda one: moment(one.closed_at),
    "closed_by": lambda one: one.closed_by,
    "proved": lambda one: moment(one.verified_at),
    "stamped": lambda one: ", ".join(one.stamped),
}


async def _findings(
    app: App, actor: Actor, portal: Portal, columns: Sequence[str], filters: Filters, title: str
) -> Made:
    severity = filters.get("severity", "").upper()
    page = await findings_page(
        app,
        actor,
        portal.name,
        severity=Severity[severity] if severity in Severity.__members__ else None,
        rule=filters.get("rule", ""),
        search=filters.get("q", ""),
        limit=MOST_ROWS,
    )
    rows = tuple(tuple(_FINDING[one](row) for one in columns) for row in page.found)
    head = page.head
    table = Table(title, _header("findings", columns), rows)
    return Made(table, head.sealed_at if head else None, head.complete if head else True)


async def _requests(
    app: App, actor: Actor, portal: Portal, columns: Sequence[str], filters: Filters, title: str
) -> Made:
    wanted = frozenset(one for one in RequestState if one.value == filters.get("state"))
    page = await list_requests(app, actor, portal.hub_id, states=wanted or None, limit=MOST_ROWS)
    rows = tuple(tuple(_REQUEST[one](row) for one in columns) for row in page.items)
    return Made(Table(title, _header("requests", columns), rows), app.clock.now())


async def _reviews(
    app: App, actor: Actor, portal: Portal, columns: Sequence[str], filters: Filters, title: str
) -> Made:
    found = await list_campaigns(app, actor, portal.hub_id)
    state = filters.get("state")
    rows = tuple(
        tuple(_REVIEW[one](row) for one in columns)
        for row in found
        if not state or row.state.value == state
    )
    return Made(Table(title, _header("reviews", columns), rows), app.clock.now())


def _header(kind: str, columns: Sequence[str]) -> tuple[str, ...]:
    return tuple(KINDS[kind].columns[one] for one in columns)


def _titled(names: Mapping[str, object]) -> dict[str, str]:
    return {name: name.replace("_", " ").capitalize() for name in names}


USER_FILTERS = ("q", "state", "super_admin", "set", "team", "seat", "domain", "idle", "several")
KINDS: Mapping[str, Kind] = {
    "users": Kind(TITLES, COLUMNS, USER_FILTERS, _users),
    "findings": Kind(
        _titled(_FINDING),
        ("severity", "subject", "message", "rule", "since"),
        ("severity", "rule", "q"),
        _findings,
    ),
    "requests": Kind(
        _titled(_REQUEST),
        ("profile", "subject", "requester", "state", "ends", "reason"),
        ("state",),
        _requests,
    ),
    "reviews": Kind(
        _titled(_REVIEW), ("title", "state", "due", "closed", "proved"), ("state",), _reviews
    ),
}


def kind_named(name: str) -> Kind:
    """A kind of row; Refused for one there is none of."""
    if name not in KINDS:
        raise Refused(f"there is no report about {name or 'nothing'}", hint=", ".join(KINDS))
    return KINDS[name]
