"""CRM records and batches as JSON: which properties are shown, history, the batch envelope."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hubspot_emulator.crm.records import ObjectStore, Record
from hubspot_emulator.wire import Answer, timestamp


@dataclass(frozen=True, slots=True)
class Selection:
    """Which properties a request wants; names unknown to the type are dropped silently."""

    names: tuple[str, ...]
    with_history: tuple[str, ...] = ()
    page: str | None = None  # what a record's id is put behind to address its page
    cleared: str | None = None  # what stands for a value that was taken away


def select(
    store: ObjectStore,
    wanted: list[str],
    with_history: list[str],
    hidden: frozenset[str],
    page: str | None,
    cleared: str | None,
) -> Selection:
    """System properties plus the wanted ones; the type's default set when none is named."""
    asked = wanted or ([] if with_history else list(store.kind.shown))
    known = [n for n in (*asked, *with_history) if n in store.definitions and n not in hidden]
    names = tuple(dict.fromkeys((*store.kind.system, *known)))
    return Selection(names, tuple(n for n in with_history if n in known), page, cleared)


def record_json(store: ObjectStore, record: Record, selection: Selection) -> dict[str, Any]:
    """One record; requested properties without a value are null (recorded February 2022)."""
    body: dict[str, Any] = {
        "id": str(record.id),
        "properties": {n: _told(store, record, n, selection.cleared) for n in selection.names},
        "createdAt": timestamp(record.created_at),
        "updatedAt": timestamp(record.updated_at),
        "archived": record.archived,
    }
    if record.archived_at is not None:
        body["archivedAt"] = timestamp(record.archived_at)
    if selection.page is not None:
        body["url"] = f"{selection.page}{record.id}"
    if selection.with_history:
        names = selection.with_history
        body["propertiesWithHistory"] = {n: history_json(store, record, n) for n in names}
    return body


def _told(store: ObjectStore, record: Record, name: str, cleared: str | None) -> str | None:
    """A property's value; one that was set and taken away again is not one that never was."""
    value = store.value(record, name)
    return cleared if value is None and name in (record.history or ()) else value


def made_json(store: ObjectStore, record: Record, page: str | None) -> dict[str, Any]:
    """One record after its creation: the system properties and every stored value."""
    names = (*store.kind.system, *sorted(record.properties))
    return record_json(store, record, Selection(tuple(dict.fromkeys(names)), page=page))


def changed_json(
    store: ObjectStore,
    record: Record,
    sent: Iterable[str],
    page: str | None,
    cleared: str | None,
) -> dict[str, Any]:
    """One record after a change: what was sent and little else (recorded March 2026)."""
    told = [name for name in store.kind.told if store.value(record, name) is not None]
    names = (*store.kind.system, *sorted({*sent, *told}))
    selection = Selection(tuple(dict.fromkeys(names)), page=page, cleared=cleared)
    return record_json(store, record, selection)


def history_json(store: ObjectStore, record: Record, name: str) -> list[dict[str, Any]]:
    """Versions of one property, newest first."""
    versions = (record.history or {}).get(name)
    if versions is None:
        value = store.value(record, name)
        versions = [] if value is None else [(record.created_at, value)]
    return [
        {"value": value or "", "timestamp": timestamp(at), "sourceType": "API"}
        for at, value in reversed(versions)
    ]


def batch_answer(
    results: list[dict[str, Any]],
    now: datetime,
    *,
    status: int = 200,
    errors: list[dict[str, Any]] | None = None,
) -> Answer:
    """The batch envelope; 207 with `numErrors` and `errors` as soon as one input failed."""
    body: dict[str, Any] = {"status": "COMPLETE", "results": results}
    if errors:
        body |= {"numErrors": len(errors), "errors": errors}
    body |= {"startedAt": timestamp(now), "completedAt": timestamp(now)}
    return Answer(207 if errors else status, body)


def missing_json(store: ObjectStore, ids: list[str]) -> list[dict[str, Any]]:
    """The one error that names every id a batch did not find (recorded April 2024)."""
    if not ids:
        return []
    message = (
        f"Could not get some {store.kind.singular.upper()} objects, they may be deleted or not "
        "exist. Check that ids are valid."
    )
    return [
        {
            "status": "error",
            "category": "OBJECT_NOT_FOUND",
            "message": message,
            "context": {"ids": ids},
            "errors": [],  # required by the published StandardError, with links
            "links": {},
        }
    ]
