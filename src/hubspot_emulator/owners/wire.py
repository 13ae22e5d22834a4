"""Owners as JSON: numbers for user ids (settings ids are strings), teams with their role."""

from __future__ import annotations

from typing import Any

from hubspot_emulator.crm.store import Owner
from hubspot_emulator.wire import timestamp, without_nulls
from hubspot_emulator.world import Membership, Portal


def owner_json(portal: Portal, owner: Owner, *, tell_inactive: bool = True) -> dict[str, Any]:
    """One owner; archived ones have no `userId`, and without `tell_inactive` no other user id."""
    identity = owner.identity
    inactive = owner.user_id_including_inactive
    return without_nulls(
        {
            "id": str(owner.id),
            "email": None if identity is None else identity.email,
            "type": owner.type,
            "firstName": owner.name or None if identity is None else identity.first_name,
            "lastName": None if identity is None else identity.last_name,
            "userId": owner.user_id,
            "userIdIncludingInactive": inactive if tell_inactive or not owner.archived else None,
            "createdAt": timestamp(owner.created_at),
            "updatedAt": timestamp(owner.updated_at),
            "archived": owner.archived,
            "teams": _teams(portal, owner) or None,
        }
    )


def _teams(portal: Portal, owner: Owner) -> list[dict[str, Any]]:
    membership = None if owner.user_id is None else portal.members.get(owner.user_id)
    return [] if membership is None else _team_rows(portal, membership)


def _team_rows(portal: Portal, membership: Membership) -> list[dict[str, Any]]:
    rows = [(membership.main_team_id, True)] + [(i, False) for i in membership.extra_team_ids]
    return [
        {"id": str(team_id), "name": portal.teams[team_id].name, "primary": primary}
        for team_id, primary in rows
        if team_id is not None and team_id in portal.teams
    ]
