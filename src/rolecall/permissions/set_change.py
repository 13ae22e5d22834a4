"""What making or changing a permission set comes to: each toggle, and who gains or loses what.

HubSpot's API can do neither, so what is decided here becomes a task for a person.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from rolecall.domain.snapshot import User, UserState
from rolecall.permissions import clicks
from rolecall.permissions.access import Resolver
from rolecall.permissions.catalogue import Permission
from rolecall.permissions.levels import NONE, Range, at_least, both_ranges, range_under

NEW_SET = (
    "Settings (gear) > Account Setup > Users & Teams > Permission sets > Create permission set"
)


@dataclass(frozen=True, slots=True)
class SetPreview:
    """Members who gain, lose, or of whom nobody knows: e-mail, permission id, level afterwards."""

    gains: tuple[tuple[str, str, str], ...]
    losses: tuple[tuple[str, str, str], ...]
    unknown: tuple[tuple[str, str, str], ...]


def preview_set_change(resolver: Resolver, set_id: str, grants: Mapping[str, str]) -> SetPreview:
    """What changing some permissions of a set (id -> level, empty = off) does to its members.

    What other sets give and what the seat closes counts, so that nobody is told to gain what he
    could not use.
    """
    gains, losses, unknown = [], [], []
    for permission_id, level in grants.items():
        one = resolver.catalogue.permissions[permission_id]
        for user in _members(resolver, set_id):
            before = resolver.access_of(user).of(one.id)
            after = _after(resolver, user, set_id, one, level)
            line = (user.email, one.id, after.low)
            if not at_least(one.levels, before.high, after.low):
                gains.append(line)
            if not at_least(one.levels, after.high, before.low):
                losses.append((user.email, one.id, after.high))
            elif before != after and not (before.known and after.known):
                unknown.append(line)
    return SetPreview(tuple(gains), tuple(losses), tuple(unknown))


def _members(resolver: Resolver, set_id: str) -> Iterable[User]:
    """Who holds the set and can do something; a Super Admin can do everything anyhow."""
    gone = (UserState.DEACTIVATED, UserState.REMOVED)
    for user in resolver.snapshot.users:
        held = set_id in user.permission_set_ids
        if held and not user.super_admin and user.state not in gone:
            yield user


def _after(resolver: Resolver, user: User, set_id: str, one: Permission, level: str) -> Range:
    whole = Range(level, level)
    for other in user.permission_set_ids:
        if other != set_id:
            known = resolver.definitions.get(other)
            held = Range(NONE, one.highest) if known is None else known.of(one.id)
            whole = both_ranges(one.levels, whole, held)
    return range_under(one.levels, whole, resolver.ceiling(user.seat_names)[one.id])


def set_clicks(resolver: Resolver, name: str, grants: Mapping[str, str]) -> tuple[str, ...]:
    """One line per toggle in the editor of an existing set."""
    path = clicks.set_path(name)
    return tuple(f"{path} > {row}" for row in _rows(resolver, grants))


def new_set_clicks(resolver: Resolver, name: str, grants: Mapping[str, str]) -> tuple[str, ...]:
    """The way to a new set: its name first, then one line per toggle."""
    return (f"{NEW_SET} > name it {name}", *_rows(resolver, grants), "Save (review, then Create)")


def _rows(resolver: Resolver, grants: Mapping[str, str]) -> Iterable[str]:
    for permission_id, level in grants.items():
        one = resolver.catalogue.permissions[permission_id]
        yield clicks.toggle_path(resolver.catalogue, one, level)


def proof_of_set(
    resolver: Resolver, set_id: str, grants: Mapping[str, str], since: datetime
) -> str:
    """The definition that shows these levels in a set after a moment; empty while none does."""
    known = resolver.definitions.get(set_id)
    if known is None or not resolver.certainly_after(known.ground, known.as_of, since):
        return ""
    shown = all(known.of(one) == Range(level, level) for one, level in grants.items())
    return f"{known.ground} of {known.as_of:%Y-%m-%d}" if shown else ""
