"""One settings user, with its CRM record and owner, as a domain User. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from rolecall.domain.snapshot import RecordOwner, User, UserState
from rolecall.hubspot import wire
from rolecall.reading.display import DisplayProperties
from rolecall.reading.identities import Identities
from rolecall.reading.records import UserRecord

# Private apps appear as users under such a domain (seen by other connectors).
SERVICE_DOMAIN = "@appserviceaccount."
LOGIN_FEED = "login feed"


@dataclass(frozen=True, slots=True)
class Reading:
    """What else was read of the portal, and what could not be read.

    `crm_read` False: CRM users were not readable, so a missing record tells nothing.
    `seats_told` True: the API version tells seats, so none told means none held.
    """

    identities: Identities = field(default_factory=Identities)
    display: DisplayProperties = field(default_factory=DisplayProperties)
    last_logins: Mapping[str, datetime] = field(default_factory=dict)  # by case-folded e-mail
    born: Mapping[str, datetime] = field(default_factory=dict)  # by settings id, as others tell
    crm_read: bool = True
    seats_told: bool = True
    source: str = field(init=False)  # of a last activity that a record tells

    def __post_init__(self) -> None:
        object.__setattr__(self, "source", f"crm:{self.display.last_active}")


NO_RECORD = UserRecord("")


def user_reader(reading: Reading) -> Callable[[wire.User], User]:
    """A function that reads the settings users of one portal; a portal may have 50,000."""
    record_of, owner_of = reading.identities.records.get, reading.identities.owner
    owner_by_id, born = reading.identities.owners_by_user.get, reading.born.get

    def read(told: wire.User) -> User:
        found = record_of(told.id)
        owner = owner_by_id(told.id) or owner_of(told.id, told.email)
        record = NO_RECORD if found is None else found
        active_at, source = _last_active(told, record, reading)
        state, estimated = state_of(told, found, owner, active_at, reading)
        return User(
            told.id,
            told.email,
            told.first_name or "",
            told.last_name or "",
            bool(told.super_admin),
            permission_set_ids_of(told),
            told.primary_team_id or None,
            _sorted(told.secondary_team_ids),
            _seats(told, record, reading),
            state,
            estimated,
            record.id or None,
            None if owner is None else owner.id,
            owner is not None and owner.archived,
            active_at,
            source,
            _earlier(record.created_at, born(told.id)),
            record.profile,
        )

    return read


def permission_set_ids_of(told: wire.User) -> tuple[str, ...]:
    """All sets of a user; older answers tell one in `roleId` only."""
    if told.role_ids is None:
        return (told.role_id,) if told.role_id else ()
    return _sorted(told.role_ids)


def state_of(
    told: wire.User,
    record: UserRecord | None,
    owner: RecordOwner | None,
    active_at: datetime | None,
    reading: Reading,
) -> tuple[UserState, bool]:
    """Where a user stands, and whether that is an estimate: no API tells who was only invited."""
    if SERVICE_DOMAIN in told.email.casefold():
        return UserState.SERVICE, False
    if record is not None and record.deactivated:
        return UserState.DEACTIVATED, False
    if owner is not None and owner.archived:
        return UserState.DEACTIVATED, True
    if record is not None and record.invited is not None:
        return (UserState.INVITED if record.invited else UserState.ACTIVE), False
    # HubSpot makes the CRM record when the invitation is accepted.
    if record is None and active_at is None:
        return (UserState.INVITED if reading.crm_read else UserState.ACTIVE), True
    return UserState.ACTIVE, False


def _last_active(
    told: wire.User, record: UserRecord, reading: Reading
) -> tuple[datetime | None, str]:
    if record.last_active_at is not None:
        return record.last_active_at, reading.source
    at = reading.last_logins.get(told.email.casefold())
    return at, "" if at is None else LOGIN_FEED


def _earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    """When the user was added, as record, owner or feed tell; the earliest of them counts."""
    return other if one is None or (other is not None and other < one) else one


def _seats(told: wire.User, record: UserRecord, reading: Reading) -> tuple[str, ...] | None:
    """From the user itself, else from the Seat column of the CRM record, else unknown."""
    if told.seat_names is not None:
        return _sorted(told.seat_names)
    if reading.seats_told:
        return ()
    if not record.seat:
        return None
    return tuple(sorted({name for part in record.seat.split(";") if (name := part.strip())}))


def _sorted(names: tuple[str, ...] | None) -> tuple[str, ...]:
    if not names:
        return ()
    return names if len(names) == 1 else tuple(sorted(set(names)))
