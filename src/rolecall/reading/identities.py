"""Joins HubSpot's three identities of one user: settings id, CRM record, record owner. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from rolecall.domain.snapshot import RecordOwner
from rolecall.hubspot.wire import CrmRecord
from rolecall.reading.display import DEACTIVATED, OWNER_ID, USER_ID


@dataclass(frozen=True, slots=True)
class Identities:
    """CRM records and owners of one portal, ready to be found by settings user."""

    records: Mapping[str, CrmRecord] = field(default_factory=dict)  # by settings id
    owners: Mapping[str, RecordOwner] = field(default_factory=dict)  # by owner id
    owners_by_user: Mapping[str, RecordOwner] = field(default_factory=dict)  # by settings id
    owners_by_email: Mapping[str, RecordOwner] = field(default_factory=dict)  # case-folded

    def record(self, user_id: str) -> CrmRecord | None:
        """The CRM record of a settings user, if HubSpot has made one yet."""
        return self.records.get(user_id)

    def owner(self, user_id: str, email: str) -> RecordOwner | None:
        """The record owner of a settings user.

        By settings id first; then by what the CRM record says; e-mail last, and only for owners
        HubSpot ties to no user. Owner id and user id being equal proves nothing.
        """
        found = self.owners_by_user.get(user_id)
        if found is not None:
            return found
        record = self.records.get(user_id)
        owner_id = None if record is None else record.properties.get(OWNER_ID)
        if owner_id and owner_id in self.owners:
            return self.owners[owner_id]
        return self.owners_by_email.get(email.casefold())


def identities(records: Iterable[CrmRecord], owners: Iterable[RecordOwner]) -> Identities:
    """Index both lists once; of several for one user, the one still in use wins."""
    by_user: dict[str, CrmRecord] = {}
    for record in records:
        user_id = record.properties.get(USER_ID)
        if user_id and _better(record, by_user.get(user_id)):
            by_user[user_id] = record
    by_id: dict[str, RecordOwner] = {}
    owner_of_user: dict[str, RecordOwner] = {}
    by_email: dict[str, RecordOwner] = {}
    for owner in owners:
        _prefer(by_id, owner.id, owner)
        if owner.user_id is not None:
            _prefer(owner_of_user, owner.user_id, owner)
        elif owner.email and not owner.queue:
            _prefer(by_email, owner.email.casefold(), owner)
    return Identities(by_user, by_id, owner_of_user, by_email)


def _better(record: CrmRecord, known: CrmRecord | None) -> bool:
    if known is None:
        return True
    return _rank(record) > _rank(known)


def _rank(record: CrmRecord) -> tuple[bool, bool, str]:
    """Not archived, not deactivated, then the newest."""
    deactivated = record.properties.get(DEACTIVATED) == "true"
    return (not record.archived, not deactivated, record.created_at or "")


def _prefer(index: dict[str, RecordOwner], key: str, owner: RecordOwner) -> None:
    known = index.get(key)
    if known is None or (known.archived and not owner.archived):
        index[key] = owner
