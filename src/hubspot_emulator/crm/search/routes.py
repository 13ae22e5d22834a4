"""HTTP of CRM search: POST /crm/v3/objects/{type}/search and the dated forms."""

from __future__ import annotations

from hubspot_emulator.crm.asking import body_object, body_selection, hidden_properties
from hubspot_emulator.crm.kinds import ObjectKind
from hubspot_emulator.crm.objects.model import believed, store_of
from hubspot_emulator.crm.paths import object_routes
from hubspot_emulator.crm.search.model import run
from hubspot_emulator.crm.search.query import CAPS, parse
from hubspot_emulator.crm.wire import record_json
from hubspot_emulator.routing import Call, Route
from hubspot_emulator.wire import Answer, paged


def search_records(kind: ObjectKind, call: Call) -> Answer:
    """Matching records with their total; up to 10,000 can be paged through."""
    store, switches = store_of(call, kind), call.world.switches
    body = body_object(call)
    length = len(call.raw_body.decode(errors="replace"))
    query = parse(
        body, length, store, CAPS[switches["search_filters"]], hidden_properties(call, store)
    )
    unset = switches["search_unset"] == "match"
    found = run(store, query, believed(call, store), unset_matches=unset)
    selection = body_selection(call, store, body)
    results = [record_json(store, record, selection) for record in found.records]
    after = None if found.after is None else str(found.after)
    return Answer(body={"total": found.total, **paged(results, after)})


ROUTES: tuple[Route, ...] = tuple(
    object_routes("POST", "/search", "search", search_records, search=True)
)
