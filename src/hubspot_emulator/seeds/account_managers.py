"""A custom property that names a user besides the owner, as portals like to have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hubspot_emulator.crm.generate import define_user_property

if TYPE_CHECKING:
    from hubspot_emulator.world import Portal

ACCOUNT_MANAGER = "account_manager"


def define_account_manager(portal: Portal) -> None:
    """The property on companies and deals."""
    for kind in ("companies", "deals"):
        define_user_property(portal, kind, ACCOUNT_MANAGER, "Account Manager")
