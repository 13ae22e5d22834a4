"""One settings user, with its CRM record and owner, as a domain User. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from rolecall.domain.snapshot import EMPTY, RecordOwner, User, UserState
from rolecall.hubspot import wire
from rolecall.reading.display import DEACTIVATED, NOT_PROFILE, DisplayProperties
from rolecall.reading.identities import Identities
from rolecall.reading.moments import moment

# Private apps appear as users under such a domain (seen by other connectors).
SERVICE_DOMAIN = "@appserviceaccount."
LOGIN_FEED = "login feed"


@dataclass(frozen=True, slots=True)
class Reading:
    """What else was read of the portal, and what could not be read.

    `crm_read` False: CRM users were not readable, so a missing record tells nothing.
    `seats_told` True: the API version tells seats, so none told means none held.
    `profile`: the profile properties that were asked for; None = whatever the records hold.
    """

    identities: Identities = field(default_factory=Identities)
    display: DisplayProperties = field(default_factory=DisplayProperties)
    last_logins: Mapping[str, datetime] = field(default_factory=dict)  # by settings id
    born: Mapping[str, datetime] = field(default_factory=dict)  # as owners and feeds tell; so too
    crm_read: bool = True
    seats_told: bool = True
    profile: tuple[str, ...] | None = None


def user_of(told: wire.User, reading: Reading) -> User:
    """Everything known of one user of the settings list."""
    record = reading.identities.record(told.id)
    owner = reading.identities.owner(told.id, told.email)
    values = EMPTY_VALUES if record is None else record.properties
    active_at, source = _last_active(told.id, values, reading)
    state, estimated = state_of(told, record, owner, active_at, reading)
    return User(
        id=told.id,
        email=told.email,
        first_name=told.first_name or "",
        last_name=told.last_name or "",
        super_admin=bool(told.super_admin),
        permission_set_ids=permission_set_ids_of(told),
        main_team_id=told.primary_team_id or None,
        extra_team_ids=_sorted(told.secondary_team_ids),
        seat_names=_seats(told, values, reading),
        state=state,
        state_estimated=estimated,
        crm_id=None if record is None else record.id,
        owner_id=None if owner is None else owner.id,
        owner_archived=owner is not None and owner.archived,
        last_active_at=active_at,
        last_active_source=source,
        created_at=_created(told.id, record, reading),
        profile=_profile(values, reading),
    )


EMPTY_VALUES: Mapping[str, str | None] = EMPTY


def permission_set_ids_of(told: wire.User) -> tuple[str, ...]:
    """All sets of a user; older answers tell one in `roleId` only."""
    if told.role_ids is None:
        return (told.role_id,) if told.role_id else ()
    return _sorted(told.role_ids)


def state_of(
    told: wire.User,
    record: wire.CrmRecord | None,
    owner: RecordOwner | None,
    active_at: datetime | None,
    reading: Reading,
) -> tuple[UserState, bool]:
    """Where a user stands, and whether that is an estimate: no API tells who was only invited."""
    if SERVICE_DOMAIN in told.email.casefold():
        return UserState.SERVICE, False
    if record is not None and _says_deactivated(record, reading.display):
        return UserState.DEACTIVATED, False
    if owner is not None and owner.archived:
        return UserState.DEACTIVATED, True
    invited = _invitation_open(record, reading.display)
    if invited is not None:
        return (UserState.INVITED if invited else UserState.ACTIVE), False
    # HubSpot makes the CRM record when the invitation is accepted.
    if record is None and active_at is None:
        return (UserState.INVITED if reading.crm_read else UserState.ACTIVE), True
    return UserState.ACTIVE, False


def _says_deactivated(record: wire.CrmRecord, display: DisplayProperties) -> bool:
    value = record.properties.get(display.deactivated or DEACTIVATED) or ""
    return value.casefold() in {"true", "yes"}


def _invitation_open(record: wire.CrmRecord | None, display: DisplayProperties) -> bool | None:
    """What the Invite Status column says, where the portal's API shows it; None = nothing."""
    if record is None or display.invite_status is None:
        return None
    value = (record.properties.get(display.invite_status) or "").casefold()
    if value in {"accepted", "active"}:
        return False
    return True if value in {"pending", "invited", "expired"} else None


def _last_active(
    user_id: str, values: Mapping[str, str | None], reading: Reading
) -> tuple[datetime | None, str]:
    name = reading.display.last_active
    at = None if name is None else moment(values.get(name))
    if at is not None:
        return at, f"crm:{name}"
    at = reading.last_logins.get(user_id)
    return at, "" if at is None else LOGIN_FEED


def _created(user_id: str, record: wire.CrmRecord | None, reading: Reading) -> datetime | None:
    """When the user was added, as record, owner or feed tell; the earliest of them counts."""
    at = None if record is None else moment(record.created_at)
    born = reading.born.get(user_id)
    return born if at is None or (born is not None and born < at) else at


def _seats(
    told: wire.User, values: Mapping[str, str | None], reading: Reading
) -> tuple[str, ...] | None:
    """From the user itself, else from the Seat column of the CRM record, else unknown."""
    if told.seat_names is not None:
        return _sorted(told.seat_names)
    if reading.seats_told:
        return ()
    shown = values.get(reading.display.seat or "")
    if not shown:
        return None
    return tuple(sorted({name for part in shown.split(";") if (name := part.strip())}))


def _profile(values: Mapping[str, str | None], reading: Reading) -> Mapping[str, str]:
    if not values:
        return EMPTY
    names = reading.profile
    if names is None:
        names = profile_names(values, reading.display)
    get = values.get
    return {name: value for name in names if (value := get(name))}


def profile_names(
    names: Iterable[str], display: DisplayProperties, named: Iterable[str] = ()
) -> tuple[str, ...]:
    """Those of some CRM user properties that belong to a profile; what somebody `named` does."""
    apart = {*NOT_PROFILE, display.last_active} - {*named}
    return tuple(name for name in names if name not in apart)


def _sorted(names: tuple[str, ...] | None) -> tuple[str, ...]:
    if not names:
        return ()
    return names if len(names) == 1 else tuple(sorted(set(names)))
