"""Renews docs/settings.md, cli.md, connect.md and api-operations.md from the code."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import MISSING, fields
from itertools import pairwise
from pathlib import Path

import click

from rolecall import settings as settings_module
from rolecall.api.face import create_api
from rolecall.cli import rolecall
from rolecall.domain.features import FEATURES, FORMER_NAMES, MODES, minimal_scopes
from rolecall.services.connections.credentials import NO_SUPER_ADMIN
from rolecall.settings import PREFIX, SECRETS, Settings

DOCS = Path(__file__).resolve().parent.parent / "docs"
MADE = "Made by `scripts/reference_pages.py`; a test fails when it is out of date."


def settings_page() -> str:
    """Every setting with its variable, default and paragraph."""
    texts = field_texts()
    lines = [
        "# Settings",
        "",
        "The environment first, `config.toml` in ROLECALL_HOME second, then the default. A setting",
        "marked *secret* can also come from a file: add `_FILE` to the variable's name.",
        "",
        MADE,
    ]
    for one in fields(Settings):
        variable = PREFIX + one.name.upper()
        secret = ", *secret*" if one.name in SECRETS else ""
        lines += ["", f"## `{variable}`", ""]
        lines += [f"In config.toml: `{one.name}`. Default: {_default(one)}{secret}.", ""]
        lines.append(texts[one.name])
    return "\n".join(lines) + "\n"


def field_texts() -> dict[str, str]:
    """The text below each field of Settings, as written there."""
    tree = ast.parse(Path(str(settings_module.__file__)).read_text(encoding="utf-8"))
    [body] = [n.body for n in tree.body if isinstance(n, ast.ClassDef) and n.name == "Settings"]
    found: dict[str, str] = {}
    for before, after in pairwise(body):
        named = isinstance(before, ast.AnnAssign) and isinstance(before.target, ast.Name)
        if not named or not isinstance(after, ast.Expr):
            continue
        text = after.value.value if isinstance(after.value, ast.Constant) else ""
        found[before.target.id] = "\n".join(line.strip() for line in str(text).splitlines())
    return found


def _default(one: object) -> str:
    name = getattr(one, "name", "")
    if name == "home":
        return "`~/.rolecall`"
    value = getattr(one, "default", MISSING)
    if value is MISSING or value in ("", (), Path()):
        return "empty"
    return f"`{value}`" if not isinstance(value, bool) else f"`{str(value).lower()}`"


def commands_page() -> str:
    """Every command with its help, as --help prints it."""
    lines = [
        "# Commands",
        "",
        "`rolecall NOUN VERB`. Data goes to stdout, everything else to stderr; `--json` prints the",
        "same shapes as the REST API. Exit codes: 0 done; 1 failed, usage errors included; 2 only",
        "from `access plan`, `access drift`, `finding list` and `pack check`, when there is",
        "something to see.",
        "",
        "`sync --json` prints `{portal, users, permission_sets, teams, seats, requests, seconds,",
        "complete, changes}` and more; without NAME a list of these.",
        "",
        MADE,
    ]
    for path, command, context in walked(rolecall, click.Context(rolecall, info_name="rolecall")):
        lines += ["", f"## `{path}`", "", "```", command.get_help(context), "```"]
    return "\n".join(lines) + "\n"


def walked(
    command: click.Command, context: click.Context, path: str = "rolecall"
) -> Iterator[tuple[str, click.Command, click.Context]]:
    """A command and everything below it, depth first."""
    context.terminal_width = context.max_content_width = 100
    # As at the command line: click remembers of each command what its help option was first.
    context.help_option_names = rolecall.context_settings["help_option_names"]
    yield path, command, context
    if not isinstance(command, click.Group):
        return
    for name in command.list_commands(context):
        below = command.get_command(context, name)
        if below is not None and not below.hidden:
            inner = click.Context(below, info_name=name, parent=context)
            yield from walked(below, inner, f"{path} {name}")


CONNECTING = (
    "# Connecting a portal",
    "",
    "`rolecall portal add NAME` without a token prints where to click for one: a service key",
    "first, or a private app that exists already. `--token-file F` takes either; `--oauth-app F`",
    "takes a JSON file with `client_id`, `client_secret`, `redirect_uri` and `scope` of an app",
    "you registered, and `refresh_token` where it is installed already. Tokens are kept",
    "encrypted, with the key outside the database.",
    "",
    "`rolecall portal check NAME` says at any time what works, what is missing, which feature",
    "that costs, which scopes nothing uses, which version of each API answers (or that it was not",
    "tried yet), and when HubSpot ends it.",
    "`rolecall portal reconnect NAME --token-file F` swaps the credential and keeps everything.",
    "",
    "## By a link",
    "",
    "An OAuth app of your developer account lets somebody else connect their portal without",
    "handing you a key, which is how an agency connects its clients:",
    "",
    "1. `rolecall oauth-app add --file app.json` with `client_id`, `client_secret` and `scope`",
    "   as in the app's *Auth* tab, and `optional_scope` where it has them; letter by letter,",
    "   HubSpot refuses a link that names others.",
    "2. In the app, register the redirect URL `ROLECALL_PUBLIC_URL/oauth/callback`.",
    "3. `rolecall portal link NAME`, or *Portals* in the console, makes a link. Send it to a",
    "   Super Admin of the portal (or open it yourself); they need no account here.",
    "4. They read what is asked for, agree at HubSpot, and the portal is connected as NAME and",
    "   read. The link works for a week, until then; each try has a state and a proof key",
    "   (PKCE) bound to one browser for ten minutes.",
    "",
    "Access tokens last half an hour and are refreshed in time, once, however many processes",
    "need one. An app that is uninstalled, or whose grant is revoked, shows with the next read:",
    "the portal needs somebody, the notice `portal.needs_person` says why, and another link",
    "under the same name brings it back with its whole history.",
    "",
    "While a portal waits for a person, nothing is asked of it; the new credential makes its",
    "sync due and wakes plans that were stopped halfway. A credential of another portal is",
    "refused.",
    "",
    "A key belongs to the user who made it, and may stop working when that person leaves. Where",
    "it does, `rolecall task list` has the clicks for a dedicated integration user, which",
    "outlives people; the task closes when the portal is reconnected with that user's key.",
    f"Super Admin: {NO_SUPER_ADMIN}.",
    "",
    MADE,
    "",
    "## Which scope is for what",
    "",
    "Any one scope of a cell suffices; a feature needs all cells of its row.",
    "",
    "| feature | scopes | mode | without them |",
    "|---|---|---|---|",
)


def connect_page() -> str:
    """Features and the scopes they need."""
    lines = [*CONNECTING]
    for one in FEATURES:
        cells = "; ".join(" or ".join(f"`{scope}`" for scope in group) for group in one.scopes)
        lines.append(f"| {one.label} | {cells} | {one.mode} | {one.without} |")
    older = ", ".join(f"`{old}` for `{new}`" for old, new in FORMER_NAMES.items())
    lines += [
        "",
        f"Older names are understood: {older}. Nothing here needs `crm.import`, `crm.export`,",
        "`automation` or a schema; where they are granted, `portal check` says so.",
        "",
        "## The fewest scopes",
        "",
    ]
    for mode in MODES:
        lines += [f"**{mode}**: " + " ".join(f"`{one}`" for one in minimal_scopes(mode)), ""]
    return "\n".join(lines)


def operations_page() -> str:
    """Every operation of the REST API, subject by subject."""
    lines = [
        "# Operations of the REST API",
        "",
        "How to call them: [api.md](api.md). Shapes: `/api/v1/openapi.json` of your installation.",
        "",
        MADE,
    ]
    subject = ""
    for path, methods in create_api().openapi()["paths"].items():
        for method, one in methods.items():
            if one["tags"][0] != subject:
                subject = one["tags"][0]
                head = ["", f"## {subject}", "", "| operation | call | |", "|---|---|---|"]
                lines += head
            told = one["description"].partition("\n")[0]
            call = f"`{method.upper()} {path}`"
            lines.append(f"| `{one['operationId']}` | {call} | {told} |")
    return "\n".join(lines) + "\n"


PAGES = {
    "settings.md": settings_page,
    "cli.md": commands_page,
    "connect.md": connect_page,
    "api-operations.md": operations_page,
}


def main() -> None:
    """Write every page."""
    for name, page in PAGES.items():
        (DOCS / name).write_text(page(), encoding="utf-8")
        print(f"docs/{name}", file=sys.stderr)


if __name__ == "__main__":
    main()
