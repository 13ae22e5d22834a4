"""What is known of permissions and from where: dated records, attested and inferred definitions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from rolecall.permissions.levels import NOTHING, Range


class Ground(StrEnum):
    """What an answer rests on."""

    SUPER_ADMIN = "Super Admin flag"
    STATE = "state of the user"
    EXPORT = "users export"
    ATTESTED = "attested definition"
    INFERRED = "inferred from members' exports"
    MIXED = "several sources"
    NONE = "no evidence"


class Shows(StrEnum):
    """Whether an export lists what was given, or what the seat left of it."""

    STORED = "stored"
    EFFECTIVE = "effective"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class PermissionRecord:
    """One user's line of a users export.

    `grants` is permission id -> level; a permission missing there was not held, unless it is
    outside `speaks_of` or the line is not `complete`. None of `sets`, `seats`, `super_admin`,
    `deactivated`, `two_factor` means the file has no such column.
    """

    user_id: str
    email: str
    grants: Mapping[str, str]
    as_of: datetime
    complete: bool = True
    speaks_of: frozenset[str] | None = None  # None = every permission
    sets: tuple[str, ...] | None = None  # names
    teams: tuple[str, ...] | None = None
    seats: tuple[str, ...] | None = None
    super_admin: bool | None = None
    deactivated: bool | None = None
    last_login: datetime | None = None
    two_factor: bool | None = None
    unknown: tuple[str, ...] = ()  # tokens nobody could read, kept as they stood
    extra: Mapping[str, str] = field(default_factory=dict)  # columns nobody knows


@dataclass(frozen=True, slots=True)
class SetDefinition:
    """What is in a permission set: ranges by permission id, `rest` for everything not listed."""

    set_id: str
    name: str
    grants: Mapping[str, Range]
    rest: Range
    ground: Ground
    as_of: datetime
    by: str = ""  # who attested it, or how many members it was inferred from
    conflict: str = ""

    def of(self, permission_id: str) -> Range:
        """What the set gives of one permission."""
        return self.grants.get(permission_id, self.rest)


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One line of HubSpot's permission history: somebody gave or took one permission."""

    user_email: str
    permission_id: str
    given: bool
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Book:
    """All evidence about one portal; newest records win."""

    records: Mapping[str, PermissionRecord] = field(default_factory=dict)  # by settings user id
    attested: tuple[SetDefinition, ...] = ()
    history: tuple[HistoryLine, ...] = ()
    shows: Shows = Shows.UNKNOWN  # of the export the records are from
    touched: Mapping[str, datetime] = field(default_factory=dict)  # user id -> permissions changed
    touched_sets: Mapping[str, datetime] = field(default_factory=dict)  # set id -> contents changed


def attested_definition(
    set_id: str, name: str, grants: Mapping[str, str], *, by: str, at: datetime
) -> SetDefinition:
    """A definition an admin signed off: what is not in it, the set does not give."""
    ranges = {one: Range(level, level) for one, level in grants.items()}
    return SetDefinition(set_id, name, ranges, NOTHING, Ground.ATTESTED, at, by)
