"""A requirement pack: the least access an integration needs, as a frozen value. Judges nobody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple


class Need(NamedTuple):
    """One permission at a level; `unassigned` asks for the box where the level is own or team.

    An empty `at_least` with `unassigned` speaks of the box alone.
    """

    permission: str
    at_least: str = ""
    unassigned: bool = False


@dataclass(frozen=True, slots=True)
class When:
    """A line counts only while this permission is held at one of these scopes."""

    permission: str
    scopes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Requirement:
    """One line of a pack: any of the needs, while one of the conditions (if any) holds."""

    id: str
    title: str
    any_of: tuple[Need, ...]
    when: tuple[When, ...] = ()
    clicks: str = ""  # where today's screens have it; empty = from the catalogue
    formerly: str = ""  # where older screens have it
    note: str = ""
    interpretation: bool = False  # our reading of the vendor's words
    setup_only: bool = False  # needed only while connecting
    line: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """One step of connecting: who does it, what, and how one sees that it is done."""

    who: str  # admin | user
    text: str
    done: str


@dataclass(frozen=True, slots=True)
class PackSource:
    """Where the requirements are published, and when they were read."""

    title: str
    url: str = ""
    read_on: date | None = None


@dataclass(frozen=True, slots=True)
class Pack:
    """The whole pack; `upper_bound` says what counts as too much: critical or anything."""

    id: str
    name: str
    vendor: str
    version: str
    source: PackSource
    requires: tuple[Requirement, ...]
    applies_to: tuple[str, ...] = ()
    seats: tuple[str, ...] = ()  # any of these; () = any seat
    scopes: tuple[str, ...] = ()
    app_ids: tuple[str, ...] = ()  # under which HubSpot's feed reports the installation
    forbids: tuple[str, ...] = ()
    implies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    upper_bound: str = "critical"  # or exact
    setup_only: bool = False
    steps: tuple[Step, ...] = ()
    troubleshooting: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def permissions(self) -> frozenset[str]:
        """Every permission the pack speaks of, implied ones included."""
        named = {need.permission for line in self.requires for need in line.any_of}
        implied = {other for one in named for other in self.implies.get(one, ())}
        return frozenset(named | implied)

    def lines(self, *, connected: bool = False) -> tuple[Requirement, ...]:
        """The lines to ask for; once connected, those needed only for setting up drop out."""
        if not connected:
            return self.requires
        return tuple(one for one in self.requires if not (one.setup_only or self.setup_only))
