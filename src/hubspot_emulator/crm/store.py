"""The CRM of one portal: object stores, owners, user records, and what the lifecycle does to them.

Knows no HTTP and checks no request; `model` modules do.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, cast

from hubspot_emulator.crm.associations.links import Links
from hubspot_emulator.crm.display import Reader as DisplayReader
from hubspot_emulator.crm.display import display_definitions, display_values
from hubspot_emulator.crm.ids import IdSet, as_id
from hubspot_emulator.crm.kinds import DEALS, KINDS, USERS
from hubspot_emulator.crm.records import Computed, Finder, ObjectStore, Record

if TYPE_CHECKING:
    from hubspot_emulator.world import Identity, Membership, Portal


CLOSED_STAGES = frozenset({"closedwon", "closedlost"})  # of HubSpot's default deal pipeline


@dataclass(slots=True)
class Owner:
    """The id CRM records name a user by; archived owners keep it for ever."""

    id: int
    type: str  # PERSON | QUEUE
    created_at: datetime
    updated_at: datetime
    identity: Identity | None = None
    user_id: int | None = None  # None for queues and once archived
    user_id_including_inactive: int | None = None
    archived: bool = False
    name: str = ""  # of a queue


@dataclass(slots=True)
class UserRecord(Record):
    """The CRM record of a user; access is read from the membership whenever it is asked for."""

    identity: Identity | None = None
    portal: Portal | None = None

    def membership(self) -> Membership | None:
        """The user's membership, or the last one when it was removed."""
        if self.identity is None or self.portal is None:
            return None
        user_id = self.identity.id
        return self.portal.members.get(user_id) or self.portal.former.get(user_id)


class CrmStore:
    """Everything CRM of one portal."""

    __slots__ = (
        "_next_owner_id",
        "active_owners",
        "archived_owners",
        "display_style",
        "links",
        "objects",
        "owner_by_user",
        "owners",
        "user_id_by_email",
        "user_record_ids",
    )

    def __init__(self, number: int = 0) -> None:
        """`number` (the portal id) spreads ids, so equal ids in two portals mean nothing."""
        spread = (number * 7919) % 90_000
        self._next_owner_id = 71_000_001 + spread * 100
        self.display_style = number
        self.objects: dict[str, ObjectStore] = {
            kind.name: ObjectStore(kind, (at + 2) * 10_000_000_000 + spread * 100_000 + 1)
            for at, kind in enumerate(KINDS)
        }
        self.links = Links()
        self.owners: dict[int, Owner] = {}
        self.active_owners = IdSet()
        self.archived_owners = IdSet()
        self.owner_by_user: dict[int, int] = {}  # newest owner of a user, archived or not
        self.user_record_ids: dict[int, int] = {}  # settings user id -> CRM record id
        self.user_id_by_email: dict[str, int] = {}  # case-folded
        for definition in display_definitions(number):
            self.users.define(definition)
        self.objects[DEALS.name].compute({"hs_is_closed": _is_closed})
        self.users.compute(_user_getters(self, number))
        self.users.finders.update(_user_finders(self))

    @property
    def users(self) -> ObjectStore:
        """CRM user records, 0-115."""
        return self.objects[USERS.name]

    def new_owner_id(self) -> int:
        """The next owner id of this portal."""
        self._next_owner_id += 1
        return self._next_owner_id - 1

    def owner_of(self, user_id: int) -> Owner | None:
        """The newest owner of a user, archived or not."""
        found = self.owner_by_user.get(user_id)
        return None if found is None else self.owners[found]

    def user_record(self, user_id: int) -> Record | None:
        """The CRM record of a settings user."""
        found = self.user_record_ids.get(user_id)
        return None if found is None else self.users.records[found]

    def put_owner(self, owner: Owner) -> None:
        """Store an owner and keep the active and archived lists right."""
        self.owners[owner.id] = owner
        (self.archived_owners if owner.archived else self.active_owners).add(owner.id)
        (self.active_owners if owner.archived else self.archived_owners).discard(owner.id)
        if owner.user_id_including_inactive is not None:
            self.owner_by_user[owner.user_id_including_inactive] = owner.id


def add_owner(portal: Portal, identity: Identity, now: datetime, *, same_id: bool = True) -> Owner:
    """Give a user an active owner: the one he has, the archived one revived, or a new one.

    With `same_id` False a returning user gets a new owner id and the old one stays archived.
    """
    crm = portal.crm
    known = crm.owner_of(identity.id)
    if known is not None and (not known.archived or same_id):
        if known.archived:
            known.archived, known.user_id, known.updated_at = False, identity.id, now
            crm.put_owner(known)
        return known
    owner = Owner(crm.new_owner_id(), "PERSON", now, now, identity, identity.id, identity.id)
    crm.put_owner(owner)
    return owner


