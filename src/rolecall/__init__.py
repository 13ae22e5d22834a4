"""Rolecall: self-hosted access governance for HubSpot.

    async with rolecall.open() as app:
        page = await rolecall.list_users(app, rolecall.local_user(), "acme")

Every name is a use case of `rolecall.services` and loads when it is used.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rolecall.bootstrap import local_user
    from rolecall.bootstrap import open_app as open  # noqa: A004 - rolecall.open() reads well
    from rolecall.services.connections.portals import add_portal, check_portal, list_portals
    from rolecall.services.findings.findings import list_findings
    from rolecall.services.inventory.cards import show_user, user_history
    from rolecall.services.inventory.users import Wanted, list_users
    from rolecall.services.syncs.syncing import sync_portal

__all__ = [
    "Wanted",
    "add_portal",
    "check_portal",
    "list_findings",
    "list_portals",
    "list_users",
    "local_user",
    "open",
    "show_user",
    "sync_portal",
    "user_history",
]

_HOMES = {
    "Wanted": "services.inventory.users:Wanted",
    "add_portal": "services.connections.portals:add_portal",
    "check_portal": "services.connections.portals:check_portal",
    "list_findings": "services.findings.findings:list_findings",
    "list_portals": "services.connections.portals:list_portals",
    "list_users": "services.inventory.users:list_users",
    "local_user": "bootstrap:local_user",
    "open": "bootstrap:open_app",
    "show_user": "services.inventory.cards:show_user",
    "sync_portal": "services.syncs.syncing:sync_portal",
    "user_history": "services.inventory.cards:user_history",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__} has no attribute {name}")
    module, _, attribute = _HOMES[name].partition(":")
    return getattr(import_module(f"{__name__}.{module}"), attribute)
