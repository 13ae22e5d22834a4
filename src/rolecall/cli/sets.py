"""`rolecall set`: permission sets; what no API of HubSpot can change becomes a task with clicks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from rolecall.cli.output import json_option, print_json, print_table, say
from rolecall.cli.plan_output import apply_options, plan_and_apply
from rolecall.cli.running import ask

if TYPE_CHECKING:
    from rolecall.services.plans.drafting import Drafted
    from rolecall.services.structure import SetContents

GRANT = click.option(
    "--grant", "grants", multiple=True, metavar="PERMISSION[=LEVEL]",
    help="Switch on, at least at the level the words say; repeat.",
)  # fmt: skip


@click.group("set", epilog='Example: rolecall set change acme "Sales Rep" --take "bulk delete"')
def set_() -> None:
    """Permission sets: what is in them, and changing them with a preview of who it touches."""


@set_.command("show", epilog='Example: rolecall set show acme "Sales Rep"')
@click.argument("name")
@click.argument("wanted", metavar="SET")
@json_option
def show(name: str, wanted: str, as_json: bool) -> None:
    """What is known to be in a permission set; `own?` is at least own. No API tells it."""
    from rolecall.services.structure import set_contents_named

    async def use(app: Any, actor: Any) -> SetContents:
        return await set_contents_named(app, actor, name, wanted)

    found = ask(use)
    if as_json:
        print_json({"permissions": dict(found.rows), "evidence": found.rests_on})
        return
    print_table(("permission", "level"), found.rows)
    say(found.rests_on)


@set_.command("change", epilog='Example: rolecall set change acme "Sales Rep" --grant export')
@click.argument("name")
@click.argument("wanted", metavar="SET")
@GRANT
@click.option("--take", "takes", multiple=True, metavar="PERMISSION", help="Switch off; repeat.")
@apply_options
@json_option
def change(
    name: str,
    wanted: str,
    grants: tuple[str, ...],
    takes: tuple[str, ...],
    apply_now: bool,
    yes: bool,
    reason: str,
    as_json: bool,
) -> None:
    """Change a set: a task listing each toggle; the notes say who gains and who loses what.

    The task closes itself when a later users export of its members, or an attested definition,
    shows the set so.
    """
    wishes = {**_levels(grants), **dict.fromkeys(takes, "")}
    drafted = _drafted(name, wanted, wishes, new=False, reason=reason)
    plan_and_apply(drafted, apply_now=apply_now, yes=yes, as_json=as_json, reason=reason)


@set_.command(
    "create", epilog='Example: rolecall set create acme Dialer --grant "edit contacts=own"'
)
@click.argument("name")
@click.argument("wanted", metavar="SET")
@GRANT
@apply_options
@json_option
def create(
    name: str,
    wanted: str,
    grants: tuple[str, ...],
    apply_now: bool,
    yes: bool,
    reason: str,
    as_json: bool,
) -> None:
    """Make a new set: a task listing each toggle; it closes itself once a sync sees the set."""
    drafted = _drafted(name, wanted, _levels(grants), new=True, reason=reason)
    plan_and_apply(drafted, apply_now=apply_now, yes=yes, as_json=as_json, reason=reason)


def _levels(grants: tuple[str, ...]) -> dict[str, str]:
    """Words -> level; a level that is not written is the one the words speak of."""
    told = {}
    for grant in grants:
        words, equals, level = grant.partition("=")
        told[words.strip()] = level.strip() if equals else "?"
    return told


def _drafted(name: str, wanted: str, wishes: dict[str, str], *, new: bool, reason: str) -> Drafted:
    from rolecall.services.drafts.orders import ChangeSet
    from rolecall.services.plans.drafting import propose

    order = ChangeSet(wanted, wishes, new=new, reason=reason)
    return ask(lambda app, actor: propose(app, actor, name, order))


@set_.command("permissions", epilog="Example: rolecall set permissions export")
@click.argument("words", nargs=-1)
@json_option
def permissions(words: tuple[str, ...], as_json: bool) -> None:
    """The catalogue: id, levels (rising), seats that open it, how sure we are; WORDS narrow it.

    HubSpot publishes no such list. Files in the folder `catalogue` of ROLECALL_HOME change it.
    """
    from rolecall.services.permissions.shapes import catalogue_shape
    from rolecall.services.structure import CatalogueView, catalogue_view

    async def use(app: Any, _: Any) -> CatalogueView:
        return catalogue_view(app, " ".join(words))

    found = ask(use)
    if as_json:
        shapes = [catalogue_shape(one) for one in found.permissions]
        overlays = list(found.overlays)
        print_json({"version": found.version, "overlays": overlays, "permissions": shapes})
        return
    rows = [
        (one.id, " > ".join(one.path), " < ".join(one.levels), ", ".join(one.seats),
         "critical" if one.critical else "", one.sure.value)
        for one in found.permissions
    ]  # fmt: skip
    print_table(("id", "in HubSpot's screens", "levels", "seats", "", "sure"), rows)
    laid = f" with {', '.join(found.overlays)}" if found.overlays else ""
    say(f"{len(rows)} permissions, catalogue of {found.version}{laid}")
