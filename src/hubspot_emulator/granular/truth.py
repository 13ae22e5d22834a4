"""The whole truth about access as data, for tests that must know more than any API tells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hubspot_emulator.granular.access import ceiling_of, effective, seat_ceiling, stored
from hubspot_emulator.wire import timestamp

if TYPE_CHECKING:
    from hubspot_emulator.world import Membership, Portal, World


def truth(world: World, portal: Portal) -> dict[str, Any]:
    """Users with stored and effective permissions, set contents, and the ceiling of each seat."""
    seats = {seat for member in portal.members.values() for seat in member.seat_names}
    return {
        "portalId": portal.id,
        "tier": portal.tier,
        "users": [_user(world, portal, member) for member in portal.members.values()],
        "permissionSets": [
            {"id": str(one.id), "name": one.name, "permissions": one.permissions}
            for one in portal.permission_sets.values()
        ],
        "ceilings": {seat: dict(seat_ceiling(seat)) for seat in sorted(seats | {*portal.seats})},
    }


def _user(world: World, portal: Portal, member: Membership) -> dict[str, Any]:
    at = member.effective_at
    return {
        "id": str(member.user_id),
        "email": world.identities[member.user_id].email,
        "source": source_of(portal, member),
        "superAdmin": member.super_admin,
        "permissionSetIds": [str(one) for one in member.permission_set_ids],
        "seatNames": list(member.seat_names),
        "deactivated": member.deactivated_at is not None,
        "effectiveAt": None if at is None else timestamp(at),
        "stored": stored(portal, member),
        "effective": effective(portal, member),
        "ceilingSize": len(ceiling_of(portal, member)),
    }


def source_of(portal: Portal, member: Membership) -> str:
    """Where a user's access comes from: super_admin, sets, individual or minimal."""
    if member.super_admin:
        return "super_admin"
    if any(one in portal.permission_sets for one in member.permission_set_ids):
        return "sets"
    return "minimal" if member.granular is None else "individual"
