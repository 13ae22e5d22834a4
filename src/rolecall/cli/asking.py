"""Runs a use case as whoever the command line is linked to, in a portal by its name."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from rolecall.cli.running import ask

if TYPE_CHECKING:
    from rolecall.domain.actor import Actor
    from rolecall.services.app import App

Answer = TypeVar("Answer")


def ask_as_operator(use: Callable[[App, Actor], Awaitable[Answer]]) -> Answer:
    """The answer of a use case; a linked UNIX user acts with the operator's e-mail."""

    async def carried_out(app: App, actor: Actor) -> Answer:
        from rolecall.services.operators.operators import linked_actor

        return await use(app, await linked_actor(app, actor))

    return ask(carried_out)


def ask_in(name: str, use: Callable[[App, Actor, int], Awaitable[Answer]]) -> Answer:
    """The same, for a portal by its name; the use case is given its hub id."""

    async def carried_out(app: App, actor: Actor) -> Answer:
        from rolecall.services.connections.portals import portal_named

        return await use(app, actor, (await portal_named(app, actor, name)).hub_id)

    return ask_as_operator(carried_out)
