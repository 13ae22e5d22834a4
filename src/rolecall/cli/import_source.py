"""`rolecall import-source`: serve HubSpot's User import source, and examine any that is served."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rolecall.cli.numbers import HUBSPOT_ID
from rolecall.cli.output import hint, json_option, print_json, print_table, say, tell
from rolecall.cli.running import ask
from rolecall.kit.errors import Refused

if TYPE_CHECKING:
    from rolecall.domain.import_app import ImportApp
    from rolecall.services.importing.doctor import Check

SECRET_FILE = click.Path(dir_okay=False, path_type=Path)
MARKS = {True: "ok", False: "WRONG", None: "by hand"}


@click.group(epilog="Example: rolecall import-source doctor https://hooks.example.com/rolecall")
def import_source() -> None:
    """Be a source of users for HubSpot's "Create user" screen, out of your own people."""


@import_source.command(
    epilog="Example: rolecall import-source add --app-id 123 --secret-file secret.txt "
    "--public-url https://hooks.example.com/rolecall"
)
@click.option("--app-id", type=HUBSPOT_ID, required=True, help="The app's id at HubSpot.")
@click.option(
    "--secret-file", type=SECRET_FILE, required=True, help="File with the app's client secret."
)
@click.option("--public-url", required=True, help="The target URL, as entered at HubSpot.")
@click.option(
    "--accounts",
    type=click.Choice(["department", "company", "source"]),
    default="department",
    show_default=True,
    help="What the screen offers as accounts; source = the list a person came with.",
)
@click.option(
    "--portal", "portals", type=HUBSPOT_ID, multiple=True,
    help="Hub id that may ask (repeat); all connected portals when left out.",
)  # fmt: skip
@click.option("--source", "sources", multiple=True, help="People of this list alone (repeat).")
@click.option("--strict", is_flag=True, help="Answer the documented bytes and nothing beyond.")
@json_option
def add(
    app_id: int,
    secret_file: Path,
    public_url: str,
    accounts: str,
    portals: tuple[int, ...],
    sources: tuple[str, ...],
    strict: bool,
    as_json: bool,
) -> None:
    """Answer HubSpot's events for an app of your developer account."""
    from rolecall.domain.import_app import Grouping, ImportApp
    from rolecall.services.importing.source import add_import_app, checked_public_url

    secret = _secret(secret_file)
    url = checked_public_url(public_url)

    async def use(app: Any, actor: Any) -> ImportApp:
        now = app.clock.now()
        wanted = ImportApp(app_id, url, now, Grouping(accounts), portals, sources, strict)
        return await add_import_app(app, actor, wanted, secret)

    made = ask(use)
    if as_json:
        print_json(_shape(made))
        return
    tell(f"app {made.app_id} is answered at {made.public_url}/feature/USER_IMPORT/event/...")
    hint(f"serve it with `rolecall serve`, then: rolecall import-source doctor {made.public_url}")


@import_source.command("list", epilog="Example: rolecall import-source list --json")
@json_option
def list_(as_json: bool) -> None:
    """The apps HubSpot's events are answered for."""
    from rolecall.services.importing.source import list_import_apps

    found = ask(list_import_apps)
    if as_json:
        print_json([_shape(one) for one in found])
        return
    header = ("app", "target URL", "accounts", "portals", "people of", "strict", "added")
    rows = [
        (
            one.app_id,
            one.public_url,
            one.accounts.value,
            one.portals or "all connected",
            one.sources or "all lists",
            one.strict,
            one.added_at,
        )
        for one in found
    ]
    print_table(header, rows)


@import_source.command(epilog="Example: rolecall import-source remove 123")
@click.argument("app_id", type=HUBSPOT_ID)
@json_option
def remove(app_id: int, as_json: bool) -> None:
    """Stop answering for an app, and forget its secret."""
    from rolecall.services.importing.source import remove_import_app

    ask(lambda app, actor: remove_import_app(app, actor, app_id))
    if as_json:
        print_json({"app_id": app_id, "removed": True})
        return
    say(f"app {app_id} is not answered any more")


@import_source.command(epilog="Example: rolecall import-source doctor https://hooks.example.com")
@click.argument("url")
@click.option("--app-id", type=HUBSPOT_ID, help="The app, if it is not registered here.")
@click.option("--secret-file", type=SECRET_FILE, help="Its client secret, if not registered here.")
@click.option("--portal", type=HUBSPOT_ID, help="Hub id to ask as.")
@click.option("--public-url", default="", help="The target URL at HubSpot, if URL is another way.")
@json_option
def doctor(
    url: str,
    app_id: int | None,
    secret_file: Path | None,
    portal: int | None,
    public_url: str,
    as_json: bool,
) -> None:
    """Play HubSpot's side against a deployment: right requests, and every forged one."""
    from rolecall.services.importing.doctor import examine, patient_of, set_up

    secret = _secret(secret_file) if secret_file else ""

    async def use(app: Any, actor: Any) -> tuple[list[Check], tuple[Check, ...]]:
        patient = await patient_of(
            app, actor, url, app_id=app_id, portal_id=portal, secret=secret, public_url=public_url
        )
        if patient is None:
            raise Refused(
                f"Nothing is known of the app behind {url}",
                hint="give --app-id, --secret-file and --portal, or register it first",
            )
        return [one async for one in examine(patient)], await set_up(app, actor, patient)

    seen, by_hand = ask(use)
    if as_json:
        print_json({"checks": [asdict(one) for one in seen], "set_up": list(map(asdict, by_hand))})
    else:
        _print_checks("what HubSpot would see", seen)
        _print_checks("set-up at HubSpot", by_hand)
    wrong = [one for one in (*seen, *by_hand) if one.ok is False]
    if wrong:
        raise Refused(f"{len(wrong)} checks failed, the first: {wrong[0].name} ({wrong[0].told})")


def _print_checks(title: str, checks: Any) -> None:
    tell(title)
    for one in checks:
        tell(f"  {MARKS[one.ok]:<8} {one.name}" + (f": {one.told}" if one.told else ""))


def _secret(path: Path) -> str:
    hint = "a text file with the client secret alone, from the app's Auth tab"
    try:
        secret = path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise Refused(f"Cannot read the secret file {path}: {error.strerror}", hint=hint) from error
    except UnicodeDecodeError as error:
        raise Refused(f"The secret file {path} is no UTF-8 text", hint=hint) from error
    if not secret:
        raise Refused(f"The secret file {path} is empty", hint=hint)
    return secret


def _shape(one: ImportApp) -> dict[str, Any]:
    return asdict(one)
