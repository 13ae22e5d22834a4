"""Runs a use case from the command line: opens the installation, asks, closes. Renders nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from rolecall.domain.actor import Actor
    from rolecall.services.app import App

Answer = TypeVar("Answer")


def ask(use: Callable[[App, Actor], Awaitable[Answer]]) -> Answer:
    """The answer of a use case, for the installation of this environment and whoever runs it."""
    from rolecall.bootstrap import local_user, open_app

    found: list[Answer] = []

    async def carried_out() -> None:
        async with open_app() as app:
            found.append(await use(app, local_user()))

    # Not as the task's result: when asyncio.run puts Ctrl-C back, Python spells the whole task out
    # twice, answer included, which for 50,000 users took longer than finding the answer.
    asyncio.run(carried_out())
    return found[0]
