"""Reads a portal again before planning when a run of ours wrote to it after the last picture."""

from __future__ import annotations

from datetime import datetime

from rolecall.domain.actor import SYSTEM
from rolecall.domain.plan import PlanState
from rolecall.domain.portal import Portal
from rolecall.kit.errors import RolecallError
from rolecall.services.app import App
from rolecall.services.syncs.syncing import sync_portal
from rolecall.store import View

_WROTE = (PlanState.DONE, PlanState.APPLYING, PlanState.PAUSED, PlanState.CANCELLED)
_STILL = (PlanState.APPLYING, PlanState.PAUSED)
LOOKED_AT = 20  # of the newest plans; older ones ended before any snapshot that still counts


async def read_again(app: App, portal: Portal) -> tuple[str, ...]:
    """Sync when the newest snapshot is older than what we wrote; a note where that failed.

    A plan made on a picture older than our own writes would plan them a second time.
    """
    async with app.database.read() as view:
        head = await view.snapshots.head(portal.hub_id)
        if head is None or not await _wrote_since(view, portal.hub_id, head.started_at):
            return ()
    try:
        await sync_portal(app, SYSTEM, portal.name)
    except RolecallError as error:
        return (f"the portal could not be read again after the last run: {error.message}",)
    return ()


async def _wrote_since(view: View, hub_id: int, since: datetime) -> bool:
    for stored in await view.plans.find(hub_id, _WROTE, LOOKED_AT):
        if stored.state not in _STILL and stored.state_at < since:
            continue
        receipts = await view.journal.receipts(stored.plan.id)
        if any(one.observed_at >= since for one in receipts):
            return True
    return False
