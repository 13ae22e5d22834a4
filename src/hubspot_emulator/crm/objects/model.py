"""Rules of single CRM records: how one is found, made, changed and archived."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import replace
from datetime import timedelta
from typing import Any

from hubspot_emulator.crm.ids import as_id
from hubspot_emulator.crm.kinds import USERS, ObjectKind
from hubspot_emulator.crm.records import ObjectStore, OldVersion, Record, Values
from hubspot_emulator.crm.store import UserRecord
from hubspot_emulator.crm.values import checked
from hubspot_emulator.crm.working_hours import same_hours
from hubspot_emulator.routing import Call
from hubspot_emulator.wire import ApiError, not_found

LAG = {"none": timedelta(0), "seconds": timedelta(seconds=10), "minute": timedelta(minutes=1)}


def store_of(call: Call, kind: ObjectKind) -> ObjectStore:
    """The caller's portal's records of a kind."""
    return call.portal.crm.objects[kind.name]


def page(
    store: ObjectStore, after: int, limit: int, *, archived: bool
) -> tuple[list[Record], int | None]:
    """Records with ids from `after` on, and the first id of the next page."""
    ids = (store.archived if archived else store.active).in_order()
    start = bisect_left(ids, after)
    chosen = [store.records[i] for i in ids[start : start + limit]]
    following = ids[start + limit] if start + limit < len(ids) else None
    return chosen, following


def find(
    store: ObjectStore, key: str, id_property: str | None, *, archived: bool = False
) -> Record:
    """The record of an id or unique value; 404 when there is none in the asked state."""
    record = lookup(store, key, id_property, archived=archived)
    if record is None:
        raise _absent(key, id_property)
    return record


def _absent(key: str, id_property: str | None) -> ApiError:
    """404; ids that cannot be one are told so (reported by several clients, probed April 2026)."""
    number = as_id(key)
    if id_property is not None or number:
        return not_found()
    odd = not_found(
        "Object not found.  objectId are usually numeric."
        if number is None
        else "Object not found. objectId is usually positive."
    )
    odd.context = {"id": [key]}
    return odd


def lookup(
    store: ObjectStore, key: str, id_property: str | None, *, archived: bool = False
) -> Record | None:
    """As `find`, None instead of 404; 400 when the property is not unique."""
    if id_property is None or id_property == "hs_object_id":
        record = store.records.get(as_id(key) or 0)
        return record if record is not None and record.archived == archived else None
    check_id_property(store, id_property)
    return None if archived else store.find_unique(id_property, key)


def check_id_property(store: ObjectStore, name: str) -> None:
    """400 unless records of this type can be named by the property."""
    if store.is_unique(name):
        return
    text = (
        f"Property {name} for object type {store.kind.type_id} is not a unique identifier property"
    )
    raise ApiError(400, text, errors=[{"message": text, "in": "idProperty"}])


def create(call: Call, store: ObjectStore, sent: dict[str, Any]) -> Record:
    """A new record; 400 for bad values, 409 when a unique value is taken."""
    values = check(call, store, sent, {})
    check_free(store, values)
    return add(call, store, values)


def add(call: Call, store: ObjectStore, values: Values) -> Record:
    """A new record of values that passed `check` and `check_free`."""
    kept: Values = {name: value for name, value in values.items() if value is not None}
    record = _new_user(call, store, kept) if store.kind is USERS else store.add(kept, call.now)
    remember(call, store, record, None)
    return record


def change(call: Call, store: ObjectStore, record: Record, sent: dict[str, Any]) -> Record:
    """Write values into a record; what is already so, in meaning too, changes nothing."""
    if not sent:
        raise ApiError(400, "No properties found to update, please provide at least one.")
    values = check(call, store, sent, record.properties)
    check_free(store, values, besides=record.id)
    return write(call, store, record, values)


def write(call: Call, store: ObjectStore, record: Record, values: Values) -> Record:
    """Store values that passed `check` and `check_free`."""
    hours = values.get("hs_working_hours")
    if hours and same_hours(hours, record.properties.get("hs_working_hours")):
        values = {name: v for name, v in values.items() if name != "hs_working_hours"}
    before = dict(record.properties) if _lag(call) else None
    if store.change(record, values, call.now) and before is not None:
        remember(call, store, record, before)
    return record


def archive(call: Call, store: ObjectStore, record: Record) -> None:
    """Delete a record; under search lag, search goes on showing it for a while."""
    remember(call, store, record, dict(record.properties))
    store.archive(record, call.now)


def check(call: Call, store: ObjectStore, sent: dict[str, Any], current: Values) -> Values:
    """The sent values as stored; 400 naming all that are not valid."""
    accept = call.world.switches["archived_owner_gets_records"] == "accept"
    return checked(call.portal.crm, store, sent, current, archived_owners=accept)


def check_free(store: ObjectStore, values: Values, *, besides: int | None = None) -> None:
    """409 when a unique value belongs to another record (wording recorded for contacts)."""
    for name in store.unique:
        value = values.get(name)
        taken = store.find_unique(name, value) if value else None
        if taken is not None and taken.id != besides:
            raise conflict(store, taken)


def conflict(store: ObjectStore, taken: Record) -> ApiError:
    """409 naming the record that is in the way."""
    noun = store.kind.singular.capitalize()
    return ApiError(409, f"{noun} already exists. Existing ID: {taken.id}", category="CONFLICT")


def remember(call: Call, store: ObjectStore, record: Record, before: Values | None) -> None:
    """Keep what search still believes, while the switch `search_lag` is on."""
    if _lag(call):
        store.old_versions.setdefault(record.id, OldVersion(call.now, before))


def believed(call: Call, store: ObjectStore) -> dict[int, Record | None]:
    """Records search still shows in an old version; None hides one that is too new."""
    lag = _lag(call)
    old = store.old_versions
    for record_id in [i for i, v in old.items() if v.changed_at + lag <= call.now]:
        del old[record_id]
    return {i: _as_it_was(store.records[i], version) for i, version in old.items()}


def _as_it_was(record: Record, version: OldVersion) -> Record | None:
    if version.values is None:
        return None
    return replace(record, properties=version.values, archived=False, archived_at=None)


def _lag(call: Call) -> timedelta:
    return LAG[call.world.switches["search_lag"]]


def _new_user(call: Call, store: ObjectStore, values: Values) -> Record:
    if call.world.switches["crm_user_create"] == "refuse":
        raise ApiError(400, "Users cannot be created by this API; use the user provisioning API")
    record = UserRecord(store.take_id(), values, call.now, call.now, portal=call.portal)
    store.put(record)
    return record
