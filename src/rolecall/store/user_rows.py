"""Users as rows and back: the encoding alone, no SQL is run here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from rolecall.domain.snapshot import EMPTY, User, UserState
from rolecall.store.bulk import Row
from rolecall.store.schema import FOREVER, from_micros, to_micros


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"cannot be stored: {type(value).__name__}")


_JSON = msgspec.json.Encoder(enc_hook=_plain)
_PROFILE = msgspec.json.Decoder(dict[str, str])
_STATES = {state.value: state for state in UserState}


# Many values as text, one per line; none contains a line break.
joined = "\n".join


def split(text: str) -> tuple[str, ...]:
    """The values of `joined`."""
    return tuple(text.split("\n")) if text else ()


def user_row(hub_id: int, seq: int, user: User) -> Row:
    """A row of USERS, in the order of its columns; truth values as 0 and 1, which both drivers
    pass on as they are (SQLite's looks for an adapter of every `bool`: a fifth of an insert).
    """
    email = user.email.casefold()
    return (
        hub_id,
        user.id,
        seq,
        FOREVER,
        email,
        f"{user.first_name} {user.last_name}".strip().casefold() + "\n" + email,
        user.email,
        user.first_name,
        user.last_name,
        int(user.super_admin),
        joined(user.permission_set_ids),
        user.main_team_id,
        joined(user.extra_team_ids),
        None if user.seat_names is None else joined(user.seat_names),
        user.state.value,
        int(user.state_estimated),
        user.crm_id,
        user.owner_id,
        int(user.owner_archived),
        None if user.last_active_at is None else to_micros(user.last_active_at),
        user.last_active_source,
        None if user.created_at is None else to_micros(user.created_at),
        _JSON.encode(user.profile).decode() if user.profile else "{}",
    )


# What `user_of` takes, in this order.
USER_FIELDS = (
    "user_id", "email", "first_name", "last_name", "super_admin", "permission_sets", "main_team",
    "extra_teams", "seats", "state", "state_estimated", "crm_id", "owner_id", "owner_archived",
    "last_active_at", "last_active_source", "created_at", "profile",
)  # fmt: skip


def user_of(row: Sequence[Any]) -> User:
    """The user of a row with the columns USER_FIELDS."""
    return User(
        row[0],
        row[1],
        row[2],
        row[3],
        bool(row[4]),
        split(row[5]),
        row[6],
        split(row[7]),
        None if row[8] is None else split(row[8]),
        _STATES[row[9]],
        bool(row[10]),
        row[11],
        row[12],
        bool(row[13]),
        None if row[14] is None else from_micros(row[14]),
        row[15],
        None if row[16] is None else from_micros(row[16]),
        EMPTY if row[17] == "{}" else _PROFILE.decode(row[17]),
    )
