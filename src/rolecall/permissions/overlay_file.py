"""Checks an operator's overlay of the catalogue before it is laid on: every mistake, with its place."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import yaml

from rolecall.domain.portal import Tier
from rolecall.kit.errors import Refused
from rolecall.permissions.catalogue import Kind, Sure
from rolecall.policy.composing import syntax_problem
from rolecall.policy.nodes import Nodes, is_null
from rolecall.policy.problems import Problem

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_KINDS = (Kind.SCOPE.value, Kind.TOGGLE.value)
_TIERS = tuple(one.value for one in Tier if one is not Tier.UNKNOWN)
_SURE = tuple(one.value for one in Sure)
ITEM_KEYS = (
    *("label", "kind", "actions", "critical", "tier", "seats", "requires", "sure", "source"),
    *("was", "tabs", "say", "assumed_actions"),
)
Check = Callable[[Nodes, yaml.Node, str], None]


class OverlayProblems(Refused):
    """An overlay cannot be used; `problems` holds every mistake found."""

    def __init__(self, where: str, problems: list[Problem]) -> None:
        self.problems = tuple(sorted(problems))
        count = len(problems)
        lines = [f"{where} has {count} {'problem' if count == 1 else 'problems'}"]
        for one in self.problems:
            lines.append(f"  {one.text}")
            lines += [f"    hint: {one.hint}"] if one.hint else []
        super().__init__("\n".join(lines))


def check_overlay(text: str, where: str) -> None:
    """Raise OverlayProblems unless every table of the overlay has the form of the shipped one."""
    try:
        node = yaml.compose(text, Loader=_LOADER)
    except yaml.YAMLError as error:
        raise OverlayProblems(where, [syntax_problem(error)]) from error
    if node is None:
        raise OverlayProblems(where, [Problem(1, 1, "", "the file is empty")])
    nodes = Nodes()
    fields = nodes.fields(node, "", tuple(_TABLES))
    for key, value in fields.items():
        _TABLES[key](nodes, value, key)
    if nodes.problems:
        raise OverlayProblems(where, nodes.problems)


def _item(nodes: Nodes, node: yaml.Node, where: str) -> None:
    fields = nodes.fields(node, where, ITEM_KEYS)
    if not isinstance(node, yaml.MappingNode):
        return
    if "label" not in fields:
        nodes.problem(node, where, "has no label", "as HubSpot's screens write it")
    if ("kind" in fields) == ("actions" in fields):
        nodes.problem(node, where, "needs either kind or actions", "kind: toggle, scope or levels")
    for key, read in _ITEM.items():
        if key in fields:
            read(nodes, fields[key], f"{where}.{key}")


def _kind(nodes: Nodes, node: yaml.Node, where: str) -> None:
    if isinstance(node, yaml.SequenceNode):
        if not node.value:
            nodes.problem(node, where, "needs one level at least, the lowest first")
        _texts(nodes, node, where)
    elif not isinstance(node, yaml.ScalarNode) or node.value not in _KINDS:
        nodes.problem(node, where, "must be scope, toggle, or a list of rising levels")


def _actions(nodes: Nodes, node: yaml.Node, where: str) -> None:
    for name, _, value in nodes.pairs(node, where):
        _kind(nodes, value, f"{where}.{name}")


def _critical(nodes: Nodes, node: yaml.Node, where: str) -> None:
    if isinstance(node, yaml.SequenceNode):
        _texts(nodes, node, where)
    else:
        nodes.flag(node, where)


def _text(nodes: Nodes, node: yaml.Node, where: str) -> None:
    nodes.text(node, where)


def _texts(nodes: Nodes, node: yaml.Node, where: str) -> None:
    nodes.items(node, where, nodes.text)


def _one_of(choices: tuple[str, ...]) -> Check:
    def check(nodes: Nodes, node: yaml.Node, where: str) -> None:
        nodes.choice(node, where, choices)

    return check


def _mapping(of: Check) -> Check:
    """Names to values of one form; a value that is null takes the shipped one away."""

    def check(nodes: Nodes, node: yaml.Node, where: str) -> None:
        for name, _, value in nodes.pairs(node, where):
            if not is_null(value):
                of(nodes, value, f"{where}.{name}")

    return check


def _record(checks: Mapping[str, Check], needed: tuple[str, ...] = ()) -> Check:
    def check(nodes: Nodes, node: yaml.Node, where: str) -> None:
        fields = nodes.fields(node, where, tuple(checks))
        missing = [key for key in needed if key not in fields]
        if missing and isinstance(node, yaml.MappingNode):
            nodes.problem(node, where, f"{', '.join(missing)} missing")
        for key, value in fields.items():
            checks[key](nodes, value, f"{where}.{key}")

    return check


def _list(of: Check) -> Check:
    def check(nodes: Nodes, node: yaml.Node, where: str) -> None:
        def read(child: yaml.Node, place: str) -> None:
            of(nodes, child, place)

        nodes.items(node, where, read)

    return check


def _flag(nodes: Nodes, node: yaml.Node, where: str) -> None:
    nodes.flag(node, where)


_ITEM: Mapping[str, Check] = {
    "label": _text,
    "kind": _kind,
    "actions": _actions,
    "critical": _critical,
    "tier": _one_of(_TIERS),
    "sure": _one_of(_SURE),
    "source": _text,
    **dict.fromkeys(("seats", "requires", "was", "tabs", "say", "assumed_actions"), _texts),
}
_RULE = _record({"match": _text, "as": _text, "sure": _one_of(_SURE)}, ("match", "as"))
_SEAT = _record(
    {"names": _texts, "family": _texts, "ceiling": _text, "paid": _flag}, ("names", "ceiling")
)
_TABLES: Mapping[str, Check] = {
    "version": _text,
    "sources": _mapping(_text),
    "categories": _mapping(_record({"label": _text, "also": _texts}, ("label",))),
    "items": _mapping(_item),
    "seats": _list(_SEAT),
    "ceilings": _mapping(_list(_RULE)),
    "templates": _mapping(_record({"source": _text, "grants": _mapping(_text)}, ("grants",))),
}
