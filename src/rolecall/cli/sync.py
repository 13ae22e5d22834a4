"""`rolecall sync`: read portals into a new snapshot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from rolecall.cli.output import hint, json_option, print_json, say, tell
from rolecall.cli.progress import nothing, shown_progress
from rolecall.cli.running import ask

if TYPE_CHECKING:
    from rolecall.kit.errors import RolecallError
    from rolecall.services.syncs.syncing import SyncReport


@click.command(epilog="Example: rolecall sync acme --json")
@click.argument("name", required=False)
@click.option("--full", is_flag=True, help="Start over: probe again, skip nothing, resume nothing.")
@click.option(
    "--accept-shrink",
    is_flag=True,
    help="Prove everybody gone who left the list, however many; once, and audited.",
)
@json_option
def sync(name: str | None, full: bool, accept_shrink: bool, as_json: bool) -> None:
    """Read a portal (or all of them) into a new snapshot; nothing is ever written to HubSpot.

    A sync that was killed goes on where it was. While another process syncs the same portal,
    this one waits and reports that run.
    """
    from rolecall.services.shapes import sync_shape
    from rolecall.services.syncs.syncing import sync_all, sync_portal

    if accept_shrink and name is None:
        raise click.UsageError("--accept-shrink needs the name of a portal")
    with shown_progress(quiet=as_json) as progress:
        failed: list[tuple[str, RolecallError]] = []
        choices: Any = {"full": full, "accept_shrink": accept_shrink}
        if progress is not nothing:  # what nobody watches need not be counted
            choices["progress"] = progress
        if name is not None:
            one = ask(lambda app, actor: sync_portal(app, actor, name, **choices))
            reports = [one]
        else:
            reports, failed = ask(lambda app, actor: sync_all(app, actor, **choices))
    if as_json:
        shapes = [sync_shape(report) for report in reports]
        print_json(shapes if name is None else shapes[0])
    else:
        for report in reports:
            show_report(report)
    for portal, error in failed:
        say(f"error: {portal}: {error.message}")
        if error.hint:
            hint(error.hint)
    if failed:
        raise click.exceptions.Exit(1)
    if not reports:
        hint("no portal yet: `rolecall portal add NAME`, or look around with `rolecall demo`")


def show_report(report: SyncReport) -> None:
    """What a sync found, in a few lines."""
    run, counts = report.run, report.run.counts
    held = f"{counts.get('users', 0)} users, {counts.get('permission_sets', 0)} permission sets"
    tell(f"{report.portal}: {held}, {counts.get('teams', 0)} teams")
    changed = "nothing changed" if not run.changes else f"{run.changes} changes"
    cost = f"{run.requests} requests, {run.seconds:.1f} s"
    whole = "complete" if run.complete else "INCOMPLETE, no removal can be planned from it"
    tell(f"  {changed}; {cost}; {whole}")
    if report.followed:
        say(f"  followed the run of {report.followed}")
    elif report.resumed:
        say("  continued a run that was stopped before")
    for gap in run.gaps:
        tell(f"  missing: {gap}")
    for note in report.notes:
        say(f"  note: {note}")
    if not run.complete and any("disappeared" in gap for gap in run.gaps):
        hint(f"if they really left: `rolecall sync {report.portal} --accept-shrink`")
