"""Every act by name, and the door through which a control request carries one out."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from hubspot_emulator.acts import people, portal
from hubspot_emulator.acts.scene import Effect, Scene, user_id_of
from hubspot_emulator.world import Portal, World

ACTS = {act.name: act for act in (*people.ACTS, *portal.ACTS)}


def carry_out(world: World, where: Portal, now: datetime, asked: dict[str, Any]) -> Effect:
    """Do one act; ValueError names an unknown act, user, set, team or seat.

    `as` names who does it, by id or e-mail; without it the portal's first Super Admin does.
    """
    act = ACTS.get(asked.get("act", ""))
    if act is None:
        raise ValueError(f"no act {asked.get('act')!r}; there are: {', '.join(ACTS)}")
    fields = {key: value for key, value in asked.items() if key not in ("act", "portal", "as")}
    return act.carry_out(Scene(world, where, now, _actor(world, where, asked.get("as")), fields))


def _actor(world: World, where: Portal, named: Any) -> int:
    if named is not None:
        return user_id_of(world, named)
    admins = (user_id for user_id, member in where.members.items() if member.super_admin)
    return next(admins, 0)
