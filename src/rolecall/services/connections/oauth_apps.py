"""OAuth apps of this installation: registered once, then portals are connected with a link."""

from __future__ import annotations

from collections.abc import Mapping

from rolecall.domain.actor import Actor, Role
from rolecall.domain.events import Event
from rolecall.domain.oauth_app import OAuthAppEntry
from rolecall.domain.operator import ALL_PORTALS, TokenScope
from rolecall.kit.errors import Refused
from rolecall.services.app import App
from rolecall.services.rights import may_change, need
from rolecall.store.errors import NotThere
from rolecall.store.oauth_apps import owner_of

SECRET = "client_secret"


async def add_oauth_app(app: App, actor: Actor, facts: Mapping[str, str]) -> OAuthAppEntry:
    """Register an app by its `client_id`, `client_secret` and `scope`; `name`, `optional_scope`,
    `api_base` and `authorize_base` may be given. Its secret is kept encrypted.
    """
    may_change(app, actor, Role.ADMIN, ALL_PORTALS, "add OAuth apps", TokenScope.MANAGE)
    scopes = tuple(facts.get("scope", facts.get("scopes", "")).split())
    if not facts.get("client_id") or not facts.get(SECRET) or not scopes:
        raise Refused(
            "an OAuth app has a client_id, a client_secret and a scope",
            hint="copy all three from the app's Auth tab in the developer account",
        )
    made = OAuthAppEntry(
        facts["client_id"],
        facts.get("name") or "Rolecall",
        app.clock.now(),
        scopes,
        tuple(facts.get("optional_scope", facts.get("optional_scopes", "")).split()),
        facts.get("api_base", ""),
        facts.get("authorize_base", ""),
    )
    async with app.database.begin(actor, f"connect portals with the app {made.name}") as work:
        await work.oauth_apps.add(made)
        secret = {SECRET: facts[SECRET]}
        await work.credentials.save_secret(owner_of(made.client_id), secret, work.now)
        details = {"name": made.name, "scopes": " ".join(made.scopes)}
        work.record(Event.PORTAL_APP_ADDED, subject=made.client_id, details=details)
    return made


async def list_oauth_apps(app: App, actor: Actor) -> tuple[OAuthAppEntry, ...]:
    """Every registered app, without secrets."""
    need(actor, Role.ADMIN, ALL_PORTALS, "list OAuth apps", TokenScope.MANAGE)
    async with app.database.read() as view:
        return await view.oauth_apps.all()


async def remove_oauth_app(app: App, actor: Actor, client_id: str) -> None:
    """Forget an app and its secret; portals connected with it stay connected."""
    may_change(app, actor, Role.ADMIN, ALL_PORTALS, "remove OAuth apps", TokenScope.MANAGE)
    async with app.database.begin(actor, f"forget the app {client_id}") as work:
        if not await work.oauth_apps.remove(client_id):
            raise NotThere(f"No app {client_id} is registered", hint="rolecall oauth-app list")
        await work.credentials.remove_secret(owner_of(client_id))
        work.record(Event.PORTAL_APP_REMOVED, subject=client_id)
