"""Rules of property definitions: which a portal has, how custom ones come and go."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from hubspot_emulator.crm.asking import optional_text, required
from hubspot_emulator.crm.definitions import Option, PropertyDef, PropertyGroup
from hubspot_emulator.crm.records import ObjectStore
from hubspot_emulator.wire import ApiError, not_found

TYPES = frozenset({"string", "number", "date", "datetime", "enumeration", "bool"})


def listed(store: ObjectStore, hidden: frozenset[str], *, archived: bool) -> list[PropertyDef]:
    """Definitions by name, archived or not."""
    return [
        store.definitions[name]
        for name in sorted(store.definitions)
        if name not in hidden and store.definitions[name].archived == archived
    ]


def find(
    store: ObjectStore, name: str, hidden: frozenset[str], *, archived: bool = False
) -> PropertyDef:
    """One definition; 404 when the portal has none of this name."""
    definition = store.definitions.get(name)
    if definition is None or name in hidden or definition.archived != archived:
        raise not_found(f'Property "{name}" does not exist on {store.kind.label}')
    return definition


def create(store: ObjectStore, body: dict[str, Any], now: datetime) -> PropertyDef:
    """A custom property; 400 for a bad shape, 409 for a taken name."""
    for field in ("name", "label", "type", "fieldType", "groupName"):
        if not isinstance(body.get(field), str):
            raise required("PropertyCreate", field)
    name = body["name"].casefold()
    known = store.definitions.get(name)
    if known is not None and not known.archived:
        text = f'A property named "{name}" already exists.'
        raise ApiError(409, text, category="CONFLICT")
    if body["type"] not in TYPES:
        raise ApiError(400, f"Invalid property type {body['type']}")
    find_group(store, body["groupName"])
    definition = _custom(name, body, now)
    store.define(definition)
    return definition


def update(store: ObjectStore, name: str, body: dict[str, Any], now: datetime) -> PropertyDef:
    """Change a custom property's looks; its name and type stay. 400 for HubSpot's own."""
    definition = find(store, name, frozenset())
    if definition.hubspot_defined:
        raise ApiError(400, f'Property "{name}" is defined by HubSpot and cannot be changed')
    group = optional_text(body, "groupName")
    if group is not None:
        find_group(store, group)
    about = optional_text(body, "description")
    options = body.get("options")
    changed = replace(
        definition,
        label=optional_text(body, "label") or definition.label,
        group=group or definition.group,
        description=definition.description if about is None else about,
        options=definition.options if options is None else _options(options),
        updated_at=now,
    )
    store.define(changed)
    return changed


def archive(store: ObjectStore, name: str, now: datetime) -> None:
    """Archive a custom property; 400 for HubSpot's own, 404 for an unknown one."""
    definition = find(store, name, frozenset())
    if definition.hubspot_defined:
        raise ApiError(400, f'Property "{name}" is defined by HubSpot and cannot be archived')
    store.definitions[name] = replace(definition, archived=True, updated_at=now)


def find_group(store: ObjectStore, name: str) -> PropertyGroup:
    """One group; 404 when there is none."""
    group = store.groups.get(name)
    if group is None:
        raise not_found(f'Property group "{name}" does not exist on {store.kind.label}')
    return group


def _custom(name: str, body: dict[str, Any], now: datetime) -> PropertyDef:
    return PropertyDef(
        name,
        body["label"],
        body["type"],
        body["fieldType"],
        body["groupName"],
        optional_text(body, "description") or "",
        _options(body.get("options") or []),
        unique=bool(body.get("hasUniqueValue")),
        external_options=bool(body.get("externalOptions")),
        references=optional_text(body, "referencedObjectType"),
        hubspot_defined=False,
        created_at=now,
        updated_at=now,
    )


def _options(sent: Any) -> tuple[Option, ...]:
    if not isinstance(sent, list):
        raise required("OptionInput", "label, value")
    return tuple(_option(row) for row in sent)


def _option(row: Any) -> Option:
    if not isinstance(row, dict) or not {"value", "label"} <= row.keys():
        raise required("OptionInput", "label, value")
    return Option(str(row["value"]), str(row["label"]))
