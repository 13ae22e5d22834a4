"""`rolecall user import`: a CSV with different access per row as one plan, resumable."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rolecall.cli.output import hint, json_option, print_json, print_table, say
from rolecall.cli.plan_output import apply_options, approve_and_apply, last_receipts, show_drafted
from rolecall.cli.running import ask
from rolecall.cli.user_changes import VERBS

if TYPE_CHECKING:
    from rolecall.domain.plan import Receipt
    from rolecall.services.plans.applying import Applied
    from rolecall.services.plans.drafting import Drafted

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
SHOWN = 50  # refused rows on a screen; the result file has them all


@click.command(
    "import",
    epilog="Example: rolecall user import acme joiners.csv --results joiners.results.csv --apply",
    help=f"Add, change, off-board or remove users from a CSV, as one plan.\n\n"
    "Every row gets a verdict before anything is sent; refused rows leave the others alone. "
    "Stopped half way, the same command with --resume goes on.\n\n"
    f"Columns: email, action, like, permission set, seat, main team, extra teams, ...\n\n{VERBS}",
)
@click.argument("name")
@click.argument("file", type=FILE)
@click.option("--results", type=click.Path(dir_okay=False, path_type=Path), help="Result per row.")
@click.option(
    "--map", "mapping", multiple=True, metavar="TITLE=COLUMN", help="What a column means."
)
@click.option("--resume", metavar="PLAN", help="Go on with the plan of an earlier import.")
@click.option(
    "--emit-hubspot-csv",
    "directory",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write joiners as files for HubSpot's own import, at most 100 each.",
)
@apply_options
@json_option
def import_(
    name: str,
    file: Path,
    results: Path | None,
    mapping: tuple[str, ...],
    resume: str | None,
    directory: Path | None,
    apply_now: bool,
    yes: bool,
    reason: str,
    as_json: bool,
) -> None:
    """Add users from a CSV."""
    drafted, receipts = _resumed(resume) if resume else (_proposed(name, file, reason, mapping), ())
    if not resume:
        _show(drafted, as_json=as_json, next_step=not apply_now)
    if directory is not None:
        _emit(drafted, directory)
    if apply_now and drafted.stored and not resume:
        if not yes:
            question = f"Apply these {len(drafted.plan.changes)} changes?"
            click.confirm(question, abort=True, err=True)
        receipts = _applied(approve_and_apply(drafted.plan, reason))
    path = results or (file.with_suffix(".results.csv") if receipts else None)
    if path is not None:
        _write(drafted, receipts, path)


def _proposed(name: str, file: Path, reason: str, mapping: tuple[str, ...]) -> Drafted:
    from rolecall.services.drafts.bulk import rows_of
    from rolecall.services.plans.drafting import propose

    told = dict(one.rpartition("=")[::2] for one in mapping)
    order = rows_of(file.read_bytes(), file.name, reason, told)
    return ask(lambda app, actor: propose(app, actor, name, order))


def _resumed(plan_id: str) -> tuple[Drafted, tuple[Receipt, ...]]:
    """The plan of an earlier import, carried on to its end."""
    from rolecall.services.plans.applying import apply_plan
    from rolecall.services.plans.drafting import stored_draft

    async def use(app: Any, actor: Any) -> tuple[Drafted, tuple[Receipt, ...]]:
        drafted = await stored_draft(app, actor, plan_id)
        applied = await apply_plan(app, actor, drafted.plan.id, wait=True)
        return drafted, _applied(applied)

    return ask(use)


def _applied(applied: Applied) -> tuple[Receipt, ...]:
    say(f"plan {applied.plan.id}: {applied.state.value}")
    if applied.message:
        say(f"waiting: {applied.message}")
        hint(f"go on later: `rolecall user import ... --resume {applied.plan.id}`")
    return last_receipts(applied.receipts)


def _show(drafted: Drafted, *, as_json: bool, next_step: bool) -> None:
    from rolecall.services.drafts.bulk import tally

    if as_json:
        from rolecall.services.plans.shapes import drafted_shape

        print_json(drafted_shape(drafted))
        return
    show_drafted(drafted, next_step=next_step)
    for title in drafted.unknown_headers:
        say(f"note: nobody knows what the column {title!r} means; it is left out")
    refused = [row for row in drafted.rows if row.verdict == "refused"]
    if refused:
        rows = [(row.line, row.email, row.message, row.hint) for row in refused[:SHOWN]]
        print_table(("line", "e-mail", "refused because", "way out"), rows)
    counts = ", ".join(f"{count} {verdict}" for verdict, count in tally(drafted.rows).items())
    say(f"rows: {counts or 'none'}")


def _emit(drafted: Drafted, directory: Path) -> None:
    from rolecall.plan.hubspot_import import import_files

    directory.mkdir(parents=True, exist_ok=True)
    files = import_files(drafted.plan)
    for one in files:
        (directory / one.name).write_text(one.text, encoding="utf-8")
        chosen = f", choose the set {one.permission_set!r} there" if one.permission_set else ""
        say(f"{directory / one.name}: {len(one.emails)} people{chosen}")
    if files:
        hint("Settings > Users & Teams > Create user > import a file")
    else:
        say("nobody is new, so there is nothing for HubSpot's import")


def _write(drafted: Drafted, receipts: tuple[Receipt, ...], path: Path) -> None:
    from rolecall.services.drafts.bulk import results, results_csv

    rows = results(drafted.rows, drafted.plan, receipts)
    path.write_text(results_csv(rows, drafted.plan.id), encoding="utf-8")
    say(f"results per row: {path}")
