"""Joins HubSpot's three identities of one user: settings id, CRM record, record owner. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from operator import attrgetter

from rolecall.domain.snapshot import RecordOwner
from rolecall.reading.records import UserRecord

NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Identities:
    """CRM records and owners of one portal, ready to be found by settings user."""

    records: Mapping[str, UserRecord] = field(default_factory=dict)  # by settings id
    owners: Mapping[str, RecordOwner] = field(default_factory=dict)  # by owner id
    owners_by_user: Mapping[str, RecordOwner] = field(default_factory=dict)  # by settings id
    owners_by_email: Mapping[str, RecordOwner] = field(default_factory=dict)  # case-folded

    def owner(self, user_id: str, email: str) -> RecordOwner | None:
        """The record owner of a settings user.

        By settings id first; then by what the CRM record says; e-mail last, and only for owners
        HubSpot ties to no user. Owner id and user id being equal proves nothing.
        """
        found = self.owners_by_user.get(user_id)
        if found is not None:
            return found
        record = self.records.get(user_id)
        if record is not None and record.owner_id in self.owners:
            return self.owners[record.owner_id]
        return self.owners_by_email.get(email.casefold())


def identities(records: Iterable[UserRecord], owners: Iterable[RecordOwner]) -> Identities:
    """Index both lists once; of several for one user, the one still in use wins."""
    by_user: dict[str, UserRecord] = {}
    for record in records:
        known = by_user.get(record.user_id)
        if known is None or _rank(record) > _rank(known):
            by_user[record.user_id] = record
    by_user.pop("", None)
    # The last of a key stays: those in use after the archived ones, of equals the first.
    ranked = sorted(owners, key=attrgetter("archived"))
    ranked.reverse()
    lone = (one for one in ranked if one.user_id is None and one.email and not one.queue)
    return Identities(
        by_user,
        {one.id: one for one in ranked},
        {one.user_id: one for one in ranked if one.user_id is not None},
        {one.email.casefold(): one for one in lone},
    )


def _rank(record: UserRecord) -> tuple[bool, bool, datetime]:
    """Not archived, not deactivated, then the newest."""
    return (not record.archived, not record.deactivated, record.created_at or NEVER)
