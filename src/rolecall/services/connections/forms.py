"""A token as somebody typed it into a form, and how often a portal is read by itself."""

from __future__ import annotations

from dataclasses import replace

from rolecall.domain.actor import Actor, Role
from rolecall.domain.events import Event
from rolecall.domain.operator import TokenScope
from rolecall.domain.portal import CredentialKind, Portal
from rolecall.kit.errors import Refused
from rolecall.services.app import App
from rolecall.services.connections.credentials import LEGACY_KEY, LONGEST
from rolecall.services.connections.portals import portal_to_change
from rolecall.sync.ports import NewCredential

SHORTEST_MINUTES, LONGEST_MINUTES = 5, 7 * 24 * 60


def credential_of(token: str, kind: CredentialKind) -> NewCredential:
    """A service key or private-app token as typed; Refused says what is wrong with it."""
    if LEGACY_KEY.fullmatch(token):
        raise Refused(
            "that is a HubSpot API key (hapikey); HubSpot has refused those since 2022",
            hint="create a service key instead",
        )
    if not token or len(token) > LONGEST or any(c.isspace() or not c.isprintable() for c in token):
        raise Refused("that is no token", hint="paste the token alone, without spaces")
    kept = CredentialKind.SERVICE_KEY if kind is CredentialKind.OAUTH else kind
    return NewCredential(kept, {"token": token})


async def change_interval(app: App, actor: Actor, name: str, minutes: int) -> Portal:
    """How often the server or a worker reads a portal."""
    what = f"change how often {name} is read"
    portal = await portal_to_change(app, actor, name, Role.ADMIN, what, TokenScope.MANAGE)
    if not SHORTEST_MINUTES <= minutes <= LONGEST_MINUTES:
        raise Refused(f"{minutes} minutes is not possible", hint="from 5 minutes to a week")
    changed = replace(portal, sync_every_minutes=minutes)
    async with app.database.begin(actor, what) as work:
        await work.portals.change(changed)
        details = {"sync_every_minutes": str(minutes)}
        work.record(
            Event.PORTAL_SETTINGS_CHANGED, subject=name, hub_id=portal.hub_id, details=details
        )
    return changed
