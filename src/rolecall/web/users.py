"""Users of a portal: the table, its CSV, and a selection that becomes a plan."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass, replace

from starlette.responses import Response, StreamingResponse

from rolecall.domain.actor import Role
from rolecall.domain.snapshot import Snapshot, UserState
from rolecall.kit.cells import unformulated
from rolecall.kit.errors import Refused
from rolecall.plan.wishes import Ask
from rolecall.services.drafts.orders import AddUser, ChangeUsers, RemoveUsers
from rolecall.services.inventory.users import (
    COLUMNS,
    FIELDS,
    NONE_HELD,
    TITLES,
    UserPage,
    UserRow,
    Wanted,
    checked_columns,
    list_users,
    users_in_pages,
    wanted_of,
)
from rolecall.services.plans.drafting import propose
from rolecall.services.structure import portal_lists
from rolecall.web.routing import Page, get, post
from rolecall.web.visits import Visit, kept_query, number_of
from rolecall.web.words import shown

PER_PAGE = 100
MOST_COLUMNS = 14
TOGETHER = 1_000  # rows of CSV sent in one piece
# What the store can sort by, under the column's name.
SORTABLE = {
    "email": "email",
    "name": "name",
    "id": "id",
    "state": "state",
    "last_active": "last_active",
    "created": "created",
}
FILTERS = (
    "q", "state", "super_admin", "set", "team", "seat", "domain", "idle", "several", "sort", "down",
    "col",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class View:
    """The table as its address says: filters, order and columns; a link is a saved view."""

    given: dict[str, object]
    wanted: Wanted
    columns: tuple[str, ...]

    def link(self, path: str, **more: object) -> str:
        """The same view with something changed."""
        query = kept_query({**self.given, **more})
        return f"{path}?{query}" if query else path


def view_of(visit: Visit) -> View:
    """What the address asks for; Refused for what cannot be."""
    query = visit.query
    given: dict[str, object] = {name: query(name) for name in FILTERS if query(name)}
    columns = tuple(visit.queries("col"))[:MOST_COLUMNS]
    if columns:
        given["col"] = columns
    wanted = replace(
        wanted_of({name: query(name) for name in FILTERS}),
        sort=SORTABLE.get(query("sort"), "email"),
        descending=bool(query("down")),
        after=str(number_of(query("skip"), "skip") or "") or None,
        limit=PER_PAGE,
    )
    return View(given, wanted, columns or COLUMNS)


async def users(visit: Visit) -> Response:
    """One page of the table."""
    view = view_of(visit)
    page = await list_users(visit.app, visit.actor, visit.name, view.wanted)
    checked_columns(view.columns, page.properties)
    lists = await portal_lists(visit.app, visit.actor, visit.name)
    return visit.page(
        "users.html",
        view=view,
        page=page,
        lists=lists,
        states=tuple(UserState),
        titles=TITLES,
        sortable=SORTABLE,
        all_columns=(*FIELDS, *page.properties),
        skip=number_of(visit.query("skip"), "skip") or 0,
        per_page=PER_PAGE,
        may_plan=visit.holds(Role.ADMIN, Role.APPROVER),
        filters=_filters(view, lists),
        report=view.link(visit.url("reports", "new"), kind="users", sort="", down=""),
    )


def _filters(view: View, lists: Snapshot) -> list[tuple[str, str]]:
    """The filters in force as words, with the name each goes by in the address."""
    words = {
        "state": "state: {}",
        "set": "set: {}",
        "team": "team: {}",
        "seat": "seat: {}",
        "domain": "domain: {}",
        "idle": "not active for {} days",
        "super_admin": "Super Admin: {}",
        "several": "several permission sets: {}",
    }
    names = {one.id: one.name for one in lists.permission_sets}
    names |= {one.id: one.name for one in lists.teams}
    return [
        (name, text.format("none" if value == NONE_HELD else names.get(str(value), value)))
        for name, text in words.items()
        if (value := view.given.get(name))
    ]


async def users_csv(visit: Visit) -> Response:
    """All users of the view as CSV; no cell is ever a formula."""
    view = view_of(visit)
    wanted = replace(view.wanted, limit=None, after=None)
    pages = users_in_pages(visit.app, visit.actor, visit.name, wanted)
    first = await anext(pages)
    columns = checked_columns(view.columns, first.properties)
    name = f"{visit.name}-users-{first.as_of:%Y-%m-%d}.csv"
    return StreamingResponse(
        _lines(first, pages, columns),
        media_type="text/csv; charset=utf-8",
        headers={"content-disposition": f'attachment; filename="{name}"'},
    )


async def _lines(
    first: UserPage, others: AsyncIterator[UserPage], columns: tuple[str, ...]
) -> AsyncIterator[str]:
    """The lines of one page at a time; the next is read when these are taken."""
    yield _text([columns])
    for part in _parts(first, columns):
        yield part
    async for page in others:
        for part in _parts(page, columns):
            yield part


def _parts(page: UserPage, columns: tuple[str, ...]) -> Iterator[str]:
    for start in range(0, len(page.rows), TOGETHER):
        yield _text(_cells(row, columns) for row in page.rows[start : start + TOGETHER])


def _cells(row: UserRow, columns: tuple[str, ...]) -> Iterable[str]:
    return (unformulated(shown(row.value(column), "")) for column in columns)


def _text(rows: Iterable[Iterable[str]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()


async def selection(visit: Visit) -> Response:
    """What to plan for the ticked users, or for everybody the filters show."""
    emails = await _selected(visit)
    if not emails:
        return visit.go(visit.url("users"), "Tick the users the plan is for")
    lists = await portal_lists(visit.app, visit.actor, visit.name)
    return visit.page("users_plan.html", emails=emails, lists=lists, problem=None, typed=visit.form)


async def _selected(visit: Visit) -> tuple[str, ...]:
    if not visit.ticked("everybody"):
        return visit.texts("user")
    wanted = replace(view_of(visit).wanted, limit=None, after=None)
    page = await list_users(visit.app, visit.actor, visit.name, wanted)
    return tuple(row.user.email for row in page.rows if row.user.present)


async def plan_selection(visit: Visit) -> Response:
    """One plan over the selection; a mistake comes back with everything typed."""
    emails = visit.texts("user")
    try:
        order: ChangeUsers | RemoveUsers
        if visit.text("what") == "remove":
            order = RemoveUsers(emails, visit.text("reason"))
        else:
            until, reason = visit.day("until"), visit.text("reason")
            order = ChangeUsers(emails, asked(visit), until=until, reason=reason)
        drafted = await propose(visit.app, visit.actor, visit.name, order)
    except Refused as error:
        lists = await portal_lists(visit.app, visit.actor, visit.name)
        return visit.page(
            "users_plan.html", 422, emails=emails, lists=lists, problem=error, typed=visit.form
        )
    if not drafted.stored:
        return visit.go(visit.url("users"), "Nothing would change: they have all of it already")
    return visit.go(visit.url("plans", drafted.plan.id))


def asked(visit: Visit) -> Ask:
    """What the fields ask for; a field left at `keep` is left alone."""
    return Ask(
        permission_set=_choice(visit, "permission_set"),
        seat=_choice(visit, "seat"),
        main_team=_choice(visit, "main_team"),
        add_teams=visit.texts("add_team"),
        drop_teams=visit.texts("drop_team"),
        first_name=visit.text("first_name"),
        last_name=visit.text("last_name"),
        send_welcome_email=visit.ticked("welcome"),
        reason=visit.text("reason"),
    )


def _choice(visit: Visit, name: str) -> str | None:
    value = visit.text(name)
    return "" if value == NONE_HELD else value or None


async def new_user(visit: Visit) -> Response:
    """The form for a new user."""
    lists = await portal_lists(visit.app, visit.actor, visit.name)
    return visit.page("user_new.html", lists=lists, problem=None, typed=visit.form)


async def plan_new_user(visit: Visit) -> Response:
    """The plan that creates a user."""
    try:
        order = AddUser(
            visit.text("email"),
            asked(visit),
            like=visit.text("like"),
            until=visit.day("until"),
            contractor=visit.ticked("contractor"),
            sponsor=visit.text("sponsor"),
            reason=visit.text("reason"),
        )
        drafted = await propose(visit.app, visit.actor, visit.name, order)
    except Refused as error:
        lists = await portal_lists(visit.app, visit.actor, visit.name)
        return visit.page("user_new.html", 422, lists=lists, problem=error, typed=visit.form)
    return visit.go(visit.url("plans", drafted.plan.id))


PAGES: tuple[Page, ...] = (
    get("/p/{portal}/users", users),
    get("/p/{portal}/users.csv", users_csv),
    get("/p/{portal}/users/new", new_user),
    post("/p/{portal}/users/new", plan_new_user),
    get("/p/{portal}/users/selection", selection),
    post("/p/{portal}/users/selection", selection),
    get("/p/{portal}/users/plan", selection),
    post("/p/{portal}/users/plan", plan_selection),
)
