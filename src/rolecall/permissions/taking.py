"""How to take single permissions from a user: another set that keeps the rest, else toggles."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rolecall.domain.snapshot import User
from rolecall.permissions import clicks
from rolecall.permissions.access import Access, Resolver
from rolecall.permissions.levels import NONE, NOTHING, at_least
from rolecall.permissions.toggles import former_toggle


@dataclass(frozen=True, slots=True)
class Taking:
    """The way to take permissions away: a set to assign instead (by API), or clicks for a person.

    `shared` says who else loses them when the clicks are made in a set.
    """

    set_id: str = ""
    clicks: tuple[str, ...] = ()
    toggles: tuple[str, ...] = ()  # what evidence shows once the clicks are made
    shared: str = ""


def taking(resolver: Resolver, user: User, unwanted: Iterable[str]) -> Taking:
    """The smallest way; a set counts only where it surely lacks them and keeps everything else."""
    ids = tuple(unwanted)
    other = _set_without(resolver, user, ids)
    if other:
        return Taking(set_id=other)
    paths = [path for one in ids for path in _paths(resolver, user, one)]
    toggles = tuple(former_toggle(one, NOTHING) for one in ids)
    others = (resolver.others_in(one, user) for one in user.permission_set_ids)
    shared = next((one for one in others if one), "")
    return Taking(clicks=tuple(dict.fromkeys(paths)), toggles=toggles, shared=shared)


def _set_without(resolver: Resolver, user: User, ids: tuple[str, ...]) -> str:
    """The set of the portal that gives all the user holds but these, with the least beyond it."""
    if len(user.permission_set_ids) != 1:
        return ""  # access by toggles or several sets could not be brought back
    now = resolver.access_of(user)
    best: tuple[int, str] | None = None
    for set_id in resolver.definitions:
        if set_id in user.permission_set_ids or set_id not in resolver.names:
            continue
        then = resolver.access_of_set(set_id, user.seat_names)
        lacks = all(then.given.of(resolver.catalogue.permissions[p]).high == NONE for p in ids)
        if lacks and _keeps(resolver, now, then, ids):
            rank = (_beyond(resolver, now, then), set_id)
            best = rank if best is None or rank < best else best
    return "" if best is None else best[1]


def _keeps(resolver: Resolver, now: Access, then: Access, but: tuple[str, ...]) -> bool:
    permissions = resolver.catalogue.permissions
    return all(
        at_least(permissions[one].levels, then.of(one).low, held.high)
        for one, held in now.levels.items()
        if one not in but
    )


def _beyond(resolver: Resolver, now: Access, then: Access) -> int:
    permissions = resolver.catalogue.permissions
    return sum(
        not at_least(permissions[one].levels, now.of(one).low, held.high)
        for one, held in then.levels.items()
    )


def _paths(resolver: Resolver, user: User, permission: str) -> Iterable[str]:
    one = resolver.catalogue.permissions[permission]
    row = clicks.toggle_path(resolver.catalogue, one, NONE)
    if not user.permission_set_ids:
        yield f"{clicks.user_path(user.email)} > {row}"
    for set_id in user.permission_set_ids:
        known = resolver.definitions.get(set_id)
        if known is None or known.of(permission).high != NONE:
            name = resolver.names.get(set_id, set_id)
            others = resolver.others_in(set_id, user)
            told = f" ({others} too)" if others else ""
            yield f"{clicks.set_path(name)} > {row}{told}"
