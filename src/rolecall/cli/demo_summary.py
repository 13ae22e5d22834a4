"""The demo's summary: who is there, what they hold, what is wrong and why, what to type next."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import TYPE_CHECKING

import click

from rolecall.cli.output import aligned

if TYPE_CHECKING:
    from rolecall.domain.finding import Finding
    from rolecall.services.findings.findings import FindingPage
    from rolecall.services.inventory.overview import Overview, SeatUse
    from rolecall.services.syncs.syncing import SyncReport

SHOWN_SETS = 8
SHOWN_SUBJECTS = 3
STATE_NOTES = {
    "invited": "estimated: no CRM record yet and no log-in",
    "deactivated": "cannot sign in, keeps records",
    "removed": "gone, proved by 404",
    "service": "apps, nobody signs in",
}


def summary_lines(report: SyncReport, overview: Overview, page: FindingPage) -> Iterator[str]:
    """Everything worth showing, as lines."""
    run = report.run
    tier = overview.portal.tier.value.capitalize()
    whole = "complete" if run.complete else "incomplete"
    yield ""
    yield _title(f"{overview.portal.name}: a HubSpot {tier} portal of {run.counts['users']} users")
    yield f"read with {run.requests} requests in {run.seconds:.1f} s; snapshot {whole}"
    yield from (f"missing: {gap}" for gap in overview.gaps)
    yield from _who(overview)
    yield from _what(overview)
    yield from _wrong([one.finding for one in page.findings])
    yield from _next(overview.portal.name, page)


def _who(overview: Overview) -> Iterator[str]:
    yield ""
    yield _title("Who is there")
    for state, count in overview.states:
        yield f"  {count:>4} {state.value:<12} {STATE_NOTES.get(state.value, '')}".rstrip()
    yield f"  {len(overview.super_admins):>4} Super Admins: {', '.join(overview.super_admins)}"
    yield f"  {overview.without_team:>4} in no team at all"


def _what(overview: Overview) -> Iterator[str]:
    yield ""
    yield _title("What they hold")
    yield "  Seats"
    yield from (f"    {_seat(seat)}" for seat in overview.seats)
    shown = overview.permission_sets[:SHOWN_SETS]
    if shown:
        more = len(overview.permission_sets) - len(shown)
        yield "  Permission sets" + (f" (the {len(shown)} most held; {more} more)" if more else "")
        yield from (f"    {count:>4} {name}" for name, count in shown)
        yield f"    {overview.without_set:>4} people have none: access ticked by hand, or nothing"
    if overview.teams:
        yield "  Teams (main members + extra members)"
    for team in overview.teams:
        extra = f" + {team.extra}" if team.extra else ""
        yield f"    {'  ' * team.depth}{team.name} {team.main}{extra}"


def _seat(seat: SeatUse) -> str:
    left = "" if seat.remaining is None else f", {seat.remaining} left"
    return f"{seat.held:>4} {seat.name}{left}"


def _wrong(findings: list[Finding]) -> Iterator[str]:
    yield ""
    severities = [one.severity for one in findings]
    counted = ", ".join(
        f"{severities.count(level)} {level.name.lower()}"
        for level in sorted(set(severities), reverse=True)
    )
    yield _title(f"What is wrong: {len(findings)} findings" + (f" ({counted})" if counted else ""))
    ordered = sorted(findings, key=lambda one: (-one.severity, one.rule))
    for (severity, rule), group in groupby(ordered, lambda one: (one.severity, one.rule)):
        yield from _rule(severity.name.lower(), rule, list(group))


def _rule(severity: str, rule: str, group: list[Finding]) -> Iterator[str]:
    """One rule: why it matters, whom it concerns, and how the first of them is mended."""
    yield ""
    yield f"  {_title(severity)}  {rule} ({len(group)})"
    yield f"    why: {group[0].why}"
    rows = [(one.subject, one.message) for one in group[:SHOWN_SUBJECTS]]
    yield from (f"    - {line}" for line in aligned(("", ""), rows)[2:])
    if len(group) > SHOWN_SUBJECTS:
        rest = [one.subject for one in group[SHOWN_SUBJECTS:]]
        yield f"    - and {len(rest)} more: {_names(rest)}"
    first = group[0]
    if first.evidence:
        yield f"    evidence: {first.evidence[0].fact} ({first.evidence[0].source})"
    if first.mend is not None:
        yield f"    mend: {first.mend.summary}"


def _names(subjects: Iterable[str]) -> str:
    shown = list(subjects)
    return ", ".join(shown[:6]) + (", ..." if len(shown) > 6 else "")


def _next(name: str, page: FindingPage) -> Iterator[str]:
    subject = next((one.finding.subject for one in page.findings if "@" in one.finding.subject), "")
    yield ""
    yield _title("What to type next")
    yield f"  rolecall finding list {name} --severity high --long"
    yield f"  rolecall user list {name} --no-team"
    yield f"  rolecall user list {name} --inactive-days 60 --columns email,seats,last_active --csv"
    if subject:
        yield f"  rolecall user show {name} {subject}"
    yield f"  rolecall portal check {name}"
    yield f"  rolecall sync {name} --json"


def _title(text: str) -> str:
    return text if os.environ.get("NO_COLOR") else click.style(text, bold=True)
