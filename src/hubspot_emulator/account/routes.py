"""Routes of account details and of the daily usage of private apps."""

from __future__ import annotations

from hubspot_emulator.account import model
from hubspot_emulator.parameters import only
from hubspot_emulator.routing import Call, Route
from hubspot_emulator.wire import Answer

VERSIONS = ("v3", "2025-09", "2026-03", "2026-09")


def read_details(call: Call) -> Answer:
    """The portal's own facts; any valid token may ask."""
    only(call)
    return Answer(200, model.details(call.portal, call.now))


def read_usage(call: Call) -> Answer:
    """One row: what all private apps used since midnight in the portal's zone."""
    only(call)
    return Answer(200, {"results": [model.daily_usage(call.world.limits, call.portal, call.now)]})


def read_me(call: Call) -> Answer:
    """The old way to learn the portal id."""
    return Answer(200, model.me(call.portal, call.now, call.token.app_id))


def _routes(version: str) -> tuple[Route, ...]:
    base = f"/account-info/{version}"
    usage = f"{base}/api-usage/daily/private-apps"
    return (
        Route("GET", f"{base}/details", "account.details", read_details, (), version),
        Route("GET", usage, "account.usage", read_usage, (), version),
    )


ROUTES = (
    *(route for version in VERSIONS for route in _routes(version)),
    Route("GET", "/integrations/v1/me", "account.me", read_me, (), "v1"),
)
