"""Routes of seats: one list, in the newest version only."""

from __future__ import annotations

from hubspot_emulator.parameters import only
from hubspot_emulator.routing import Call, Route
from hubspot_emulator.seats.model import stock
from hubspot_emulator.wire import Answer

SCOPES = ("settings.billing.write",)


def list_seats(call: Call) -> Answer:
    """Every kind of seat with what is left of it; not paged."""
    only(call)
    return Answer(200, {"results": stock(call.world, call.portal, call.now)})


ROUTES = tuple(
    Route("GET", f"/settings/users/{version}/seats", "seats.list", list_seats, SCOPES, "2026-09")
    for version in ("2026-09", "2026-09-beta")
)
