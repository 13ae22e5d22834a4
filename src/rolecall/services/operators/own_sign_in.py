"""What somebody may know of their own way to sign in."""

from __future__ import annotations

from rolecall.domain.actor import Actor
from rolecall.services.app import App
from rolecall.services.operators.second_factor import own_operator


async def own_factor(app: App, actor: Actor) -> bool:
    """Whether one's own sign-in asks for a second factor."""
    async with app.database.read() as view:
        return (await own_operator(view, actor)).second_factor
