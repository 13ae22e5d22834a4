"""Property definitions: the data HubSpot's properties API shows. Values live in `store`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from hubspot_emulator.wire import timestamp, without_nulls

_SHIPPED = datetime(
    2019, 8, 6, 2, 41, 8, 29000, tzinfo=UTC
)  # HubSpot's own defaults carry one date


@dataclass(frozen=True, slots=True)
class Option:
    """One value an enumeration property may take."""

    value: str
    label: str
    hidden: bool = False
    order: int | None = None  # as asked for; None = as it stands in the list
    description: str | None = None

    def wire(self, at: int) -> dict[str, Any]:
        """The option as the properties API prints it; `at` is its place in the list."""
        return without_nulls(
            {
                "label": self.label,
                "value": self.value,
                "description": self.description,
                "displayOrder": at if self.order is None else self.order,
                "hidden": self.hidden,
            }
        )


@dataclass(frozen=True, slots=True)
class PropertyDef:
    """One property of one object type."""

    name: str
    label: str
    type: str = "string"  # string | number | date | datetime | enumeration | bool
    field_type: str = "text"
    group: str = "information"
    description: str = ""
    options: tuple[Option, ...] = ()
    unique: bool = False
    read_only: bool = False
    calculated: bool = False
    external_options: bool = False
    references: str | None = None  # OWNER for user-type properties
    hubspot_defined: bool = True
    hidden: bool = False
    display_order: int = -1
    form_field: bool = False
    sensitivity: str = "non_sensitive"
    hints: tuple[tuple[str, Any], ...] = ()  # how values are shown, kept and told as sent
    archived: bool = False
    created_at: datetime = _SHIPPED
    updated_at: datetime = _SHIPPED
    created_by: int | None = None  # settings id of whose token made it; None for HubSpot's own
    updated_by: int | None = None

    @property
    def names_owner(self) -> bool:
        """Whether its values are owner ids: the owner property and custom user properties."""
        return self.references == "OWNER"

    def wire(self) -> dict[str, Any]:
        """The definition as the properties API prints it; absent optionals are dropped."""
        return without_nulls(
            {
                "updatedAt": timestamp(self.updated_at),
                "createdAt": timestamp(self.created_at),
                "name": self.name,
                "label": self.label,
                "type": self.type,
                "fieldType": self.field_type,
                "description": self.description,
                "groupName": self.group,
                "options": [option.wire(at) for at, option in enumerate(self.options)],
                "createdUserId": _user(self.created_by),
                "updatedUserId": _user(self.updated_by),
                "referencedObjectType": self.references,
                "displayOrder": self.display_order,
                "calculated": self.calculated,
                "externalOptions": self.external_options,
                # HubSpot's own, never archived, do not say so (recorded March 2026)
                "archived": None if self.hubspot_defined else self.archived,
                "archivedAt": timestamp(self.updated_at) if self.archived else None,
                "hasUniqueValue": self.unique,
                "hidden": self.hidden,
                "hubspotDefined": self.hubspot_defined or None,
                "modificationMetadata": {
                    "archivable": True,  # recorded so for HubSpot's own too, which refuse it
                    "readOnlyDefinition": self.hubspot_defined,
                    "readOnlyValue": self.read_only,
                },
                "formField": self.form_field,
                "dataSensitivity": self.sensitivity,
                **dict(self.hints),
            }
        )


def _user(user_id: int | None) -> str | None:
    return None if user_id is None else str(user_id)


@dataclass(frozen=True, slots=True)
class PropertyGroup:
    """A heading under which properties are shown."""

    name: str
    label: str
    display_order: int = -1
    archived: bool = False

    def wire(self) -> dict[str, Any]:
        """The group as the properties API prints it."""
        return {
            "name": self.name,
            "label": self.label,
            "displayOrder": self.display_order,
            "archived": self.archived,
        }


def text(name: str, label: str, **more: Any) -> PropertyDef:
    """A one-line text property."""
    return PropertyDef(name, label, **more)


def number(name: str, label: str, **more: Any) -> PropertyDef:
    """A number property."""
    return PropertyDef(name, label, "number", "number", **more)


def moment(name: str, label: str, **more: Any) -> PropertyDef:
    """A date and time property."""
    return PropertyDef(name, label, "datetime", "date", **more)


def yes_no(name: str, label: str, **more: Any) -> PropertyDef:
    """A true/false property."""
    answers = (Option("true", "True"), Option("false", "False"))
    return PropertyDef(name, label, "bool", "booleancheckbox", options=answers, **more)


def choice(name: str, label: str, values: tuple[str, ...], **more: Any) -> PropertyDef:
    """An enumeration with a fixed list of values."""
    options = tuple(Option(value, value.replace("_", " ").capitalize()) for value in values)
    return PropertyDef(name, label, "enumeration", "select", options=options, **more)


def user_property(name: str, label: str, *, hubspot_defined: bool = False) -> PropertyDef:
    """A property whose value is an owner id: external options, referencing OWNER."""
    return PropertyDef(
        name,
        label,
        "enumeration",
        "select",
        external_options=True,
        references="OWNER",
        hubspot_defined=hubspot_defined,
    )


def grouped(group: str, definitions: tuple[PropertyDef, ...]) -> tuple[PropertyDef, ...]:
    """The definitions, all under one group."""
    return tuple(replace(definition, group=group) for definition in definitions)
