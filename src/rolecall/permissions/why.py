"""Why somebody can or cannot do something, and the smallest change that would let them."""

from __future__ import annotations

from dataclasses import dataclass

from rolecall.domain.snapshot import User, UserState
from rolecall.permissions import clicks
from rolecall.permissions.access import Access, Resolver
from rolecall.permissions.answers import Answer, answer
from rolecall.permissions.catalogue import Permission
from rolecall.permissions.levels import NONE, at_least, holds, split_level


@dataclass(frozen=True, slots=True)
class Option:
    """One way to give a permission; smaller ones come first.

    `kind` is seat, set (assign another permission set), set_toggle (change a set for all its
    members), toggle (grant individually). `by_api` tells whether a plan can do it; the others
    are clicks for a person. `also` and `loses` are permission ids, `members` who else is affected.
    """

    kind: str
    label: str
    value: str = ""
    by_api: bool = False
    also: tuple[str, ...] = ()
    critical: tuple[str, ...] = ()
    loses: tuple[str, ...] = ()
    members: int = 0
    clicks: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()  # further permissions without which it has no use

    @property
    def size(self) -> tuple[int, int, int, int]:
        """How large the change is: losses, critical extras, people affected, all extras."""
        return (len(self.loses), len(self.critical), self.members, len(self.also))


@dataclass(frozen=True, slots=True)
class Why:
    """The answer with the ways to change it, smallest first."""

    answer: Answer
    options: tuple[Option, ...]


def why(resolver: Resolver, user: User, permission_id: str, level: str = "") -> Why:
    """Why a user can or cannot, and (when not, or unknown) what would give it."""
    told = answer(resolver, user, permission_id, level)
    if told.can or user.state in (UserState.DEACTIVATED, UserState.REMOVED):
        return Why(told, ())
    options = [*_seat_options(resolver, user, told)]
    if not told.by_seat:
        options += _set_options(resolver, user, told)
        options += _toggle_options(resolver, user, told)
    return Why(told, tuple(sorted(options, key=lambda one: one.size)))


def _seat_options(resolver: Resolver, user: User, told: Answer) -> list[Option]:
    """Seats of the portal under which what was given already becomes usable."""
    if not told.by_seat:
        return []
    found: list[Option] = []
    for seat in resolver.snapshot.seats:
        ceiling = resolver.catalogue.ceiling(seat.name)
        if ceiling is None:
            continue
        if at_least(told.permission.levels, ceiling.get(told.permission.id, NONE), told.level):
            free = "" if seat.remaining is None else f" ({seat.remaining} left)"
            also = _opened(resolver, user, seat.name, told.permission.id)
            label = f"give the seat {seat.name}{free}"
            found.append(Option("seat", label, seat.name, by_api=True, also=also))
    return found


def _opened(resolver: Resolver, user: User, seat: str, but: str) -> tuple[str, ...]:
    now = resolver.access_of(user)
    ceiling = resolver.catalogue.ceiling(seat) or {}
    return tuple(
        one.id
        for one in resolver.catalogue.permissions.values()
        if one.id != but
        and ceiling.get(one.id)
        and now.of(one.id).low == NONE
        and now.given.of(one).low != NONE
    )


def _set_options(resolver: Resolver, user: User, told: Answer) -> list[Option]:
    now = resolver.access_of(user)
    found = []
    for set_id, name in resolver.names.items():
        if set_id in user.permission_set_ids or set_id not in resolver.definitions:
            continue
        then = resolver.access_of_set(set_id, user.seat_names)
        if holds(told.permission.levels, then.of(told.permission.id), told.level):
            found.append(_set_option(resolver, told.permission, now, then, set_id, name))
    return found


def _set_option(
    resolver: Resolver, wanted: Permission, now: Access, then: Access, set_id: str, name: str
) -> Option:
    also, loses = _difference(resolver, now, then, wanted.id)
    critical = tuple(one for one in also if one in resolver.catalogue.critical)
    label = f"assign the permission set {name}"
    return Option("set", label, set_id, True, also, critical, loses)


def _difference(
    resolver: Resolver, now: Access, then: Access, but: str
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What a change gives besides, and what it may take."""
    also: list[str] = []
    loses: list[str] = []
    for one in resolver.catalogue.permissions.values():
        before, after = now.of(one.id), then.of(one.id)
        if one.id != but and not at_least(one.levels, before.low, after.high):
            also.append(one.id)
        if not at_least(one.levels, after.low, before.low):
            loses.append(one.id)
    return tuple(also), tuple(loses)


def _toggle_options(resolver: Resolver, user: User, told: Answer) -> list[Option]:
    one, level = told.permission, told.level
    access = resolver.access_of(user)
    needs = tuple(p for p in one.requires if access.of(p).low == NONE)
    critical = (one.id,) if one.critical else ()
    row = clicks.toggle_path(resolver.catalogue, one, _kept_box(level, told.held.low))
    if not user.permission_set_ids:
        path = f"{clicks.user_path(user.email)} > {row}"
        label = f"grant {one.shown} to {user.email} alone"
        return [Option("toggle", label, critical=critical, clicks=(path,), requires=needs)]
    found = []
    for set_id in user.permission_set_ids:
        name = resolver.names.get(set_id, set_id)
        others = resolver.others_in(set_id, user)
        members = int(others.partition(" ")[0] or 0)
        path = f"{clicks.set_path(name)} > {row}"
        label = f"add {one.shown} to the permission set {name} ({others or 'nobody else holds it'})"
        extra = {"critical": critical, "members": members, "clicks": (path,), "requires": needs}
        found.append(Option("set_toggle", label, set_id, **extra))  # type: ignore[arg-type]
    return found


def _kept_box(level: str, held: str) -> str:
    """Raising a scope keeps the Unassigned box that is ticked already."""
    _, box = split_level(held)
    return f"{level}+unassigned" if box and level in ("own", "team") else level
