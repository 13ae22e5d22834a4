"""`rolecall task`: what only a person can do in HubSpot's screens."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from rolecall.cli.output import hint, json_option, print_json, say, shown, tell
from rolecall.cli.running import ask

if TYPE_CHECKING:
    from rolecall.domain.plan import ManualTask


@click.group(epilog="Example: rolecall task list acme")
def task() -> None:
    """Manual tasks: where to click, until when, and what proves them done.

    A task closes itself when the next sync or the security feed shows that it was done.
    """


@task.command("list", epilog="Example: rolecall task list acme --all")
@click.argument("name", required=False, default="")
@click.option("--all", "everything", is_flag=True, help="Closed ones too.")
@json_option
def list_(name: str, everything: bool, as_json: bool) -> None:
    """Open tasks of one portal or of all, oldest first, with link and clicks."""
    from rolecall.services.plans.shapes import task_shape
    from rolecall.services.tasks import list_tasks

    state = None if everything else "open"
    found = ask(lambda app, actor: list_tasks(app, actor, name, state=state))
    if as_json:
        print_json([task_shape(one) for one in found])
        return
    for one in found:
        due = f", due {shown(one.due_at)[:10]}" if one.due_at and one.state == "open" else ""
        tell(f"{one.title}  [{one.id}] {one.state}{due}")
        tell(f"  {one.link}")
        for number, step in enumerate(one.clicks, 1):
            tell(f"  {number}. {step}")
        who = f"; here: {', '.join(one.doers[:5])}" if one.doers else ""
        tell(f"  needs {one.needs}{who}")
        tell(f"  {_closing(one)}")
    if not found:
        say("no open tasks")


def _closing(one: ManualTask) -> str:
    """What ends a task, beside somebody's word."""
    if not one.proof:
        return f"say when it is done: rolecall task done {one.id}"
    if "evidence" in one.proof.split():
        return "closes itself when a later users export or permission history shows it"
    if "finding" in one.proof.split():
        return "closes itself when the finding is gone"
    return "closes itself when a sync or the feed shows it"


@task.command(epilog="Example: rolecall task done 0198c1:0004")
@click.argument("task_id", metavar="ID")
@click.option("--drop", is_flag=True, help="It will not be done.")
@click.option("--reason", default="", help="Why; kept in the audit trail.")
@json_option
def done(task_id: str, drop: bool, reason: str, as_json: bool) -> None:
    """Close a task by hand; the receipt and the audit trail say who said so."""
    from rolecall.services.plans.shapes import task_shape
    from rolecall.services.tasks import done_task

    closed = ask(lambda app, actor: done_task(app, actor, task_id, reason, drop=drop))
    if as_json:
        print_json(task_shape(closed))
        return
    say(f"{closed.title}: {closed.state}")
    if closed.proof:
        hint("the next sync still looks whether the portal agrees: `rolecall access drift NAME`")
