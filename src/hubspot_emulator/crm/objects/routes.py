"""HTTP of single CRM records: /crm/v3/objects/{type} and the dated forms."""

from __future__ import annotations

from hubspot_emulator.crm.asking import (
    body_object,
    cleared_value,
    flag,
    page_limit,
    properties_of,
    query_selection,
    record_page,
    whole_number,
)
from hubspot_emulator.crm.associations.inline import inline
from hubspot_emulator.crm.associations.model import wished_links
from hubspot_emulator.crm.kinds import ObjectKind
from hubspot_emulator.crm.objects import model
from hubspot_emulator.crm.paths import object_routes
from hubspot_emulator.crm.wire import changed_json, made_json, record_json
from hubspot_emulator.parameters import page_of
from hubspot_emulator.routing import Call, Route
from hubspot_emulator.wire import Answer, ApiError

LIST_DEFAULT = 10
LIST_MAX = 100
HISTORY_MAX = 50  # with propertiesWithHistory (hubspot-api-python issue 143, November 2022)


def list_records(kind: ObjectKind, call: Call) -> Answer:
    """A page of records in the order of their ids."""
    store = model.store_of(call, kind)
    archived = flag(call, "archived")
    if archived and not kind.pages_archived:
        text = f"Paging through deleted objects is not yet supported for object type {kind.label}"
        raise ApiError(400, text)
    after, selection = whole_number(call, "after", 0), query_selection(call, store)
    limit = page_limit(call, LIST_DEFAULT, HISTORY_MAX if selection.with_history else LIST_MAX)
    records, following = model.page(store, after, limit, archived=archived)
    results = [record_json(store, record, selection) for record in records]
    if "associations" in call.query:
        pairs = zip(results, records, strict=True)
        results = [{**row, **inline(call, kind, record)} for row, record in pairs]
    return Answer(body=page_of(call, results, following))


def read_record(kind: ObjectKind, call: Call) -> Answer:
    """One record, by id or by the unique property `idProperty`."""
    store = model.store_of(call, kind)
    key, archived = call.path["objectId"], flag(call, "archived")
    record = model.find(store, key, call.one("idProperty"), archived=archived)
    shown = record_json(store, record, query_selection(call, store))
    return Answer(body={**shown, **inline(call, kind, record)})


def create_record(kind: ObjectKind, call: Call) -> Answer:
    """A new record: 201 with what was stored."""
    store = model.store_of(call, kind)
    body = body_object(call)
    wishes = wished_links(call, kind, body.get("associations"))
    record = model.create(call, store, properties_of(body))
    for link, other in wishes:
        call.portal.crm.links.add(link, record.id, other.id)
    return Answer(201, made_json(store, record, record_page(call, store)))


def update_record(kind: ObjectKind, call: Call) -> Answer:
    """Changed values of one record; the others stay."""
    store = model.store_of(call, kind)
    record = model.find(store, call.path["objectId"], call.one("idProperty"))
    sent = properties_of(body_object(call))
    model.change(call, store, record, sent)
    page, cleared = record_page(call, store), cleared_value(call)
    return Answer(body=changed_json(store, record, sent, page, cleared))


def archive_record(kind: ObjectKind, call: Call) -> Answer:
    """Delete one record; 204 also when it is gone already."""
    store = model.store_of(call, kind)
    record = model.lookup(store, call.path["objectId"], None)
    if record is not None:
        model.archive(call, store, record)
    return Answer(204)


ROUTES: tuple[Route, ...] = (
    *object_routes("GET", "", "list", list_records),
    *object_routes("POST", "", "create", create_record, writes=True),
    *object_routes("GET", "/{objectId}", "read", read_record),
    *object_routes("PATCH", "/{objectId}", "update", update_record, writes=True),
    *object_routes("DELETE", "/{objectId}", "archive", archive_record, writes=True),
)
