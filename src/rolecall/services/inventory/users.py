"""Who is in a portal and what they hold, now and before; answered from snapshots, never HubSpot."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from rolecall.domain.actor import Actor
from rolecall.domain.portal import Portal
from rolecall.domain.snapshot import PermissionSet, Seat, Snapshot, Team, User, UserState
from rolecall.kit.errors import NeedsPerson, Refused
from rolecall.policy.moments import end_of_day, zone_named
from rolecall.policy.problems import named_among
from rolecall.services.app import App
from rolecall.services.connections.portals import portal_named
from rolecall.store import UserQuery, View

# The words HubSpot's own guides use for these properties, and what they are really called.
ALIASES: Mapping[str, str] = {
    "jobtitle": "hs_job_title",
    "timezone": "hs_standard_time_zone",
    "phone": "hs_main_phone",
    "workinghours": "hs_working_hours",
    "language": "hs_main_user_language_skill",
}
# Facts of a user beside the CRM properties, as filters and columns name them.
FIELDS: Mapping[str, Callable[[UserRow], object]] = {
    "email": lambda row: row.user.email,
    "id": lambda row: row.user.id,
    "firstname": lambda row: row.user.first_name,
    "lastname": lambda row: row.user.last_name,
    "name": lambda row: row.user.name,
    "state": lambda row: row.user.state.value,
    "super_admin": lambda row: row.user.super_admin,
    "permission_sets": lambda row: row.permission_sets,
    "main_team": lambda row: row.main_team,
    "extra_teams": lambda row: row.extra_teams,
    "seats": lambda row: row.user.seat_names,
    "last_active": lambda row: row.user.last_active_at,
    "last_active_source": lambda row: row.user.last_active_source,
    "created": lambda row: row.user.created_at,
    "crm_id": lambda row: row.user.crm_id,
    "owner_id": lambda row: row.user.owner_id,
}
# The same facts as people read them, over a column.
TITLES: Mapping[str, str] = {
    "email": "E-mail",
    "id": "User id",
    "firstname": "First name",
    "lastname": "Last name",
    "name": "Name",
    "state": "State",
    "super_admin": "Super Admin",
    "permission_sets": "Permission sets",
    "main_team": "Main team",
    "extra_teams": "Extra teams",
    "seats": "Seats",
    "last_active": "Last active",
    "last_active_source": "Last active by",
    "created": "Created",
    "crm_id": "CRM id",
    "owner_id": "Record owner id",
}
# HubSpot's own names of the same facts.
HUBSPOT_NAMES: Mapping[str, str] = {
    "hs_email": "email",
    "hs_given_name": "firstname",
    "hs_family_name": "lastname",
    "hs_internal_user_id": "id",
    "hs_object_id": "crm_id",
    "hubspot_owner_id": "owner_id",
    "hs_createdate": "created",
}
COLUMNS = ("email", "name", "state", "permission_sets", "main_team", "seats", "last_active")
PAGE = 10_000  # of a list without a limit; every page is counted anew
STREAMED = 10_000  # users of one page of a stream; each is sorted and counted anew
NONE_HELD = "-"  # as a filter: in no team, without a set


def field_of(name: str) -> str:
    """The name as FIELDS spells it, whatever its case and whoever's word it is."""
    folded = name.casefold()
    return HUBSPOT_NAMES.get(folded, folded)


