"""`rolecall finding fix`: what would mend a finding, as a plan."""

from __future__ import annotations

import click

from rolecall.cli.output import json_option
from rolecall.cli.plan_output import apply_options, plan_and_apply
from rolecall.cli.running import ask


@click.command(epilog="Example: rolecall finding fix 8ecc1c8ca876 --apply")
@click.argument("finding_id", metavar="ID")
@click.option("--successor", default="", metavar="E-MAIL", help="Who takes records over.")
@click.option("--take", default="", metavar="PERMISSION", help="Of two, the one to take away.")
@apply_options
@json_option
def fix(
    finding_id: str,
    successor: str,
    take: str,
    apply_now: bool,
    yes: bool,
    reason: str,
    as_json: bool,
) -> None:
    """Turn a finding into a plan; what only a person can mend becomes a task with its clicks.

    ID is a finding's id or the end of it.
    """
    from rolecall.services.plans.fixing import fix_finding

    drafted = ask(lambda app, actor: fix_finding(app, actor, finding_id, successor, reason, take))
    plan_and_apply(drafted, apply_now=apply_now, yes=yes, as_json=as_json, reason=reason)
