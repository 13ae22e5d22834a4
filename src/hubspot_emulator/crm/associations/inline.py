"""Associations inside a record, where a request asks for them by type."""

from __future__ import annotations

from typing import Any

from hubspot_emulator.crm.asking import names
from hubspot_emulator.crm.associations import model, wire
from hubspot_emulator.crm.kinds import ObjectKind, kind_named
from hubspot_emulator.crm.records import Record
from hubspot_emulator.routing import Call


def inline(call: Call, source: ObjectKind, record: Record) -> dict[str, Any]:
    """`associations` with every asked type that has some; nothing when none has (recorded 2026)."""
    if "associations" not in call.query:
        return {}
    kinds = dict.fromkeys(kind_named(name) for name in names(call, "associations"))
    shown = {
        kind.name: {"results": wire.named(model.linked(call, source, record.id, kind))}
        for kind in kinds
        if kind is not None
    }
    held = {name: found for name, found in shown.items() if found["results"]}
    return {"associations": held} if held else {}
