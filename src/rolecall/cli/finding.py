"""`rolecall finding`: what is wrong in a portal, why it matters, and what would mend it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from rolecall.cli.lazy import Entry, LazyGroup
from rolecall.cli.output import ago, hint, json_option, print_json, print_table, say, shown, tell
from rolecall.cli.running import ask

if TYPE_CHECKING:
    from rolecall.services.findings.findings import FindingPage

SEVERITIES = ("low", "medium", "high", "critical")
VERBS: dict[str, Entry] = {
    "list": Entry("rolecall.cli.finding:list_", "Open findings, gravest first; exit code 2 if any"),
    "fix": Entry("rolecall.cli.finding_fix:fix", "Turn a finding into a plan"),
}


@click.group(cls=LazyGroup, table=VERBS, epilog="Example: rolecall finding list acme")
def finding() -> None:
    """What is wrong in a portal, with evidence, and the change that would mend it."""


@click.command("list", epilog="Example: rolecall finding list acme --severity high --long")
@click.argument("name")
@click.option("--severity", type=click.Choice(SEVERITIES), help="At least this grave.")
@click.option("--rule", default="", help="A rule, or the start of its name.")
@click.option("--search", default="", help="Part of the subject or message.")
@click.option("--long", "in_full", is_flag=True, help="With reason, evidence and the way to mend.")
@json_option
def list_(
    name: str, severity: str | None, rule: str, search: str, in_full: bool, as_json: bool
) -> None:
    """Open findings, gravest first. Exits with 2 when there are any, 0 when there are none."""
    from rolecall.domain.finding import Severity
    from rolecall.kit.clock import SystemClock
    from rolecall.services.findings.findings import list_findings
    from rolecall.services.shapes import stored_finding_shape

    least = Severity[severity.upper()] if severity else None
    page = ask(
        lambda app, actor: list_findings(app, actor, name, rule=rule, severity=least, search=search)
    )
    if as_json:
        print_json([stored_finding_shape(one) for one in page.findings])
    elif in_full:
        _print_long(page)
    else:
        rows = [
            (f.severity.name.lower(), f.subject, f.message, f.rule, one.first_seen.date(), one.id)
            for one in page.findings
            for f in (one.finding,)
        ]
        header = ("severity", "subject", "finding", "rule", "since", "id")
        print_table(header, rows, spare=("since", "rule"), short=("id",))
    count = len(page.findings)
    age = ago(page.as_of, SystemClock().now())
    say(f"{count} finding{'' if count == 1 else 's'}; snapshot of {shown(page.as_of)} UTC ({age})")
    if not page.complete:
        hint(f"the snapshot is incomplete: {'; '.join(page.gaps)}")
    if page.findings:
        raise click.exceptions.Exit(2)


def _print_long(page: FindingPage) -> None:
    for one in page.findings:
        found = one.finding
        tell(f"{found.severity.name.lower():<8} {found.subject}: {found.message}")
        tell(f"  rule      {found.rule}, open since {shown(one.first_seen)} UTC, id {one.id}")
        tell(f"  why       {found.why}")
        for fact in found.evidence:
            tell(f"  evidence  {fact.fact} ({fact.source})")
        if found.mend:
            tell(f"  mend      {found.mend.summary}")
        tell()
