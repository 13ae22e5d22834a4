"""Old forms of property and pipeline lists that data loaders still read, in the words of their day.

A live portal answered `/properties/v2` in April 2026; two loaders read the others at the same time.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from hubspot_emulator.crm.asking import hidden_properties, refuse_type
from hubspot_emulator.crm.definitions import Option, PropertyDef
from hubspot_emulator.crm.kinds import KINDS, ObjectKind
from hubspot_emulator.crm.objects.model import store_of
from hubspot_emulator.crm.paths import aliases, read_scopes, schema_scopes
from hubspot_emulator.crm.pipelines.model import Pipeline, Stage, pipelines_of
from hubspot_emulator.crm.properties.model import listed
from hubspot_emulator.routing import Call, Route
from hubspot_emulator.wire import Answer


def list_properties(kind: ObjectKind, call: Call) -> Answer:
    """Every definition of a type, as a bare list."""
    store = store_of(call, kind)
    found = listed(store, hidden_properties(call, store), archived=False)
    return Answer(body=[_property(one) for one in found])


def list_pipelines(kind: ObjectKind, _: Call) -> Answer:
    """Every pipeline of a type with ids under their old names."""
    return Answer(body={"results": [_pipeline(kind, one) for one in pipelines_of(kind)]})


def _property(one: PropertyDef) -> dict[str, Any]:
    return {
        "name": one.name,
        "label": one.label,
        "description": one.description,
        "groupName": one.group,
        "type": one.type,
        "fieldType": one.field_type,
        "createdAt": int(one.created_at.timestamp() * 1000),
        "updatedAt": int(one.updated_at.timestamp() * 1000),
        "options": [_option(option, at) for at, option in enumerate(one.options)],
        "displayOrder": one.display_order,
        "calculated": one.calculated,
        "externalOptions": one.external_options,
        "hidden": one.hidden,
        "hubspotDefined": one.hubspot_defined,
        "readOnlyDefinition": one.hubspot_defined,
        "readOnlyValue": one.read_only,
        "formField": one.form_field,
        "referencedObjectType": one.references,
        "deleted": False,
    }


def _option(one: Option, at: int) -> dict[str, Any]:
    return {**one.wire(at), "description": one.description or "", "readOnly": False}


def _pipeline(kind: ObjectKind, one: Pipeline) -> dict[str, Any]:
    return {
        "pipelineId": one.id,
        "objectType": kind.singular.upper(),
        "objectTypeId": kind.type_id,
        "label": one.label,
        "displayOrder": 0,
        "active": True,
        "default": True,
        "createdAt": 0,
        "updatedAt": 0,
        "stages": [_stage(stage, at) for at, stage in enumerate(one.stages)],
    }


def _stage(one: Stage, at: int) -> dict[str, Any]:
    return {
        "stageId": one.id,
        "label": one.label,
        "displayOrder": at,
        "metadata": one.metadata,
        "active": True,
        "createdAt": 0,
        "updatedAt": 0,
    }


def _routes(
    path: str,
    operation: str,
    handler: Callable[[ObjectKind, Call], Answer],
    scopes: Callable[[ObjectKind], tuple[str, ...]],
    version: str,
) -> tuple[Route, ...]:
    known = tuple(
        Route(
            *("GET", path.format(type=alias), f"{operation}.{kind.name}.old_list"),
            *(partial(handler, kind), scopes(kind), version),
        )
        for kind in KINDS
        for alias in aliases(kind)
    )
    other = Route(
        "GET", path.format(type="{objectType}"), f"{operation}.unknown", refuse_type, (), version
    )
    return (*known, other)


def _schema_scopes(kind: ObjectKind) -> tuple[str, ...]:
    return schema_scopes(kind, "read")


ROUTES: tuple[Route, ...] = (
    *_routes(
        "/properties/v1/{type}/properties", "properties", list_properties, _schema_scopes, "v1"
    ),
    *_routes(
        "/properties/v2/{type}/properties", "properties", list_properties, _schema_scopes, "v2"
    ),
    *_routes("/crm-pipelines/v1/pipelines/{type}", "pipelines", list_pipelines, read_scopes, "v1"),
)
