"""The registry of rules: each is one question asked of a view, documented where it is written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from rolecall.domain.finding import Evidence, Finding, Mend, Severity
from rolecall.domain.snapshot import User
from rolecall.insights.view import View


@dataclass(frozen=True, slots=True)
class Observation:
    """What a rule saw at one subject; the rule adds its name, its why and its severity."""

    subject_kind: str
    subject_id: str
    subject: str
    message: str
    evidence: tuple[Evidence, ...] = ()
    mend: Mend | None = None
    related: tuple[str, ...] = ()
    severity: Severity | None = None  # None = the rule's own


Ask = Callable[[View], Iterator[Observation]]


@dataclass(frozen=True, slots=True)
class Rule:
    """One question: its stable id, how much it matters, why, and its paragraph in the docs."""

    id: str
    severity: Severity
    title: str
    why: str
    docs: str
    ask: Ask
    thresholds: tuple[str, ...] = ()
    alert: bool = False  # told at once, not only by the weekly digest


RULES: dict[str, Rule] = {}


def rule(
    rule_id: str,
    severity: Severity,
    *,
    title: str,
    why: str,
    docs: str,
    thresholds: tuple[str, ...] = (),
    alert: bool = False,
) -> Callable[[Ask], Ask]:
    """Register the decorated function as a rule; two rules of one id are an error."""

    def register(ask: Ask) -> Ask:
        if rule_id in RULES:
            raise ValueError(f"rule {rule_id} exists already")
        RULES[rule_id] = Rule(rule_id, severity, title, why, docs, ask, thresholds, alert)
        return ask

    return register


def of_user(
    user: User,
    message: str,
    *,
    evidence: tuple[Evidence, ...],
    mend: Mend | None = None,
    related: tuple[str, ...] = (),
    severity: Severity | None = None,
) -> Observation:
    """An observation about one user."""
    kind = "user"
    return Observation(kind, user.id, user.email, message, evidence, mend, related, severity)


def findings_of(one: Rule, view: View) -> Iterator[Finding]:
    """The findings of one rule."""
    for seen in one.ask(view):
        yield Finding(
            rule=one.id,
            severity=seen.severity or one.severity,
            subject_kind=seen.subject_kind,
            subject_id=seen.subject_id,
            subject=seen.subject,
            message=seen.message,
            why=one.why,
            evidence=seen.evidence,
            mend=seen.mend,
            related=seen.related,
        )
