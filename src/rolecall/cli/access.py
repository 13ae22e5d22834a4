"""`rolecall access`: access as code."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rolecall.cli.output import hint, json_option, print_json, print_table, say, shown, tell
from rolecall.cli.plan_output import print_plan, show_applied, show_drafted, watched
from rolecall.cli.progress import shown_progress
from rolecall.cli.running import ask

if TYPE_CHECKING:
    from rolecall.services.plans.drafting import Drafted
    from rolecall.services.plans.policies import Drift

FILE = click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path)
file_option = click.option("--file", "file", type=FILE, help="access.yaml; default: as in force.")
overwrite_option = click.option(
    "--overwrite-sets",
    multiple=True,
    metavar="E-MAIL",
    help="Whose several permission sets may be replaced by one.",
)


@click.group(epilog="Example: rolecall access plan acme --file access.yaml")
def access() -> None:
    """Access as code: the portal as a file, and the file as a plan.

    plan and drift exit with 2 when there is something to change, with 0 when there is nothing.
    """


@access.command(epilog="Example: rolecall access dump acme > access.yaml")
@click.argument("name")
@click.option("--profile", is_flag=True, help="With job title, phone, time zone, working hours.")
@json_option
def dump(name: str, profile: bool, as_json: bool) -> None:
    """The portal as access.yaml on stdout; planning this very file changes nothing."""
    from rolecall.services.plans.policies import dump_access
    from rolecall.services.shapes import text_shape

    text = ask(lambda app, actor: dump_access(app, actor, name, profile=profile))
    if as_json:
        print_json(text_shape(text))
        return
    click.echo(text, nl=False)


@access.command(epilog="Example: rolecall access plan acme --file access.yaml --markdown")
@click.argument("name")
@file_option
@overwrite_option
@click.option("--markdown", is_flag=True, help="For a comment on a pull request.")
@click.option("--reason", default="", help="Why; kept in the plan and the audit trail.")
@json_option
def plan(
    name: str,
    file: Path | None,
    overwrite_sets: tuple[str, ...],
    markdown: bool,
    reason: str,
    as_json: bool,
) -> None:
    """What would change, and which guardrail stops what; exits with 2 when something would."""
    drafted = _planned(name, file, overwrite_sets, reason)
    if markdown:
        from rolecall.plan.render import as_markdown
        from rolecall.plan.view import view

        click.echo(as_markdown(view(drafted.plan)), nl=False)
    else:
        show_drafted(drafted, as_json=as_json)
    if drafted.plan.changes:
        raise click.exceptions.Exit(2)


def _planned(name: str, file: Path | None, overwrite: tuple[str, ...], reason: str) -> Drafted:
    from rolecall.services.plans.policies import plan_access
    from rolecall.sync.ports import Step

    text = read_text(file)
    choices: Any = {"overwrite_sets": overwrite, "reason": reason}
    with shown_progress(quiet=True) as progress:
        progress(Step("planning", 0))  # of a large portal, for the better part of a minute
        return ask(lambda app, actor: plan_access(app, actor, name, text, **choices))


def read_text(file: Path | None) -> str | None:
    """The text of a file, or of stdin for -; None where no file is named."""
    if file is None:
        return None
    from rolecall.kit.errors import Refused

    try:
        if str(file) == "-":
            return sys.stdin.read()
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refused(f"{file} is not UTF-8 text", hint="save the file as UTF-8") from error


@access.command(epilog="Example: rolecall access apply acme --file access.yaml --yes")
@click.argument("name")
@file_option
@overwrite_option
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--reason", default="", help="Why; kept in the plan and the audit trail.")
@json_option
def apply(
    name: str,
    file: Path | None,
    overwrite_sets: tuple[str, ...],
    yes: bool,
    reason: str,
    as_json: bool,
) -> None:
    """Plan, approve as the operator, bring the file in force, apply, and wait for the end."""
    from rolecall.services.plans.policies import carry_out_access
    from rolecall.services.plans.shapes import access_applied_shape

    drafted = _planned(name, file, overwrite_sets, reason)
    if not as_json and drafted.plan.changes:
        print_plan(drafted.plan)
    if drafted.stored and not yes:
        question = f"Apply these {len(drafted.plan.changes)} changes?"
        click.confirm(question, abort=True, err=True)
    with watched(drafted.plan) as watching:
        done = ask(lambda app, actor: carry_out_access(app, actor, drafted, watching=watching))
    if as_json:
        print_json(access_applied_shape(done))
    elif done.applied is None:
        say(f"nothing to change; access.yaml {done.digest[:12]} is in force")
    if done.applied is not None and not as_json:
        show_applied(done.applied)


@access.command(epilog="Example: rolecall access drift acme --json")
@click.argument("name")
@json_option
def drift(name: str, as_json: bool) -> None:
    """What differs from the policy in force, and who changed it outside; exits with 2 if any."""
    from rolecall.services.plans.policies import drift as look
    from rolecall.services.plans.shapes import drift_shape

    found = ask(lambda app, actor: look(app, actor, name))
    if as_json:
        print_json(drift_shape(found))
    else:
        _show_drift(found)
    if found.lines:
        raise click.exceptions.Exit(2)


def _show_drift(found: Drift) -> None:
    from rolecall.services.plans.shapes import drift_line_shape

    lines = [drift_line_shape(one) for one in (*found.lines, *found.reported)]
    if lines:
        header = ("who", "what", "is", "should be", "changed by", "when", "seen as")
        keys = ("subject", "kind", "is", "should_be", "changed_by", "changed_at", "event")
        print_table(header, [[line[key] for key in keys] for line in lines])
    say(
        f"{len(found.lines)} differences from access.yaml {found.policy.digest[:12]},"
        f" in force since {shown(found.policy.at)} UTC; snapshot of {shown(found.as_of)} UTC"
    )
    if found.reported:
        say(f"{len(found.reported)} more in sections that are only reported")
    if found.lines:
        hint(f"bring it back: `rolecall access apply {found.portal.name}`")
    else:
        tell("no drift")
