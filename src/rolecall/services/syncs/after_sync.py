"""What a new snapshot or file settles by itself: who is who, which tasks and elevations are over.

Asks first whether there is anything to settle: most portals have nothing, and loading a big
snapshot for that would cost as much as reading it from HubSpot.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rolecall.domain.actor import SYSTEM
from rolecall.domain.plan import ManualTask
from rolecall.services.app import App
from rolecall.store import ELEVATION

if TYPE_CHECKING:
    from rolecall.services.drafts.elevations import Elevated


@dataclass(frozen=True, slots=True)
class Settled:
    """What was settled, for whoever wants to tell."""

    tasks: tuple[ManualTask, ...] = ()
    elevations: tuple[Elevated, ...] = ()  # over, with their proof


async def after_sync(app: App, hub_id: int) -> Settled:
    """Correlate users with people, close the tasks and elevations the newest snapshot proves done."""
    async with app.database.read() as view:
        people = await view.people.anybody()
    if people:
        await _correlate(app, hub_id)
    return await settle(app, hub_id)


async def settle(app: App, hub_id: int) -> Settled:
    """Close the tasks and elevations that snapshot, feed or a file of HubSpot's proves over."""
    async with app.database.read() as view:
        # The others wait for a person's word: nothing a sync reads proves them done.
        tasks = any(one.change_id is not None for one in await view.tasks.open(hub_id))
        raised = bool(await view.evidence.stated(hub_id, ELEVATION))
    return Settled(
        await _close_tasks(app, hub_id) if tasks else (),
        await _settle_elevations(app, hub_id) if raised else (),
    )


async def _correlate(app: App, hub_id: int) -> None:
    from rolecall.services.people.people import correlate_portal

    async with app.database.begin(SYSTEM, "after a sync") as work:
        await correlate_portal(work, hub_id)


async def _close_tasks(app: App, hub_id: int) -> tuple[ManualTask, ...]:
    from rolecall.services.tasks import close_proved

    return await close_proved(app, hub_id)


async def _settle_elevations(app: App, hub_id: int) -> tuple[Elevated, ...]:
    from rolecall.services.drafts.elevation_proofs import settle_elevations

    return await settle_elevations(app, hub_id)
