"""Routes of permission sets, which HubSpot's API calls roles."""

from __future__ import annotations

from hubspot_emulator.parameters import only
from hubspot_emulator.routing import Call, Route
from hubspot_emulator.users.versions import PATHS, READ
from hubspot_emulator.wire import Answer, ApiError


def list_permission_sets(call: Call) -> Answer:
    """Every set with id and name, not paged; 400 on tiers that have none (live probe 2026)."""
    only(call)
    if call.portal.tier != "enterprise":
        raise ApiError(400, "Account doesn't have access to roles.")
    rows = [
        {
            "id": str(one.id),
            "name": one.name,
            "requiresBillingWrite": one.requires_billing_write,
        }
        for one in call.portal.permission_sets.values()
    ]
    return Answer(200, {"results": rows})


ROUTES = tuple(
    Route("GET", f"{path}/roles", "permission_sets.list", list_permission_sets, READ, version)
    for path, version in PATHS
)
