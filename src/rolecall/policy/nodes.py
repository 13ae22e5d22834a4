"""Reads YAML nodes as the types a policy needs; collects every problem instead of stopping."""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from typing import TypeVar

import yaml

from rolecall.policy.problems import Problem, did_you_mean

Value = TypeVar("Value")
_NULL = "tag:yaml.org,2002:null"
_TAGS = frozenset(
    f"tag:yaml.org,2002:{name}"
    for name in ("str", "int", "float", "bool", "timestamp", "value", "merge")
)


def is_null(node: yaml.Node) -> bool:
    """An explicit nothing: an empty value, ~ or null."""
    return isinstance(node, yaml.ScalarNode) and node.tag == _NULL


@dataclass(slots=True)
class Nodes:
    """A reader that remembers every problem; each method answers None where it found one.

    Text is always the text as written: `NO` stays a country, `012` keeps its zero, whatever
    YAML 1.1 would make of it.
    """

    problems: list[Problem] = field(default_factory=list)

    def problem(self, node: yaml.Node, where: str, message: str, hint: str = "") -> None:
        """Note one mistake at the place of a node."""
        mark = node.start_mark
        self.problems.append(Problem(mark.line + 1, mark.column + 1, where, message, hint))

    def pairs(self, node: yaml.Node, where: str) -> list[tuple[str, yaml.Node, yaml.Node]]:
        """Key, key node and value node of a mapping; keys given twice are problems."""
        if is_null(node):
            return []
        if not isinstance(node, yaml.MappingNode):
            self.problem(node, where, "must be a mapping of keys to values")
            return []
        found: list[tuple[str, yaml.Node, yaml.Node]] = []
        seen: dict[str, int] = {}
        for key, value in node.value:
            name = self._key(key, where)
            if name is None:
                continue
            if name in seen:
                self.problem(key, where, f"{name!r} is written twice, first on line {seen[name]}")
                continue
            seen[name] = key.start_mark.line + 1
            found.append((name, key, value))
        return found

    def _key(self, key: yaml.Node, where: str) -> str | None:
        if not isinstance(key, yaml.ScalarNode):
            self.problem(key, where, "a key must be text")
            return None
        if key.tag == "tag:yaml.org,2002:merge":
            self.problem(key, where, "merge keys (<<) are not read", "write the values out")
            return None
        return str(key.value)

    def fields(self, node: yaml.Node, where: str, allowed: Collection[str]) -> dict[str, yaml.Node]:
        """Known keys of a mapping; every other key is a problem."""
        known: dict[str, yaml.Node] = {}
        for name, key, value in self.pairs(node, where):
            if name in allowed:
                known[name] = value
            else:
                hint = did_you_mean(name, allowed) or f"known here: {', '.join(sorted(allowed))}"
                self.problem(key, where, f"unknown key {name!r}", hint)
        return known

    def text(self, node: yaml.Node, where: str) -> str | None:
        """Text as written; nothing, lists and mappings are problems."""
        if not isinstance(node, yaml.ScalarNode) or is_null(node):
            self.problem(node, where, "must be text")
            return None
        if node.tag not in _TAGS:
            self.problem(node, where, f"has a tag that is not read: {node.tag}")
            return None
        if not node.value.strip():
            self.problem(node, where, "must not be empty")
            return None
        return str(node.value)

    def flag(self, node: yaml.Node, where: str) -> bool | None:
        """Exactly true or false, as YAML 1.2 has them."""
        if isinstance(node, yaml.ScalarNode) and node.value in ("true", "false"):
            return bool(node.value == "true")
        self.problem(node, where, "must be true or false")
        return None

    def whole(self, node: yaml.Node, where: str, least: int = 0) -> int | None:
        """A whole number of at least `least`."""
        if isinstance(node, yaml.ScalarNode) and node.value.isascii() and node.value.isdigit():
            number = int(node.value[:12])
            if number >= least:
                return number
        self.problem(node, where, f"must be a whole number, {least} or more")
        return None

    def day(self, node: yaml.Node, where: str) -> date | None:
        """A date as YYYY-MM-DD."""
        text = node.value if isinstance(node, yaml.ScalarNode) else ""
        if len(text) == 10:  # also ISO weeks and ordinals parse, and are not what people mean
            with suppress(ValueError):
                return date.fromisoformat(text)
        self.problem(node, where, "must be a date", "write it as 2027-03-31")
        return None

    def choice(self, node: yaml.Node, where: str, choices: Collection[str]) -> str | None:
        """One of the given words."""
        word = node.value if isinstance(node, yaml.ScalarNode) else None
        if word in choices:
            return str(word)
        hint = did_you_mean(str(word), choices) if isinstance(word, str) else ""
        self.problem(node, where, f"must be one of {', '.join(choices)}", hint)
        return None

    def items(
        self, node: yaml.Node, where: str, read: Callable[[yaml.Node, str], Value | None]
    ) -> tuple[Value, ...]:
        """A list, each item read by `read`; one single value counts as a list of one."""
        if is_null(node):
            return ()
        children = node.value if isinstance(node, yaml.SequenceNode) else [node]
        values = (read(child, f"{where}[{i}]") for i, child in enumerate(children, 1))
        return tuple(value for value in values if value is not None)
