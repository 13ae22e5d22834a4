"""`rolecall pack`: the least access an integration needs, checked per user, and given by a plan."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rolecall.cli.numbers import HUBSPOT_ID
from rolecall.cli.output import hint, json_option, print_json, print_table, say, shown, tell
from rolecall.cli.plan_output import apply_options, plan_and_apply
from rolecall.cli.running import ask

if TYPE_CHECKING:
    from rolecall.permissions.pack import Pack
    from rolecall.permissions.pack_check import PackResult
    from rolecall.services.permissions.packs import ListedPack, PackAnswer

FOLDER = click.Path(exists=True, path_type=Path)
SHOWN = 5
from_option = click.option(
    "--from", "extra", type=FOLDER, multiple=True, metavar="PATH", help="A file or folder of packs."
)


@click.group(epilog="Example: rolecall pack check acme 8x8 --user anna@acme.test")
def pack() -> None:
    """Requirement packs: who can install and connect an integration, and what they lack."""


@pack.command("list", epilog="Example: rolecall pack list --from packs/")
@from_option
@json_option
def list_(extra: tuple[Path, ...], as_json: bool) -> None:
    """Packs there are: shipped, in the folder `packs` of ROLECALL_HOME, and given."""
    from rolecall.services.permissions.packs import PackList, list_packs
    from rolecall.services.permissions.shapes import pack_shape

    async def use(app: Any, _: Any) -> PackList:
        return list_packs(app, extra)

    found = ask(use)
    if as_json:
        print_json([pack_shape(one.pack, one.where) for one in found.packs])
    else:
        rows = [
            (one.pack.id, one.pack.name, one.pack.vendor, len(one.pack.requires),
             one.pack.source.read_on, one.where)
            for one in found.packs
        ]  # fmt: skip
        print_table(("pack", "name", "vendor", "lines", "read", "from"), rows)
    for problem in found.broken:
        say(f"warning: {problem}")


@pack.command("show", epilog="Example: rolecall pack show 8x8")
@click.argument("wanted", metavar="PACK")
@from_option
@json_option
def show(wanted: str, extra: tuple[Path, ...], as_json: bool) -> None:
    """A pack's lines, where they are published, and the steps of connecting."""
    from rolecall.services.permissions.shapes import pack_shape

    found = _found(wanted, extra)
    if as_json:
        steps = [{"who": s.who, "text": s.text, "done": s.done} for s in found.pack.steps]
        lines = [{"id": one.id, "title": one.title} for one in found.pack.requires]
        print_json({**pack_shape(found.pack, found.where), "requires": lines, "steps": steps})
        return
    _show_pack(found.pack)


def _show_pack(one: Pack) -> None:
    tell(f"{one.name} ({one.vendor}), version {one.version}")
    for line in one.requires:
        mark = " (interpretation)" if line.interpretation else ""
        tell(f"  {line.title}{mark}")
    for number, step in enumerate(one.steps, 1):
        tell(f"{number}. {step.who}: {step.text}")
        if step.done:
            tell(f"   done when {step.done}")
    for text in (*one.troubleshooting, *one.notes):
        tell(f"note: {text}")
    read = f", read {shown(one.source.read_on)}" if one.source.read_on else ""
    tell(f"source: {one.source.title} {one.source.url}{read}")


def _found(wanted: str, extra: tuple[Path, ...]) -> ListedPack:
    from rolecall.services.permissions.packs import find_pack

    async def use(app: Any, _: Any) -> ListedPack:
        return find_pack(app, wanted, extra)

    return ask(use)


@pack.command("init", epilog="Example: rolecall pack init dialer --vendor 'Ring Ltd' > dialer.yaml")
@click.argument("pack_id", metavar="PACK")
@click.option("--name", "title", default="", help="What people call it.")
@click.option("--vendor", default="", help="Who publishes the requirements.")
@json_option
def init(pack_id: str, title: str, vendor: str, as_json: bool) -> None:
    """Print a new pack with every key explained, to fill in and keep as a file."""
    from rolecall.permissions.pack_template import PACK_ID, pack_template
    from rolecall.services.shapes import text_shape

    if not PACK_ID.fullmatch(pack_id):
        raise click.BadParameter(f"{pack_id!r} is no short name, such as dialer")
    day = f"{datetime.now():%Y-%m-%d}"  # noqa: DTZ005  (the reader's own day)
    text = pack_template(pack_id, title or pack_id, vendor or "Vendor", day)
    if as_json:
        print_json(text_shape(text))
        return
    click.echo(text, nl=False)
    if sys.stdout.isatty():
        hint(f"keep it: rolecall pack init {pack_id} > {pack_id}.yaml")


@pack.command("check", epilog="Example: rolecall pack check acme 8x8 --team Support")
@click.argument("name")
@click.argument("wanted", metavar="PACK")
@click.option("--user", "users", multiple=True, metavar="E-MAIL", help="One user; may be repeated.")
@click.option("--team", "teams", multiple=True, help="A team and all below it.")
@click.option("--set", "sets", multiple=True, help="A permission set under a Core seat.")
@click.option("--connected", is_flag=True, help="Leave out what only connecting needs.")
@from_option
@json_option
def check(
    name: str,
    wanted: str,
    users: tuple[str, ...],
    teams: tuple[str, ...],
    sets: tuple[str, ...],
    connected: bool,
    extra: tuple[Path, ...],
    as_json: bool,
) -> None:
    """Ready, missing (with the clicks), unknown or over-privileged; 2 when somebody is not ready.

    PACK is a name or a YAML file. Without --user, --team and --set it checks everybody who can
    sign in.
    """
    from rolecall.services.permissions.packs import Asked, check_pack, find_pack
    from rolecall.services.permissions.shapes import evidence_shape, pack_result_shape

    asked = Asked(users, teams, sets, connected)

    async def use(app: Any, actor: Any) -> PackAnswer:
        return await check_pack(app, actor, name, find_pack(app, wanted, extra).pack, asked)

    told = ask(use)
    if as_json:
        data = {
            "pack": told.pack.id,
            "users": [pack_result_shape(one) for one in told.users],
            "sets": [pack_result_shape(one) for one in told.sets],
            "evidence": evidence_shape(told.standpoint),
        }
        print_json(data)
    else:
        _show_check(told, in_full=bool(users or sets))
    if not told.ready:
        raise click.exceptions.Exit(2)


