"""Associations as JSON: labelled as v4 and the dated versions print them, named as v3 does."""

from __future__ import annotations

from typing import Any

from hubspot_emulator.crm.associations.model import Link
from hubspot_emulator.crm.associations.types import LinkType
from hubspot_emulator.crm.kinds import ObjectKind
from hubspot_emulator.wire import without_nulls

CATEGORY = "HUBSPOT_DEFINED"


def labelled(link: Link) -> dict[str, Any]:
    """One other record with its link types."""
    return {"toObjectId": str(link.id), "associationTypes": [type_row(one) for one in link.types]}


def type_row(kind: LinkType) -> dict[str, Any]:
    """A link type; the plain one has no label."""
    return without_nulls({"category": CATEGORY, "typeId": kind.id, "label": kind.label})


def named(links: list[Link]) -> list[dict[str, Any]]:
    """Other records with one row per link type (recorded March 2026)."""
    return [{"id": str(link.id), "type": kind.name} for link in links for kind in link.types]


def pair_row(types: list[LinkType], source_id: int, target_id: int) -> dict[str, Any]:
    """Two records that were linked, with the labels between them."""
    return {
        "fromObjectTypeId": types[0].source.type_id,
        "fromObjectId": str(source_id),
        "toObjectTypeId": types[0].target.type_id,
        "toObjectId": str(target_id),
        "labels": [one.label for one in types if one.label],
    }


def default_rows(kind: LinkType, source_id: int, target_id: int) -> list[dict[str, Any]]:
    """Both directions of a plain link."""
    ends = (({"id": str(source_id)}, {"id": str(target_id)}, kind.id),)
    back = ({"id": str(target_id)}, {"id": str(source_id)}, kind.inverse)
    return [
        {
            "from": one,
            "to": other,
            "associationSpec": {"associationCategory": CATEGORY, "associationTypeId": type_id},
        }
        for one, other, type_id in (*ends, back)
    ]


def nothing_linked(source: ObjectKind, source_id: str, target: ObjectKind) -> dict[str, Any]:
    """The error a batch gives for a record that nothing belongs to (Airbyte's and others' code)."""
    return {
        "status": "error",
        "category": "OBJECT_NOT_FOUND",
        "subCategory": "crm.associations.NO_ASSOCIATIONS_FOUND",
        "message": f"No {target.singular} is associated with {source.singular} {source_id}.",
        "context": {
            "fromObjectId": [source_id],
            "fromObjectType": [source.singular],
            "toObjectType": [target.singular],
        },
        "errors": [],
        "links": {},
    }
