"""`rolecall scim`: identity providers that push people and groups, their choices and their log."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from rolecall.cli.asking import ask_as_operator
from rolecall.cli.numbers import MOST, Whole
from rolecall.cli.output import hint, json_option, print_json, print_table, say
from rolecall.domain.scim import GroupTarget, Leaving

if TYPE_CHECKING:
    from rolecall.domain.scim import ScimClient
    from rolecall.services.scim.removing import Removal

TARGETS = [one.value for one in GroupTarget]
LEAVINGS = [one.value for one in Leaving]


@click.group(epilog="Example: rolecall scim list")
def scim() -> None:
    """SCIM clients. Make one with `rolecall token create NAME --scope scim --portal PORTAL`."""


@scim.command("list", epilog="Example: rolecall scim list --json")
@json_option
def list_(as_json: bool) -> None:
    """Clients that have pushed or asked at least once, their mapping, limits and trouble."""
    from rolecall.services.scim.clients import list_clients
    from rolecall.services.scim.shapes import client_shape

    found = ask_as_operator(list_clients)
    if as_json:
        print_json([client_shape(one) for one in found])
        return
    rows = [
        (one.name, one.hub_id, one.groups.value, one.leaving.value, one.most_people,
         one.most_leavers_a_day, one.trouble)
        for one in found
    ]  # fmt: skip
    header = ("client", "hub id", "groups are", "leaving is", "people", "leavers/day", "trouble")
    print_table(header, rows)


@scim.command("set", epilog="Example: rolecall scim set okta --groups profile --leaving remove")
@click.argument("client")
@click.option("--groups", type=click.Choice(TARGETS), help="What a group's name stands for.")
@click.option("--leaving", type=click.Choice(LEAVINGS), help="What active: false and DELETE do.")
@click.option("--most-people", type=MOST, help="In one plan without approval.")
@click.option("--most-leavers", type=MOST, help="Within a day without approval.")
@click.option("--welcome-email/--no-welcome-email", default=None, help="HubSpot's, to new users.")
@json_option
def set_(
    client: str,
    groups: str | None,
    leaving: str | None,
    most_people: int | None,
    most_leavers: int | None,
    welcome_email: bool | None,
    as_json: bool,
) -> None:
    """Change what a client's pushes mean, and how far they go by themselves."""
    from rolecall.services.scim.clients import change_client, client_named
    from rolecall.services.scim.shapes import client_shape

    chosen: dict[str, Any] = {
        "groups": GroupTarget(groups) if groups else None,
        "leaving": Leaving(leaving) if leaving else None,
        "most_people": most_people,
        "most_leavers_a_day": most_leavers,
        "welcome_email": welcome_email,
    }
    changes = {name: value for name, value in chosen.items() if value is not None}

    async def use(app: Any, actor: Any) -> ScimClient:
        known = await client_named(app, actor, client)
        return await change_client(app, actor, replace(known, **changes))

    changed = ask_as_operator(use)
    if as_json:
        print_json(client_shape(changed))
        return
    say(f"{changed.name}: groups are {changed.groups.value}, leaving is {changed.leaving.value}")
    hint("groups that were pushed already are mapped anew with their next push")


@scim.command(epilog="Example: rolecall scim remove okta --yes")
@click.argument("client")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def remove(client: str, yes: bool, as_json: bool) -> None:
    """End a client for good: its token at once, its claims, its waiting plans, its log.

    The portal's users stay as they are. The people it pushed stay known; another client, or a
    people list, takes them over.
    """
    from rolecall.services.scim.removing import preview_removal, remove_client
    from rolecall.services.scim.shapes import removal_shape

    if not yes:
        seen = ask_as_operator(lambda app, actor: preview_removal(app, actor, client))
        click.confirm(f"Remove {seen.client.name}? {_goes(seen)}", abort=True, err=True)
    gone = ask_as_operator(lambda app, actor: remove_client(app, actor, client))
    if as_json:
        print_json(removal_shape(gone))
        return
    say(f"{gone.client.name} is removed and its token revoked. {_goes(gone)}")
    hint("users at HubSpot are as they were; `access plan` shows whom nothing claims any more")


def _goes(one: Removal) -> str:
    return (
        f"With it go {one.users} users and {one.groups} groups it pushed, {one.claims} claims"
        f" and {one.plans} waiting plans."
    )


@scim.command(epilog="Example: rolecall scim groups okta")
@click.argument("client")
@json_option
def groups(client: str, as_json: bool) -> None:
    """The groups a client pushed, and what each is mapped to."""
    from rolecall.services.scim.clients import mapping
    from rolecall.services.scim.shapes import group_shape

    found = ask_as_operator(lambda app, actor: mapping(app, actor, client))
    if as_json:
        print_json([group_shape(one) for one in found])
        return
    rows = [(one.name, one.target.replace(":", " ") or "nothing", one.id) for one in found]
    print_table(("group", "is", "id"), rows)


@scim.command(epilog="Example: rolecall scim log okta --limit 20")
@click.argument("client")
@click.option(
    "--limit", type=Whole(1, 1_000), default=50, show_default=True, help="At most so many lines."
)
@json_option
def log(client: str, limit: int, as_json: bool) -> None:
    """What a client sent, newest first, and what it was answered; passwords are never kept."""
    from rolecall.services.scim.clients import log_of
    from rolecall.services.scim.shapes import line_shape

    found = ask_as_operator(lambda app, actor: log_of(app, actor, client, limit=limit))
    if as_json:
        print_json([line_shape(one) for one in found])
        return
    rows = [(one.at, one.method, one.path, one.status, one.told, one.id) for one in found]
    print_table(("at", "method", "path", "answer", "why", "line"), rows)


@scim.command(epilog="Example: rolecall scim replay 0198c1d2-...")
@click.argument("line")
@json_option
def replay(line: str, as_json: bool) -> None:
    """Push again what a line of the log asked for, once the cause of its refusal is gone."""
    from rolecall.services.scim.replaying import replay_push
    from rolecall.services.scim.shapes import line_shape

    done = ask_as_operator(lambda app, actor: replay_push(app, actor, line))
    if as_json:
        print_json(line_shape(done))
        return
    say(f"pushed again: {done.kind} {done.resource_id}")