@dataclass(frozen=True, slots=True)
class UserRow:
    """A user with the names of what they hold."""

    user: User
    permission_sets: tuple[str, ...] = ()
    main_team: str = ""
    extra_teams: tuple[str, ...] = ()

    def value(self, column: str) -> object:
        """One column: a field, a CRM property, or one of the aliases."""
        name = field_of(column)
        if name in FIELDS:
            return FIELDS[name](self)
        return self.user.profile.get(ALIASES.get(name, column), "")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which users; every limit must hold. Teams and sets by name or id; `where` by exact value."""

    search: str = ""
    states: frozenset[UserState] | None = None
    super_admin: bool | None = None
    team: str | None = None  # "" = in no team at all
    permission_set: str | None = None  # "" = none at all
    several_sets: bool | None = None
    seat: str | None = None
    email_domain: str | None = None
    inactive_days: int | None = None
    where: Mapping[str, str] = field(default_factory=dict)
    at: date | datetime | None = None  # a day means its end in the portal's zone; None = now
    sort: str = "email"
    descending: bool = False
    limit: int | None = None  # None = all
    after: str | None = None


def wanted_of(filters: Mapping[str, str]) -> Wanted:
    """Filters as addresses and saved reports write them; Refused for what cannot be."""
    told = filters.get
    state, idle = told("state", ""), told("idle", "")
    if idle and not (idle.isascii() and idle.isdecimal() and len(idle) < 6):
        raise Refused(f"idle: {idle!r} is no number of days")
    return Wanted(
        search=told("q", ""),
        states=frozenset({_state(state)}) if state else None,
        super_admin=_yes(told("super_admin", "")),
        team=_held(told("team", "")),
        permission_set=_held(told("set", "")),
        several_sets=_yes(told("several", "")),
        seat=told("seat") or None,
        email_domain=told("domain") or None,
        inactive_days=int(idle) if idle else None,
    )


def _state(text: str) -> UserState:
    try:
        return UserState(text)
    except ValueError:
        known = ", ".join(state.value for state in UserState)
        raise Refused(f"no state is called {text}", hint=f"states: {known}") from None


def _held(text: str) -> str | None:
    return "" if text == NONE_HELD else text or None


def _yes(text: str) -> bool | None:
    return None if not text else text == "yes"


@dataclass(frozen=True, slots=True)
class UserPage:
    """Users found, and the age of the picture they are from."""

    portal: Portal
    rows: tuple[UserRow, ...]
    total: int
    as_of: datetime
    complete: bool
    after: str | None = None
    properties: tuple[str, ...] = ()  # CRM properties one can ask for


async def list_users(app: App, actor: Actor, name: str, wanted: Wanted | None = None) -> UserPage:
    """Users of the newest snapshot, or of the one that held at a time, filtered and sorted.

    Raises Refused for a team, set or property the portal does not have.
    """
    portal = await portal_named(app, actor, name)
    asked = wanted or Wanted()
    at = moment_of(asked.at, portal)
    async with app.database.read() as view:
        lists = await lists_of(view, portal, at)
        query, exact = _query(asked, lists, at or app.clock.now())
        query = replace(query, at=at)
        users: list[User] = []
        total = 0
        after = asked.after
        while True:
            left = PAGE if asked.limit is None else min(PAGE, asked.limit - len(users))
            page = await view.users.find(portal.hub_id, replace(query, after=after, limit=left))
            users += page.items
            total, after = page.total or 0, page.after
            if after is None or (asked.limit is not None and len(users) >= asked.limit):
                break
    rows = tuple(row for row in map(Names.of(lists).row, users) if _matches(row, exact))
    return UserPage(
        portal,
        rows,
        len(rows) if exact else total,
        lists.sealed_at,
        lists.complete,
        after,
        properties_of(lists),
    )


async def users_in_pages(
    app: App, actor: Actor, name: str, wanted: Wanted, size: int = STREAMED
) -> AsyncIterator[UserPage]:
    """All users page by page, each read when it is asked for and all of one picture.

    Whoever takes them slowly holds neither a transaction nor the users before.
    """
    portal = await portal_named(app, actor, name)
    at = moment_of(wanted.at, portal)
    async with app.database.read() as view:
        lists = await lists_of(view, portal, at)
        query, exact = _query(wanted, lists, at or app.clock.now())
    query = replace(query, at=at or lists.sealed_at, limit=size)
    row, properties = Names.of(lists).row, properties_of(lists)
    while True:
        async with app.database.read() as view:
            page = await view.users.find(portal.hub_id, query)
        rows = tuple(one for one in map(row, page.items) if _matches(one, exact))
        total = page.total or 0
        yield UserPage(
            portal, rows, total, lists.sealed_at, lists.complete, page.after, properties
        )  # fmt: skip
        if page.after is None:
            return
        query = replace(query, after=page.after)


def properties_of(lists: Snapshot) -> tuple[str, ...]:
    """CRM user properties the sync reads in this portal."""
    told = lists.capabilities.details.get("user properties", "")
    return tuple(name for name in told.split(",") if name)


def moment_of(at: date | datetime | None, portal: Portal) -> datetime | None:
    """A moment, or the end of a day in the portal's zone, as UTC."""
    if at is None or isinstance(at, datetime):
        return at
    return end_of_day(at, zone_named(portal.time_zone))


