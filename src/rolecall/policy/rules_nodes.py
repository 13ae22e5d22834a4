"""Reads `rules:`, `exceptions:` and `custom_rules:`."""

from __future__ import annotations

from typing import TypeVar

import yaml

from rolecall.domain.finding import Severity
from rolecall.policy.condition_nodes import read_condition
from rolecall.policy.conditions import ALWAYS
from rolecall.policy.document import NO_GRANTS, CustomRule, PolicyException, Rule
from rolecall.policy.facts import EVIDENCE_FIELDS, PERSON_FIELDS, USER_FIELDS
from rolecall.policy.grants_nodes import GRANT_KEYS, read_grants
from rolecall.policy.nodes import Nodes
from rolecall.policy.people_nodes import read_profile

RULE_KEYS = ("name", "when", "profile", "description", *GRANT_KEYS)
EXCEPTION_KEYS = ("user", "finding", "until", "owner", "reason")
CUSTOM_RULE_KEYS = ("id", "when", "severity", "message", "why")
_SEVERITIES = tuple(severity.name.lower() for severity in Severity)

Found = TypeVar("Found")


def read_rules(nodes: Nodes, node: yaml.Node | None) -> tuple[Rule, ...]:
    """Birthright rules in the order written; names are unique, given or made from the place."""
    rules = () if node is None else nodes.items(node, "rules", lambda n, w: _rule(nodes, n, w))
    _refuse_twice(nodes, node, "rules", [rule.name for rule in rules])
    return rules


def _rule(nodes: Nodes, node: yaml.Node, where: str) -> Rule:
    fields = nodes.fields(node, where, RULE_KEYS)
    name = nodes.text(fields["name"], f"{where}.name") if "name" in fields else where
    condition = None
    if "when" in fields:
        condition = read_condition(nodes, fields["when"], f"{where}.when", PERSON_FIELDS)
    elif isinstance(node, yaml.MappingNode):
        nodes.problem(node, where, "has no when", "for everybody write: when: everyone")
    profile = read_profile(nodes, fields.get("profile"), f"{where}.profile")
    grants = read_grants(nodes, fields, where)
    if "profile" not in fields and grants is NO_GRANTS and "when" in fields:
        nodes.problem(node, where, "gives nothing", "name a profile, a permission_set, a seat ...")
    # A rule with a mistake stays in the list, so that the checks after it still see its names.
    return Rule(name or where, condition or ALWAYS, profile, grants, node.start_mark.line + 1)


def read_exceptions(nodes: Nodes, node: yaml.Node | None) -> tuple[PolicyException, ...]:
    """Leaves to break a rule; all five keys are needed, so that somebody answers for each."""
    if node is None:
        return ()
    return nodes.items(node, "exceptions", lambda n, w: _exception(nodes, n, w))


def _exception(nodes: Nodes, node: yaml.Node, where: str) -> PolicyException | None:
    fields = nodes.fields(node, where, EXCEPTION_KEYS)
    missing = [key for key in EXCEPTION_KEYS if key not in fields]
    if missing:
        if isinstance(node, yaml.MappingNode):
            nodes.problem(node, where, f"needs {', '.join(missing)}")
        return None
    texts = {
        key: nodes.text(fields[key], f"{where}.{key}") for key in EXCEPTION_KEYS if key != "until"
    }
    until = nodes.day(fields["until"], f"{where}.until")
    if until is None or not all(texts.values()):
        return None
    told = {key: value or "" for key, value in texts.items()}
    return PolicyException(**told, until=until, line=node.start_mark.line + 1)


def read_custom_rules(nodes: Nodes, node: yaml.Node | None) -> tuple[CustomRule, ...]:
    """Findings of one's own over users and their people."""
    if node is None:
        return ()
    rules = nodes.items(node, "custom_rules", lambda n, w: _custom_rule(nodes, n, w))
    _refuse_twice(nodes, node, "custom_rules", [rule.id for rule in rules])
    return rules


def _custom_rule(nodes: Nodes, node: yaml.Node, where: str) -> CustomRule | None:
    fields = nodes.fields(node, where, CUSTOM_RULE_KEYS)
    missing = [key for key in ("id", "when", "severity", "message") if key not in fields]
    if missing:
        if isinstance(node, yaml.MappingNode):
            nodes.problem(node, where, f"needs {', '.join(missing)}")
        return None
    known = (*PERSON_FIELDS, *USER_FIELDS, *EVIDENCE_FIELDS)
    condition = read_condition(nodes, fields["when"], f"{where}.when", known)
    severity = nodes.choice(fields["severity"], f"{where}.severity", _SEVERITIES)
    ident = nodes.text(fields["id"], f"{where}.id")
    message = nodes.text(fields["message"], f"{where}.message")
    why = nodes.text(fields["why"], f"{where}.why") if "why" in fields else ""
    if not (condition and severity and ident and message):
        return None
    line = node.start_mark.line + 1
    return CustomRule(ident, condition, Severity[severity.upper()], message, why or "", line)


def _refuse_twice(nodes: Nodes, node: yaml.Node | None, where: str, names: list[str]) -> None:
    if node is None or len(set(names)) == len(names):
        return
    for name in sorted({name for name in names if names.count(name) > 1}):
        nodes.problem(node, where, f"{name!r} is written twice")
