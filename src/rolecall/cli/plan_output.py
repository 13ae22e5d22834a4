"""How commands show plans and receipts, ask before they act, and watch a run."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import click

from rolecall.cli.output import hint, print_json, say, shown, tell
from rolecall.cli.progress import shown_progress
from rolecall.cli.running import ask
from rolecall.kit.visible import on_one_line

if TYPE_CHECKING:
    from datetime import datetime

    from rolecall.domain.plan import Plan, Receipt
    from rolecall.plan.render import TextLine
    from rolecall.services.plans.applying import Applied, Watching
    from rolecall.services.plans.drafting import Drafted

Command = TypeVar("Command", bound=Callable[..., Any])
TOLD = ("batch", "batch_journaled", "batch_sent", "waiting")  # moments worth words beside the count
BAD = ("failed", "refused", "unknown", "skipped")
_COLOURS = ("green", "red", "yellow", "magenta")


def apply_options(command: Command) -> Command:
    """Adds --apply, --yes and --reason to a command that prints a plan."""
    options = (
        click.option("--apply", "apply_now", is_flag=True, help="Approve and carry out the plan."),
        click.option("--yes", is_flag=True, help="Do not ask before applying."),
        click.option("--reason", default="", help="Why; kept in the plan and the audit trail."),
    )
    for option in reversed(options):
        command = option(command)
    return command


def print_plan(plan: Plan) -> None:
    """A plan on stdout; colour only on a terminal and without NO_COLOR."""
    from rolecall.plan.render import as_text
    from rolecall.plan.view import view

    colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    for line in as_text(view(plan)):
        if colour:
            click.echo(_styled(line))
        else:
            tell("".join(span.text for span in line).rstrip())


def _styled(line: TextLine) -> str:
    return "".join(
        click.style(
            on_one_line(span.text),
            fg=span.style if span.style in _COLOURS else None,
            bold=span.style == "bold" or None,
            dim=span.style == "dim" or None,
        )
        for span in line
    )


def show_drafted(drafted: Drafted, *, as_json: bool = False, next_step: bool = True) -> None:
    """A proposal with its notes and, with `next_step`, what one does with it, as a hint."""
    if as_json:
        from rolecall.services.plans.shapes import drafted_shape

        print_json(drafted_shape(drafted))
        return
    if not drafted.plan.changes and not drafted.plan.reported:
        say("nothing to change")
    else:
        print_plan(drafted.plan)
    for note in drafted.notes:
        say(f"note: {note}")
    if drafted.stored and drafted.plan.applyable and next_step:
        hint(f"carry it out: `rolecall plan approve {drafted.plan.id} --apply`")


def plan_and_apply(
    drafted: Drafted, *, apply_now: bool, yes: bool, as_json: bool, reason: str = ""
) -> Applied | None:
    """Show a proposal and, where asked for, approve it and carry it out; leaves 1 on bad receipts."""
    if not (apply_now and drafted.stored):
        show_drafted(drafted, as_json=as_json)
        return None
    if not as_json:
        show_drafted(drafted, next_step=False)
    plan = drafted.plan
    if not yes:
        click.confirm(f"Apply these {len(plan.changes)} changes?", abort=True, err=True)
    applied = approve_and_apply(plan, reason)
    show_applied(applied, as_json=as_json)
    return applied


def approve_and_apply(plan: Plan, reason: str = "", digest: str = "") -> Applied:
    """Approve as this operator what was shown, carry out, and wait for the end."""
    from rolecall.services.plans.applying import apply_plan
    from rolecall.services.plans.plans import approve_plan

    with watched(plan) as watching:

        async def use(app: Any, actor: Any) -> Applied:
            await approve_plan(app, actor, plan.id, digest=digest or plan.digest, reason=reason)
            return await apply_plan(app, actor, plan.id, watching=watching, wait=True)

        return ask(use)


@contextmanager
def watched(plan: Plan) -> Iterator[Watching]:
    """Progress of a run on stderr: effects settled of all, and what is waited for."""
    from rolecall.plan.effects import effects_of
    from rolecall.services.plans.applying import Watching
    from rolecall.sync.ports import Step

    total = len(effects_of(plan))
    settled: set[str] = set()
    before = 0  # settled by runs that were cut off
    with shown_progress() as progress:

        def moment(seen: Any) -> None:
            nonlocal before
            if seen.name == "taken_up":
                before = seen.number
                settled.clear()
            elif seen.name == "settled":
                settled.add(seen.effect_id)
            count = before + len(settled)
            note = seen.message if seen.name in TOLD else ""
            progress(Step("applying", count, total, note, count == total))

        def waiting(holder: str) -> None:
            say(f"another run works in this portal ({holder}); waiting for it")

        def put_off(why: str, until: datetime) -> None:
            say(f"waiting until {shown(until)} UTC: {why}")
            hint("Ctrl-C leaves; a server, a worker or `rolecall plan apply` goes on with it")

        yield Watching(moment=moment, waiting=waiting, put_off=put_off)


def show_applied(applied: Applied, *, as_json: bool = False) -> None:
    """Receipts and how the run ended; exits with 1 when something was not done."""
    receipts = last_receipts(applied.receipts)
    bad = [one.outcome.value for one in receipts if one.outcome.value in BAD]
    if as_json:
        from rolecall.services.plans.shapes import applied_shape

        print_json(applied_shape(applied))
    else:
        # What went wrong comes last, where nobody has to look for it among hundreds of lines.
        print_receipts(applied.plan, sorted(receipts, key=lambda one: one.outcome.value in BAD))
        if bad:
            counts = ", ".join(f"{n} {word}" for word, n in sorted(Counter(bad).items()))
            say(f"not done: {counts} of {len(receipts)} lines")
        tell(f"plan {applied.plan.id}: {applied.state.value}, {applied.requests} requests")
        if applied.message:
            when = f", until {shown(applied.until)} UTC" if applied.until else ""
            say(f"waiting{when}: {applied.message}")
            hint(f"go on with `rolecall plan apply {applied.plan.id}`")
    if bad:
        raise click.exceptions.Exit(1)


def last_receipts(receipts: Iterable[Receipt]) -> tuple[Receipt, ...]:
    """The newest receipt of each change."""
    return tuple({one.change_id: one for one in receipts}.values())


def print_receipts(plan: Plan, receipts: Iterable[Receipt]) -> None:
    """One line per change: what happened, and when access takes effect."""
    changes = {change.id: change for change in plan.changes}
    logged_out = False
    for one in receipts:
        change = changes.get(one.change_id)
        subject = change.subject if change else one.change_id
        what = change.kind.value.replace("_", " ") if change else ""
        told = f"  ({one.message})" if one.message else ""
        tell(f"  {one.outcome.value:<8} {subject}: {what}{told}")
        logged_out = logged_out or one.effective_at is not None
    if logged_out:
        say(
            "stored now; effective within five minutes, after the user logs out of HubSpot and in again"
        )
