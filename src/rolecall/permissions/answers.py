"""Answers that explain themselves: which rule decided, on which evidence, how old it is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from rolecall.domain.snapshot import Snapshot, User
from rolecall.permissions.access import Access, Resolver
from rolecall.permissions.catalogue import Kind, Permission, Sure
from rolecall.permissions.evidence import Ground
from rolecall.permissions.levels import NONE, Range, holds, split_level


@dataclass(frozen=True, slots=True)
class Answer:
    """Can this user do it: yes, no, or None for unknown.

    `rule` is the one sentence that decided, `evidence` what it rests on, `reach` whose records.
    """

    user_id: str
    email: str
    permission: Permission
    level: str
    can: bool | None
    held: Range
    given: Range
    rule: str
    evidence: tuple[str, ...]
    as_of: datetime | None
    age_days: int | None
    notes: tuple[str, ...] = ()
    reach: str = ""
    sure: Sure = Sure.DOCUMENTED

    @property
    def by_seat(self) -> bool:
        """Given, and closed by the seat."""
        return self.can is False and holds(self.permission.levels, self.given, self.level) is True


def answer(resolver: Resolver, user: User, permission_id: str, level: str = "") -> Answer:
    """Whether a user holds a permission, at this level or at the lowest, and why."""
    one = resolver.catalogue.permissions[permission_id]
    wanted = level or one.levels[0]
    access = resolver.access_of(user)
    held, given = access.of(one.id), access.given.of(one)
    can = holds(one.levels, held, wanted)
    as_of = access.given.as_of
    return Answer(
        user_id=user.id,
        email=user.email,
        permission=one,
        level=wanted,
        can=can,
        held=held,
        given=given,
        rule=_rule(resolver, user, access, one, wanted),
        evidence=access.given.sources or (str(access.given.ground),),
        as_of=as_of,
        age_days=None if as_of is None else (resolver.now - as_of).days,
        notes=access.given.notes,
        reach=reach(resolver.snapshot, user, one, held.low) if can else "",
        sure=one.sure,
    )


def _rule(resolver: Resolver, user: User, access: Access, one: Permission, wanted: str) -> str:
    given = access.given
    can = holds(one.levels, access.of(one.id), wanted)
    ground = given.ground
    if ground is Ground.STATE:
        return f"{given.sources[0]}, so nothing can be done"
    if can is None:
        return "unknown: " + ("; ".join(given.notes) or _seat_doubt(access))
    granted = holds(one.levels, given.of(one), wanted)
    if not can and granted is not False:
        return _closed(resolver, access, one, known=granted is True)
    if ground is Ground.SUPER_ADMIN:
        return "Super Admin holds every permission the seat opens"
    if not can:
        return "nothing the user holds gives it"
    sets = _givers(resolver, user, one, wanted)
    return f"given by the permission set {sets}" if sets else "granted to the user individually"


def _seat_doubt(access: Access) -> str:
    if access.seats is None:
        return "the API version in use does not tell the seat"
    return "the evidence leaves it open"


_SURE = {
    Sure.COMMUNITY: ", as users of HubSpot report; no document of HubSpot says so",
    Sure.ASSUMED: ", as we assume; no document of HubSpot says so",
}


def _closed(resolver: Resolver, access: Access, one: Permission, *, known: bool) -> str:
    seats = ", ".join(access.seats or ()) or "no paid seat"
    seat = next(iter(access.seats or ()), resolver.catalogue.least_seat)
    rule = resolver.catalogue.ceiling_rule(seat, one.id)
    sure = _SURE.get(rule.sure, "") if rule is not None else ""
    if not known:  # what is given is not told, and makes no difference
        return f"the seat ({seats}) does not open it, whatever else is given{sure}"
    return f"given, but the seat ({seats}) does not open it{sure}"


def _givers(resolver: Resolver, user: User, one: Permission, wanted: str) -> str:
    names = []
    for set_id in user.permission_set_ids:
        known = resolver.definitions.get(set_id)
        if known is not None and holds(one.levels, known.of(one.id), wanted):
            names.append(known.name)
    return " and ".join(names or [resolver.names.get(i, i) for i in user.permission_set_ids])


def reach(snapshot: Snapshot, user: User, one: Permission, level: str) -> str:
    """Whose records a scope covers, with the teams by name; empty for other kinds."""
    if one.kind is not Kind.SCOPE or level == NONE:
        return ""
    scope, box = split_level(level)
    tail = ", and records without owner" if box else ""
    if scope == "all":
        return "all records"
    if scope == "own":
        return f"records the user owns or that are shared with the user{tail}"
    names = team_names(snapshot, user)
    shown = ", ".join(names) if names else "no team, so the user's own records only"
    return f"records of {shown}{tail}"


def team_names(snapshot: Snapshot, user: User) -> list[str]:
    """The user's teams and all teams below them, by name: whose records team scope covers."""
    below: dict[str | None, list[str]] = {}
    for team in snapshot.teams:
        below.setdefault(team.parent_id, []).append(team.id)
    names = {team.id: team.name for team in snapshot.teams}
    pending = [one for one in (user.main_team_id, *user.extra_team_ids) if one]
    covered: list[str] = []
    while pending:
        team_id = pending.pop(0)
        if team_id not in covered:
            covered.append(team_id)
            pending.extend(below.get(team_id, ()))
    return [names.get(one, one) for one in covered]


@dataclass(frozen=True, slots=True)
class Holders:
    """Who can do something: surely, and maybe (nobody knows)."""

    permission: Permission
    level: str
    surely: tuple[User, ...]
    maybe: tuple[User, ...]


def who_can(
    resolver: Resolver, permission_id: str, level: str = "", users: Iterable[User] | None = None
) -> Holders:
    """Everybody (or these users) who holds a permission at a level, Super Admins included."""
    one = resolver.catalogue.permissions[permission_id]
    wanted = level or one.levels[0]
    surely: list[User] = []
    maybe: list[User] = []
    for user in resolver.snapshot.users if users is None else users:
        can = holds(one.levels, resolver.access_of(user).of(one.id), wanted)
        if can:
            surely.append(user)
        elif can is None:
            maybe.append(user)
    return Holders(one, wanted, tuple(surely), tuple(maybe))
