"""Puts evidence about one portal together: seats of the day, and what kind of export it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from rolecall.domain.snapshot import Snapshot, User
from rolecall.permissions.catalogue import SUPER_ADMIN, Catalogue
from rolecall.permissions.evidence import Book, HistoryLine, PermissionRecord, SetDefinition, Shows
from rolecall.permissions.levels import NONE, at_least


def evidence_book(
    catalogue: Catalogue,
    snapshot: Snapshot,
    records: Iterable[PermissionRecord] = (),
    attested: Iterable[SetDefinition] = (),
    history: Iterable[HistoryLine] = (),
    touched: Mapping[str, datetime] | None = None,
    touched_sets: Mapping[str, datetime] | None = None,
) -> Book:
    """All evidence as one value; of several records of a user the newest counts.

    `touched` and `touched_sets` say when permissions of a user or contents of a set were changed by
    somebody, as feeds and tasks tell: older evidence does not speak of them any more.
    A record without a seat column takes the seat the snapshot shows. The export is taken for one
    of stored permissions as soon as somebody holds more than his seat opens; HubSpot documents
    neither, and without such a case the answer stays open where it matters.
    """
    users = {user.id: user for user in snapshot.users}
    newest: dict[str, PermissionRecord] = {}
    for record in records:
        known = newest.get(record.user_id)
        if known is None or known.as_of <= record.as_of:
            newest[record.user_id] = record
    seated = {one.user_id: _seated(one, users.get(one.user_id)) for one in newest.values()}
    shows = _shows(catalogue, snapshot, seated)
    return Book(seated, tuple(attested), tuple(history), shows, touched or {}, touched_sets or {})


def _seated(record: PermissionRecord, user: User | None) -> PermissionRecord:
    if record.seats is not None or user is None or user.seat_names is None:
        return record
    return replace(record, seats=user.seat_names)


def _shows(
    catalogue: Catalogue, snapshot: Snapshot, records: Mapping[str, PermissionRecord]
) -> Shows:
    seen: set[tuple[object, ...]] = set()
    for record in records.values():
        key = (id(record.grants), record.seats)
        if record.seats is None or key in seen:
            continue
        seen.add(key)
        if _above_the_seat(catalogue, snapshot, record):
            return Shows.STORED
    return Shows.UNKNOWN


def _above_the_seat(catalogue: Catalogue, snapshot: Snapshot, record: PermissionRecord) -> bool:
    ceiling = catalogue.ceiling_range(record.seats, snapshot.tier)
    for permission_id, level in record.grants.items():
        one = catalogue.permissions.get(permission_id)
        if one is None or permission_id == SUPER_ADMIN or level == NONE:
            continue
        if not at_least(one.levels, ceiling[permission_id].high, level):
            return True
    return False
