"""Two developer apps every seed has: an OAuth client, and a source of users to import."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from hubspot_emulator.accounts import IMPORT_SCOPE, SAMPLE_TARGET, install, register_app

if TYPE_CHECKING:
    from hubspot_emulator.world import Portal, World

OAUTH_APP, IMPORT_APP = 3_100_001, 3_100_002
OAUTH_CLIENT = ("00000000-0000-4000-8000-00000000a001", "00000000-0000-4000-8000-00000000b001")
IMPORT_CLIENT = ("00000000-0000-4000-8000-00000000a002", "00000000-0000-4000-8000-00000000b002")
_OBJECTS = ("users", "contacts", "companies", "deals", "tickets")
EVERYTHING = (
    *("settings.users.read", "settings.users.write", "settings.users.teams.read"),
    *("settings.users.teams.write", "settings.billing.write", "account-info.security.read"),
    *("crm.objects.owners.read", "crm.schemas.users.read", "crm.import", "crm.export"),
    *(f"crm.objects.{name}.{verb}" for name in _OBJECTS for verb in ("read", "write")),
)


def plant_apps(world: World, portal: Portal) -> None:
    """Register both; the import app is installed, and answers from HubSpot's test target."""
    if OAUTH_APP in world.import_apps:
        return
    client = register_app(world, "Sample OAuth App", app_id=OAUTH_APP, client=OAUTH_CLIENT)
    client.scopes, client.optional_scopes = ["oauth"], list(EVERYTHING)
    client.redirect_uris = [
        f"http://{host}:{port}{path}"
        for host in ("localhost", "127.0.0.1")
        for port in (8000, 8040)
        for path in ("/oauth/callback", "/hubspot/callback")
    ]
    source = register_app(world, "Sample Staff Directory", app_id=IMPORT_APP, client=IMPORT_CLIENT)
    source.scopes = ["oauth", IMPORT_SCOPE]
    source.target_url, source.user_import = SAMPLE_TARGET, True
    installer = next((one for one, member in portal.members.items() if member.super_admin), None)
    if installer is not None:
        at = max(portal.created_at, world.clock.now() - timedelta(days=97))
        install(portal, source, installer, source.scopes, at)
