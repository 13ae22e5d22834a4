"""What should be in one portal, settled per slot; plans compare it with a snapshot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from rolecall.domain.assignment import Origin, Slot
from rolecall.domain.finding import Finding
from rolecall.policy.document import Mode, Modes, ParkingSettings, Presence, Section

NEW_TEAM = "new:"  # a team still to be created, by its path
BY_NAME = "name:"  # a set or team the portal does not show (its tier has none)


class Source(NamedTuple):
    """Who wants it and why."""

    origin: Origin
    reason: str
    reference: str = ""


class Wanted(NamedTuple):
    """The winning claim of a slot; values are ids (seats: names), () is explicitly nothing."""

    values: tuple[str, ...]
    source: Source


@dataclass(frozen=True, slots=True)
class DesiredTeam:
    """One team of the tree; `key` is its id, or NEW_TEAM and its path."""

    key: str
    name: str
    parent: str | None
    path: str
    depth: int


@dataclass(frozen=True, slots=True)
class DesiredUser:
    """What one user should have; None means nobody says anything about the slot.

    `named` is True where the file or a rule knows this user, so exact sections take away what
    nobody claims. `disputed` slots stay as they are.
    """

    email: str
    presence: Wanted | None = None  # one of Presence
    permission_sets: Wanted | None = None
    seats: Wanted | None = None
    main_team: Wanted | None = None
    extra_teams: Mapping[str, Source] | None = None
    fields: Mapping[str, Wanted] = field(default_factory=dict)
    super_admin: bool | None = None
    deactivated: bool | None = None
    first_name: str = ""
    last_name: str = ""
    send_welcome_email: bool = False
    reason: str = ""  # the operator's own words for this person
    named: bool = True
    disputed: frozenset[Slot] = frozenset()


@dataclass(frozen=True, slots=True)
class Desired:
    """The whole wish for a portal.

    `whole` is True when it describes everybody (a file); False for wishes about the listed
    users alone, whose unmentioned slots are left alone.
    """

    users: Mapping[str, DesiredUser]  # by case-folded e-mail
    teams: tuple[DesiredTeam, ...] | None = None
    manage: Modes = field(default_factory=dict)
    parking: ParkingSettings = field(default_factory=ParkingSettings)
    no_access_set: str | None = None  # id, resolved
    whole: bool = True
    findings: tuple[Finding, ...] = ()

    def mode(self, section: Section) -> Mode:
        """How far the wish owns a section."""
        return self.manage.get(section, Mode.REPORT)


EXACT_EVERYWHERE: Modes = dict.fromkeys(Section, Mode.EXACT)


def wants(user: DesiredUser, presence: Presence) -> bool:
    """Whether the user is claimed to be in this state."""
    return user.presence is not None and user.presence.values == (presence.value,)
