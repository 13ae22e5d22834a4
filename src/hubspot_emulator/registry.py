"""Every resource of the emulator, by the module that declares its routes."""

from __future__ import annotations

from importlib import import_module

from hubspot_emulator.routing import Route

# One line per resource folder; its `routes.py` exports ROUTES.
RESOURCES: tuple[str, ...] = (
    "hubspot_emulator.users.routes",
    "hubspot_emulator.permission_sets.routes",
    "hubspot_emulator.seats.routes",
    "hubspot_emulator.teams.routes",
    "hubspot_emulator.control.routes",
    "hubspot_emulator.crm.objects.routes",
    "hubspot_emulator.crm.batch.routes",
    "hubspot_emulator.crm.search.routes",
    "hubspot_emulator.crm.associations.routes",
    "hubspot_emulator.crm.pipelines.routes",
    "hubspot_emulator.crm.properties.routes",
    "hubspot_emulator.crm.unplayed",
    "hubspot_emulator.crm.legacy",
    "hubspot_emulator.owners.routes",
    "hubspot_emulator.permitted.routes",
    "hubspot_emulator.granular.routes",
    "hubspot_emulator.feeds.routes",
    "hubspot_emulator.account.routes",
    "hubspot_emulator.oauth.routes",
    "hubspot_emulator.oauth.control",
    "hubspot_emulator.import_screen.routes",
)


def all_routes() -> tuple[Route, ...]:
    """The routes of every resource, in the order of RESOURCES."""
    found: list[Route] = []
    for name in RESOURCES:
        found.extend(import_module(name).ROUTES)
    return tuple(found)
