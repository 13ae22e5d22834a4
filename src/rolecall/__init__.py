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
    from rolecall.services.findings import list_findings
    from rolecall.services.inventory import Wanted, list_users
    from rolecall.services.portals import add_portal, check_portal, list_portals
    from rolecall.services.syncing import sync_portal
    from rolecall.services.user_cards import show_user, user_history

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
    "Wanted": "services.inventory:Wanted",
    "add_portal": "services.portals:add_portal",
    "check_portal": "services.portals:check_portal",
    "list_findings": "services.findings:list_findings",
    "list_portals": "services.portals:list_portals",
    "list_users": "services.inventory:list_users",
    "local_user": "bootstrap:local_user",
    "open": "bootstrap:open_app",
    "show_user": "services.user_cards:show_user",
    "sync_portal": "services.syncing:sync_portal",
    "user_history": "services.user_cards:user_history",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__} has no attribute {name}")
    module, _, attribute = _HOMES[name].partition(":")
    return getattr(import_module(f"{__name__}.{module}"), attribute)
