"""A CRM user record as the few facts it tells of its user. Pure.

A portal has 50,000 records of some twenty values, most of them empty or told elsewhere; each is
read as it comes, so that what nobody needs is let go with its page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import compress
from typing import Any

from msgspec import Struct, defstruct
from msgspec.structs import astuple

from rolecall.reading.display import (
    DEACTIVATED,
    NOT_PROFILE,
    OWNER_ID,
    USER_ID,
    DisplayProperties,
)
from rolecall.reading.moments import moment


class UserRecord(Struct, frozen=True, gc=False):
    """What one CRM user record tells; ids are text, "" where HubSpot tells none."""

    id: str
    user_id: str = ""
    owner_id: str = ""
    archived: bool = False
    deactivated: bool = False
    invited: bool | None = None  # what the Invite Status column says; None = nothing
    seat: str = ""  # the Seat column as shown
    last_active_at: datetime | None = None
    created_at: datetime | None = None
    profile: dict[str, str] = {}


@dataclass(frozen=True, slots=True)
class RecordReader:
    """How the records of one portal are read: `row` is what JSON is decoded as, `read` the rest.

    A row has a place for every property that is asked for; a dict of them takes twice the time to
    decode and ten times the room.
    """

    row: type[Any]
    read: Callable[[Any], UserRecord]


def record_reader(display: DisplayProperties, profile: tuple[str, ...]) -> RecordReader:
    """The reader of a portal with these display properties; `profile` names what makes a profile."""
    told_apart = (
        USER_ID, OWNER_ID, display.deactivated or DEACTIVATED,
        display.invite_status or "", display.seat or "", display.last_active or "",
    )  # fmt: skip
    names = tuple(dict.fromkeys((*profile, *told_apart)))
    user, owner, deactivated, invited, seat, last_active = map(names.index, told_apart)
    width = len(profile)

    def read(told: Any) -> UserRecord:
        values = astuple(told.properties)
        return UserRecord(
            told.id,
            values[user] or "",
            values[owner] or "",
            bool(told.archived),
            (values[deactivated] or "").casefold() in _YES,
            _invited(values[invited]),
            values[seat] or "",
            moment(values[last_active]),
            moment(told.created_at),
            _set_ones(profile, values[:width]),
        )

    return RecordReader(_row_type(names), read)


def _row_type(names: tuple[str, ...]) -> type[Any]:
    """A CRM record whose properties are a struct with these names; all others are passed over."""
    fields = {f"p{number}": name for number, name in enumerate(names)}
    told = [(field, str | None, None) for field in fields]
    values = defstruct("Values", told, rename=fields, frozen=True, gc=False)
    envelope: list[str | tuple[str, Any] | tuple[str, Any, Any]] = [
        ("id", str), ("properties", values, values()), ("created_at", str | None, None),
        ("archived", bool | None, None),
    ]  # fmt: skip
    return defstruct("Record", envelope, rename="camel", frozen=True, gc=False)


def _set_ones(names: tuple[str, ...], values: tuple[str | None, ...]) -> dict[str, str]:
    """The values that are set, by name."""
    return dict(zip(compress(names, values), filter(None, values), strict=True))


_YES = frozenset({"true", "yes"})
_INVITED = {
    "accepted": False, "active": False, "pending": True, "invited": True, "expired": True,
}  # fmt: skip


def _invited(shown: str | None) -> bool | None:
    return _INVITED.get(shown.casefold()) if shown else None


def profile_names(
    names: Iterable[str], display: DisplayProperties, named: Iterable[str] = ()
) -> tuple[str, ...]:
    """Those of some CRM user properties that belong to a profile; what somebody `named` does."""
    apart = {*NOT_PROFILE, display.last_active} - {*named}
    return tuple(name for name in names if name not in apart)
