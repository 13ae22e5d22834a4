"""All rules asked of one portal at one moment. Reads nothing itself and keeps nothing."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from rolecall.domain.finding import Finding
from rolecall.domain.snapshot import Snapshot
from rolecall.insights import (  # noqa: F401 - importing a module registers its rules
    combinations,
    contractors,
    dormant,
    duplicates,
    elevations,
    email_domains,
    foreign,
    never_came,
    out_of_place,
    outside,
    people,
    permission_sets,
    records,
    review_due,
    seats,
    service_users,
    shared_logins,
    super_admins,
    teams,
    two_factor,
    unknown_permissions,
)
from rolecall.insights.custom_rules import custom_findings
from rolecall.insights.exceptions import covered
from rolecall.insights.facts import Facts
from rolecall.insights.rules import RULES, Rule, findings_of
from rolecall.insights.view import view_of
from rolecall.policy.thresholds import Thresholds


def evaluate(
    snapshot: Snapshot, facts: Facts, thresholds: Thresholds, now: datetime
) -> tuple[Finding, ...]:
    """Every finding of this snapshot, gravest first, without those under a running exception.

    50,000 users take about a second. An incomplete snapshot yields findings about what it holds.
    """
    found = all_findings(snapshot, facts, thresholds, now)
    return tuple(one for one in found if not covered(one, facts.exceptions, now))


def excepted(
    snapshot: Snapshot, facts: Facts, thresholds: Thresholds, now: datetime
) -> tuple[Finding, ...]:
    """The findings hidden by a running exception, so a reviewer can see what was allowed."""
    found = all_findings(snapshot, facts, thresholds, now)
    return tuple(one for one in found if covered(one, facts.exceptions, now))


def all_findings(
    snapshot: Snapshot, facts: Facts, thresholds: Thresholds, now: datetime
) -> list[Finding]:
    """Every finding, exceptions not considered, gravest first, then by rule and subject."""
    view = view_of(snapshot, facts, thresholds, now)
    found = [finding for one in all_rules() for finding in findings_of(one, view)]
    found.extend(custom_findings(view))
    return sorted(found, key=lambda one: (-one.severity, one.rule, one.subject.casefold()))


def all_rules() -> Iterable[Rule]:
    """All rules, by id."""
    return [RULES[rule_id] for rule_id in sorted(RULES)]


def alerting() -> frozenset[str]:
    """Ids of the rules whose new findings are told at once."""
    return frozenset(one.id for one in RULES.values() if one.alert)
