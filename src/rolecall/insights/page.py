"""docs/findings.md as text, made from the registry; a house test keeps the file equal to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import Field, fields
from typing import Any

from rolecall.insights.evaluation import all_rules
from rolecall.insights.rules import Rule
from rolecall.policy.thresholds import Thresholds

_INTRO = """# Findings

Generated from the rules by `python scripts/findings_page.py`; do not edit by hand.

A finding is one rule about one user, team, set or the portal, with one reason and the change that
would mend it. `rolecall finding list NAME` shows them gravest first and exits 2 when there are
any; `rolecall finding fix ID` turns one into a plan: changes where HubSpot has an API, else a task
with its clicks that closes itself once a later look, a users export or the permission history shows
it done. Permissions are taken by another set where one keeps the rest, else toggle by toggle; of a
toxic pair `--take PERMISSION` chooses the one to take. Every finding names its evidence and the
age of it. What nothing tells is not claimed: without a source of last activity nobody is dormant.

An exception (`exceptions:` in access.yaml, with owner, reason and end) hides a finding until it
ends; what it hides can still be listed.
"""


def findings_page() -> str:
    """The whole page in Markdown."""
    return "\n".join([_INTRO, *_rules(), "## Thresholds", "", *_thresholds()])


def _rules() -> Iterator[str]:
    for one in all_rules():
        yield f"## `{one.id}`"
        yield ""
        yield f"**{one.title}** ({one.severity.name.lower()})"
        yield ""
        yield one.docs
        yield ""
        yield f"Why it matters: {one.why}"
        yield ""
        if one.alert:
            yield "Told at once (`finding.opened`)."
            yield ""
        yield from _limits(one)


def _limits(one: Rule) -> Iterator[str]:
    if one.thresholds:
        yield f"Thresholds: {', '.join(f'`{name}`' for name in one.thresholds)}"
        yield ""


def _thresholds() -> Iterator[str]:
    yield "| name | default | meaning |"
    yield "|---|---|---|"
    for one in fields(Thresholds):
        yield f"| `{one.name}` | {_default(one)} | {one.metadata['meaning']} |"
    yield ""


def _default(one: Field[Any]) -> str:
    if isinstance(one.default, tuple):
        return f"{', '.join(one.default[:4])} ... ({len(one.default)})"
    return str(one.default)