async def lists_of(view: View, portal: Portal, at: datetime | None = None) -> Snapshot:
    """The newest snapshot (until a time) without its users.

    NeedsPerson when the portal was never synced, Refused when it was not yet at that time.
    """
    lists = await view.snapshots.load(portal.hub_id, at, without_users=True)
    if lists is None and at is not None and await view.snapshots.head(portal.hub_id):
        raise Refused(
            f"{portal.name} was not connected yet on {at:%Y-%m-%d}",
            hint="the first picture is from the first sync; nobody can tell what was before",
        )
    if lists is None:
        raise NeedsPerson(
            f"{portal.name} was never synced", hint=f"run `rolecall sync {portal.name}`"
        )
    return lists


@dataclass(frozen=True, slots=True)
class Names:
    """The names of a portal's sets and teams, by id."""

    sets: Mapping[str, str]
    teams: Mapping[str, str]

    @classmethod
    def of(cls, lists: Snapshot) -> Names:
        """The names in a snapshot."""
        return cls(
            {one.id: one.name for one in lists.permission_sets},
            {one.id: one.name for one in lists.teams},
        )

    def row(self, user: User) -> UserRow:
        """The user with names; ids stand in for names nobody knows any more."""
        return UserRow(
            user,
            tuple(self.sets.get(one, one) for one in user.permission_set_ids),
            self.teams.get(user.main_team_id or "", user.main_team_id or ""),
            tuple(self.teams.get(one, one) for one in user.extra_team_ids),
        )


def _query(asked: Wanted, lists: Snapshot, now: datetime) -> tuple[UserQuery, Mapping[str, str]]:
    """What the database filters, and exact values of fields that are compared here."""
    profile: dict[str, str] = {}
    exact: dict[str, str] = {}
    for name, value in asked.where.items():
        if field_of(name) in FIELDS:
            exact[name] = value
        else:
            profile[_property(name, lists)] = value
    idle = asked.inactive_days
    query = UserQuery(
        search=asked.search,
        states=asked.states,
        super_admin=asked.super_admin,
        team_id=_id_of("team", asked.team, lists.teams),
        permission_set_id=_id_of("permission set", asked.permission_set, lists.permission_sets),
        several_sets=asked.several_sets,
        seat=_seat(asked.seat, lists.seats),
        email_domain=asked.email_domain,
        inactive_since=None if idle is None else now - timedelta(days=idle),
        profile=profile,
        sort=asked.sort,
        descending=asked.descending,
    )
    return query, exact


def checked_columns(columns: Sequence[str], lists_properties: Sequence[str]) -> tuple[str, ...]:
    """The columns, every one known; Refused names what there is."""
    for column in columns:
        name = field_of(column)
        if name not in FIELDS and ALIASES.get(name, column) not in lists_properties:
            raise _unknown_property(column, lists_properties)
    return tuple(columns)


def _property(name: str, lists: Snapshot) -> str:
    """HubSpot's name of a property; the guide's words are understood."""
    known = properties_of(lists)
    wanted = ALIASES.get(name.casefold(), name)
    if wanted not in known:
        raise _unknown_property(name, known)
    return wanted


def _unknown_property(name: str, known: Sequence[str]) -> Refused:
    from difflib import get_close_matches

    there = [*FIELDS, *ALIASES, *known]
    close = get_close_matches(name, there, n=1)
    hint = f"did you mean {close[0]}?" if close else f"there are: {', '.join(there)}"
    if name.casefold().startswith("hs_") and not close:
        hint = f"HubSpot's own properties are read once named: ROLECALL_USER_PROPERTIES={name}"
    return Refused(f"Users have no field or property {name}", hint=hint)


def _id_of(kind: str, wanted: str | None, there: Sequence[Team | PermissionSet]) -> str | None:
    """The id behind a name or an id; names are compared without regard to case."""
    if not wanted:
        return wanted
    for one in there:
        if wanted == one.id or wanted.casefold() == one.name.casefold():
            return one.id
    raise _unknown(kind, wanted, there)


def _seat(wanted: str | None, there: Sequence[Seat]) -> str | None:
    """The seat's name as HubSpot writes it; as it was told where HubSpot lists no seats."""
    if not wanted or not there:
        return wanted
    found = next((one.name for one in there if one.name.casefold() == wanted.casefold()), None)
    if found is None:
        raise _unknown("seat", wanted, there)
    return found


def _unknown(kind: str, wanted: str, there: Sequence[Team | PermissionSet | Seat]) -> Refused:
    hint = named_among(wanted, [one.name for one in there])
    return Refused(f"No {kind} is called {wanted}", hint=hint)


def _matches(row: UserRow, exact: Mapping[str, str]) -> bool:
    return all(_text(row.value(name)) == value.casefold() for name, value in exact.items())


def _text(value: object) -> str:
    return str(value if value is not None else "").casefold()