def add_queue_owner(portal: Portal, name: str, now: datetime) -> Owner:
    """An owner that is no person, as help desk queues are."""
    owner = Owner(portal.crm.new_owner_id(), "QUEUE", now, now, name=name)
    portal.crm.put_owner(owner)
    return owner


def archive_owner(portal: Portal, user_id: int, now: datetime) -> Owner | None:
    """Archive a user's owner, on deactivation and removal; id and record ownership stay."""
    owner = portal.crm.owner_of(user_id)
    if owner is None or owner.archived:
        return owner
    owner.archived, owner.user_id, owner.updated_at = True, None, now
    portal.crm.put_owner(owner)
    return owner


def add_user_record(
    portal: Portal, identity: Identity, membership: Membership, now: datetime
) -> Record:
    """The user's CRM record with an owner, made at activation; a former record is kept as it is."""
    add_owner(portal, identity, now)
    known = portal.crm.user_record(identity.id)
    if known is not None and not known.archived:
        return known
    users = portal.crm.users
    record = UserRecord(
        users.take_id(), {}, membership.created_at, now, identity=identity, portal=portal
    )
    users.put(record)
    portal.crm.user_record_ids[identity.id] = record.id
    portal.crm.user_id_by_email[identity.email.casefold()] = identity.id
    return record


def set_user_property(
    portal: Portal, user_id: int, name: str, value: str | None, now: datetime
) -> bool:
    """Set a stored property of a user's CRM record; False when there is no record or no change."""
    record = portal.crm.user_record(user_id)
    if record is None:
        return False
    return portal.crm.users.change(record, {name: value}, now)


def touch_user(portal: Portal, user_id: int, now: datetime) -> None:
    """Move the record's time of change when something shown by it changed in the membership."""
    record = portal.crm.user_record(user_id)
    if record is not None:
        record.updated_at = max(record.updated_at, now)


def _is_closed(record: Record) -> str:
    return "true" if record.properties.get("dealstage") in CLOSED_STAGES else "false"


def _user_getters(crm: CrmStore, style: int) -> dict[str, Computed]:
    """How the values of user records are read from identity, owner and membership."""
    getters: dict[str, Computed] = {
        "hs_email": _of_identity(lambda identity: identity.email),
        "hs_given_name": _of_identity(lambda identity: identity.first_name or None),
        "hs_family_name": _of_identity(lambda identity: identity.last_name or None),
        "hs_searchable_calculated_name": _of_identity(_full_name),
        "hs_internal_user_id": _of_identity(lambda identity: str(identity.id)),
        "hs_deactivated": _deactivated,
        "hubspot_owner_id": _of_identity(lambda identity: _owner_id(crm, identity)),
    }
    displayed = {name: _displayed(reader) for name, reader in display_values(style).items()}
    return getters | displayed


def _of_identity(read: Callable[[Identity], str | None]) -> Computed:
    def value(record: Record) -> str | None:
        identity = cast("UserRecord", record).identity
        return None if identity is None else read(identity)

    return value


def _full_name(identity: Identity) -> str:
    return f"{identity.first_name} {identity.last_name}".strip() or identity.email


def _deactivated(record: Record) -> str:
    membership = cast("UserRecord", record).membership()
    return "true" if membership is not None and membership.deactivated_at else "false"


def _owner_id(crm: CrmStore, identity: Identity) -> str | None:
    owner = crm.owner_of(identity.id)
    return None if owner is None else str(owner.id)


def _displayed(reader: DisplayReader) -> Computed:
    def value(record: Record) -> str | None:
        user = cast("UserRecord", record)
        if user.portal is None or user.identity is None:
            return None
        membership = user.portal.members.get(user.identity.id)
        return None if membership is None else reader(user.portal, membership)

    return value


def _user_finders(crm: CrmStore) -> dict[str, Finder]:
    """How a user record is found by the unique values that are not stored in it."""

    def by_user(value: str) -> Record | None:
        return crm.user_record(as_id(value) or 0)

    def by_email(value: str) -> Record | None:
        user_id = crm.user_id_by_email.get(value.casefold())
        return None if user_id is None else crm.user_record(user_id)

    def by_owner(value: str) -> Record | None:
        owner = crm.owners.get(as_id(value) or 0)
        user_id = None if owner is None else owner.user_id_including_inactive
        if owner is None or user_id is None or crm.owner_by_user.get(user_id) != owner.id:
            return None
        return crm.user_record(user_id)

    return {"hs_internal_user_id": by_user, "hs_email": by_email, "hubspot_owner_id": by_owner}
