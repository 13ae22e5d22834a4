"""Definitions of permission sets an admin signs off, as YAML; and the text to start one from.

permission_sets:
  Sales Rep:
    crm_objects.contacts.view: all
    crm_objects.contacts.edit: team+unassigned
    crm_tools.import: on
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import yaml

from rolecall.domain.snapshot import PermissionSet
from rolecall.kit.errors import Refused
from rolecall.permissions.catalogue import Catalogue
from rolecall.permissions.evidence import SetDefinition, attested_definition
from rolecall.permissions.levels import NONE
from rolecall.permissions.tokens import read_level
from rolecall.policy.composing import syntax_problem
from rolecall.policy.nodes import Nodes
from rolecall.policy.problems import Problem, did_you_mean

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class AttestationProblems(Refused):
    """The attested definitions cannot be used; `problems` holds every mistake found."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems))
        count = len(self.problems)
        lines = [f"the attested definitions have {count} {'problem' if count == 1 else 'problems'}"]
        lines += [f"  {one.text}{f' ({one.hint})' if one.hint else ''}" for one in self.problems]
        super().__init__("\n".join(lines))


def read_attestation(
    text: str,
    catalogue: Catalogue,
    sets: Iterable[PermissionSet],
    *,
    by: str,
    at: datetime,
) -> tuple[SetDefinition, ...]:
    """Every set of the file, as attested `by` somebody `at` a time; what is not listed is off.

    Sets are named by name or id. AttestationProblems names all mistakes with line and column.
    """
    try:
        node = yaml.compose(text, Loader=_LOADER)
    except yaml.YAMLError as error:
        raise AttestationProblems([syntax_problem(error)]) from error
    if node is None:
        raise AttestationProblems([Problem(1, 1, "", "the file is empty")])
    nodes = Nodes()
    fields = nodes.fields(node, "attestation", ("permission_sets",))
    found = []
    known = {name: one for one in sets for name in (one.name, one.id)}
    if "permission_sets" not in fields:
        nodes.problem(node, "attestation", "permission_sets is missing")
    else:
        for name, key, value in nodes.pairs(fields["permission_sets"], "permission_sets"):
            grants = _grants(nodes, catalogue, value, name)
            one = known.get(name)
            if one is None:
                nodes.problem(key, name, "no such permission set", did_you_mean(name, known))
            else:
                found.append(attested_definition(one.id, one.name, grants, by=by, at=at))
    if nodes.problems:
        raise AttestationProblems(nodes.problems)
    return tuple(found)


def _grants(nodes: Nodes, catalogue: Catalogue, node: yaml.Node, where: str) -> dict[str, str]:
    grants: dict[str, str] = {}
    for name, key, value in nodes.pairs(node, where):
        one = catalogue.permissions.get(name)
        if one is None:
            hint = did_you_mean(name, catalogue.permissions)
            nodes.problem(key, where, f"no permission {name!r} in the catalogue", hint)
            continue
        text = nodes.text(value, f"{where}.{name}")
        level = None if text is None else read_level(one, text)
        if level is None:
            nodes.problem(value, f"{where}.{name}", f"takes {', '.join(one.levels)}")
        elif level != NONE:
            grants[one.id] = level
    return grants


def attestation_text(catalogue: Catalogue, definitions: Iterable[SetDefinition]) -> str:
    """Definitions as known now, for an admin to correct and sign off; doubtful levels are marked."""
    lines = ["permission_sets:"]
    for definition in definitions:
        lines.append(f"  # {definition.ground} of {definition.as_of:%Y-%m-%d}")
        lines.append(f"  {_quoted(definition.name)}:")
        body = []
        for one in catalogue.permissions.values():
            held = definition.of(one.id)
            if held.high != NONE:
                doubt = "" if held.known else f"  # not sure, up to {held.high}"
                mark = "# " if held.low == NONE else ""
                body.append(f"    {mark}{one.id}: {_quoted(held.low or held.high)}{doubt}")
        lines += body if any("#" not in row[:6] for row in body) else [*body, "    {}"]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    dumped: str = yaml.safe_dump(text, default_flow_style=True, width=10_000, allow_unicode=True)
    return dumped.splitlines()[0]
