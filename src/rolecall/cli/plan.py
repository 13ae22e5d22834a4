"""`rolecall plan`: stored plans, from proposal to receipts and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from rolecall.cli.numbers import Number
from rolecall.cli.output import hint, json_option, print_json, print_table, say, shown, tell
from rolecall.cli.plan_output import (
    approve_and_apply,
    plan_and_apply,
    print_plan,
    print_receipts,
    show_applied,
    show_drafted,
    watched,
)
from rolecall.cli.running import ask

if TYPE_CHECKING:
    from rolecall.services.plans.plans import PlanCard

STATES = ("proposed", "approved", "applying", "paused", "done", "cancelled", "replaced")
reason_option = click.option("--reason", default="", help="Why; kept in the audit trail.")


@click.group(epilog="Example: rolecall plan list acme")
def plan() -> None:
    """Plans: list, show, approve, apply, pause, cancel, plan again, undo.

    ID is a plan's id, or the beginning of it as far as it is the only one.
    """


@plan.command("list", epilog="Example: rolecall plan list acme --state proposed")
@click.argument("name", required=False, default="")
@click.option("--state", type=click.Choice(STATES), multiple=True, help="Default: all.")
@json_option
def list_(name: str, state: tuple[str, ...], as_json: bool) -> None:
    """Plans of one portal or of all, newest first."""
    from rolecall.domain.plan import PlanState
    from rolecall.services.plans.plans import list_plans
    from rolecall.services.plans.shapes import plan_line_shape

    states = [PlanState(one) for one in state] or None
    found = ask(lambda app, actor: list_plans(app, actor, name, states))
    if as_json:
        print_json([plan_line_shape(one) for one in found])
        return
    header = ("id", "portal", "title", "changes", "state", "since", "note")
    rows = [
        (
            one.plan.id,
            one.plan.portal,
            one.plan.title,
            len(one.plan.changes),
            one.state.value if one.plan.applyable else f"{one.state.value}, stopped",
            one.state_at,
            one.message or (f"now {one.replaced_by}" if one.replaced_by else ""),
        )
        for one in found
    ]
    print_table(header, rows)


@plan.command(epilog="Example: rolecall plan show 0198c1")
@click.argument("plan_id", metavar="ID")
@click.option("--markdown", is_flag=True, help="For a comment on a pull request.")
@json_option
def show(plan_id: str, markdown: bool, as_json: bool) -> None:
    """One plan: every line, guardrails, approvals, receipts, and whether it is stale."""
    from rolecall.services.plans.plans import show_plan
    from rolecall.services.plans.shapes import card_shape

    card = ask(lambda app, actor: show_plan(app, actor, plan_id))
    if as_json:
        print_json(card_shape(card))
    elif markdown:
        from rolecall.plan.render import as_markdown
        from rolecall.plan.view import view

        click.echo(as_markdown(view(card.plan)), nl=False)
    else:
        _show(card)


def _show(card: PlanCard) -> None:
    stored = card.stored
    print_plan(card.plan)
    tell()
    tell(f"state: {stored.state.value} since {shown(stored.state_at)} UTC {stored.message}".strip())
    tell(f"proposed by {card.plan.created_by}: {card.plan.reason}")
    for one in card.approvals:
        tell(f"approved by {one.actor} {shown(one.at)} UTC: {one.reason}")
    if card.receipts:
        tell("receipts")
        print_receipts(card.plan, card.receipts)
    for why in dict.fromkeys((card.waiting or {}).values()):
        tell(f"waiting: {why}")
    for task in card.tasks:
        tell(f"task {task.id} ({task.state}): {task.title}")
    for reason in card.staleness:
        tell(f"stale: {reason.subject}: {reason.message}")
    if card.staleness:
        hint(f"plan again: `rolecall plan replan {card.plan.id}`")
    if stored.replaced_by:
        hint(f"it was replaced: `rolecall plan show {stored.replaced_by}`")


@plan.command(epilog="Example: rolecall plan approve 0198c1 --apply")
@click.argument("plan_id", metavar="ID")
@click.option("--digest", default="", help="Approve only if the plan still has this digest.")
@click.option("--apply", "apply_now", is_flag=True, help="Carry it out at once.")
@reason_option
@json_option
def approve(plan_id: str, digest: str, apply_now: bool, reason: str, as_json: bool) -> None:
    """Say yes to a plan, by its digest; refused when stale or stopped by a guardrail."""
    from rolecall.services.plans.plans import approve_plan, show_plan
    from rolecall.services.plans.shapes import plan_line_shape

    if apply_now:
        card = ask(lambda app, actor: show_plan(app, actor, plan_id))
        show_applied(approve_and_apply(card.plan, reason, digest), as_json=as_json)
        return
    stored = ask(lambda app, actor: approve_plan(app, actor, plan_id, digest=digest, reason=reason))
    if as_json:
        print_json(plan_line_shape(stored))
        return
    say(f"plan {stored.plan.id} is approved, digest {stored.plan.digest[:12]}")
    hint(f"carry it out: `rolecall plan apply {stored.plan.id}`")


@plan.command(epilog="Example: rolecall plan apply 0198c1")
@click.argument("plan_id", metavar="ID")
@click.option("--no-wait", is_flag=True, help="Come back instead of waiting for quota.")
@json_option
def apply(plan_id: str, no_wait: bool, as_json: bool) -> None:
    """Carry an approved plan out, or go on with one that was stopped; each change exactly once."""
    from rolecall.services.plans.applying import apply_plan
    from rolecall.services.plans.plans import show_plan

    card = ask(lambda app, actor: show_plan(app, actor, plan_id))
    with watched(card.plan) as watching:
        applied = ask(
            lambda app, actor: apply_plan(
                app, actor, card.plan.id, watching=watching, wait=not no_wait
            )
        )
    show_applied(applied, as_json=as_json)


@plan.command(epilog="Example: rolecall plan pause 0198c1 --reason 'wait for Ben'")
@click.argument("plan_id", metavar="ID")
@reason_option
@json_option
def pause(plan_id: str, reason: str, as_json: bool) -> None:
    """Stop a run after what is under way; `plan apply` goes on with it."""
    from rolecall.services.plans.applying import pause_plan

    stored = ask(lambda app, actor: pause_plan(app, actor, plan_id, reason or "paused by hand"))
    _tell_state(stored, as_json)
    hint(f"go on with `rolecall plan apply {stored.plan.id}`")


@plan.command(epilog="Example: rolecall plan cancel 0198c1")
@click.argument("plan_id", metavar="ID")
@reason_option
@json_option
def cancel(plan_id: str, reason: str, as_json: bool) -> None:
    """End a plan: nothing more is sent, what was sent is still looked at."""
    from rolecall.services.plans.plans import cancel

    stored = ask(lambda app, actor: cancel(app, actor, plan_id, reason or "cancelled by hand"))
    _tell_state(stored, as_json)


def _tell_state(stored: Any, as_json: bool) -> None:
    """How a plan stands after an act on it."""
    from rolecall.services.plans.shapes import plan_line_shape

    if as_json:
        print_json(plan_line_shape(stored))
        return
    say(f"plan {stored.plan.id} is {stored.state.value}")


@plan.command(epilog="Example: rolecall plan replan 0198c1")
@click.argument("plan_id", metavar="ID")
@json_option
def replan(plan_id: str, as_json: bool) -> None:
    """Make the plan again from what is there now; the old one is replaced."""
    from rolecall.services.plans.plans import replan

    drafted = ask(lambda app, actor: replan(app, actor, plan_id))
    show_drafted(drafted, as_json=as_json)


@plan.command(
    epilog="Example: rolecall plan override 0198c1 removal_brake --reason 'office closed'"
)
@click.argument("plan_id", metavar="ID")
@click.argument("guardrail")
@click.option("--reason", required=True, help="Why; kept in the audit trail.")
@click.option(
    "--hours", type=Number(), default=24.0, show_default=True, help="Until it expires unused."
)
@json_option
def override(plan_id: str, guardrail: str, reason: str, hours: float, as_json: bool) -> None:
    """Let this plan pass one guardrail, once; it is made again with the leave in it."""
    from rolecall.services.plans.plans import override_guardrail

    drafted = ask(
        lambda app, actor: override_guardrail(app, actor, plan_id, guardrail, reason, hours)
    )
    show_drafted(drafted, as_json=as_json)


@plan.command(epilog="Example: rolecall plan undo 0198c1 --apply")
@click.argument("plan_id", metavar="ID")
@click.option("--apply", "apply_now", is_flag=True, help="Approve and carry out the way back.")
@click.option("--yes", is_flag=True, help="Do not ask before applying.")
@reason_option
@json_option
def undo(plan_id: str, apply_now: bool, yes: bool, reason: str, as_json: bool) -> None:
    """A plan that takes back what a plan did, line by line as it was promised."""
    from rolecall.services.plans.plans import undo_plan

    drafted = ask(lambda app, actor: undo_plan(app, actor, plan_id, reason))
    plan_and_apply(drafted, apply_now=apply_now, yes=yes, as_json=as_json, reason=reason)


@plan.command(epilog="Example: rolecall plan records 0198c1 > rollback.csv")
@click.argument("plan_id", metavar="ID")
@json_option
def records(plan_id: str, as_json: bool) -> None:
    """The rollback file as CSV: every record a plan handed over, with its former owner.

    `plan undo` goes by the same rows; the file is for keeping, or for HubSpot's own import.
    """
    from rolecall.services.plans.rollback import rollback_file

    found = ask(lambda app, actor: rollback_file(app, actor, plan_id))
    rows = [
        {
            "type": one.object_type,
            "record_id": one.record_id,
            "property": one.property,
            "before": one.before,
            "after": one.after,
            "state": one.state,
            "at": one.settled_at,
        }
        for one in found
    ]
    if as_json:
        print_json(rows)
        return
    click.echo("type,record_id,property,before,after,state,at")
    for row in rows:  # ids, property names and times: nothing a spreadsheet could run
        click.echo(",".join("" if value is None else str(value) for value in row.values()))
