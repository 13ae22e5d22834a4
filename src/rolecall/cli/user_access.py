"""`rolecall user compare|why|who-can|matrix`: who can do what, why, and how access differs."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rolecall.cli.moments import Day
from rolecall.cli.output import hint, json_option, print_json, print_table, say, tell
from rolecall.cli.running import ask

if TYPE_CHECKING:
    from rolecall.permissions.why import Option
    from rolecall.services.permissions.answers import Standpoint, WhyAnswer

DAY = Day()
OUT = click.Path(dir_okay=False, writable=True, path_type=Path)
SHOWN = 5


@click.command(epilog="Example: rolecall user compare acme anna@acme.test ben@acme.test")
@click.argument("name")
@click.argument("emails", nargs=-1, metavar="[E-MAIL]...")
@click.option("--at", "dates", type=DAY, multiple=True, metavar="DATE", help="As of a day; repeat.")
@click.option("--set", "sets", multiple=True, help="A permission set as a column.")
@click.option("--template", "templates", multiple=True, help="A named access level as a column.")
@click.option("--profile", "profiles", multiple=True, help="A profile of access.yaml as a column.")
@click.option("--all-rows", is_flag=True, help="Equal rows too.")
@json_option
def compare(
    name: str,
    emails: tuple[str, ...],
    dates: tuple[datetime, ...],
    sets: tuple[str, ...],
    templates: tuple[str, ...],
    profiles: tuple[str, ...],
    all_rows: bool,
    as_json: bool,
) -> None:
    """The access of any number of users, sets and dates side by side, equal rows hidden."""
    from rolecall.services.permissions.answers import Compared, compare_access
    from rolecall.services.permissions.shapes import comparison_shape

    days = tuple(one.date() for one in dates)
    asked = Compared(emails, sets, templates, profiles, days, all_rows)
    told = ask(lambda app, actor: compare_access(app, actor, name, asked))
    if as_json:
        print_json(comparison_shape(told))
        return
    found = told.comparison
    print_table(("", *found.titles), [(row.label, *row.cells) for row in found.rows])
    say(f"{len(found.rows)} rows, {found.equal_rows} are equal")
    for who, near in told.nearest.items():
        say(f"{who} is nearest to {near}")
    _tell_evidence(told.standpoint)


@click.command(epilog='Example: rolecall user why acme ben@acme.test "export contacts"')
@click.argument("name")
@click.argument("who", metavar="E-MAIL")
@click.argument("phrase")
@json_option
def why(name: str, who: str, phrase: str, as_json: bool) -> None:
    """Why a user can or cannot do something, and the smallest change that would let them."""
    from rolecall.services.permissions.answers import why_can
    from rolecall.services.permissions.shapes import why_shape

    told = ask(lambda app, actor: why_can(app, actor, name, who, phrase))
    if as_json:
        print_json(why_shape(told))
        return
    _show_why(told)
    _tell_evidence(told.standpoint)


def _show_why(told: WhyAnswer) -> None:
    from rolecall.services.permissions.shapes import WORDS

    found = told.why.answer
    level = "" if found.level == "on" else f" ({found.level})"
    tell(f"{WORDS[found.can]}: {found.email}, {found.permission.shown}{level}")
    tell(f"  because   {found.rule}")
    if found.reach:
        tell(f"  reach     {found.reach}")
    aged = f" ({found.age_days} days old)" if found.age_days else ""
    for source in found.evidence:
        tell(f"  evidence  {source}{aged}")
    for note in found.notes:
        tell(f"  note      {note}")
    if told.why.options:
        tell("What would give it, smallest first")
    for place, option in enumerate(told.why.options[:SHOWN], 1):
        _show_option(place, option)


def _show_option(place: int, one: Option) -> None:
    tell(f"  {place}. {one.label}{'' if one.by_api else ' (by hand)'}")
    for word, ids in (("also", one.also), ("loses", one.loses), ("needs", one.requires)):
        if ids:
            tell(f"     {word} {_few(ids, one.critical)}")
    for click_path in one.clicks:
        tell(f"     {click_path}")


def _few(ids: Iterable[str], critical: tuple[str, ...]) -> str:
    """The critical ones first, then some of the others."""
    listed = sorted(ids, key=lambda one: (one not in critical, one))
    named = [f"{one} (critical)" if one in critical else one for one in listed]
    more = f" and {len(named) - SHOWN} more" if len(named) > SHOWN else ""
    return ", ".join(named[:SHOWN]) + more


@click.command("who-can", epilog='Example: rolecall user who-can acme "delete contacts"')
@click.argument("name")
@click.argument("phrase")
@json_option
def who_can(name: str, phrase: str, as_json: bool) -> None:
    """Everybody who can do something, and apart from them everybody nobody knows of."""
    from rolecall.services.permissions.answers import who_can_do
    from rolecall.services.permissions.shapes import holders_shape

    told = ask(lambda app, actor: who_can_do(app, actor, name, phrase))
    if as_json:
        print_json(holders_shape(told))
        return
    found = told.holders
    rows = [(one.email, "yes", one.state.value) for one in found.surely]
    rows += [(one.email, "unknown", one.state.value) for one in found.maybe]
    print_table(("user", "can", "state"), rows)
    level = "" if found.level == "on" else f", at least {found.level}"
    say(f"{found.permission.shown}{level}: {len(found.surely)} can, {len(found.maybe)} unknown")
    _tell_evidence(told.standpoint)


@click.command(epilog="Example: rolecall user matrix acme --xlsx permissions.xlsx")
@click.argument("name")
@click.option("--csv", "csv_file", type=OUT, metavar="FILE", help="Write CSV; - for stdout.")
@click.option("--xlsx", "xlsx_file", type=OUT, metavar="FILE", help="Write a workbook.")
@click.option("--html", "html_file", type=OUT, metavar="FILE", help="Write a page.")
@click.option("--permission", "phrases", multiple=True, help="Only these columns; may repeat.")
@click.option("--at", type=DAY, metavar="DATE", help="As of the end of a day.")
@json_option
def matrix(
    name: str,
    csv_file: Path | None,
    xlsx_file: Path | None,
    html_file: Path | None,
    phrases: tuple[str, ...],
    at: datetime | None,
    as_json: bool,
) -> None:
    """Users x permissions; `?` is unknown, `own?` is at least own. No cell is a formula.

    Files and --json hold every permission; the table on the terminal the critical ones, unless
    --permission names others.
    """
    from rolecall.permissions.phrases import meant
    from rolecall.services.permissions.answers import standpoint_of
    from rolecall.services.permissions.matrix import WRITERS

    day = at.date() if at else None
    seen = ask(lambda app, actor: standpoint_of(app, actor, name, day))
    catalogue = seen.resolver.catalogue
    ids = tuple(meant(catalogue, one).permission.id for one in phrases) or None
    files = {"csv": csv_file, "xlsx": xlsx_file, "html": html_file}
    written = {kind: path for kind, path in files.items() if path and str(path) != "-"}
    for kind, path in written.items():
        WRITERS[kind](path, seen.resolver, seen.present, ids)
        say(f"wrote {path}")
    if csv_file is not None and "csv" not in written:
        _print_lines(seen, ids)
    elif as_json:
        _print_json(seen, ids)
    elif not written:
        ids = ids or tuple(one for one in catalogue.permissions if one in catalogue.critical)
        _print_matrix(seen, ids)
    say(f"{len(seen.present)} users, {len(ids or catalogue.permissions)} permissions")
    _tell_evidence(seen)


def _print_lines(seen: Standpoint, ids: tuple[str, ...] | None) -> None:
    from rolecall.permissions.matrix import csv_lines

    for line in csv_lines(seen.resolver, seen.present, ids):
        click.echo(line.removesuffix("\r\n"))


def _print_json(seen: Standpoint, ids: tuple[str, ...] | None) -> None:
    from rolecall.services.permissions.shapes import matrix_shapes

    print_json(matrix_shapes(seen, ids))


def _print_matrix(seen: Standpoint, ids: tuple[str, ...]) -> None:
    """Columns by number, so that twenty of them fit; the key below says which is which."""
    from rolecall.permissions.matrix import LEAD, rows

    table = rows(seen.resolver, seen.present, ids)
    cells = [(row[1], *row[LEAD : LEAD + len(ids)]) for row in table]
    print_table(("user", *map(str, range(1, len(ids) + 1))), cells)
    permissions = seen.resolver.catalogue.permissions
    for number, one in enumerate(ids, 1):
        tell(f"{number:>3}  {permissions[one].shown}  ({one})")


def _tell_evidence(seen: Standpoint) -> None:
    from rolecall.services.permissions.answers import age_of

    say(f"{age_of(seen)}; snapshot of {seen.snapshot.sealed_at:%Y-%m-%d %H:%M} UTC")
    if seen.newest is None:
        hint(f"what no API tells: `rolecall export import {seen.portal.name} users.csv`")
