"""Reads a condition from YAML nodes: the `when:` of rules and custom rules."""

from __future__ import annotations

from collections.abc import Collection

import yaml

from rolecall.policy.conditions import ALWAYS, TEXT_OPS, Condition, pattern_problem
from rolecall.policy.nodes import Nodes
from rolecall.policy.problems import did_you_mean

_GROUPS = ("all", "any", "not")
_VALUE_OPS = (*TEXT_OPS, "not", "any", "all", "missing")
OPEN_FIELDS = "attributes."  # a column of the people list by its header


def read_condition(
    nodes: Nodes, node: yaml.Node, where: str, known: Collection[str]
) -> Condition | None:
    """`everyone`, or a mapping of fields to values; all of its lines must hold."""
    if isinstance(node, yaml.ScalarNode) and node.value == "everyone":
        return ALWAYS
    pairs = nodes.pairs(node, where)
    if not pairs:
        if isinstance(node, yaml.MappingNode) or not isinstance(node, yaml.CollectionNode):
            nodes.problem(node, where, "is empty", "for everybody write: when: everyone")
        return None
    parts = [_line(nodes, key, key_node, value, where, known) for key, key_node, value in pairs]
    return _together("all", [part for part in parts if part])


def _together(op: str, parts: list[Condition]) -> Condition | None:
    if not parts:
        return None
    return parts[0] if len(parts) == 1 and op != "not" else Condition(op, parts=tuple(parts))


def _line(
    nodes: Nodes,
    key: str,
    key_node: yaml.Node,
    value: yaml.Node,
    where: str,
    known: Collection[str],
) -> Condition | None:
    here = f"{where}.{key}"
    if key in _GROUPS:
        children = value.value if isinstance(value, yaml.SequenceNode) else [value]
        found = [read_condition(nodes, child, here, known) for child in children]
        return _together(key, [part for part in found if part])
    if key not in known and not key.startswith(OPEN_FIELDS):
        hint = did_you_mean(key, known) or "a further column of the people list is attributes.NAME"
        nodes.problem(key_node, where, f"unknown field {key!r}", hint)
        return None
    return _value(nodes, key, value, here)


def _value(nodes: Nodes, field: str, node: yaml.Node, where: str) -> Condition | None:
    """What one field is compared with: text, a list (any of), or a mapping of operators."""
    if isinstance(node, yaml.MappingNode):
        ops = nodes.fields(node, where, _VALUE_OPS)
        parts = [_operator(nodes, field, op, value, f"{where}.{op}") for op, value in ops.items()]
        return _together("all", [part for part in parts if part])
    if not isinstance(node, yaml.SequenceNode):
        text = nodes.text(node, where)
        return Condition("equals", field, (text,)) if text else None
    return _list(nodes, field, node, where)


def _list(nodes: Nodes, field: str, node: yaml.SequenceNode, where: str) -> Condition | None:
    plain = [child for child in node.value if isinstance(child, yaml.ScalarNode)]
    other = [child for child in node.value if not isinstance(child, yaml.ScalarNode)]
    values = tuple(text for text in (nodes.text(child, where) for child in plain) if text)
    parts = [Condition("equals", field, values)] if values else []
    parts += [part for part in (_value(nodes, field, child, where) for child in other) if part]
    if not node.value:
        nodes.problem(node, where, "is an empty list")
    return _together("any", parts)


def _operator(nodes: Nodes, field: str, op: str, node: yaml.Node, where: str) -> Condition | None:
    if op == "missing":
        flag = nodes.flag(node, where)
        missing = Condition("missing", field)
        return missing if flag else Condition("not", parts=(missing,))
    if op in _GROUPS:
        children = node.value if isinstance(node, yaml.SequenceNode) and op != "not" else [node]
        found = [_value(nodes, field, child, where) for child in children]
        return _together(op, [part for part in found if part])
    values = nodes.items(node, where, nodes.text)
    for value in values if op == "matches" else ():
        if reason := pattern_problem(value):
            nodes.problem(node, where, f"pattern {value!r} {reason}")
            return None
    return Condition(op, field, values) if values else None
