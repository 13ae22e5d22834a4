"""HTTP of CRM batches: /crm/v3/objects/{type}/batch/{verb} and the dated forms."""

from __future__ import annotations

from hubspot_emulator.crm.asking import (
    batch_inputs,
    body_selection,
    cleared_value,
    flag,
    optional_text,
    record_page,
)
from hubspot_emulator.crm.batch import model
from hubspot_emulator.crm.kinds import ObjectKind
from hubspot_emulator.crm.objects.model import store_of
from hubspot_emulator.crm.paths import object_routes
from hubspot_emulator.crm.wire import (
    batch_answer,
    changed_json,
    made_json,
    missing_json,
    record_json,
)
from hubspot_emulator.routing import Call, Route
from hubspot_emulator.wire import Answer


def read_batch(kind: ObjectKind, call: Call) -> Answer:
    """Records by id or unique property: 200, or 207 naming the ids not found."""
    store = store_of(call, kind)
    body, inputs = batch_inputs(call)
    archived = flag(call, "archived")
    id_property = optional_text(body, "idProperty")
    outcome = model.read(store, inputs, id_property, archived=archived)
    selection = body_selection(call, store, body)
    results = [record_json(store, record, selection) for record in outcome.records]
    return batch_answer(results, call.now, errors=missing_json(store, outcome.missing))


def create_batch(kind: ObjectKind, call: Call) -> Answer:
    """New records: 201, all or none."""
    store = store_of(call, kind)
    _, inputs = batch_inputs(call)
    page, records = record_page(call, store), model.create(call, store, inputs)
    return batch_answer([made_json(store, r, page) for r in records], call.now, status=201)


def update_batch(kind: ObjectKind, call: Call) -> Answer:
    """Changed records: 200, or 207 naming the ids not found."""
    store = store_of(call, kind)
    _, inputs = batch_inputs(call)
    page, changes = record_page(call, store), model.update(call, store, inputs)
    cleared = cleared_value(call)
    results = [changed_json(store, w.record, w.sent, page, cleared) for w in changes.written]
    return batch_answer(results, call.now, errors=missing_json(store, changes.missing))


def upsert_batch(kind: ObjectKind, call: Call) -> Answer:
    """Changed or new records by a unique property: 200; `new` tells which."""
    store = store_of(call, kind)
    _, inputs = batch_inputs(call)
    page, done = record_page(call, store), model.upsert(call, store, inputs)
    cleared = cleared_value(call)
    results = [
        {**changed_json(store, one.record, one.sent, page, cleared), "new": one.new} for one in done
    ]
    return batch_answer(results, call.now)


def archive_batch(kind: ObjectKind, call: Call) -> Answer:
    """Delete records: 204, absent ones too."""
    _, inputs = batch_inputs(call)
    model.archive(call, store_of(call, kind), inputs)
    return Answer(204)


ROUTES: tuple[Route, ...] = (
    *object_routes("POST", "/batch/read", "batch_read", read_batch),
    *object_routes("POST", "/batch/create", "batch_create", create_batch, writes=True),
    *object_routes("POST", "/batch/update", "batch_update", update_batch, writes=True),
    *object_routes("POST", "/batch/upsert", "batch_upsert", upsert_batch, writes=True),
    *object_routes("POST", "/batch/archive", "batch_archive", archive_batch, writes=True),
)
