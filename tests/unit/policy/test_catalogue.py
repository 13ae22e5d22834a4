"""The catalogue section of access.yaml: read with every mistake told, offered with ids."""

from __future__ import annotations

import pytest

from rolecall.domain.assignment import Slot
from rolecall.domain.request import StepKind
from rolecall.policy.offers import answer_by_rule, offers_of
from rolecall.policy.parse import parse_policy
from rolecall.policy.problems import PolicyProblems
from tests.support.governed import PEOPLE, POLICY, a_snapshot

HEAD = "version: 1\nprofiles:\n  rep: {permission_set: Sales Rep}\n"


def test_terms_are_read_and_names_resolved() -> None:
    """Profiles come in the file's order, with ids where the portal knows the names."""
    offers = {one.entry.profile: one for one in offers_of(parse_policy(POLICY), a_snapshot())}
    rep = offers["sales-rep"].entry

    assert ["sales-rep", "exporter", "desk", "gone"] == list(offers)
    assert (StepKind.MANAGER, StepKind.OWNER) == rep.steps
    assert (Slot.PERMISSION_SET, "s1") in rep.grants
    assert offers["desk"].entry.max_days is None


def test_without_a_section_every_profile_is_on_offer() -> None:
    """Plain terms: the manager approves, ninety days."""
    (offer,) = offers_of(parse_policy(HEAD), a_snapshot())

    assert ((StepKind.MANAGER,), 90) == (offer.entry.steps, offer.entry.max_days)


def test_names_the_portal_lacks_are_told() -> None:
    """An offer that cannot be given says so instead of being hidden."""
    text = "version: 1\nprofiles: {x: {permission_set: Salse Rep}}\n"
    (offer,) = offers_of(parse_policy(text), a_snapshot())

    assert "there is no permission set" in offer.problems[0]


def test_denial_stands_above_approval() -> None:
    """A contractor in Sales is denied, whatever else would approve."""
    desk = next(
        one for one in offers_of(parse_policy(POLICY), a_snapshot()) if one.entry.profile == "desk"
    )
    people = {email: person for person in PEOPLE for email in person.emails}

    assert "denied" == answer_by_rule(desk, "CAS@acme.test", people)[0]
    assert "approved" == answer_by_rule(desk, "ana@acme.test", people)[0]
    assert ("", "") == answer_by_rule(desk, "stranger@acme.test", people)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("repp: {}", "there is no such profile"),
        ("rep: {steps: [owner]}", "has a step for the owner, but no owner"),
        ("rep: {steps: [named]}", "names none"),
        ("rep: {steps: [boss]}", "must be one of manager, owner, named, admin"),
        ("rep: {max_days: 0}", "must be a whole number, 1 or more"),
        ("rep: {privileged: true, auto_approve: {department: IT}}", "never approved without"),
        ("rep: {owner: nobody}", "is not an e-mail address"),
        ("rep: {who: {departement: IT}}", "unknown field 'departement'"),
        ("rep: {tittle: x}", "unknown key 'tittle'"),
    ],
)
def test_mistakes_are_told_with_their_place(line: str, says: str) -> None:
    """Line and column of every mistake."""
    with pytest.raises(PolicyProblems, match=says) as caught:
        parse_policy(f"{HEAD}catalogue:\n  {line}\n")

    assert "line 5" in caught.value.message
