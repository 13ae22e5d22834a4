"""Rules of associations: whom a request means, what it may link, what is linked now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hubspot_emulator.crm.asking import body_object, required
from hubspot_emulator.crm.associations.types import TYPES, LinkType, default_type, type_named
from hubspot_emulator.crm.ids import as_id
from hubspot_emulator.crm.kinds import ObjectKind, kind_named
from hubspot_emulator.crm.records import Record
from hubspot_emulator.crm.unplayed import unplayed_named
from hubspot_emulator.routing import Call
from hubspot_emulator.wire import ApiError, not_found

Inputs = list[dict[str, Any]]
INPUTS_MAX = 2_000  # of a batch that writes; one that reads takes half (HubSpot's guide)


@dataclass(frozen=True, slots=True)
class Link:
    """One other record and the ways it belongs to the first."""

    id: int
    types: tuple[LinkType, ...]


def target_kind(call: Call) -> ObjectKind:
    """The other type a path names; 400 when there is none of the name."""
    name = call.path["toObjectType"]
    kind = kind_named(name) or unplayed_named(name)
    if kind is None:
        message = f"Unable to infer object type from: {name}"
        raise ApiError(400, message, category_switch="bad_parameter_category")
    return kind


def record_of(call: Call, kind: ObjectKind, word: object) -> Record | None:
    """The record an id names, unless it is archived or was never there."""
    store = call.portal.crm.objects.get(kind.name)
    record = None if store is None else store.records.get(as_id(str(word)) or 0)
    return None if record is None or record.archived else record


def found(call: Call, kind: ObjectKind, word: str) -> Record:
    """As `record_of`; 404 when there is none."""
    record = record_of(call, kind, word)
    if record is None:
        raise not_found()
    return record


def linked(call: Call, source: ObjectKind, source_id: int, target: ObjectKind) -> list[Link]:
    """What belongs to a record, by id; archived records belong to nobody."""
    side = call.portal.crm.links.of(source, source_id, target)
    if not side:
        return []
    records = call.portal.crm.objects[target.name].records
    return [
        Link(other, tuple(TYPES[one] for one in sorted(held)))
        for other, held in sorted(side.items())
        if not records[other].archived
    ]


def wished_types(source: ObjectKind, target: ObjectKind, specs: Any) -> list[LinkType]:
    """The ways a body lists as associationCategory and associationTypeId; 400 for unknown ones."""
    if not isinstance(specs, list) or not specs:
        raise required("AssociationSpec", "types")
    return [_wished_type(source, target, spec) for spec in specs]


def _wished_type(source: ObjectKind, target: ObjectKind, spec: Any) -> LinkType:
    type_id = spec.get("associationTypeId") if isinstance(spec, dict) else None
    kind = TYPES.get(type_id) if isinstance(type_id, int) else None
    if kind is None or (kind.source, kind.target) != (source, target):
        raise ApiError(
            400,
            f"invalid association type {type_id} from {source.label} to {target.label}",
        )
    return kind


def plain_type(source: ObjectKind, target: ObjectKind) -> LinkType:
    """The way without a label; 400 where records cannot belong together."""
    kind = default_type(source, target)
    if kind is None:
        raise ApiError(400, f"{source.label} cannot be associated with {target.label}")
    return kind


def named_type(source: ObjectKind, target: ObjectKind, name: object) -> LinkType:
    """The way an older API names; 400 for an unknown one."""
    kind = type_named(source, target, str(name))
    if kind is None:
        raise ApiError(400, f"Invalid association type: {name}")
    return kind


def wished_links(call: Call, source: ObjectKind, wishes: Any) -> list[tuple[LinkType, Record]]:
    """What a create asks to belong to the new record; 400 when any of it is not there."""
    if wishes is None:
        return []
    if not isinstance(wishes, list):
        raise ApiError(400, "Invalid input JSON: associations must be a list")
    return [link for wish in wishes for link in _wished(call, source, wish)]


def _wished(call: Call, source: ObjectKind, wish: Any) -> list[tuple[LinkType, Record]]:
    to = wish.get("to") if isinstance(wish, dict) else None
    specs = wish.get("types") if isinstance(wish, dict) else None
    if not isinstance(to, dict) or "id" not in to or not isinstance(specs, list):
        raise required("PublicAssociationsForObject", "to, types")
    made: list[tuple[LinkType, Record]] = []
    for spec in specs:
        type_id = spec.get("associationTypeId") if isinstance(spec, dict) else None
        kind = TYPES.get(type_id) if isinstance(type_id, int) else None
        record = None if kind is None else record_of(call, kind.target, to["id"])
        if kind is None or kind.source is not source or record is None:
            raise ApiError(400, "One or more associations are invalid")
        made.append((kind, record))
    return made


def batch_of(call: Call, maximum: int) -> Inputs:
    """The inputs of a batch, each an object; 400 when there are too many."""
    inputs = body_object(call).get("inputs")
    if not isinstance(inputs, list) or not all(isinstance(item, dict) for item in inputs):
        raise required("BatchInput", "inputs")
    if len(inputs) > maximum:
        raise ApiError(400, f"Batch requests are limited to {maximum} inputs")
    return inputs


def end_of(item: dict[str, Any], name: str) -> str:
    """The id under `from` or `to` of one input; 400 when it is missing."""
    end = item.get(name)
    if not isinstance(end, dict) or not isinstance(end.get("id"), str | int):
        raise required("PublicObjectId", f"{name}.id")
    return str(end["id"])
