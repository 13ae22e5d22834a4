"""What a portal is made of, without its users: permission sets, teams, seats of the newest look."""

from __future__ import annotations

from rolecall.domain.actor import Actor
from rolecall.domain.snapshot import Snapshot
from rolecall.services.app import App
from rolecall.services.inventory import lists_of
from rolecall.services.portals import portal_named


async def portal_lists(app: App, actor: Actor, name: str) -> Snapshot:
    """The newest snapshot without users; NeedsPerson before the first sync."""
    portal = await portal_named(app, actor, name)
    async with app.database.read() as view:
        return await lists_of(view, portal)
