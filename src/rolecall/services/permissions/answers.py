"""Who can do what, why, and how access differs: questions answered from snapshot and evidence.

Asks HubSpot nothing; every answer carries the evidence it rests on and its age.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from rolecall.domain.actor import Actor
from rolecall.domain.portal import Portal
from rolecall.domain.snapshot import Snapshot, User, UserState
from rolecall.kit.errors import Refused
from rolecall.permissions.access import Resolver
from rolecall.permissions.answers import Holders, who_can
from rolecall.permissions.compare import (
    Comparison,
    Side,
    compare,
    nearest_template,
    side_of_set,
    side_of_template,
    side_of_user,
)
from rolecall.permissions.phrases import meant
from rolecall.permissions.why import Why, why
from rolecall.policy.document import Grants, Policy, Ref
from rolecall.policy.moments import end_of_day, zone_named
from rolecall.policy.names import names_of
from rolecall.policy.parse import parse_policy
from rolecall.policy.problems import FIND_USERS, did_you_mean, named_among
from rolecall.services.app import App
from rolecall.services.connections.portals import portal_named
from rolecall.services.permissions.book import catalogue_of, resolver_of
from rolecall.services.permissions.files import newest_snapshot
from rolecall.services.pictures import MOST_USERS
from rolecall.store import ExportImport, View

COUNTED = (UserState.ACTIVE, UserState.INVITED)  # who can sign in


@dataclass(frozen=True, slots=True)
class Standpoint:
    """What a portal's questions are answered from: one snapshot and the evidence of that time."""

    portal: Portal
    resolver: Resolver
    newest: ExportImport | None  # the newest users export it rests on

    @property
    def snapshot(self) -> Snapshot:
        """The picture the answers are about."""
        return self.resolver.snapshot

    @property
    def present(self) -> tuple[User, ...]:
        """Everybody who is in the portal."""
        return tuple(one for one in self.snapshot.users if one.present)

    @property
    def people(self) -> tuple[User, ...]:
        """Humans who can sign in."""
        return tuple(one for one in self.snapshot.users if one.state in COUNTED)


@dataclass(frozen=True, slots=True)
class WhyAnswer:
    """One user, one permission: the answer, the ways to change it, and where it comes from."""

    standpoint: Standpoint
    user: User
    why: Why


@dataclass(frozen=True, slots=True)
class HoldersAnswer:
    """Everybody who can do something, and everybody nobody knows of."""

    standpoint: Standpoint
    holders: Holders


@dataclass(frozen=True, slots=True)
class Compared:
    """Columns to put side by side; several dates show each user at each of them."""

    users: tuple[str, ...] = ()
    sets: tuple[str, ...] = ()
    templates: tuple[str, ...] = ()
    profiles: tuple[str, ...] = ()
    dates: tuple[date, ...] = ()
    all_rows: bool = False


@dataclass(frozen=True, slots=True)
class ComparisonAnswer:
    """Sides in order with the rows that differ; `nearest` names the template nearest to a user."""

    standpoint: Standpoint
    comparison: Comparison
    nearest: Mapping[str, str]


async def standpoint_of(app: App, actor: Actor, name: str, at: date | None = None) -> Standpoint:
    """Snapshot and evidence of now, or of the end of a day; NeedsPerson before the first sync."""
    portal = await portal_named(app, actor, name)
    async with app.database.read() as view:
        return await standpoint_in(app, view, portal, at)


async def standpoint_in(app: App, view: View, portal: Portal, at: date | None = None) -> Standpoint:
    """The same within a transaction."""
    if at is not None:
        return await _standpoint(app, view, portal, end_of_day(at, zone_named(portal.time_zone)))
    rests_on = await _rests_on(app, view, portal)
    known = _HELD.get(portal.hub_id)
    if known is None or known[0] != rests_on:
        known = rests_on, await _standpoint(app, view, portal, None)
        _HELD.pop(portal.hub_id, None)
        _hold(portal.hub_id, *known)
    return known[1]


async def _rests_on(app: App, view: View, portal: Portal) -> tuple[object, ...]:
    """What tells a standpoint from an older one: the picture, whatever was done or read, the hour."""
    head = await view.snapshots.head(portal.hub_id)
    runs = await view.syncs.runs(portal.hub_id, 1)
    acts = await view.audit.last()
    catalogue = catalogue_of(app)
    return (
        portal,
        head and head.id,
        [(one.id, one.state) for one in runs],
        acts,
        id(catalogue),
        (f"{app.clock.now():%Y-%m-%dT%H}"),
    )


# The newest standpoint of portals: evidence of 50,000 people takes seconds to read again.
_HELD: OrderedDict[int, tuple[tuple[object, ...], Standpoint]] = OrderedDict()


def _hold(hub_id: int, rests_on: tuple[object, ...], seen: Standpoint) -> None:
    """Keep a standpoint; the oldest ones make room, the newest stays in any case."""
    _HELD[hub_id] = rests_on, seen
    while len(_HELD) > 1 and sum(len(s.snapshot.users) for _, s in _HELD.values()) > MOST_USERS:
        _HELD.popitem(last=False)


async def _standpoint(app: App, view: View, portal: Portal, moment: datetime | None) -> Standpoint:
    snapshot = await newest_snapshot(view, portal, moment)
    resolver = await resolver_of(app, view, snapshot, app.clock.now(), moment)
    imports = await view.evidence.imports(portal.hub_id)
    newest = next((one for one in imports if moment is None or one.as_of <= moment), None)
    return Standpoint(portal, resolver, newest)


