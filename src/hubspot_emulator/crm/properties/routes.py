"""HTTP of property definitions: /crm/v3/properties/{type} and the dated forms."""

from __future__ import annotations

from hubspot_emulator.crm.asking import (
    batch_inputs,
    body_object,
    flag,
    hidden_properties,
    required,
)
from hubspot_emulator.crm.kinds import ObjectKind
from hubspot_emulator.crm.objects.model import store_of
from hubspot_emulator.crm.paths import schema_routes
from hubspot_emulator.crm.properties import groups, model
from hubspot_emulator.crm.wire import batch_answer
from hubspot_emulator.parameters import one_of
from hubspot_emulator.routing import Call, Route
from hubspot_emulator.wire import Answer


def list_properties(kind: ObjectKind, call: Call) -> Answer:
    """Every definition of a type; not paged."""
    store = store_of(call, kind)
    hidden, archived = hidden_properties(call, store), flag(call, "archived")
    sensitivity = one_of(call, "dataSensitivity", model.SENSITIVITIES)
    found = model.listed(store, hidden, archived=archived, sensitivity=sensitivity)
    return Answer(body={"results": [definition.wire() for definition in found]})


def read_property(kind: ObjectKind, call: Call) -> Answer:
    """One definition by name."""
    store = store_of(call, kind)
    hidden, archived = hidden_properties(call, store), flag(call, "archived")
    return Answer(body=model.find(store, call.path["name"], hidden, archived=archived).wire())


def create_property(kind: ObjectKind, call: Call) -> Answer:
    """A custom property: 201."""
    made = model.create(store_of(call, kind), body_object(call), call.now, call.token.user_id)
    return Answer(201, made.wire())


def update_property(kind: ObjectKind, call: Call) -> Answer:
    """Another label, group, description or list of options."""
    store, name = store_of(call, kind), call.path["name"]
    changed = model.update(store, name, body_object(call), call.now, call.token.user_id)
    return Answer(body=changed.wire())


def archive_property(kind: ObjectKind, call: Call) -> Answer:
    """Archive a custom property: 204."""
    model.archive(store_of(call, kind), call.path["name"], call.now, call.token.user_id)
    return Answer(204)


def read_property_batch(kind: ObjectKind, call: Call) -> Answer:
    """Definitions by name: 200, or 207 naming those not found."""
    store = store_of(call, kind)
    body, inputs = batch_inputs(call)
    hidden, archived = hidden_properties(call, store), body.get("archived") is True
    known = {one.name: one for one in model.listed(store, hidden, archived=archived)}
    names = [_name(item) for item in inputs]
    results = [known[name].wire() for name in names if name in known]
    missing = [name for name in names if name not in known]
    errors = [
        {
            "status": "error",
            "category": "OBJECT_NOT_FOUND",
            "message": f'Property "{name}" does not exist',
            "context": {"name": [name]},
            "errors": [],
            "links": {},
        }
        for name in missing
    ]
    return batch_answer(results, call.now, errors=errors)


def create_property_batch(kind: ObjectKind, call: Call) -> Answer:
    """Custom properties: 201, up to the first that is refused."""
    store = store_of(call, kind)
    _, inputs = batch_inputs(call)
    made = [model.create(store, item, call.now, call.token.user_id).wire() for item in inputs]
    return batch_answer(made, call.now, status=201)


def archive_property_batch(kind: ObjectKind, call: Call) -> Answer:
    """Archive custom properties: 204, absent ones are passed over."""
    store = store_of(call, kind)
    _, inputs = batch_inputs(call)
    for name in (_name(item) for item in inputs):
        if name in store.definitions and not store.definitions[name].archived:
            model.archive(store, name, call.now, call.token.user_id)
    return Answer(204)


def _name(item: dict[str, object]) -> str:
    name = item.get("name")
    if not isinstance(name, str):
        raise required("PropertyName", "name")
    return name


ROUTES: tuple[Route, ...] = (
    *schema_routes("GET", "", "list", list_properties),
    *schema_routes("POST", "", "create", create_property, writes=True),
    *schema_routes("POST", "/batch/read", "batch_read", read_property_batch),
    *schema_routes("POST", "/batch/create", "batch_create", create_property_batch, writes=True),
    *schema_routes("POST", "/batch/archive", "batch_archive", archive_property_batch, writes=True),
    *schema_routes("GET", "/{name}", "read", read_property),
    *schema_routes("PATCH", "/{name}", "update", update_property, writes=True),
    *schema_routes("DELETE", "/{name}", "archive", archive_property, writes=True),
    *groups.ROUTES,
)
