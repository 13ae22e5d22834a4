"""The order of levels: what is more, what both give together, what is left under a ceiling.

A level is text: `on`, `view`, `own`, `team+unassigned`; the empty text means not held.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

NONE = ""
UNASSIGNED = "+unassigned"
SCOPES = ("own", "team", "all")
TOGGLE = ("on",)


class Range(NamedTuple):
    """What is known of a level: at least `low`, at most `high`; known when both are one."""

    low: str
    high: str

    @property
    def known(self) -> bool:
        """Nothing is left open."""
        return self.low == self.high


NOTHING = Range(NONE, NONE)


def split_level(level: str) -> tuple[str, bool]:
    """A level as (scope, with records that have no owner)."""
    if level.endswith(UNASSIGNED):
        return level.removesuffix(UNASSIGNED), True
    return level, False


def with_box(scope: str, unassigned: bool) -> str:
    """The level of a scope with or without the Unassigned box; `all` needs no box."""
    return scope + UNASSIGNED if unassigned and scope in ("own", "team") else scope


def at_least(levels: Sequence[str], held: str, needed: str) -> bool:
    """Held covers needed; the box counts apart from the scope, and `all` covers every box."""
    if needed == NONE:
        return True
    if held == NONE:
        return False
    (one, flag), (other, wanted) = split_level(held), split_level(needed)
    if levels.index(one) < levels.index(other):
        return False
    return not wanted or flag or one == "all"


def both(levels: Sequence[str], one: str, other: str) -> str:
    """What somebody has who was given both levels."""
    if NONE in (one, other):
        return one or other
    (first, flag), (second, other_flag) = split_level(one), split_level(other)
    return with_box(max(first, second, key=levels.index), flag or other_flag)


def under(levels: Sequence[str], one: str, ceiling: str) -> str:
    """What is left of a level under a ceiling."""
    if NONE in (one, ceiling):
        return NONE
    (first, flag), (second, other_flag) = split_level(one), split_level(ceiling)
    boxed = (flag or first == "all") and (other_flag or second == "all")
    return with_box(min(first, second, key=levels.index), boxed)


def both_ranges(levels: Sequence[str], one: Range, other: Range) -> Range:
    """The union of two half-known levels."""
    return Range(both(levels, one.low, other.low), both(levels, one.high, other.high))


def range_under(levels: Sequence[str], one: Range, ceiling: Range) -> Range:
    """A half-known level under a half-known ceiling."""
    return Range(under(levels, one.low, ceiling.low), under(levels, one.high, ceiling.high))


def holds(levels: Sequence[str], held: Range, needed: str) -> bool | None:
    """Yes, no, or None for unknown: does a half-known level cover what is needed?"""
    if at_least(levels, held.low, needed):
        return True
    return None if at_least(levels, held.high, needed) else False
