"""HubSpot's permission-history export: who gave or took which permission, last 90 days."""

from __future__ import annotations

import csv
import io
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from hubspot_emulator.granular.catalogue import catalogue

if TYPE_CHECKING:
    from hubspot_emulator.feeds.store import PermissionChange
    from hubspot_emulator.world import Portal, World

KEPT = timedelta(days=90)
HEADER = ("User", "Permission", "Action", "Updated by", "Date")


def history_export(world: World, portal: Portal, now: datetime, user_id: int | None) -> bytes:
    """The file's bytes, newest first; one user's lines, or everybody's when None."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(HEADER)
    for change in reversed(portal.feeds.permissions.in_order()):
        if change.at >= now - KEPT and user_id in (None, change.user_id):
            writer.writerow(_line(world, change))
    return out.getvalue().encode()


def _line(world: World, change: PermissionChange) -> tuple[str, ...]:
    permission = catalogue()[change.permission_id]
    return (
        world.identities[change.user_id].email,
        " > ".join(permission.path),
        change.action.capitalize(),
        world.identities[change.actor_id].email
        if change.actor_id in world.identities
        else "HubSpot",
        f"{change.at:%Y-%m-%d %H:%M}",
    )
