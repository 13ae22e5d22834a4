"""What people may ask for: profiles of access.yaml on the terms of its catalogue, names as ids."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rolecall.domain.assignment import Slot
from rolecall.domain.person import Person
from rolecall.domain.request import CatalogueEntry
from rolecall.domain.snapshot import Snapshot
from rolecall.policy.conditions import Condition, compiled, shown
from rolecall.policy.document import CatalogueTerms, Grants, Policy
from rolecall.policy.facts import email_domain, person_facts
from rolecall.policy.names import Names, names_of


@dataclass(frozen=True, slots=True)
class Offer:
    """One catalogue entry with its conditions; `problems` are names the portal does not have."""

    entry: CatalogueEntry
    terms: CatalogueTerms
    problems: tuple[str, ...] = ()


def offers_of(policy: Policy, snapshot: Snapshot) -> tuple[Offer, ...]:
    """Every profile that can be asked for, in the file's order.

    Without a catalogue section every profile is on offer, on the plain terms.
    """
    terms = policy.catalogue
    if terms is None:
        terms = {name: CatalogueTerms(name) for name in policy.profiles}
    return tuple(
        _offer(one, policy.profiles[name], snapshot)
        for name, one in terms.items()
        if name in policy.profiles
    )


def _offer(terms: CatalogueTerms, grants: Grants, snapshot: Snapshot) -> Offer:
    names = names_of(snapshot)
    entry = CatalogueEntry(
        profile=terms.profile,
        title=terms.title or terms.profile,
        grants=_granted(grants, names),
        description=terms.description,
        owner=terms.owner,
        steps=terms.steps,
        named_approvers=terms.approvers,
        max_days=terms.max_days,
        for_others=terms.for_others,
        privileged=terms.privileged,
    )
    return Offer(entry, terms, tuple(problem.text for problem in names.problems))


def _granted(grants: Grants, names: Names) -> tuple[tuple[Slot, str], ...]:
    resolved = (
        (Slot.PERMISSION_SET, grants.permission_sets, names.permission_set),
        (Slot.SEAT, grants.seats, names.seat),
        (Slot.MAIN_TEAM, grants.main_team, names.team),
        (Slot.EXTRA_TEAM, grants.extra_teams, names.team),
    )
    found = []
    for slot, refs, resolve in resolved:
        values = [resolve(ref) for ref in refs or ()]
        found += [(slot, value) for value in values if value]
    return tuple(found)


def may_see(offer: Offer, requester: str, people: Mapping[str, Person]) -> bool:
    """Whether this requester may ask for it at all."""
    return compiled(offer.terms.who)(_facts(requester, people))


def answer_by_rule(offer: Offer, subject: str, people: Mapping[str, Person]) -> tuple[str, str]:
    """("denied" | "approved" | "", why) by the conditions over the subject; denial stands above."""
    facts = _facts(subject, people)
    for answer, condition in (
        ("denied", offer.terms.auto_deny),
        ("approved", offer.terms.auto_approve),
    ):
        if condition is not None and compiled(condition)(facts):
            return answer, _why(condition)
    return "", ""


def _why(condition: Condition) -> str:
    return f"by rule: {shown(condition)}"


def _facts(email: str, people: Mapping[str, Person]) -> Mapping[str, str | tuple[str, ...]]:
    """Facts of a person by case-folded e-mail; of a stranger the e-mail alone."""
    person = people.get(email.casefold())
    if person is not None:
        return person_facts(person)
    return {"email": email, "email_domain": email_domain(email)}
