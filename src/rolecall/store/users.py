"""Users of a portal: one, a page of many by filter, one at a past time, one through time."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from msgspec import structs
from sqlalchemy import (
    ARRAY,
    JSON,
    CompoundSelect,
    Select,
    Table,
    and_,
    any_,
    case,
    cast,
    func,
    literal,
    or_,
    select,
    type_coerce,
    union,
)
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.types import Text

from rolecall.domain.snapshot import User, UserState
from rolecall.kit.paging import Page
from rolecall.store.errors import NotThere
from rolecall.store.facts import ACTIVITY, SNAPSHOTS, USERS, holds_at, is_open
from rolecall.store.rows import Repository
from rolecall.store.schema import FOREVER, from_micros, to_micros
from rolecall.store.user_rows import USER_FIELDS, user_of

SORTS = ("name", "email", "id", "state", "last_active", "created")


@dataclass(frozen=True, slots=True)
class UserQuery:
    """Which users, in which order, which page; None = not limited. Every limit must hold."""

    search: str = ""  # part of the name or e-mail, in any case
    states: frozenset[UserState] | None = None  # default: everybody but the removed
    super_admin: bool | None = None
    team_id: str | None = None  # as main or extra team; "" = in no team at all
    main_team_id: str | None = None
    permission_set_id: str | None = None  # "" = none at all
    several_sets: bool | None = None
    seat: str | None = None
    email_domain: str | None = None
    inactive_since: datetime | None = None  # not active at or after; never active counts
    profile: Mapping[str, str] = field(default_factory=dict)  # CRM property -> exact value
    ids: frozenset[str] | None = None
    at: datetime | None = None  # as of the newest snapshot then; None = now
    sort: str = "email"  # one of SORTS
    descending: bool = False
    after: str | None = None  # cursor of the page before
    limit: int = 100


@dataclass(frozen=True, slots=True)
class UserVersion:
    """A user as it was from one snapshot until another; `until` None = still so."""

    since: datetime
    until: datetime | None
    user: User


class Users(Repository):
    """Reads users; they are written by sealing snapshots alone."""

    async def at(self, hub_id: int, seq: int) -> tuple[User, ...]:
        """Every user of one snapshot, by id."""
        statement = _joined_at(seq).where(USERS.c.hub_id == hub_id, holds_at(USERS, seq))
        rows = (await self.connection.execute(statement.order_by(USERS.c.user_id))).all()
        return tuple(_as_active(row) for row in rows)

    async def named(self, hub_id: int, names: Iterable[str]) -> tuple[User, ...]:
        """Users of the newest snapshot with one of these ids or case-folded e-mails, by id."""
        keys = sorted(set(names))
        theirs = or_(
            _any_of(USERS.c.email_key, keys, self.on_postgres),
            _any_of(USERS.c.user_id, keys, self.on_postgres),
        )
        found = select(*_COLUMNS, *_ACTIVITY_COLUMNS).select_from(_WITH_ACTIVITY)
        here = found.where(USERS.c.hub_id == hub_id, is_open(USERS), theirs)
        rows = (await self.connection.execute(here.order_by(USERS.c.user_id))).all()
        return tuple(_as_active(row) for row in rows)

    async def find(self, hub_id: int, query: UserQuery) -> Page[User]:
        """One page of users, filtered and sorted by the database."""
        held, holds = await self._held(hub_id, query.at)
        matching = and_(USERS.c.hub_id == hub_id, holds, *_limits(query, self.on_postgres))
        start = int(query.after or 0)
        joined = select(*_COLUMNS, *_ACTIVITY_COLUMNS).select_from(held)
        page = joined.where(matching).order_by(*_order(query))
        rows = (await self.connection.execute(page.limit(query.limit).offset(start))).all()
        total = await self.count(hub_id, query)
        following = start + len(rows)
        after = str(following) if rows and following < total else None
        return Page(tuple(_as_active(row) for row in rows), after, total)

    async def count(self, hub_id: int, query: UserQuery) -> int:
        """How many users match."""
        held, holds = await self._held(hub_id, query.at)
        counted = select(func.count()).select_from(held)
        matching = and_(USERS.c.hub_id == hub_id, holds, *_limits(query, self.on_postgres))
        return int(await self.value(counted.where(matching)))

    async def _held(self, hub_id: int, at: datetime | None) -> tuple[Any, ColumnElement[bool]]:
        """Users with their activity, and the condition that a row holds now or held then."""
        if at is None:
            return _WITH_ACTIVITY, is_open(USERS)
        seq = await self._seq_at(hub_id, at)
        return _with_activity_at(seq), holds_at(USERS, seq)

    async def get(self, hub_id: int, id_or_email: str, at: datetime | None = None) -> User:
        """The user with this id or e-mail, now or at a past time.

        Raises NotThere when the snapshot of that time has no such user.
        """
        seq = FOREVER - 1 if at is None else await self._seq_at(hub_id, at)
        wanted = id_or_email.casefold()
        holds = is_open(USERS) if at is None else holds_at(USERS, seq)
        named = or_(USERS.c.email_key == wanted, USERS.c.user_id == wanted)
        found = _joined_at(seq).where(USERS.c.hub_id == hub_id, holds, named)
        # An id is never an e-mail; of two users with one e-mail the newest id is shown.
        row = (await self.connection.execute(found.order_by(USERS.c.user_id.desc()))).first()
        if row is None:
            hint = "see `rolecall user list`, or sync again if they are new"
            raise NotThere(f"No user {id_or_email} in portal {hub_id}", hint=hint)
        return _as_active(row)

    async def history(self, hub_id: int, user_id: str) -> tuple[UserVersion, ...]:
        """Everything a user was, oldest first; a gap between versions means not in the portal."""
        mine = (USERS.c.hub_id == hub_id, USERS.c.user_id == user_id)
        columns = [USERS.c.valid_from, USERS.c.valid_to, *(USERS.c[name] for name in USER_FIELDS)]
        versions = (
            await self.connection.execute(select(*columns).where(*mine).order_by("valid_from"))
        ).all()
        activity = await self.rows(
            select(ACTIVITY)
            .where(ACTIVITY.c.hub_id == hub_id, ACTIVITY.c.user_id == user_id)
            .order_by("valid_from")
        )
        pieces = [piece for row in versions for piece in _pieces(row, activity)]
        times = await self._sealed_at(hub_id, {seq for a, b, _ in pieces for seq in (a, b)})
        return tuple(UserVersion(times[a], times.get(b), user) for a, b, user in pieces)

    async def differing(
        self, hub_id: int, first: int, last: int, *, activity: bool = True
    ) -> tuple[dict[str, User], dict[str, User]]:
        """Users that may differ between two snapshots, as they were in each, by id."""
        tables = (USERS, ACTIVITY) if activity else (USERS,)
        touched = _touched(hub_id, min(first, last), max(first, last), tables)
        sides = []
        for seq in (first, last):
            statement = _joined_at(seq).where(
                USERS.c.hub_id == hub_id, holds_at(USERS, seq), USERS.c.user_id.in_(touched)
            )
            rows = (await self.connection.execute(statement)).all()
            sides.append({row[0]: _as_active(row) for row in rows})
        return sides[0], sides[1]

    async def _seq_at(self, hub_id: int, at: datetime) -> int:
        newest = select(func.max(SNAPSHOTS.c.seq)).where(
            SNAPSHOTS.c.hub_id == hub_id, SNAPSHOTS.c.sealed_at <= at
        )
        return int(await self.value(newest) or 0)

    async def _sealed_at(self, hub_id: int, seqs: Iterable[int]) -> dict[int, datetime]:
        found = select(SNAPSHOTS.c.seq, SNAPSHOTS.c.sealed_at).where(
            SNAPSHOTS.c.hub_id == hub_id, SNAPSHOTS.c.seq.in_(sorted(seqs))
        )
        return {row[0]: row[1] for row in await self.connection.execute(found)}


_COLUMNS = [USERS.c[name] for name in USER_FIELDS]
_ACTIVITY_COLUMNS = [
    ACTIVITY.c.user_id.label("moved"),
    ACTIVITY.c.last_active_at.label("moved_at"),
    ACTIVITY.c.last_active_source.label("moved_source"),
]
_SAME_USER = and_(ACTIVITY.c.hub_id == USERS.c.hub_id, ACTIVITY.c.user_id == USERS.c.user_id)
_WITH_ACTIVITY = USERS.outerjoin(ACTIVITY, and_(_SAME_USER, is_open(ACTIVITY)))
# The last activity now: its own interval where there is one, else the user's row.
_LAST_ACTIVE = case(
    (ACTIVITY.c.user_id.is_not(None), ACTIVITY.c.last_active_at), else_=USERS.c.last_active_at
)


def _with_activity_at(seq: int) -> Any:
    return USERS.outerjoin(ACTIVITY, and_(_SAME_USER, holds_at(ACTIVITY, seq)))


def _joined_at(seq: int) -> Select[Any]:
    return select(*_COLUMNS, *_ACTIVITY_COLUMNS).select_from(_with_activity_at(seq))


def _as_active(row: Any) -> User:
    """The user of a joined row, with the activity that held then."""
    user = user_of(row)
    if row[-3] is None:
        return user
    at = None if row[-2] is None else from_micros(row[-2])
    return structs.replace(user, last_active_at=at, last_active_source=row[-1])


def _touched(hub_id: int, low: int, high: int, tables: tuple[Table, ...]) -> CompoundSelect[Any]:
    """Ids of users with a row in one of the tables that began or ended after `low`, up to `high`."""
    edges = ((table, edge) for table in tables for edge in (table.c.valid_from, table.c.valid_to))
    return union(
        *(
            select(table.c.user_id).where(table.c.hub_id == hub_id, edge > low, edge <= high)
            for table, edge in edges
        )
    )


def _pieces(row: Any, activity: Iterable[Any]) -> list[tuple[int, int, User]]:
    """One version cut where the last activity changed: from, to and the user then."""
    start, end = row[0], row[1]
    pieces = [(start, end, user_of(row[2:]))]
    for one in activity:
        if start < one["valid_from"] < end:
            since, _, user = pieces[-1]
            at = one["last_active_at"]
            moved = structs.replace(
                user,
                last_active_at=None if at is None else from_micros(at),
                last_active_source=one["last_active_source"],
            )
            pieces[-1] = (since, one["valid_from"], user)
            pieces.append((one["valid_from"], end, moved))
    return pieces


def _limits(query: UserQuery, on_postgres: bool) -> list[ColumnElement[bool]]:
    """The conditions of a query."""
    found = [_state_limit(query), *_place_limits(query)]
    if query.search:
        found.append(USERS.c.search.contains(query.search.casefold(), autoescape=True))
    if query.super_admin is not None:
        found.append(USERS.c.super_admin == query.super_admin)
    if query.email_domain is not None:
        domain = "@" + query.email_domain.casefold()
        found.append(USERS.c.email_key.endswith(domain, autoescape=True))
    if query.inactive_since is not None:
        found.append(func.coalesce(_LAST_ACTIVE, 0) < to_micros(query.inactive_since))
    if query.ids is not None:
        found.append(_any_of(USERS.c.user_id, sorted(query.ids), on_postgres))
    found += [_property(name, on_postgres) == value for name, value in query.profile.items()]
    return found


def _any_of(
    column: ColumnElement[str], values: list[str], on_postgres: bool
) -> ColumnElement[bool]:
    """One of these values, as one parameter: drivers take 32,766 (SQLite) or 65,535 at most."""
    if on_postgres:
        return column == any_(literal(values, ARRAY(Text)))
    given = func.json_each(json.dumps(values)).table_valued("value")
    return column.in_(select(given.c.value))


def _state_limit(query: UserQuery) -> ColumnElement[bool]:
    if query.states is None:
        return USERS.c.state != UserState.REMOVED.value
    return USERS.c.state.in_(sorted(state.value for state in query.states))


def _place_limits(query: UserQuery) -> list[ColumnElement[bool]]:
    """Teams, permission sets and seats."""
    found: list[ColumnElement[bool]] = []
    if query.team_id == "":
        found += [USERS.c.main_team.is_(None), USERS.c.extra_teams == ""]
    elif query.team_id is not None:
        extra = _holds(USERS.c.extra_teams, query.team_id)
        found.append(or_(USERS.c.main_team == query.team_id, extra))
    if query.main_team_id is not None:
        found.append(USERS.c.main_team == query.main_team_id)
    if query.permission_set_id == "":
        found.append(USERS.c.permission_sets == "")
    elif query.permission_set_id is not None:
        found.append(_holds(USERS.c.permission_sets, query.permission_set_id))
    if query.several_sets is not None:
        several = USERS.c.permission_sets.contains("\n")
        found.append(several if query.several_sets else ~several)
    if query.seat is not None:
        found.append(_holds(func.coalesce(USERS.c.seats, ""), query.seat))
    return found


def _holds(lines: ColumnElement[str], value: str) -> ColumnElement[bool]:
    """One of the lines of a text is this value."""
    return ("\n" + lines + "\n").contains(f"\n{value}\n", autoescape=True)


def _property(name: str, on_postgres: bool) -> ColumnElement[str]:
    """The value of a CRM property in the profile column."""
    if on_postgres:
        value: ColumnElement[str] = cast(USERS.c.profile, JSON)[name].as_string()
        return value
    quoted = name.replace('"', '""')
    return type_coerce(func.json_extract(USERS.c.profile, f'$."{quoted}"'), Text)


def _order(query: UserQuery) -> list[ColumnElement[Any]]:
    """The sort column, then the id, so that pages never overlap; never active sorts first."""
    column = {
        "name": USERS.c.search, "email": USERS.c.email_key, "id": USERS.c.user_id,
        "state": USERS.c.state, "last_active": func.coalesce(_LAST_ACTIVE, 0),
        "created": func.coalesce(USERS.c.created_at, 0),
    }[query.sort]  # fmt: skip
    return [column.desc() if query.descending else column.asc(), USERS.c.user_id.asc()]
