"""Birthright rules ready to run: which rules a person meets, many people a second."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from rolecall.domain.person import Person
from rolecall.policy.conditions import Fact, Test, compiled
from rolecall.policy.document import Rule
from rolecall.policy.facts import person_facts


@dataclass(slots=True)
class Rulebook:
    """Rules with their conditions compiled once.

    People who agree in every field the rules read meet the same rules, so answers are
    remembered by those fields: 50,000 people of 300 departments and countries cost 300 answers.
    """

    rules: tuple[Rule, ...]
    tests: tuple[Test, ...]
    fields: tuple[str, ...]
    _answers: dict[tuple[Fact | None, ...], tuple[int, ...]] = field(default_factory=dict)

    def met_by(self, person: Person) -> tuple[int, ...]:
        """Places of the rules this person meets, in the file's order."""
        facts = person_facts(person)
        key = tuple(facts.get(name) for name in self.fields)
        answer = self._answers.get(key)
        if answer is None:
            answer = self.ask(facts)
            self._answers[key] = answer
        return answer

    def ask(self, facts: Mapping[str, Fact]) -> tuple[int, ...]:
        """Places of the rules these facts meet, without remembering."""
        return tuple(place for place, test in enumerate(self.tests) if test(facts))


def rulebook(rules: Sequence[Rule]) -> Rulebook:
    """Rules compiled, with the fields they read."""
    read = sorted(frozenset[str]().union(*(rule.when.fields() for rule in rules)))
    return Rulebook(tuple(rules), tuple(compiled(rule.when) for rule in rules), tuple(read))
