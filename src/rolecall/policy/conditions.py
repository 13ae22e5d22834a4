"""Structured conditions (field: value, list, not, any, ...) compiled to closures; no language.

A condition is data, so it can be compared, stored and shown; `compiled` turns it into a test.
Text compares without case and outer spaces. Nothing here can run longer than its input allows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

Fact = str | tuple[str, ...]
Facts = Mapping[str, Fact]
Test = Callable[[Facts], bool]

TEXT_OPS = ("equals", "starts_with", "ends_with", "contains", "matches")
MAX_PATTERN = 200
MAX_MATCHED = 256  # characters of a value a pattern sees; with few repeats this bounds the time
MAX_REPEATS = 3
_REPEAT = re.compile(r"[*+]|\{\d*,?\d*\}")
_CLASS = re.compile(r"\[\^?\]?(?:\\.|[^\]\\])*\]|\\.")


@dataclass(frozen=True, slots=True)
class Condition:
    """One node of a condition tree.

    `op` is all, any, not, missing, always, or one of TEXT_OPS, which compare `field` with any of
    `values`.
    """

    op: str
    field: str = ""
    values: tuple[str, ...] = ()
    parts: tuple[Condition, ...] = ()

    def fields(self) -> frozenset[str]:
        """Every field the condition reads."""
        own = frozenset({self.field}) if self.field else frozenset()
        return own.union(*(part.fields() for part in self.parts))


ALWAYS = Condition("always")


def pattern_problem(pattern: str) -> str:
    """Why a pattern is refused, or the empty text; refused is what could run for long."""
    if len(pattern) > MAX_PATTERN:
        return f"is longer than {MAX_PATTERN} characters"
    bare = _CLASS.sub("x", pattern)
    if "(?" in bare:
        return "uses (?...), which is not read"
    if re.search(r"\\\d", pattern):
        return "refers back to a group, which is not read"
    if re.search(r"\)\s*(?:[*+?]|\{)", bare):
        return "repeats a group, which is not read"
    if len(_REPEAT.findall(bare)) > MAX_REPEATS:
        return f"repeats more than {MAX_REPEATS} times"
    try:
        re.compile(pattern)
    except re.error as error:
        return f"is not a pattern: {error}"
    return ""


def folded(value: str) -> str:
    """How texts are compared: without case and outer spaces."""
    return value.strip().casefold()


def compiled(condition: Condition) -> Test:
    """A closure that answers the condition for one set of facts."""
    match condition.op:
        case "always":
            return lambda _facts: True
        case "all":
            tests = tuple(compiled(part) for part in condition.parts)
            return lambda facts: all(test(facts) for test in tests)
        case "any":
            tests = tuple(compiled(part) for part in condition.parts)
            return lambda facts: any(test(facts) for test in tests)
        case "not":
            tests = tuple(compiled(part) for part in condition.parts)
            return lambda facts: not all(test(facts) for test in tests)
        case "missing":
            name = condition.field
            return lambda facts: not facts.get(name)
        case _:
            return _text_test(condition)


def _text_test(condition: Condition) -> Test:
    name, check = condition.field, _text_check(condition)

    def test(facts: Facts) -> bool:
        fact = facts.get(name)
        if not fact:
            return False
        if isinstance(fact, str):
            return check(folded(fact))
        return any(check(folded(one)) for one in fact)

    return test


def _text_check(condition: Condition) -> Callable[[str], bool]:
    values = tuple(folded(value) for value in condition.values)
    match condition.op:
        case "starts_with":
            return lambda text: text.startswith(values)
        case "ends_with":
            return lambda text: text.endswith(values)
        case "contains":
            return lambda text: any(value in text for value in values)
        case "matches":
            patterns = tuple(re.compile(value, re.IGNORECASE) for value in condition.values)
            return lambda text: any(p.fullmatch(text[:MAX_MATCHED]) for p in patterns)
        case _:
            wanted = frozenset(values)
            return lambda text: text in wanted


def shown(condition: Condition) -> str:
    """The condition as a sentence part, for reasons: 'department is Sales and country is DE'."""
    values = " or ".join(condition.values)
    match condition.op:
        case "always":
            return "everyone"
        case "all" | "any":
            glue = " and " if condition.op == "all" else " or "
            inner = glue.join(shown(part) for part in condition.parts)
            return f"({inner})" if condition.op == "any" and len(condition.parts) > 1 else inner
        case "not":
            return "not (" + " and ".join(shown(part) for part in condition.parts) + ")"
        case "missing":
            return f"{condition.field} is missing"
        case "equals":
            return f"{condition.field} is {values}"
        case op:
            return f"{condition.field} {op.replace('_', ' ')} {values}"
