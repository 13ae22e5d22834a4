"""SCIM clients: who pushes into which portal, how groups are mapped, what was sent.

A client is an API token with the scope `scim` for exactly one portal.
"""

from __future__ import annotations

from dataclasses import dataclass

from rolecall.domain.actor import Actor, Role
from rolecall.domain.events import Event
from rolecall.domain.operator import ALL_PORTALS, TokenScope
from rolecall.domain.portal import Portal
from rolecall.domain.scim import ScimClient, ScimLine, ScimRecord
from rolecall.services.app import App
from rolecall.services.operators.tokens import authenticate
from rolecall.services.rights import NotAllowed, may_change, need_scope
from rolecall.store.errors import NotThere


@dataclass(frozen=True, slots=True)
class Pusher:
    """An authenticated identity provider: its client, its portal, and the actor it acts as."""

    client: ScimClient
    portal: Portal
    actor: Actor
    snapshot_id: str = ""  # the newest of the portal, "" where it was never read


async def pusher_of(app: App, secret: str) -> Pusher | None:
    """Whom a SCIM token stands for; None when it is not valid.

    Raises NotAllowed for a token without the scope, or not for exactly one portal.
    """
    caller = await authenticate(app, secret, via="scim")
    if caller is None:
        return None
    need_scope(caller, TokenScope.SCIM, "push by SCIM")
    hubs = [hub_id for hub_id in caller.roles if hub_id != ALL_PORTALS]
    if len(hubs) != 1 or ALL_PORTALS in caller.roles or not caller.holds(Role.ADMIN, hubs[0]):
        raise NotAllowed(
            "a SCIM token is for one portal its owner administers",
            hint="make one: rolecall token create NAME --scope scim --portal PORTAL",
        )
    async with app.database.read() as view:
        portal = await view.portals.get(hubs[0])
        client = await view.scim.client(caller.id.removeprefix("token:"))
        head = await view.snapshots.head(hubs[0])
    if portal is None:
        raise NotThere(f"Portal {hubs[0]} is not connected")
    if client is None:
        client = await _new_client(app, caller, hubs[0])
    acting = acting_for(client, caller.email)
    return Pusher(client, portal, acting, head.id if head else "")


def acting_for(client: ScimClient, email: str = "") -> Actor:
    """Who the audit trail names; the owner's own user stays protected from their own pushes."""
    roles = {client.hub_id: frozenset({Role.ADMIN})}
    return Actor(f"scim:{client.id}", client.name, roles, email, via="scim")


async def _new_client(app: App, caller: Actor, hub_id: int) -> ScimClient:
    token_id = caller.id.removeprefix("token:")
    async with app.database.begin(caller, "first push by SCIM") as work:
        token = await work.api_tokens.get(token_id)
        if token is None or token.revoked_at is not None:
            raise NotAllowed(f"the token {caller.name} was revoked")
        client = ScimClient(token_id, hub_id, caller.name, work.now)
        await work.scim.put_client(client)
        work.record(Event.SCIM_CLIENT_ADDED, subject=client.name, hub_id=hub_id)
    return client


async def list_clients(app: App, actor: Actor) -> tuple[ScimClient, ...]:
    """Every client of the portals the actor administers."""
    need_scope(actor, TokenScope.MANAGE, "list SCIM clients")
    async with app.database.read() as view:
        return tuple(
            one for one in await view.scim.clients() if actor.holds(Role.ADMIN, one.hub_id)
        )


async def change_client(app: App, actor: Actor, client: ScimClient) -> ScimClient:
    """Set how a client's groups are mapped, what leaving means and its limits."""
    scope = TokenScope.MANAGE
    may_change(app, actor, Role.ADMIN, client.hub_id, "change SCIM clients", scope)
    async with app.database.begin(actor, f"change the SCIM client {client.name}") as work:
        former = await work.scim.client(client.id)
        if former is None or former.hub_id != client.hub_id:
            raise NotThere(f"There is no SCIM client {client.id}", hint="it appears at first use")
        await work.scim.put_client(client)
        details = {
            "groups": client.groups.value,
            "leaving": client.leaving.value,
            "most_people": str(client.most_people),
            "most_leavers_a_day": str(client.most_leavers_a_day),
        }
        work.record(
            Event.SCIM_CLIENT_CHANGED, subject=client.name, hub_id=client.hub_id, details=details
        )
    return client


async def mapping(app: App, actor: Actor, client_id: str) -> tuple[ScimRecord, ...]:
    """The groups a client pushed and what each is mapped to; target "" = nothing."""
    client = await client_named(app, actor, client_id)
    async with app.database.read() as view:
        return await view.scim.all(client.id, "Group")


async def log_of(
    app: App, actor: Actor, client_id: str, *, limit: int = 100, before: str | None = None
) -> tuple[ScimLine, ...]:
    """What a client sent, newest first; `before` is the id of a line."""
    client = await client_named(app, actor, client_id)
    async with app.database.read() as view:
        return await view.scim.lines(client.id, limit, before)


async def client_named(app: App, actor: Actor, client_id: str) -> ScimClient:
    """A client the actor administers, by its id or the name of its token; NotThere otherwise."""
    need_scope(actor, TokenScope.MANAGE, "look at SCIM clients")
    async with app.database.read() as view:
        known = [one for one in await view.scim.clients() if actor.holds(Role.ADMIN, one.hub_id)]
    found = [one for one in known if client_id in (one.id, one.name)]
    if len(found) != 1:
        names = ", ".join(one.name for one in known)
        hint = f"known: {names}" if names else "a client appears at its first request"
        raise NotThere(f"There is no SCIM client {client_id}", hint=hint)
    return found[0]
