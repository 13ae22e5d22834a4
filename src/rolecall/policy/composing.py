"""Text to YAML nodes with their marks, safe against bombs; never builds Python objects."""

from __future__ import annotations

import re
from typing import Any

import yaml

from rolecall.policy.problems import PolicyProblems, Problem

MAX_CHARACTERS = 64 * 1024 * 1024
MAX_DEPTH = 60  # the C loader recurses per level and would crash the process far beyond this
MAX_NODES = 5_000_000  # after expanding aliases: ten lines of anchors can describe billions

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DEEPER = re.compile(r"[\[\]{}]")
_COMPACT = re.compile(r"^[ \t]*(?:[-?:][ \t]+){20,}", re.MULTILINE)
_INDENTED = re.compile(r"^ {120}", re.MULTILINE)


def compose(text: str) -> yaml.Node:
    """The root node of one YAML document; raises PolicyProblems with the place of the mistake."""
    text = text.removeprefix("\ufeff")
    if len(text) > MAX_CHARACTERS:
        raise PolicyProblems([Problem(0, 0, "", f"longer than {MAX_CHARACTERS} characters")])
    try:
        if _looks_deep(text):
            _refuse_deep(text)
        node = yaml.compose(text, Loader=_LOADER)
    except yaml.YAMLError as error:
        raise PolicyProblems([syntax_problem(error)]) from error
    if node is None:
        raise PolicyProblems([Problem(1, 1, "", "is empty", "start with: version: 1")])
    if "*" in text:
        _refuse_bomb(node)
    return node


def _looks_deep(text: str) -> bool:
    """Cheap look without parsing; brackets inside names may count too, so it only suspects."""
    depth = 0
    for match in _DEEPER.finditer(text):
        depth = depth + 1 if match.group() in "[{" else max(0, depth - 1)
        if depth > MAX_DEPTH:
            return True
    return bool(_COMPACT.search(text) or _INDENTED.search(text))


def _refuse_deep(text: str) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):  # iterative, unlike compose
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH:
            raise PolicyProblems([_at(event.start_mark, f"nested deeper than {MAX_DEPTH} levels")])


def _refuse_bomb(root: yaml.Node) -> None:
    if _size(root, {}, set()) > MAX_NODES:
        message = "anchors and aliases describe too much, or contain themselves"
        raise PolicyProblems([Problem(1, 1, "", message, "write the values out")])


def _size(node: yaml.Node, known: dict[int, int], open_nodes: set[int]) -> int:
    """Nodes after expanding aliases; a node inside itself counts as too many."""
    key = id(node)
    if key in known:
        return known[key]
    if key in open_nodes:
        return MAX_NODES + 1
    open_nodes.add(key)
    total = 1 + sum(_size(child, known, open_nodes) for child in _children(node))
    open_nodes.discard(key)
    known[key] = total
    return total


def _children(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [child for pair in node.value for child in pair]
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []


def syntax_problem(error: yaml.YAMLError) -> Problem:
    """What is no YAML, with its place where the reader told one."""
    mark = getattr(error, "problem_mark", None)
    said = [
        str(part) for part in (getattr(error, "context", ""), getattr(error, "problem", "")) if part
    ]
    message = ", ".join(said) or "is not YAML"
    hint = "indent with spaces, not tabs; put quotes around odd text" if "token" in message else ""
    if "special characters" in str(error) or isinstance(error, yaml.reader.ReaderError):
        message, hint = "has a character YAML does not allow", "save the file as UTF-8 text"
    return _at(mark, message, hint)


def _at(mark: Any, message: str, hint: str = "") -> Problem:
    line, column = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
    return Problem(line, column, "", message, hint)