def user_in(snapshot: Snapshot, who: str) -> User:
    """The user with this e-mail or id; Refused names the nearest."""
    user = snapshot.user(who)
    if user is None:
        emails = [one.email for one in snapshot.users if one.present]
        hint = did_you_mean(who, emails) or FIND_USERS
        raise Refused(f"{who} is no user of this portal", hint=hint)
    return user


def set_in(snapshot: Snapshot, wanted: str) -> str:
    """The id of the permission set of this name or id; Refused names the nearest."""
    for one in snapshot.permission_sets:
        if wanted == one.id or wanted.casefold() == one.name.casefold():
            return one.id
    names = [one.name for one in snapshot.permission_sets]
    raise Refused(f"no permission set is called {wanted}", hint=named_among(wanted, names))


async def why_can(app: App, actor: Actor, name: str, who: str, phrase: str) -> WhyAnswer:
    """Whether a user can do what a phrase says, why, and the smallest change that would let them."""
    seen = await standpoint_of(app, actor, name)
    match = meant(seen.resolver.catalogue, phrase)
    user = user_in(seen.snapshot, who)
    return WhyAnswer(seen, user, why(seen.resolver, user, match.permission.id, match.level))


async def who_can_do(app: App, actor: Actor, name: str, phrase: str) -> HoldersAnswer:
    """Everybody who can do what a phrase says, deactivated and removed users left out."""
    seen = await standpoint_of(app, actor, name)
    match = meant(seen.resolver.catalogue, phrase)
    people = [one for one in seen.snapshot.users if one.state is not UserState.REMOVED]
    return HoldersAnswer(seen, who_can(seen.resolver, match.permission.id, match.level, people))


async def compare_access(app: App, actor: Actor, name: str, asked: Compared) -> ComparisonAnswer:
    """Any number of users, sets, templates and profiles side by side, at one or several dates."""
    portal = await portal_named(app, actor, name)
    sides: list[Side] = []
    nearest: dict[str, str] = {}
    async with app.database.read() as view:
        days: Sequence[date | None] = asked.dates or (None,)
        seen = [await standpoint_in(app, view, portal, day) for day in days]
        stored = await view.policies.in_force(portal.hub_id)
    for day, one in zip(days, seen, strict=True):
        shown = f" {day}" if day and len(days) > 1 else ""
        for who in asked.users:
            user = user_in(one.snapshot, who)
            sides.append(side_of_user(one.resolver, user, f"{user.email}{shown}"))
            near = nearest_template(one.resolver.catalogue, one.resolver.access_of(user))
            if near is not None:
                nearest[sides[-1].title] = f"{near[0].name} ({near[1]} differences)"
    newest = seen[-1]
    sides += _sides(newest, asked, parse_policy(stored.text) if stored else Policy())
    if len(sides) < 2:
        raise Refused("there is nothing to compare with", hint="name two users, sets or dates")
    found = compare(newest.resolver.catalogue, sides, all_rows=asked.all_rows)
    return ComparisonAnswer(newest, found, nearest)


def _sides(seen: Standpoint, asked: Compared, policy: Policy) -> Iterable[Side]:
    resolver = seen.resolver
    for wanted in asked.sets:
        yield side_of_set(resolver, set_in(seen.snapshot, wanted))
    templates = {one.name.casefold(): one for one in resolver.catalogue.templates.values()}
    for wanted in asked.templates:
        if wanted.casefold() not in templates:
            names = ", ".join(one.name for one in templates.values())
            raise Refused(f"no template is called {wanted}", hint=f"templates: {names}")
        yield side_of_template(templates[wanted.casefold()])
    for wanted in asked.profiles:
        if wanted not in policy.profiles:
            hint = did_you_mean(wanted, policy.profiles) or "profiles come from access.yaml"
            raise Refused(f"there is no access profile {wanted!r}", hint=hint)
        stand_in = _holder_of(seen.snapshot, wanted, policy.profiles[wanted])
        yield side_of_user(resolver, stand_in, f"profile {wanted}")


def _holder_of(snapshot: Snapshot, profile: str, grants: Grants) -> User:
    """A user who holds exactly what a profile gives."""
    names = names_of(snapshot)
    sets = [names.permission_set(ref) for ref in grants.permission_sets or ()]
    main = [names.team(ref) for ref in grants.main_team or ()]
    extra = [names.team(ref) for ref in grants.extra_teams or ()]
    return User(
        id="",
        email=profile,
        permission_set_ids=tuple(one for one in sets if one),
        main_team_id=next((one for one in main if one), None),
        extra_team_ids=tuple(one for one in extra if one),
        seat_names=None if grants.seats is None else tuple(map(_seat_name, grants.seats)),
    )


def _seat_name(ref: Ref) -> str:
    return ref.name or ref.id or ""


def age_of(seen: Standpoint) -> str:
    """One sentence on what the answers rest on."""
    if seen.newest is None:
        return "no users export was imported; only Super Admins and attested sets are known"
    days = (seen.resolver.now - seen.newest.as_of).days
    aged = "today" if days == 0 else f"{days} day{'s' if days > 1 else ''} old"
    return f"users export of {seen.newest.as_of:%Y-%m-%d} ({aged})"
