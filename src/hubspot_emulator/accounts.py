"""Developer apps: their settings, who installed them where, and when they may import users."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from hubspot_emulator.granular.access import effective

if TYPE_CHECKING:
    import httpx2

    from hubspot_emulator.world import Portal, World

FIRST_APP = 3_100_001
IMPORT_SCOPE = "settings.users.write"
# HubSpot's own test target, as its page on the User import source names it.
SAMPLE_TARGET = (
    "https://api.hubspot.com/integration-components-example/v1/sample-app-webhooks/beta-app"
)


@dataclass(slots=True)
class Install:
    """One app in one portal; what was granted, by whom."""

    portal_id: int
    user_id: int
    scopes: frozenset[str]
    at: datetime


@dataclass(slots=True)
class ImportApp:
    """An app of a developer account: OAuth client, and User import source if switched on."""

    id: int
    name: str
    client_id: str
    client_secret: str
    public: bool = True
    redirect_uris: list[str] = field(default_factory=list)
    scopes: list[str] = field(default_factory=list)
    optional_scopes: list[str] = field(default_factory=list)
    target_url: str | None = None
    user_import: bool = False  # the toggle on the page "More features"
    installs: dict[int, Install] = field(default_factory=dict)
    transport: httpx2.AsyncBaseTransport | None = None  # how tests reach the target in process


def register_app(
    world: World, name: str, *, app_id: int | None = None, client: tuple[str, str] | None = None
) -> ImportApp:
    """A new app without settings; `client` is (id, secret), made up when not given."""
    made_id = app_id if app_id is not None else world.new_id("app", FIRST_APP)
    client_id, secret = client or (_uuid_like(world), _uuid_like(world))
    app = ImportApp(made_id, name, client_id, secret)
    world.import_apps[app.id] = app
    return app


def app_of_client(world: World, client_id: str | None) -> ImportApp | None:
    """The app with this OAuth client id."""
    return next((app for app in world.import_apps.values() if app.client_id == client_id), None)


def may_install(portal: Portal, user_id: int) -> bool:
    """Super Admins may install apps, and users with App Marketplace access."""
    member = portal.members.get(user_id)
    if member is None or member.deactivated_at is not None:
        return False
    return member.super_admin or "account.app_marketplace" in effective(portal, member)


def install(
    portal: Portal, app: ImportApp, user_id: int, scopes: Iterable[str], now: datetime
) -> Install:
    """Put an app into a portal; a second time widens or narrows what it was granted."""
    done = Install(portal.id, user_id, frozenset(scopes), now)
    app.installs[portal.id] = done
    portal.feeds.record_security("INSTALL_INTEGRATION", now, user_id, object_id=str(app.id))
    return done


def uninstall(world: World, portal: Portal, app: ImportApp, actor: int, now: datetime) -> bool:
    """Take an app out of a portal: its access and refresh tokens die; False when it was not in."""
    world.tokens.revoke_app(app.id, portal.id)
    if app.installs.pop(portal.id, None) is None:
        return False
    portal.feeds.record_security("UNINSTALL_INTEGRATION", now, actor, object_id=str(app.id))
    return True


def import_obstacles(app: ImportApp, portal_id: int) -> list[str]:
    """Why HubSpot would not offer this app as a source of users there; empty when it would."""
    installed = app.installs.get(portal_id)
    checks = (
        (app.public, "only public apps can be a User import source"),
        (installed is not None, "the app is not installed in this portal"),
        (IMPORT_SCOPE in app.scopes, f"the app's settings lack the scope {IMPORT_SCOPE}"),
        (
            installed is None or IMPORT_SCOPE in installed.scopes,
            f"the portal has not granted {IMPORT_SCOPE}",
        ),
        (bool(app.target_url), "the app has no target URL"),
        (app.user_import, "the switch User import source is off"),
    )
    return [reason for holds, reason in checks if not holds]


def _uuid_like(world: World) -> str:
    text = f"{world.random.getrandbits(128):032x}"
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))
