"""Does every user belong to somebody who still works here? Silent while no people are known."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from rolecall.domain.finding import Evidence, Mend, Severity
from rolecall.domain.person import Person, Situation
from rolecall.domain.snapshot import User
from rolecall.insights.rules import Observation, of_user, rule
from rolecall.insights.view import View


@rule(
    "person.left",
    Severity.CRITICAL,
    title="Leaver still has a user",
    why="Somebody who left the company can still sign in.",
    docs="Fires for an active user whose person the source of people marks as left, or whose last "
    "day is over.",
)
def leaver_with_user(view: View) -> Iterator[Observation]:
    """Active users whose person has left."""
    people = {person.id: person for person in view.facts.people}
    for user in view.active:
        link = view.facts.links.get(user.id)
        person = people.get(link.person_id) if link and link.person_id else None
        gone = link is not None and link.situation is Situation.DELETED
        if gone or (person is not None and _left(person, view.now)):
            yield _leaver(user, person)


@rule(
    "person.unmatched",
    Severity.MEDIUM,
    title="User without a person",
    why="Nobody knows who this is, so nobody will say when they leave.",
    docs="Fires for an active user that no person of the imported people belongs to. Silent until "
    "people were imported.",
)
def orphan_user(view: View) -> Iterator[Observation]:
    """Active users that belong to no known person."""
    if not view.facts.people:
        return
    for user in view.active:
        link = view.facts.links.get(user.id)
        if link is not None and link.situation is Situation.UNMATCHED:
            mend = Mend("manual", f"Link {user.email} to a person, or remove it")
            fact = Evidence(f"no person has {user.email}", "people")
            yield of_user(user, "belongs to no known person", evidence=(fact,), mend=mend)


def _left(person: Person, now: datetime) -> bool:
    return person.left or (person.ends_on is not None and person.ends_on < now.date())


def _leaver(user: User, person: Person | None) -> Observation:
    name = person.name if person else "the person"
    until = f", last day {person.ends_on}" if person and person.ends_on else ""
    fact = Evidence(f"{name} left{until}", person.source if person and person.source else "people")
    mend = Mend("park", f"Hand over the records of {user.email}, then park")
    return of_user(user, f"{name} left{until}", evidence=(fact,), mend=mend)