def _show_check(told: PackAnswer, *, in_full: bool) -> None:
    from rolecall.services.permissions.answers import age_of

    results = (*told.users, *told.sets)
    if in_full:
        for one in results:
            _show_result(one)
    else:
        rows = [(one.subject, one.verdict.value, _short(one)) for one in results]
        print_table(("user", "verdict", "why"), rows)
    counts: dict[str, int] = {}
    for one in results:
        counts[one.verdict.value] = counts.get(one.verdict.value, 0) + 1
    say(", ".join(f"{count} {verdict}" for verdict, count in counts.items()) or "nobody to check")
    say(age_of(told.standpoint))
    if not in_full and not told.ready:
        hint("with --user E-MAIL every line comes with its clicks")


def _short(one: PackResult) -> str:
    """The reason of a verdict in one cell."""
    if one.missing:
        titles = [line.requirement.title for line in one.missing]
    elif one.verdict.value == "unknown":
        titles = ["nobody knows"]
    else:
        titles = list(one.excess)
    more = f" and {len(titles) - SHOWN} more" if len(titles) > SHOWN else ""
    return ", ".join(titles[:SHOWN]) + more


def _show_result(one: PackResult) -> None:
    tell(f"{one.subject}: {one.verdict.value}")
    for line in one.lines:
        mark = " (our reading of the vendor's words)" if line.requirement.interpretation else ""
        tell(f"  {line.status.value:<9} {line.message or line.requirement.title}{mark}")
        for path in line.clicks:
            tell(f"            {path}")
    for word, ids in (("beyond the pack", one.excess), ("not known of", one.doubtful)):
        if ids:
            tell(f"  {word}: {', '.join(ids)}")
    for source in one.evidence:
        tell(f"  evidence  {source}")


@pack.command("plan", epilog="Example: rolecall pack plan acme 8x8 --user anna@acme.test")
@click.argument("name")
@click.argument("wanted", metavar="PACK")
@click.option("--user", "users", multiple=True, required=True, metavar="E-MAIL", help="Repeatable.")
@from_option
@apply_options
@json_option
def plan(
    name: str,
    wanted: str,
    users: tuple[str, ...],
    extra: tuple[Path, ...],
    apply_now: bool,
    yes: bool,
    reason: str,
    as_json: bool,
) -> None:
    """Give users what a pack asks for and they lack, as a plan; `user elevate` does it for a while."""
    from rolecall.services.drafts.orders import GivePack
    from rolecall.services.permissions.packs import find_pack
    from rolecall.services.plans.drafting import Drafted, propose

    async def use(app: Any, actor: Any) -> Drafted:
        order = GivePack(find_pack(app, wanted, extra).text, users, reason)
        return await propose(app, actor, name, order)

    plan_and_apply(ask(use), apply_now=apply_now, yes=yes, as_json=as_json, reason=reason)


@pack.command(
    "app", epilog="Example: rolecall pack app acme 8x8 1178801 --scope crm.objects.contacts.read"
)
@click.argument("name")
@click.argument("wanted", metavar="PACK")
@click.argument("app_id", metavar="APP-ID", type=HUBSPOT_ID)
@click.option(
    "--scope", "scopes", multiple=True, help="A scope HubSpot shows it was granted; repeat."
)
@click.option("--forget", is_flag=True, help="Take back what was named or learned of it.")
@from_option
@json_option
def app_(
    name: str,
    wanted: str,
    app_id: int,
    scopes: tuple[str, ...],
    forget: bool,
    extra: tuple[Path, ...],
    as_json: bool,
) -> None:
    """Name the connected app a pack is about in a portal: vendors publish no app ids.

    The security feed shows the id where somebody installed it (`rolecall pack apps` lists what an
    elevation learned). With --scope, scopes beyond the pack's become a finding.
    """
    from rolecall.services.permissions.apps import app_shape, forget_app, name_app
    from rolecall.services.permissions.packs import find_pack

    async def use(app: Any, actor: Any) -> tuple[str, dict[str, Any]]:
        pack = find_pack(app, wanted, extra).pack
        if forget:
            await forget_app(app, actor, name, pack, str(app_id))
            return pack.name, {"app_id": str(app_id), "pack": pack.id, "forgotten": True}
        return pack.name, app_shape(await name_app(app, actor, name, pack, str(app_id), scopes))

    told, shape = ask(use)
    if as_json:
        print_json(shape)
        return
    say(f"app {app_id} is no longer taken for {told}" if forget else f"app {app_id} is {told}")


@pack.command("apps", epilog="Example: rolecall pack apps acme")
@click.argument("name")
@json_option
def apps(name: str, as_json: bool) -> None:
    """Connected apps known of a portal: named by a person, or learned from an elevation."""
    from rolecall.services.permissions.apps import app_shape, list_apps

    found = ask(lambda app, actor: list_apps(app, actor, name))
    if as_json:
        print_json([app_shape(one) for one in found])
        return
    rows = [
        (one.app_id, one.pack, one.learned_from or "a person", len(one.scopes) or "not told")
        for one in found
    ]
    print_table(("app id", "pack", "known from", "scopes"), rows)
