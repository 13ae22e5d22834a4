"""HubSpot's permissions as data: what there is, in which order, and what each seat opens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase
from functools import cached_property

from rolecall.domain.portal import Tier
from rolecall.permissions.levels import NONE, Range, both_ranges

SUPER_ADMIN = "account.super_admin"


class Kind(StrEnum):
    """What the levels of a permission mean."""

    SCOPE = "scope"  # whose records
    TOGGLE = "toggle"
    LEVELS = "levels"


class Sure(StrEnum):
    """How sure we are that a permission exists as written; the weakest is shown to people."""

    DOCUMENTED = "documented"
    COMMUNITY = "community"
    ASSUMED = "assumed"


@dataclass(frozen=True, slots=True)
class Permission:
    """One permission; `levels` rise, and not having it at all is below the first."""

    id: str
    label: str
    category: str
    path: tuple[str, ...]  # as the screens nest it: category, item, action
    kind: Kind
    levels: tuple[str, ...]
    critical: bool = False
    tier: Tier | None = None  # lowest edition that has it
    seats: tuple[str, ...] = ()  # families of paid seats that open it; () = any editing seat
    requires: tuple[str, ...] = ()
    sure: Sure = Sure.DOCUMENTED
    source: str = ""
    was: tuple[str, ...] = ()  # labels of older screens
    tabs: tuple[str, ...] = ()  # tabs of older screens
    say: tuple[str, ...] = ()  # phrases people use for it

    @property
    def highest(self) -> str:
        """The most one can have of it."""
        return self.levels[-1]

    @property
    def shown(self) -> str:
        """As one reads it off the screen: Contacts > Edit."""
        return " > ".join(self.path[1:]) or self.label


@dataclass(frozen=True, slots=True)
class CeilingRule:
    """The most a seat leaves of the permissions matching a pattern; None = no limit."""

    match: str
    level: str | None
    sure: Sure


@dataclass(frozen=True, slots=True)
class SeatKind:
    """What the seats of these names open."""

    names: tuple[str, ...]
    families: frozenset[str]
    ceiling: tuple[CeilingRule, ...]
    paid: bool = True


@dataclass(frozen=True, slots=True)
class Template:
    """A named level of access to compare with."""

    name: str
    source: str
    grants: Mapping[str, str]


@dataclass(frozen=True)
class Catalogue:
    """All permissions by id in the order of the screens, with seats, templates and sources."""

    version: str
    permissions: Mapping[str, Permission]
    seats: tuple[SeatKind, ...] = ()
    templates: Mapping[str, Template] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)
    categories: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # id -> labels

    @cached_property
    def everything(self) -> Mapping[str, str]:
        """Every permission at its highest level, Super Admin included."""
        return {one.id: one.highest for one in self.permissions.values()}

    @cached_property
    def critical(self) -> frozenset[str]:
        """Ids of the permissions that can hurt."""
        return frozenset(one.id for one in self.permissions.values() if one.critical)

    @cached_property
    def _ceilings(self) -> dict[str, Mapping[str, str]]:
        return {}

    def seat_kind(self, seat: str) -> SeatKind | None:
        """The kind a seat name belongs to; None for names the catalogue does not know."""
        plain = seat.casefold()
        for kind in self.seats:
            if any(plain.startswith(name.casefold()) for name in kind.names):
                return kind
        return None

    def ceiling(self, seat: str) -> Mapping[str, str] | None:
        """The most a holder of this seat can do; None where the seat is not known."""
        known = self._ceilings.get(seat)
        if known is not None:
            return known
        kind = self.seat_kind(seat)
        if kind is None:
            return None
        made = {
            one.id: level
            for one in self.permissions.values()
            if (level := _ceiling_of(one, kind)) != NONE
        }
        self._ceilings[seat] = made
        return made

    def ceiling_rule(self, seat: str, permission_id: str) -> CeilingRule | None:
        """The line of the catalogue that limits a permission under a seat, if one does."""
        kind = self.seat_kind(seat)
        return None if kind is None else _rule_for(permission_id, kind)

    def ceiling_range(self, seats: tuple[str, ...] | None, tier: Tier) -> Mapping[str, Range]:
        """What the seats open together, as a range for every permission.

        Seats not told (`None`) or not known to the catalogue leave everything above View-Only
        open; a user without a seat is View-Only on paid editions and unlimited on Free.
        """
        held = self._seats_of(seats, tier)
        ranges: dict[str, Range] = {}
        for seat in held:
            for one in self.permissions.values():
                levels = one.levels
                mine = self._range_under(seat, one)
                before = ranges.get(one.id)
                ranges[one.id] = mine if before is None else both_ranges(levels, before, mine)
        return ranges

    def _range_under(self, seat: str, one: Permission) -> Range:
        told = self.ceiling(seat)
        if told is not None:
            level = told.get(one.id, NONE)
            return Range(level, level)
        least = self.ceiling(self.least_seat) or {}
        return Range(least.get(one.id, NONE), one.highest)

    def _seats_of(self, seats: tuple[str, ...] | None, tier: Tier) -> tuple[str, ...]:
        if seats is None or (not seats and tier is Tier.UNKNOWN):
            return ("?",)
        return seats or (("Core",) if tier is Tier.FREE else (self.least_seat,))

    @cached_property
    def least_seat(self) -> str:
        """The name of the seat that opens least."""
        return next((kind.names[0] for kind in self.seats if not kind.paid), "View-Only")


def _rule_for(permission_id: str, kind: SeatKind) -> CeilingRule | None:
    return next((rule for rule in kind.ceiling if fnmatchcase(permission_id, rule.match)), None)


def _ceiling_of(one: Permission, kind: SeatKind) -> str:
    rule = _rule_for(one.id, kind)
    if rule is not None:
        return one.highest if rule.level is None else rule.level
    opened = not one.seats or not kind.families.isdisjoint(one.seats) or bool(kind.ceiling)
    return one.highest if opened else NONE
