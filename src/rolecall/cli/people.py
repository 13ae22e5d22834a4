"""`rolecall people`: the humans behind users, from HR or CSV."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rolecall.cli.output import hint, json_option, print_json, print_table, say, tell
from rolecall.cli.running import ask

if TYPE_CHECKING:
    from rolecall.services.people.people import PeopleImport

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
SITUATIONS = ("linked", "unlinked", "unmatched", "disputed", "deleted")
SHOWN = 20


@click.group(epilog="Example: rolecall people import people.csv --map 'Cost centre=department'")
def people() -> None:
    """Who works here, from the source that knows: joiners, movers, leavers, and whose user is whose."""


@people.command("import", epilog="Example: rolecall people import people.csv --source workday")
@click.argument("file", type=FILE)
@click.option("--source", default="hr", show_default=True, help="Which list this is.")
@click.option(
    "--map", "mapping", multiple=True, metavar="HEADER=FIELD", help="What a column means."
)
@click.option("--accept-shrink", is_flag=True, help="Believe a list that lost half of its people.")
@click.option("--plan", "make_plans", is_flag=True, help="Propose what follows, per portal.")
@json_option
def import_(
    file: Path,
    source: str,
    mapping: tuple[str, ...],
    accept_shrink: bool,
    make_plans: bool,
    as_json: bool,
) -> None:
    """Take over a people list (CSV or workbook); nobody's access changes by this alone."""
    from rolecall.services.people.people import import_people

    told = dict(one.rpartition("=")[::2] for one in mapping)
    choices: Any = {"source": source, "mapping": told, "accept_shrink": accept_shrink}
    data = file.read_bytes()
    found = ask(lambda app, actor: import_people(app, actor, data, **choices))
    plans = _plans(found) if make_plans else []
    if as_json:
        from rolecall.services.people.shapes import import_shape

        print_json({**import_shape(found), "plans": plans})
        return
    _show(found)
    for plan_id in plans:
        hint(f"what follows: `rolecall plan show {plan_id}`")


def _plans(found: PeopleImport) -> list[str]:
    from rolecall.services.plans.lifecycle import plan_moves

    drafts = ask(lambda app, actor: plan_moves(app, actor, found.moves.emails()))
    return [one.plan.id for one in drafts]


def _show(found: PeopleImport) -> None:
    moves, reading = found.moves, found.reading
    tell(f"{len(reading.people)} people; columns {', '.join(sorted(reading.columns))}")
    rows = [("joiner", one.name, one.emails[0], "") for one in moves.joiners]
    rows += [
        ("mover", one.person.name, one.person.emails[0], _fields(one.fields))
        for one in moves.movers
    ]
    rows += [("leaver", one.name, one.emails[0], str(one.ends_on or "")) for one in moves.leavers]
    rows += [("returned", one.name, one.emails[0], "") for one in moves.returned]
    if rows:
        print_table(("", "who", "e-mail", "what"), rows[:SHOWN])
    if len(rows) > SHOWN:
        say(f"and {len(rows) - SHOWN} more")
    for name, counts in found.situations.items():
        told = ", ".join(f"{count} {situation}" for situation, count in sorted(counts.items()))
        tell(f"{name}: {told or 'nothing to correlate yet'}")
    for problem in reading.problems[:SHOWN]:
        say(f"line {problem.line}: {problem.message}")
    if found.missing:
        say(f"{found.missing} people of the list before are not on this one; they count as left")


def _fields(fields: tuple[tuple[str, str, str], ...]) -> str:
    return "; ".join(
        f"{name} {before or 'nothing'} -> {now or 'nothing'}" for name, before, now in fields
    )


@people.command("list", epilog="Example: rolecall people list acme --situation disputed")
@click.argument("name")
@click.option("--situation", type=click.Choice(SITUATIONS), help="Default: everybody.")
@json_option
def list_(name: str, situation: str | None, as_json: bool) -> None:
    """People with their users in a portal, and users who are nobody's."""
    from rolecall.domain.person import Situation
    from rolecall.services.people.people import list_people
    from rolecall.services.people.shapes import person_line_shape

    wanted = Situation(situation) if situation else None
    lines = [
        person_line_shape(one)
        for one in ask(lambda app, actor: list_people(app, actor, name, wanted))
    ]
    if as_json:
        print_json(lines)
        return
    keys = ("situation", "user", "name", "department", "manager", "starts_on", "ends_on", "reason")
    print_table(
        [key.replace("_", " ") for key in keys], [[one[key] for key in keys] for one in lines]
    )


@people.command(epilog="Example: rolecall people link acme ben.b@acme.test ben.brown@acme.test")
@click.argument("name")
@click.argument("user")
@click.argument("person", metavar="PERSON-E-MAIL")
@click.option("--reason", default="", help="Why; kept in the audit trail.")
@json_option
def link(name: str, user: str, person: str, reason: str, as_json: bool) -> None:
    """Confirm that a user belongs to a person, where e-mails do not tell."""
    from rolecall.services.people.people import link_person
    from rolecall.services.people.shapes import link_shape

    made = ask(lambda app, actor: link_person(app, actor, name, user, person, reason))
    if as_json:
        print_json(link_shape(made))
        return
    say(f"{user} belongs to {person} ({made.reason})")
