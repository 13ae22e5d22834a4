"""Named starting portals: tiny, acme, enterprise, blank, and a generated one of any size."""

from __future__ import annotations

from hubspot_emulator.crm.store import add_user_record
from hubspot_emulator.portals import add_member, add_portal, add_token
from hubspot_emulator.world import World


def plant(world: World, seed: str, *, tier: str, users: int | None = None) -> None:
    """Fill an empty world; ValueError names the seeds there are."""
    portal = add_portal(world, seed.capitalize(), tier=tier)
    identity, member = add_member(
        world, portal, f"admin@{seed}.test", names=("Ada", "Admin"), super_admin=True
    )
    add_user_record(portal, identity, member, portal.created_at)
    name = "users" if users is not None else seed
    add_token(world, portal, f"pat-na1-emulator-{name}", identity.id)
