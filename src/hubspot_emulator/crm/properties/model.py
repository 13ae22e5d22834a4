"""Rules of property definitions: which a portal has, how custom ones come and go."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import Any

from hubspot_emulator.crm.asking import optional_text, required
from hubspot_emulator.crm.definitions import Option, PropertyDef, PropertyGroup
from hubspot_emulator.crm.records import ObjectStore
from hubspot_emulator.wire import ApiError, not_found

TYPES = frozenset({"string", "number", "date", "datetime", "enumeration", "bool", "phone_number"})
FIELD_TYPES = frozenset(
    {
        "booleancheckbox", "calculation_equation", "checkbox", "date", "file", "html", "number",
        "phonenumber", "radio", "select", "text", "textarea",
    }
)  # fmt: skip
SENSITIVITIES = ("non_sensitive", "sensitive", "highly_sensitive")  # the first is the default
HINTS = (
    *("calculationFormula", "currencyPropertyName", "numberDisplayHint"),
    *("showCurrencySymbol", "textDisplayHint", "dateDisplayHint"),
)


def listed(
    store: ObjectStore,
    hidden: frozenset[str],
    *,
    archived: bool,
    sensitivity: str = SENSITIVITIES[0],
) -> list[PropertyDef]:
    """Definitions of one sensitivity by name, archived or not."""
    found = (store.definitions[name] for name in sorted(store.definitions) if name not in hidden)
    return [one for one in found if (one.archived, one.sensitivity) == (archived, sensitivity)]


def find(
    store: ObjectStore, name: str, hidden: frozenset[str], *, archived: bool = False
) -> PropertyDef:
    """One definition; 404 when the portal has none of this name."""
    definition = store.definitions.get(name)
    if definition is None or name in hidden or definition.archived != archived:
        raise not_found(f'Property "{name}" does not exist on {store.kind.label}')
    return definition


def create(
    store: ObjectStore, body: dict[str, Any], now: datetime, user_id: int | None
) -> PropertyDef:
    """A custom property; 400 for a bad shape, 409 for a taken name."""
    for field in ("name", "label", "type", "fieldType", "groupName"):
        if not isinstance(body.get(field), str):
            raise required("PropertyCreate", field)
    name = body["name"].casefold()
    known = store.definitions.get(name)
    if known is not None and not known.archived:
        text = f'A property named "{name}" already exists.'
        raise ApiError(409, text, category="CONFLICT")
    find_group(store, body["groupName"])
    blank = PropertyDef(
        name,
        body["label"],
        unique=_flag(body, "hasUniqueValue", default=False),
        external_options=_flag(body, "externalOptions", default=False),
        references=optional_text(body, "referencedObjectType"),
        sensitivity=_one_of(body, "dataSensitivity", SENSITIVITIES, SENSITIVITIES[0]),
        hubspot_defined=False,
        created_at=now,
        created_by=user_id,
    )
    definition = _looking(blank, body, now, user_id)
    store.define(definition)
    return definition


def update(
    store: ObjectStore, name: str, body: dict[str, Any], now: datetime, user_id: int | None
) -> PropertyDef:
    """Change a custom property; its name and what it refers to stay. 400 for HubSpot's own."""
    definition = find(store, name, frozenset())
    if definition.hubspot_defined:
        raise ApiError(400, f'Property "{name}" is defined by HubSpot and cannot be changed')
    group = optional_text(body, "groupName")
    if group is not None:
        find_group(store, group)
    changed = _looking(definition, body, now, user_id)
    store.define(changed)
    return changed


def archive(store: ObjectStore, name: str, now: datetime, user_id: int | None) -> None:
    """Archive a custom property; 400 for HubSpot's own, 404 for an unknown one."""
    definition = find(store, name, frozenset())
    if definition.hubspot_defined:
        raise ApiError(400, f'Property "{name}" is defined by HubSpot and cannot be archived')
    store.definitions[name] = replace(definition, archived=True, updated_at=now, updated_by=user_id)


def find_group(store: ObjectStore, name: str) -> PropertyGroup:
    """One group; 404 when there is none."""
    group = store.groups.get(name)
    if group is None:
        raise not_found(f'Property group "{name}" does not exist on {store.kind.label}')
    return group


def _looking(
    was: PropertyDef, body: dict[str, Any], now: datetime, user_id: int | None
) -> PropertyDef:
    """The definition with everything a body may set both at first and later."""
    about, options = optional_text(body, "description"), body.get("options")
    hints = {**dict(was.hints), **{name: body[name] for name in HINTS if name in body}}
    return replace(
        was,
        label=optional_text(body, "label") or was.label,
        type=_one_of(body, "type", TYPES, was.type),
        field_type=_one_of(body, "fieldType", FIELD_TYPES, was.field_type),
        group=optional_text(body, "groupName") or was.group,
        description=was.description if about is None else about,
        options=was.options if options is None else _options(options),
        hidden=_flag(body, "hidden", default=was.hidden),
        form_field=_flag(body, "formField", default=was.form_field),
        display_order=whole(body, "displayOrder", was.display_order),
        hints=tuple(hints.items()),
        updated_at=now,
        updated_by=user_id,
    )


def whole(body: dict[str, Any], name: str, default: int) -> int:
    """A whole number out of a body; 400 when it is something else."""
    value = body.get(name)
    if value is None:
        return default
    if not isinstance(value, int) or isinstance(value, bool):
        raise ApiError(400, f"Invalid input JSON: {name} must be an integer")
    return value


def _flag(body: dict[str, Any], name: str, *, default: bool) -> bool:
    value = body.get(name)
    if value is not None and not isinstance(value, bool):
        raise ApiError(400, f"Invalid input JSON: {name} must be a boolean")
    return default if value is None else value


def _one_of(body: dict[str, Any], name: str, known: Collection[str], default: str) -> str:
    value = optional_text(body, name)
    if value is not None and value not in known:
        raise ApiError(400, f"Invalid property {name} {value}")
    return value or default


def _options(sent: Any) -> tuple[Option, ...]:
    if not isinstance(sent, list):
        raise required("OptionInput", "label, value")
    return tuple(_option(row) for row in sent)


def _option(row: Any) -> Option:
    if not isinstance(row, dict) or not {"value", "label"} <= row.keys():
        raise required("OptionInput", "label, value")
    return Option(
        str(row["value"]),
        str(row["label"]),
        hidden=_flag(row, "hidden", default=False),
        order=None if row.get("displayOrder") is None else whole(row, "displayOrder", 0),
        description=optional_text(row, "description"),
    )
