"""What a new snapshot settles by itself: who belongs to whom, and which manual tasks are done."""

from __future__ import annotations

from dataclasses import dataclass

from rolecall.domain.actor import SYSTEM
from rolecall.domain.plan import ManualTask
from rolecall.services.app import App
from rolecall.services.people import correlate_portal
from rolecall.services.tasks import close_proved


@dataclass(frozen=True, slots=True)
class Settled:
    """What was settled, for whoever wants to tell."""

    tasks: tuple[ManualTask, ...]


async def after_sync(app: App, hub_id: int) -> Settled:
    """Correlate the newest snapshot's users with people, and close the tasks it proves done."""
    async with app.database.begin(SYSTEM, "after a sync") as work:
        await correlate_portal(work, hub_id)
    return Settled(await close_proved(app, hub_id))
