"""`rolecall portal`: connect portals, check, reconnect, remove them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rolecall.cli.asking import ask_as_operator
from rolecall.cli.connection_output import connection_lines, explain_tokens
from rolecall.cli.numbers import HUBSPOT_ID
from rolecall.cli.output import ago, hint, json_option, print_json, print_table, say, tell
from rolecall.cli.progress import shown_progress
from rolecall.cli.running import ask

if TYPE_CHECKING:
    from rolecall.services.connections.portals import ConnectionReport

TOKEN_FILE = click.Path(dir_okay=False, path_type=Path)


@click.group(epilog="Example: rolecall portal add acme --token-file token.txt")
def portal() -> None:
    """Connect HubSpot portals and see what their tokens allow."""


@portal.command(epilog="Example: rolecall portal add acme --token-file token.txt")
@click.argument("name")
@click.option("--token-file", type=TOKEN_FILE, help="File with a service key or private-app token.")
@click.option("--oauth-app", type=TOKEN_FILE, help="JSON file of an OAuth app you registered.")
@click.option("--api-base", help="HubSpot's API, or an emulator's address.")
@click.option("--authorize-base", help="Where OAuth asks the portal's admin, if not HubSpot.")
@json_option
def add(
    name: str,
    token_file: Path | None,
    oauth_app: Path | None,
    api_base: str | None,
    authorize_base: str | None,
    as_json: bool,
) -> None:
    """Connect a portal under a name of yours; what you call an API key is a token here.

    Without --token-file or --oauth-app this prints where to click for a key, and changes nothing.
    """
    if (token_file is None) == (oauth_app is None):
        if token_file is not None:
            raise click.UsageError("give --token-file or --oauth-app, not both")
        explain_tokens(name)
        raise click.UsageError("a token is missing")
    from rolecall.cli.authorizing import credential_from
    from rolecall.services.connections.portals import add_portal

    async def use(app: Any, actor: Any) -> ConnectionReport:
        base = api_base or app.choices.api_base
        credential = await credential_from(app, token_file, oauth_app, base, authorize_base)
        return await add_portal(app, actor, name, credential, base, progress=progress)

    with shown_progress(quiet=as_json) as progress:
        report = ask(use)
    _show(report, as_json)
    hint(f"read it with `rolecall sync {name}`")


@portal.command(epilog="Example: rolecall portal link acme --hub-id 12345")
@click.argument("name")
@click.option("--app", "client_id", default="", help="Client id, where several are registered.")
@click.option("--hub-id", type=HUBSPOT_ID, help="The only portal it may connect.")
@json_option
def link(name: str, client_id: str, hub_id: int | None, as_json: bool) -> None:
    """A link with which a Super Admin connects their portal; they need no account here.

    Works for a week, until the portal is connected. The name of a portal gives it new tokens.
    """
    from rolecall.cli.serve import SERVED_HERE
    from rolecall.services.connections.links import make_connect_link
    from rolecall.services.operators.links import address_of
    from rolecall.services.shapes import connect_link_shape

    async def use(app: Any, actor: Any) -> dict[str, Any]:
        made = await make_connect_link(app, actor, name, client_id, hub_id=hub_id)
        if not app.choices.security.public_url:
            hint("set ROLECALL_PUBLIC_URL to what others type; this link opens on this machine")
        return connect_link_shape(name, address_of(app, made.token, SERVED_HERE), made)

    found = ask_as_operator(use)
    if as_json:
        print_json(found)
        return
    tell(found["link"])
    say("it opens on the server of `rolecall serve`, and works until the portal is connected")


@portal.command("list", epilog="Example: rolecall portal list --json")
@json_option
def list_(as_json: bool) -> None:
    """Every connected portal, its state and the age of its newest snapshot."""
    from rolecall.services.connections.portals import list_portals
    from rolecall.services.shapes import portal_shape

    lines = ask(list_portals)
    if as_json:
        print_json([portal_shape(line) for line in lines])
        return
    if not lines:
        hint("no portal yet: `rolecall portal add NAME`, or look around with `rolecall demo`")
        return
    from rolecall.kit.clock import SystemClock

    now = SystemClock().now()
    header = ("name", "hub id", "edition", "state", "users", "last snapshot", "age", "why")
    rows = [
        (
            one.portal.name,
            one.portal.hub_id,
            one.portal.tier.value,
            one.portal.state.value.replace("_", " "),
            one.head.counts.get("users") if one.head else None,
            one.head.sealed_at if one.head else None,
            ago(one.head.sealed_at, now) if one.head else None,
            one.portal.state_reason,
        )
        for one in lines
    ]
    print_table(header, rows)


@portal.command(epilog="Example: rolecall portal check acme")
@click.argument("name")
@json_option
def check(name: str, as_json: bool) -> None:
    """Ask again what the token and the portal allow: the green tick, with reasons."""
    from rolecall.services.connections.portals import check_portal

    with shown_progress(quiet=as_json) as progress:
        report = ask(lambda app, actor: check_portal(app, actor, name, progress=progress))
    _show(report, as_json)


@portal.command(epilog="Example: rolecall portal reconnect acme --token-file new.txt")
@click.argument("name")
@click.option("--token-file", type=TOKEN_FILE, help="File with the new service key or token.")
@click.option("--oauth-app", type=TOKEN_FILE, help="JSON file of an OAuth app you registered.")
@click.option("--authorize-base", help="Where OAuth asks the portal's admin, if not HubSpot.")
@json_option
def reconnect(
    name: str,
    token_file: Path | None,
    oauth_app: Path | None,
    authorize_base: str | None,
    as_json: bool,
) -> None:
    """Give a portal a new credential; history, plans and cursors stay."""
    if (token_file is None) == (oauth_app is None):
        raise click.UsageError("give --token-file or --oauth-app")
    from rolecall.cli.authorizing import credential_from
    from rolecall.services.connections.portals import portal_named, reconnect_portal

    async def use(app: Any, actor: Any) -> ConnectionReport:
        known = await portal_named(app, actor, name)
        base = known.api_base
        credential = await credential_from(app, token_file, oauth_app, base, authorize_base)
        return await reconnect_portal(app, actor, name, credential, progress=progress)

    with shown_progress(quiet=as_json) as progress:
        report = ask(use)
    _show(report, as_json)


@portal.command(epilog="Example: rolecall portal remove acme --yes")
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def remove(name: str, yes: bool, as_json: bool) -> None:
    """Forget a portal and its token; snapshots and the audit trail stay as evidence."""
    from rolecall.services.connections.portals import remove_portal

    if not yes:
        click.confirm(f"Forget {name} and its token?", abort=True, err=True)
    gone = ask(lambda app, actor: remove_portal(app, actor, name))
    if as_json:
        print_json({"name": gone.name, "hub_id": gone.hub_id, "removed": True})
        return
    say(f"{gone.name} (portal {gone.hub_id}) is no longer connected")


def _show(report: ConnectionReport, as_json: bool) -> None:
    from rolecall.services.shapes import connection_shape

    if as_json:
        print_json(connection_shape(report))
        return
    for line in connection_lines(report):
        tell(line)
