"""`rolecall report`: saved reports, made now, written as a file, or mailed by date."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rolecall.cli.asking import ask_as_operator
from rolecall.cli.output import (
    hint,
    json_option,
    plain,
    print_csv,
    print_json,
    print_table,
    say,
    shown,
    tell,
)

if TYPE_CHECKING:
    from rolecall.domain.operator import SavedReport
    from rolecall.services.reporting.tables import Made

KINDS = ("users", "findings", "requests", "reviews")
EVERY = ("daily", "weekly", "monthly", "never")
FORMS = ("csv", "xlsx")
FILE = click.Path(dir_okay=False, writable=True, path_type=Path)


@click.group(epilog="Example: rolecall report run acme 'Idle for a quarter' --to idle.xlsx")
def report() -> None:
    """Saved reports, the same as on the console's page: columns over one kind of row, filtered.

    REPORT is an id, the end of one, or a title.
    """


@report.command("list", epilog="Example: rolecall report list acme")
@click.argument("name")
@json_option
def list_(name: str, as_json: bool) -> None:
    """The reports of a portal, by title."""
    from rolecall.services.reporting.reports import list_reports

    found = ask_as_operator(lambda app, who: list_reports(app, who, name))
    if as_json:
        from rolecall.services.reporting.shapes import report_shape

        print_json([report_shape(one) for one in found])
        return
    rows = [
        (one.id, one.title, one.kind, one.every or "-", one.recipients, one.next_at)
        for one in found
    ]
    head = ("ID", "TITLE", "ABOUT", "MAILED", "TO", "NEXT")
    print_table(head, rows, spare=("TO", "NEXT"), short=("ID",))
    if not found:
        hint(f"save one: rolecall report save {name} --title Idle --where idle=90")


@report.command(epilog="Example: rolecall report save acme --title Idle --where idle=90")
@click.argument("name")
@click.option("--title", required=True, help="What it is called.")
@click.option(
    "--kind",
    type=click.Choice(KINDS),
    default="users",
    show_default=True,
    help="What a row is about.",
)
@click.option("--column", "columns", multiple=True, help="One column; default the usual ones.")
@click.option("--where", "filters", multiple=True, metavar="FILTER=VALUE", help="Only these rows.")
@json_option
def save(
    name: str, title: str, kind: str, columns: tuple[str, ...], filters: tuple[str, ...],
    as_json: bool,
) -> None:  # fmt: skip
    """Keep a report for everybody who may look at the portal; stdout gets its id."""
    from rolecall.services.reporting.reports import Draft, save_report

    draft = Draft(title, kind, columns, dict(_pair(one) for one in filters))
    made = ask_as_operator(lambda app, who: save_report(app, who, name, draft))
    if as_json:
        from rolecall.services.reporting.shapes import report_shape

        print_json(report_shape(made))
        return
    tell(made.id)
    hint(f"make it: rolecall report run {name} {made.id[-8:]}")


@report.command(epilog="Example: rolecall report run acme Idle --to idle.xlsx")
@click.argument("name")
@click.argument("wanted", metavar="REPORT")
@click.option("--csv", "as_csv", is_flag=True, help="CSV instead of text.")
@click.option("--to", type=FILE, help="Write a file: .csv, .xlsx or .json by its name.")
@json_option
def run(name: str, wanted: str, as_csv: bool, to: Path | None, as_json: bool) -> None:
    """Make a report as of now; no cell of a file is ever a formula."""
    if to is not None and to.suffix not in (".csv", ".xlsx", ".json"):
        raise click.UsageError(f"{to.name} names no form: .csv, .xlsx or .json")
    saved, made, now = ask_as_operator(lambda app, who: _made(app, who, name, wanted))
    if to is not None:
        size = to.write_bytes(_file(saved, made, to.suffix, now))
        if as_json:
            print_json({"path": str(to), "bytes": size})
        else:
            tell(str(to))
        return
    if as_json:
        from rolecall.services.reporting.shapes import made_shape

        print_json(made_shape(saved, made))
        return
    (print_csv if as_csv else print_table)(made.table.header, made.table.rows)
    about = f"{len(made.table.rows)} rows of {saved.title}"
    say(f"{about}, read from HubSpot {shown(made.as_of)} UTC" if made.as_of else about)


@report.command(epilog="Example: rolecall report mail acme Idle --every weekly --to kim@acme.test")
@click.argument("name")
@click.argument("wanted", metavar="REPORT")
@click.option("--every", type=click.Choice(EVERY), required=True, help="never = no more.")
@click.option("--to", "recipients", multiple=True, help="E-mail of an operator who may look.")
@click.option(
    "--form", type=click.Choice(FORMS), default="csv", show_default=True, help="What is attached."
)
@json_option
def mail(
    name: str, wanted: str, every: str, recipients: tuple[str, ...], form: str, as_json: bool
) -> None:
    """Mail a report at 7 in the portal's morning: every day, on Mondays, on the first of a month."""
    from rolecall.services.reporting.reports import report_named, schedule_report

    often = "" if every == "never" else every

    async def use(app: Any, who: Any) -> SavedReport:
        found = await report_named(app, who, name, wanted)
        return await schedule_report(app, who, name, found.id, often, recipients, form)

    done = ask_as_operator(use)
    if as_json:
        from rolecall.services.reporting.shapes import report_shape

        print_json(report_shape(done))
        return
    if done.every:
        say(f"{done.title} goes {done.every} to {shown(done.recipients)}")
        say(f"next {shown(done.next_at)} UTC")
    else:
        say(f"{done.title} is mailed no more")


@report.command(epilog="Example: rolecall report remove acme Idle")
@click.argument("name")
@click.argument("wanted", metavar="REPORT")
@json_option
def remove(name: str, wanted: str, as_json: bool) -> None:
    """Forget a report; who made it may, or an admin."""
    from rolecall.services.reporting.reports import remove_report, report_named

    async def use(app: Any, who: Any) -> SavedReport:
        found = await report_named(app, who, name, wanted)
        await remove_report(app, who, name, found.id)
        return found

    gone = ask_as_operator(use)
    if as_json:
        print_json({"id": gone.id, "title": gone.title, "removed": True})
        return
    say(f"removed {gone.title}")


async def _made(app: Any, who: Any, name: str, wanted: str) -> tuple[SavedReport, Made, Any]:
    from rolecall.services.reporting.reports import report_named, run_report

    found = await report_named(app, who, name, wanted)
    return (*await run_report(app, who, name, found.id), app.clock.now())


def _file(saved: SavedReport, made: Made, suffix: str, now: Any) -> bytes:
    if suffix == ".json":
        import json

        from rolecall.services.reporting.shapes import made_shape

        text = json.dumps(made_shape(saved, made), ensure_ascii=False, indent=2, default=plain)
        return f"{text}\n".encode()
    from rolecall.services.reporting.reports import file_of

    return file_of(saved, made, suffix.removeprefix("."), now).data


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise click.UsageError(f"--where {text}: FILTER=VALUE is wanted, such as idle=90")
    return name.strip(), value.strip()
