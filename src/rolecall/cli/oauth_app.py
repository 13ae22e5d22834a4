"""`rolecall oauth-app`: apps of your developer account, registered so that a link connects portals."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rolecall.cli.asking import ask_as_operator
from rolecall.cli.output import hint, json_option, print_json, print_table, say

if TYPE_CHECKING:
    from rolecall.domain.oauth_app import OAuthAppEntry

APP_FILE = click.Path(dir_okay=False, path_type=Path)


@click.group(epilog="Example: rolecall oauth-app add --file app.json")
def oauth_app() -> None:
    """OAuth apps portals are connected with; `rolecall portal link` makes the links."""


@oauth_app.command(epilog="Example: rolecall oauth-app add --file app.json --name 'Our app'")
@click.option(
    "--file", "path", type=APP_FILE, required=True,
    help="JSON with client_id, client_secret and scope, as in the app's Auth tab.",
)  # fmt: skip
@click.option("--name", default="", help="What people are shown; default Rolecall.")
@click.option("--api-base", default="", help="HubSpot's API, or an emulator's address.")
@click.option("--authorize-base", default="", help="Where people agree, if not at HubSpot.")
@json_option
def add(path: Path, name: str, api_base: str, authorize_base: str, as_json: bool) -> None:
    """Register an app; its secret is kept encrypted. Its redirect URL is PUBLIC_URL/oauth/callback."""
    from rolecall.services.connections.credentials import oauth_app_from
    from rolecall.services.connections.links import CALLBACK
    from rolecall.services.connections.oauth_apps import add_oauth_app

    told = {"name": name, "api_base": api_base, "authorize_base": authorize_base}
    facts = {**oauth_app_from(path), **{key: value for key, value in told.items() if value}}

    async def use(app: Any, actor: Any) -> tuple[OAuthAppEntry, str]:
        made = await add_oauth_app(app, actor, facts)
        return made, app.choices.security.public_url

    made, public_url = ask_as_operator(use)
    if as_json:
        print_json(_shape(made))
        return
    say(f"{made.name} ({made.client_id}) is registered")
    hint(f"its redirect URL at HubSpot must be {public_url or 'ROLECALL_PUBLIC_URL'}{CALLBACK}")


@oauth_app.command("list", epilog="Example: rolecall oauth-app list")
@json_option
def list_(as_json: bool) -> None:
    """Registered apps, without secrets."""
    from rolecall.services.connections.oauth_apps import list_oauth_apps

    found = ask_as_operator(list_oauth_apps)
    if as_json:
        print_json([_shape(one) for one in found])
        return
    rows = [(one.name, one.client_id, one.scopes, one.optional_scopes) for one in found]
    print_table(("name", "client id", "scopes", "optional scopes"), rows)


@oauth_app.command(epilog="Example: rolecall oauth-app remove 0000-...")
@click.argument("client_id")
@json_option
def remove(client_id: str, as_json: bool) -> None:
    """Forget an app and its secret; portals connected with it stay connected."""
    from rolecall.services.connections.oauth_apps import remove_oauth_app

    ask_as_operator(lambda app, actor: remove_oauth_app(app, actor, client_id))
    if as_json:
        print_json({"client_id": client_id, "removed": True})
        return
    say(f"{client_id} is forgotten")


def _shape(one: OAuthAppEntry) -> dict[str, object]:
    return asdict(one)
