"""Property groups: the headings under which properties are shown. Rules and routes of both."""

from __future__ import annotations

from dataclasses import replace

from hubspot_emulator.crm.asking import body_object, optional_text, required
from hubspot_emulator.crm.definitions import PropertyGroup
from hubspot_emulator.crm.kinds import ObjectKind
from hubspot_emulator.crm.objects.model import store_of
from hubspot_emulator.crm.paths import schema_routes
from hubspot_emulator.crm.properties.model import find_group, whole
from hubspot_emulator.crm.records import ObjectStore
from hubspot_emulator.routing import Call, Route
from hubspot_emulator.wire import Answer, ApiError


def list_groups(kind: ObjectKind, call: Call) -> Answer:
    """Every property group of a type."""
    groups = store_of(call, kind).groups
    return Answer(body={"results": [groups[name].wire() for name in sorted(groups)]})


def read_group(kind: ObjectKind, call: Call) -> Answer:
    """One property group by name."""
    return Answer(body=find_group(store_of(call, kind), call.path["name"]).wire())


def create_group(kind: ObjectKind, call: Call) -> Answer:
    """A new group: 201; 409 for a taken name."""
    store, body = store_of(call, kind), body_object(call)
    for field in ("name", "label"):
        if not isinstance(body.get(field), str) or not body[field]:
            raise required("PropertyGroupCreate", field)
    name = body["name"].casefold()
    if name in store.groups:
        raise ApiError(409, f'A property group named "{name}" already exists.', "CONFLICT")
    store.groups[name] = PropertyGroup(name, body["label"], whole(body, "displayOrder", -1))
    return Answer(201, store.groups[name].wire())


def update_group(kind: ObjectKind, call: Call) -> Answer:
    """Another label or place for a group."""
    store, body = store_of(call, kind), body_object(call)
    group = find_group(store, call.path["name"])
    label = optional_text(body, "label") or group.label
    order = whole(body, "displayOrder", group.display_order)
    changed = replace(group, label=label, display_order=order)
    store.groups[group.name] = changed
    return Answer(body=changed.wire())


def archive_group(kind: ObjectKind, call: Call) -> Answer:
    """Drop an empty group: 204; 400 while properties are in it."""
    store = store_of(call, kind)
    group = find_group(store, call.path["name"])
    if _used(store, group.name):
        raise ApiError(400, f'Property group "{group.name}" still has properties')
    del store.groups[group.name]
    return Answer(204)


def _used(store: ObjectStore, name: str) -> bool:
    return any(one.group == name and not one.archived for one in store.definitions.values())


ROUTES: tuple[Route, ...] = (
    *schema_routes("GET", "/groups", "groups", list_groups),
    *schema_routes("POST", "/groups", "create_group", create_group, writes=True),
    *schema_routes("GET", "/groups/{name}", "group", read_group),
    *schema_routes("PATCH", "/groups/{name}", "update_group", update_group, writes=True),
    *schema_routes("DELETE", "/groups/{name}", "archive_group", archive_group, writes=True),
)
