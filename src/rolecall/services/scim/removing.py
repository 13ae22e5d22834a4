"""Ends the connection of an identity provider: its token, its claims, what it pushed.

Nobody's access at HubSpot changes by this. Who is claimed by nothing else any more is what the next
plan of access.yaml says about such people.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rolecall.domain.actor import Actor, Role
from rolecall.domain.assignment import Origin
from rolecall.domain.events import Event
from rolecall.domain.operator import TokenScope
from rolecall.domain.person import RELEASED
from rolecall.domain.plan import PlanState
from rolecall.domain.scim import ScimClient
from rolecall.services.app import App
from rolecall.services.plans.plans import OPEN, drop_claims
from rolecall.services.rights import may_change
from rolecall.services.scim.clients import client_named
from rolecall.store import StoredPlan, UnitOfWork, View
from rolecall.store.assignments import StoredAssignment
from rolecall.store.errors import NotThere

MOST_PLANS = 500


@dataclass(frozen=True, slots=True)
class Removal:
    """What goes with a client: resources it pushed, claims that end, plans that are cancelled."""

    client: ScimClient
    users: int
    groups: int
    claims: int
    plans: int


async def preview_removal(app: App, actor: Actor, client_id: str) -> Removal:
    """What removing a client would end; nothing is changed."""
    client = await client_named(app, actor, client_id)
    async with app.database.read() as view:
        return await _counted(view, client)


async def remove_client(app: App, actor: Actor, client_id: str, reason: str = "") -> Removal:
    """Forget a client: its token ends at once, its claims end, its waiting plans are cancelled.

    The people it pushed stay known and keep their users; another provider, or a people list, takes
    them over. Plans that run already go on. Only the audit trail keeps what it did.
    """
    client = await client_named(app, actor, client_id)
    scope = TokenScope.MANAGE
    may_change(app, actor, Role.ADMIN, client.hub_id, "remove SCIM clients", scope)
    async with app.database.begin(actor, reason or f"remove the SCIM client {client.name}") as work:
        if await work.scim.hold(client.id, alone=True) is None:
            raise NotThere(f"There is no SCIM client {client_id}")
        removal = await _counted(work, client)
        if await work.api_tokens.revoke(client.id, work.now):
            work.record(Event.API_TOKEN_REVOKED, subject=client.name)
        for stored in await _waiting(work, client):
            await _cancel(work, stored)
        ended = [one.id for one in await _claims(work, client)]
        await work.assignments.end(ended, work.now)
        await _release_people(work, client)
        await work.scim.forget(client.id)
        work.record(
            Event.SCIM_CLIENT_REMOVED, subject=client.name, hub_id=client.hub_id,
            details=_told(removal),
        )  # fmt: skip
    return removal


async def _counted(view: View, client: ScimClient) -> Removal:
    users = await view.scim.count(client.id, ("User",))
    groups = await view.scim.count(client.id, ("Group",))
    claims, plans = await _claims(view, client), await _waiting(view, client)
    return Removal(client, users, groups, len(claims), len(plans))


async def _claims(view: View, client: ScimClient) -> Sequence[StoredAssignment]:
    found = await view.assignments.find(client.hub_id, origin=Origin.SCIM)
    mine = f"{client.reference}:"
    return [one for one in found if one.assignment.reference.startswith(mine)]


async def _waiting(view: View, client: ScimClient) -> Sequence[StoredPlan]:
    found = await view.plans.find(client.hub_id, OPEN, MOST_PLANS)
    return [one for one in found if one.plan.source == client.reference]


async def _cancel(work: UnitOfWork, stored: StoredPlan) -> None:
    plan = stored.plan
    await work.plans.move(
        plan.id, PlanState.CANCELLED, since=OPEN, at=work.now, message=work.reason
    )
    await drop_claims(work, plan)
    work.record(Event.PLAN_DRAFT_CANCELLED, subject=plan.id, hub_id=plan.hub_id)


async def _release_people(work: UnitOfWork, client: ScimClient) -> None:
    """The people it brought are nobody's to keep current, so whoever names them next may."""
    theirs = await work.people.all(client.reference)
    await work.people.put([replace(one, source=RELEASED, source_key="") for one in theirs])


def _told(removal: Removal) -> dict[str, str]:
    return {
        "users": str(removal.users),
        "groups": str(removal.groups),
        "claims": str(removal.claims),
        "plans": str(removal.plans),
    }
