"""The whole truth about a portal, for tests to compare with what an API client believes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from hubspot_emulator.acts.scene import user_id_of
from hubspot_emulator.granular.access import effective
from hubspot_emulator.limits import daily_limit
from hubspot_emulator.seats import model as seats
from hubspot_emulator.wire import timestamp
from hubspot_emulator.world import Membership, Portal, World


def state_of(world: World, portal: Portal, now: datetime, user: str | None) -> dict[str, Any]:
    """Everything the emulator knows of a portal, or of one user in it."""
    if user is not None:
        user_id = user_id_of(world, user)
        member = portal.members.get(user_id) or portal.former.get(user_id)
        if member is None:
            raise ValueError(f"portal {portal.id} never had a user {user!r}")
        return user_state(world, portal, member)
    return {
        "portal": portal_state(world, portal, now),
        "portals": [one.id for one in world.portals.values()],
        "users": [
            user_state(world, portal, portal.members[i]) for i in portal.members.following(0)
        ],
        "removed_users": [user_state(world, portal, one) for one in portal.former.values()],
        "permission_sets": [_set_state(portal, set_id) for set_id in portal.permission_sets],
        "teams": [
            {
                "id": str(t.id),
                "name": t.name,
                "parent": None if t.parent_id is None else str(t.parent_id),
            }
            for t in portal.teams.values()
        ],
        "seats": [
            {
                "name": seat.name,
                "total": seat.total,
                "taken": seats.taken(world, portal, seat.name, now),
                "paid": seat.paid,
            }
            for seat in portal.seats.values()
        ],
    }


def portal_state(world: World, portal: Portal, now: datetime) -> dict[str, Any]:
    """The portal's own facts and its quota."""
    return {
        "id": portal.id,
        "name": portal.name,
        "tier": portal.tier,
        "time_zone": portal.time_zone,
        "billing_contact": _id(portal.billing_contact),
        "auto_deactivate": portal.auto_deactivate,
        "daily_limit": daily_limit(portal),
        "daily_used": world.limits.usage(portal, now).used,
        "tokens": len(list(world.tokens.of_portal(portal.id))),
    }


def user_state(world: World, portal: Portal, member: Membership) -> dict[str, Any]:
    """One user: what the API shows, what it hides, and the other two ids."""
    identity = world.identities[member.user_id]
    owner = portal.crm.owner_of(member.user_id)
    record = portal.crm.user_record(member.user_id)
    return {
        "id": str(member.user_id),
        "email": identity.email,
        "first_name": identity.first_name,
        "last_name": identity.last_name,
        "status": _status(portal, member),
        "super_admin": member.super_admin,
        "permission_sets": [str(one) for one in member.permission_set_ids],
        "main_team": _id(member.main_team_id),
        "extra_teams": [str(one) for one in member.extra_team_ids],
        "seats": list(member.seat_names),
        "granular": member.granular,
        "effective": effective(portal, member),
        "effective_at": _at(member.effective_at),
        "created_at": timestamp(member.created_at),
        "activated_at": _at(member.activated_at),
        "deactivated_at": _at(member.deactivated_at),
        "last_login_at": _at(member.last_login_at),
        "removed_at": _at(portal.removed_at.get(member.user_id)),
        "service_user": member.service_user,
        "owner": None if owner is None else {"id": str(owner.id), "archived": owner.archived},
        "crm_record": None if record is None else str(record.id),
        "welcome_email_sent": member.welcome_email_sent,
    }


def _status(portal: Portal, member: Membership) -> str:
    if member.user_id not in portal.members:
        return "removed"
    if member.deactivated_at is not None:
        return "deactivated"
    return "invited" if member.activated_at is None else "active"


def _set_state(portal: Portal, set_id: int) -> dict[str, Any]:
    one = portal.permission_sets[set_id]
    return {
        "id": str(one.id),
        "name": one.name,
        "permissions": one.permissions,
        "seats": list(one.seats),
        "requires_billing_write": one.requires_billing_write,
    }


def _id(value: int | None) -> str | None:
    return None if value is None else str(value)


def _at(value: datetime | None) -> str | None:
    return None if value is None else timestamp(value)
