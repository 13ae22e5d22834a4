"""Installing an OAuth app in a portal, in two steps with a person in between."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from rolecall.services.app import App
from rolecall.services.connections.credentials import checked_address
from rolecall.sync.ports import NewCredential

if TYPE_CHECKING:
    from rolecall.sync.installing import PendingInstall


def begin_installing(facts: Mapping[str, str], authorize_base: str | None = None) -> PendingInstall:
    """The address the portal's admin must open; `facts` are those of the app file."""
    from rolecall.sync.installing import pending_install

    return pending_install(facts, authorize_base)


def resume_installing(facts: Mapping[str, str], state: str, verifier: str) -> PendingInstall:
    """The same installation in another process: its state and verifier were kept."""
    from rolecall.sync.installing import resumed_install

    return resumed_install(facts, state, verifier)


async def finish_installing(
    app: App, pending: PendingInstall, told: Mapping[str, str], api_base: str
) -> NewCredential:
    """The credential of the finished installation; `told` is the query the admin came back with."""
    from rolecall.sync.installing import installed

    async with app.doors.sender() as sender:
        return await installed(pending, told, sender, checked_address(api_base), app.clock)


async def revive_install(app: App, facts: Mapping[str, str], api_base: str) -> NewCredential:
    """The credential of an installation that exists already; `facts` hold its refresh token."""
    from rolecall.sync.installing import revived

    async with app.doors.sender() as sender:
        return await revived(facts, sender, checked_address(api_base), app.clock)
