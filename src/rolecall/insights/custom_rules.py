"""Findings of the operator's own rules: structured conditions from access.yaml over user facts."""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.domain.finding import Evidence, Finding, Mend
from rolecall.domain.snapshot import User
from rolecall.insights.view import View
from rolecall.permissions.levels import NONE
from rolecall.policy.conditions import Fact, compiled, shown
from rolecall.policy.document import CustomRule
from rolecall.policy.facts import person_facts, user_facts


def custom_findings(view: View) -> Iterator[Finding]:
    """One finding per custom rule and active user its condition holds for.

    Beside the fields of access.yaml a condition may read `permissions`: ids surely held, and
    `id=level` for each. A rule that asks for them finds nobody while nothing is known.
    """
    rules = [(one, compiled(one.when)) for one in view.facts.custom_rules]
    if not rules:
        return
    names = {
        "sets": {one.id: one.name for one in view.snapshot.permission_sets},
        "teams": {one.id: one.name for one in view.snapshot.teams},
    }
    people = {person.id: person_facts(person) for person in view.facts.people}
    for user in view.active:
        link = view.facts.links.get(user.id)
        person = people.get(link.person_id or "", {}) if link else {}
        facts: dict[str, Fact] = {**person, **user_facts(user, names)}
        facts.setdefault("job_title", user.profile.get("hs_job_title", ""))
        facts["permissions"] = _permissions(view, user)
        yield from (_finding(view, one, user) for one, test in rules if test(facts))


def _permissions(view: View, user: User) -> tuple[str, ...]:
    resolver = view.facts.access
    if resolver is None:
        return ()
    held = [(p, r.low) for p, r in resolver.access_of(user).levels.items() if r.low != NONE]
    return (*(p for p, _ in held), *(f"{p}={level}" for p, level in held))


def _finding(view: View, one: CustomRule, user: User) -> Finding:
    return Finding(
        rule=one.id,
        severity=one.severity,
        subject_kind="user",
        subject_id=user.id,
        subject=user.email,
        message=one.message,
        why=one.why or "A rule of this portal's own access.yaml.",
        evidence=(Evidence(shown(one.when), "access.yaml", view.snapshot.sealed_at),),
        mend=Mend("manual", f"Change what the rule {one.id} speaks of for {user.email}"),
    )
