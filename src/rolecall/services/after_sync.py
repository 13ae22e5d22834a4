"""What a new snapshot settles by itself: who is who, which tasks and elevations are over."""

from __future__ import annotations

from dataclasses import dataclass

from rolecall.domain.actor import SYSTEM
from rolecall.domain.plan import ManualTask
from rolecall.services.app import App
from rolecall.services.elevation_drafts import Elevated
from rolecall.services.elevation_proofs import settle_elevations
from rolecall.services.people import correlate_portal
from rolecall.services.tasks import close_proved


@dataclass(frozen=True, slots=True)
class Settled:
    """What was settled, for whoever wants to tell."""

    tasks: tuple[ManualTask, ...]
    elevations: tuple[Elevated, ...] = ()  # over, with their proof


async def after_sync(app: App, hub_id: int) -> Settled:
    """Correlate users with people, close the tasks and elevations the newest snapshot proves done."""
    async with app.database.begin(SYSTEM, "after a sync") as work:
        await correlate_portal(work, hub_id)
    tasks = await close_proved(app, hub_id)
    return Settled(tasks, await settle_elevations(app, hub_id))
