"""Switches a person is to set by hand, and whether evidence dated afterwards shows them so.

Written one per line: `id=level|other=level` = one of these, at least; `id=low..high` = back within
these levels, the empty text = off. Never takes a file's word for a time it cannot be sure of.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from rolecall.domain.snapshot import User
from rolecall.permissions.access import Given, Resolver
from rolecall.permissions.levels import Range, at_least, holds

_BETWEEN = ".."


def given_toggle(alternatives: Iterable[tuple[str, str]]) -> str:
    """One switch to give: any of these permissions at its level will do."""
    return "|".join(f"{permission}={level}" for permission, level in alternatives)


def former_toggle(permission: str, held: Range) -> str:
    """One switch to set back to what was held, as far as that was known."""
    return f"{permission}={held.low}{_BETWEEN}{held.high}"


def proof_of_toggles(
    resolver: Resolver, user: User, toggles: Iterable[str], since: datetime
) -> str:
    """The evidence that shows all of them set after a moment; empty while one is not shown."""
    given = resolver.access_of(user).given
    seen = {one: _seen_after(resolver, user, given, one, since) for one in toggles}
    if not seen or not all(seen.values()):
        return ""
    if not all(_is_set(resolver, given, one) for one in seen):
        return ""
    return "; ".join(dict.fromkeys(seen.values()))


def _is_set(resolver: Resolver, given: Given, toggle: str) -> bool:
    return any(_one_is_set(resolver, given, *_parts(one)) for one in toggle.split("|"))


def _one_is_set(resolver: Resolver, given: Given, permission: str, level: str) -> bool:
    one = resolver.catalogue.permissions.get(permission)
    if one is None:
        return False
    held = given.of(one)
    low, between, high = level.partition(_BETWEEN)
    if not between:
        return holds(one.levels, held, low) is True
    return (
        held.known and at_least(one.levels, held.low, low) and at_least(one.levels, high, held.low)
    )


def _parts(toggle: str) -> tuple[str, str]:
    permission, _, level = toggle.partition("=")
    return permission, level


def _seen_after(resolver: Resolver, user: User, given: Given, toggle: str, since: datetime) -> str:
    """What tells of a switch as it was after a moment: the export or set as a whole, or one line."""
    if given.as_of is not None and resolver.certainly_after(given.ground, given.as_of, since):
        return "; ".join(given.sources)
    ids = {_parts(one)[0] for one in toggle.split("|")}
    minute = since.replace(second=0, microsecond=0)  # as exactly as HubSpot's file tells a time
    for line in resolver.history_of(user):
        if line.permission_id in ids and line.at >= minute:
            return f"permission history, {line.at:%Y-%m-%d %H:%M} by {line.by or 'somebody'}"
    return ""
