"""Rules of batches: bad values refuse the whole batch, missing records only themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hubspot_emulator.crm.asking import input_id, optional_text, properties_of
from hubspot_emulator.crm.associations.model import wished_links
from hubspot_emulator.crm.objects import model
from hubspot_emulator.crm.records import ObjectStore, Record, Values
from hubspot_emulator.routing import Call
from hubspot_emulator.wire import ApiError

Inputs = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a batch read: the records it reached and the ids it did not find."""

    records: list[Record]
    missing: list[str]


@dataclass(frozen=True, slots=True)
class Written:
    """One record a batch wrote, with the values sent for it."""

    record: Record
    sent: dict[str, Any]
    new: bool = False


@dataclass(frozen=True, slots=True)
class Changes:
    """What a batch changed, and the ids it did not find."""

    written: list[Written]
    missing: list[str]


def read(store: ObjectStore, inputs: Inputs, id_property: str | None, *, archived: bool) -> Outcome:
    """The records of these ids, each once."""
    keys = list(dict.fromkeys(input_id(item) for item in inputs))
    found = [(k, model.lookup(store, k, id_property, archived=archived)) for k in keys]
    return Outcome([r for _, r in found if r is not None], [k for k, r in found if r is None])


def create(call: Call, store: ObjectStore, inputs: Inputs) -> list[Record]:
    """All records or none: the first bad input refuses the batch."""
    rows = [model.check(call, store, properties_of(item), {}) for item in inputs]
    wishes = [wished_links(call, store.kind, item.get("associations")) for item in inputs]
    _check_distinct(store, rows)
    for row in rows:
        model.check_free(store, row)
    made = [model.add(call, store, row) for row in rows]
    for record, links in zip(made, wishes, strict=True):
        for link, other in links:
            call.portal.crm.links.add(link, record.id, other.id)
    return made


def update(call: Call, store: ObjectStore, inputs: Inputs) -> Changes:
    """Change every record that is there; bad values refuse the batch before anything changes."""
    keys = [input_id(item) for item in inputs]
    _check_unique_keys(keys)
    by_property = [optional_text(item, "idProperty") for item in inputs]
    pairs = zip(keys, by_property, strict=True)
    found = [model.lookup(store, key, name) for key, name in pairs]
    work: list[tuple[Record, Values, dict[str, Any]]] = []
    for item, record in zip(inputs, found, strict=True):
        current = {} if record is None else record.properties
        values = model.check(call, store, properties_of(item), current)
        if record is not None:
            model.check_free(store, values, besides=record.id)
            work.append((record, values, properties_of(item)))
    _check_distinct(store, [values for _, values, _ in work])
    done = [Written(model.write(call, store, record, v), sent) for record, v, sent in work]
    return Changes(done, [k for k, r in zip(keys, found, strict=True) if r is None])


def upsert(call: Call, store: ObjectStore, inputs: Inputs) -> list[Written]:
    """Change or create by a unique property, all or none."""
    _check_unique_keys([input_id(item) for item in inputs])
    work = [_upsert_row(call, store, item) for item in inputs]
    _check_distinct(store, [values for _, values in work])
    return [
        Written(model.add(call, store, values), item["properties"], new=True)
        if record is None
        else Written(model.write(call, store, record, values), item["properties"])
        for item, (record, values) in zip(inputs, work, strict=True)
    ]


def archive(call: Call, store: ObjectStore, inputs: Inputs) -> None:
    """Delete every record that is there; absent ones are passed over."""
    for item in inputs:
        record = model.lookup(store, input_id(item), None)
        if record is not None:
            model.archive(call, store, record)


def _upsert_row(
    call: Call, store: ObjectStore, item: dict[str, Any]
) -> tuple[Record | None, Values]:
    """The record an input means, if there is one, and its checked values."""
    key, name = input_id(item), optional_text(item, "idProperty")
    sent = properties_of(item)
    record = model.lookup(store, key, name)
    if record is None and name is not None and name not in store.computed:
        sent = {name: key, **sent}
    values = model.check(call, store, sent, {} if record is None else record.properties)
    model.check_free(store, values, besides=None if record is None else record.id)
    return record, values


def _check_unique_keys(keys: list[str]) -> None:
    twice = (
        sorted({key for key in keys if keys.count(key) > 1}) if len(set(keys)) < len(keys) else []
    )
    if twice:
        text = f"Duplicate IDs found in batch input: [{', '.join(twice)}]. IDs must be unique"
        raise ApiError(400, text, errors=[{"message": text, "in": "inputs"}])


def _check_distinct(store: ObjectStore, rows: list[Values]) -> None:
    for name in store.unique:
        values = [value.casefold() for row in rows if (value := row.get(name))]
        if len(set(values)) < len(values):
            text = f"Duplicate values of {name} found in batch input"
            raise ApiError(409, text, category="CONFLICT")
