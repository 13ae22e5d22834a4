"""Reads `catalogue:`, the profiles people may ask for and on what terms."""

from __future__ import annotations

from collections.abc import Mapping

import yaml

from rolecall.domain.request import StepKind
from rolecall.policy.condition_nodes import read_condition
from rolecall.policy.conditions import ALWAYS, Condition
from rolecall.policy.document import CatalogueTerms
from rolecall.policy.facts import PERSON_FIELDS
from rolecall.policy.nodes import Nodes, is_null
from rolecall.policy.people_nodes import looks_like_email
from rolecall.policy.problems import did_you_mean

CATALOGUE_KEYS = (
    "title", "description", "owner", "steps", "approvers", "max_days", "for_others", "privileged",
    "break_glass", "who", "auto_approve", "auto_deny",
)  # fmt: skip
_STEPS = tuple(kind.value for kind in StepKind)
UNLIMITED = "unlimited"


def read_catalogue(
    nodes: Nodes, node: yaml.Node | None, profiles: Mapping[str, object]
) -> dict[str, CatalogueTerms] | None:
    """The terms by profile; None where the file has no such section."""
    if node is None:
        return None
    found = {}
    for name, key, value in nodes.pairs(node, "catalogue"):
        where = f"catalogue.{name}"
        if name not in profiles:
            nodes.problem(key, where, "there is no such profile", did_you_mean(name, profiles))
        found[name] = _terms(nodes, name, value, where)
    return found


def _terms(nodes: Nodes, name: str, node: yaml.Node, where: str) -> CatalogueTerms:
    plain = CatalogueTerms(name, line=node.start_mark.line + 1)
    if is_null(node):
        return plain
    fields = nodes.fields(node, where, CATALOGUE_KEYS)
    terms = CatalogueTerms(
        profile=name,
        title=_text(nodes, fields, "title", where),
        description=_text(nodes, fields, "description", where),
        owner=_email(nodes, fields.get("owner"), f"{where}.owner") or "",
        steps=_steps(nodes, fields.get("steps"), f"{where}.steps") or plain.steps,
        approvers=_emails(nodes, fields.get("approvers"), f"{where}.approvers"),
        max_days=_days(nodes, fields.get("max_days"), f"{where}.max_days", plain.max_days),
        for_others=_flag(nodes, fields, "for_others", where, plain.for_others),
        privileged=_flag(nodes, fields, "privileged", where, plain.privileged),
        break_glass=_flag(nodes, fields, "break_glass", where, plain.break_glass),
        who=_condition(nodes, fields.get("who"), f"{where}.who") or ALWAYS,
        auto_approve=_condition(nodes, fields.get("auto_approve"), f"{where}.auto_approve"),
        auto_deny=_condition(nodes, fields.get("auto_deny"), f"{where}.auto_deny"),
        line=plain.line,
    )
    _check_terms(nodes, node, where, terms)
    return terms


def _check_terms(nodes: Nodes, node: yaml.Node, where: str, terms: CatalogueTerms) -> None:
    if StepKind.OWNER in terms.steps and not terms.owner:
        nodes.problem(node, where, "has a step for the owner, but no owner", "add owner: E-MAIL")
    if StepKind.NAMED in terms.steps and not terms.approvers:
        nodes.problem(node, where, "has a step for named approvers, but names none")
    if terms.privileged and terms.auto_approve:
        nodes.problem(node, where, "privileged access is never approved without a person")


def _text(nodes: Nodes, fields: Mapping[str, yaml.Node], key: str, where: str) -> str:
    return (nodes.text(fields[key], f"{where}.{key}") or "") if key in fields else ""


def _flag(nodes: Nodes, fields: Mapping[str, yaml.Node], key: str, where: str, plain: bool) -> bool:
    found = nodes.flag(fields[key], f"{where}.{key}") if key in fields else None
    return plain if found is None else found


def _steps(nodes: Nodes, node: yaml.Node | None, where: str) -> tuple[StepKind, ...]:
    if node is None:
        return ()
    words = nodes.items(node, where, lambda child, place: nodes.choice(child, place, _STEPS))
    return tuple(StepKind(word) for word in words)


def _days(nodes: Nodes, node: yaml.Node | None, where: str, plain: int | None) -> int | None:
    if node is None:
        return plain
    if isinstance(node, yaml.ScalarNode) and node.value == UNLIMITED:
        return None
    days = nodes.whole(node, where, 1)
    return plain if days is None else days


def _condition(nodes: Nodes, node: yaml.Node | None, where: str) -> Condition | None:
    return None if node is None else read_condition(nodes, node, where, PERSON_FIELDS)


def _emails(nodes: Nodes, node: yaml.Node | None, where: str) -> tuple[str, ...]:
    if node is None:
        return ()
    return nodes.items(node, where, lambda child, place: _email(nodes, child, place))


def _email(nodes: Nodes, node: yaml.Node | None, where: str) -> str | None:
    text = nodes.text(node, where) if node is not None else None
    if text and not looks_like_email(text.strip()):
        nodes.problem(node, where, f"{text!r} is not an e-mail address")  # type: ignore[arg-type]
        return None
    return text.strip() if text else None
