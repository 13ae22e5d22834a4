"""HTTP of associations: of one record and in batches, in v4, the dated versions, and v3's batches."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from hubspot_emulator.crm.asking import page_limit, whole_number
from hubspot_emulator.crm.associations import model, wire
from hubspot_emulator.crm.associations.types import TYPES, LinkType, types_between
from hubspot_emulator.crm.kinds import KINDS, ObjectKind
from hubspot_emulator.crm.paths import (
    DATED,
    KindHandler,
    aliases,
    object_routes,
    read_scopes,
    write_scopes,
)
from hubspot_emulator.crm.wire import batch_answer
from hubspot_emulator.parameters import page_of
from hubspot_emulator.routing import Call, Route
from hubspot_emulator.wire import Answer

LIST_DEFAULT = LIST_MAX = 500
_ROOTS = (
    ("v4", "/crm/v4/associations"),
    ("v4", "/crm/associations/v4"),  # probed live in April 2026
    *((version, f"/crm/associations/{version}") for version in DATED),
)
_V3 = (("v3", "/crm/v3/associations"),)


def list_links(source: ObjectKind, call: Call) -> Answer:
    """What belongs to one record, a page at a time; v3 names the types, later ones label them."""
    target, limit = model.target_kind(call), page_limit(call, LIST_DEFAULT, LIST_MAX)
    record = model.found(call, source, call.path["objectId"])
    after = whole_number(call, "after", 0)
    links = [one for one in model.linked(call, source, record.id, target) if one.id > after]
    page = links[:limit]
    rows = wire.named(page) if call.version == "v3" else [wire.labelled(one) for one in page]
    return Answer(body=page_of(call, rows, page[-1].id if len(links) > limit else None))


def link(source: ObjectKind, call: Call) -> Answer:
    """Link two records in the ways the body lists: 201."""
    target = model.target_kind(call)
    types = model.wished_types(source, target, call.json())
    one = model.found(call, source, call.path["objectId"])
    other = model.found(call, target, call.path["toObjectId"])
    return Answer(201, _linked(call, types, one.id, other.id))


def link_plainly(source: ObjectKind, call: Call) -> Answer:
    """Link two records without a label: 200 with both directions."""
    target = model.target_kind(call)
    kind = model.plain_type(source, target)
    one = model.found(call, source, call.path["objectId"])
    other = model.found(call, target, call.path["toObjectId"])
    call.portal.crm.links.add(kind, one.id, other.id)
    return batch_answer(wire.default_rows(kind, one.id, other.id), call.now)


def unlink(source: ObjectKind, call: Call) -> Answer:
    """Take every link between two records away: 204, also when there was none."""
    target = model.target_kind(call)
    one = model.found(call, source, call.path["objectId"])
    other = model.record_of(call, target, call.path["toObjectId"])
    if other is not None:
        call.portal.crm.links.drop(source, one.id, target, other.id)
    return Answer(204)


def read_batch(source: ObjectKind, call: Call) -> Answer:
    """What belongs to up to 1,000 records; those nothing belongs to are errors of a 207."""
    target = model.target_kind(call)
    rows: list[dict[str, Any]] = []
    errors: list[dict[str, Any]] = []
    for item in model.batch_of(call, model.INPUTS_MAX // 2):
        word = model.end_of({"from": item}, "from")
        record = model.record_of(call, source, word)
        links = [] if record is None else model.linked(call, source, record.id, target)
        if not links:
            errors.append(wire.nothing_linked(source, word, target))
            continue
        to = wire.named(links) if call.version == "v3" else [wire.labelled(one) for one in links]
        rows.append({"from": {"id": word}, "to": to})
    return batch_answer(rows, call.now, errors=errors)


def link_batch(source: ObjectKind, call: Call) -> Answer:
    """Link pairs of records in the ways each input lists: 201, or 207 with those not found."""
    target = model.target_kind(call)
    inputs = model.batch_of(call, model.INPUTS_MAX)
    wishes = [model.wished_types(source, target, item.get("types")) for item in inputs]
    rows: list[dict[str, Any]] = []
    errors: list[dict[str, Any]] = []
    for item, types in zip(inputs, wishes, strict=True):
        pair = _pair(call, source, target, item, errors)
        if pair is not None:
            rows.append(_linked(call, types, *pair))
    return batch_answer(rows, call.now, status=201, errors=errors)


def link_batch_plainly(source: ObjectKind, call: Call) -> Answer:
    """Link pairs of records without a label: 200, or 207 with those not found."""
    target = model.target_kind(call)
    kind = model.plain_type(source, target)
    return _link_all(call, source, target, lambda _: kind, wire.default_rows, status=200)


def link_batch_by_name(source: ObjectKind, call: Call) -> Answer:
    """v3: link pairs of records by the name of the type: 201 with both directions."""
    target = model.target_kind(call)

    def rows(kind: LinkType, source_id: int, target_id: int) -> list[dict[str, Any]]:
        one, other = {"id": str(source_id)}, {"id": str(target_id)}
        back = {"from": other, "to": one, "type": TYPES[kind.inverse].name}
        return [back, {"from": one, "to": other, "type": kind.name}]

    def kind_of(item: dict[str, Any]) -> LinkType:
        return model.named_type(source, target, item.get("type"))

    return _link_all(call, source, target, kind_of, rows, status=201)


def unlink_batch(source: ObjectKind, call: Call) -> Answer:
    """Take every link between pairs of records away: 204; v3 names one `to`, later ones a list."""
    target = model.target_kind(call)
    for item in model.batch_of(call, model.INPUTS_MAX):
        ends = item.get("to")
        for end in ends if isinstance(ends, list) else [ends]:
            pair = _pair(call, source, target, {**item, "to": end}, [])
            if pair is not None:
                call.portal.crm.links.drop(source, pair[0], target, pair[1])
    return Answer(204)


def unlabel_batch(source: ObjectKind, call: Call) -> Answer:
    """Take single link types away: 204."""
    target = model.target_kind(call)
    for item in model.batch_of(call, model.INPUTS_MAX):
        types = model.wished_types(source, target, item.get("types"))
        pair = _pair(call, source, target, item, [])
        for kind in types:
            if pair is not None:
                call.portal.crm.links.drop(source, pair[0], target, pair[1], kind)
    return Answer(204)


def list_types(source: ObjectKind, call: Call) -> Answer:
    """Every way from one type to another; v3 tells id and name."""
    types = types_between(source, model.target_kind(call))
    if call.version == "v3":
        return Answer(body={"results": [{"id": str(one.id), "name": one.name} for one in types]})
    return Answer(body={"results": [wire.type_row(one) for one in types]})


def _linked(call: Call, types: list[LinkType], source_id: int, target_id: int) -> dict[str, Any]:
    for kind in types:
        call.portal.crm.links.add(kind, source_id, target_id)
    return wire.pair_row(types, source_id, target_id)


def _link_all(
    call: Call, source: ObjectKind, target: ObjectKind, kind_of: Any, rows_of: Any, *, status: int
) -> Answer:
    inputs = model.batch_of(call, model.INPUTS_MAX)
    kinds = [kind_of(item) for item in inputs]
    rows: list[dict[str, Any]] = []
    errors: list[dict[str, Any]] = []
    for item, kind in zip(inputs, kinds, strict=True):
        pair = _pair(call, source, target, item, errors)
        if pair is not None:
            call.portal.crm.links.add(kind, *pair)
            rows += rows_of(kind, *pair)
    return batch_answer(rows, call.now, status=status, errors=errors)


def _pair(
    call: Call,
    source: ObjectKind,
    target: ObjectKind,
    item: dict[str, Any],
    errors: list[dict[str, Any]],
) -> tuple[int, int] | None:
    """Both ids of an input; None, with an error noted, when a record is not there."""
    words = (model.end_of(item, "from"), model.end_of(item, "to"))
    one, other = model.record_of(call, source, words[0]), model.record_of(call, target, words[1])
    if one is None or other is None:
        found = zip(words, (one, other), strict=True)
        missing = [word for word, record in found if record is None]
        errors.append(
            {
                "status": "error",
                "category": "OBJECT_NOT_FOUND",
                "message": "One or more associations are invalid",
                "context": {"ids": missing},
                "errors": [],
                "links": {},
            }
        )
        return None
    return one.id, other.id


def _pair_routes(
    roots: tuple[tuple[str, str], ...],
    method: str,
    tail: str,
    verb: str,
    handler: KindHandler,
    *,
    writes: bool = False,
) -> Iterator[Route]:
    for kind in KINDS:
        scopes = write_scopes(kind) if writes else read_scopes(kind)
        bound = partial(handler, kind)
        operation = f"associations.{kind.name}.{verb}"
        for alias in aliases(kind):
            for version, root in roots:
                path = f"{root}/{alias}/{{toObjectType}}{tail}"
                silent = version != "v3"  # as several clients reported of v4
                yield Route(method, path, operation, bound, scopes, version, silent=silent)


_ONE = "/{objectId}/associations/{toObjectType}"
_OTHER = _ONE + "/{toObjectId}"
_PLAIN = "/{objectId}/associations/default/{toObjectType}/{toObjectId}"
ROUTES: tuple[Route, ...] = (
    *object_routes("GET", _ONE, "associations", list_links),
    *object_routes("PUT", _OTHER, "associate", link, writes=True),
    *object_routes("DELETE", _OTHER, "dissociate", unlink, writes=True),
    *object_routes("PUT", _PLAIN, "associate_plainly", link_plainly, writes=True),
    *_pair_routes((*_ROOTS, *_V3), "POST", "/batch/read", "batch_read", read_batch),
    *_pair_routes(_ROOTS, "POST", "/batch/create", "batch_create", link_batch, writes=True),
    *_pair_routes(_V3, "POST", "/batch/create", "batch_create", link_batch_by_name, writes=True),
    *_pair_routes(
        *(_ROOTS, "POST", "/batch/associate/default", "batch_default", link_batch_plainly),
        writes=True,
    ),
    *_pair_routes(
        (*_ROOTS, *_V3), "POST", "/batch/archive", "batch_archive", unlink_batch, writes=True
    ),
    *_pair_routes(
        _ROOTS, "POST", "/batch/labels/archive", "batch_unlabel", unlabel_batch, writes=True
    ),
    *_pair_routes(_ROOTS, "GET", "/labels", "types", list_types),
    *_pair_routes(_V3, "GET", "/types", "types", list_types),
)
