"""access.yaml text to a Policy; every mistake is told at once. Never looks at a portal."""

from __future__ import annotations

import yaml

from rolecall.kit.collector import collector_held
from rolecall.policy.catalogue_nodes import read_catalogue
from rolecall.policy.composing import compose
from rolecall.policy.document import (
    PROFILE_FIELDS,
    Grants,
    Mode,
    Policy,
    Section,
    TeamNode,
)
from rolecall.policy.grants_nodes import GRANT_KEYS, read_grants
from rolecall.policy.nodes import Nodes, is_null
from rolecall.policy.people_nodes import read_people
from rolecall.policy.problems import PolicyProblems, Problem, did_you_mean
from rolecall.policy.rules_nodes import read_custom_rules, read_exceptions, read_rules
from rolecall.policy.settings_nodes import (
    read_emails,
    read_guardrails,
    read_parking,
    read_prices,
    read_thresholds,
)

KEYS = (
    "version", "portal", "manage", "teams", "guardrails", "parking", "profiles", "rules", "people",
    "exceptions", "custom_rules", "thresholds", "allowed_super_admins", "extension_users", "prices",
    "profile_from", "catalogue",
)  # fmt: skip
VERSION = 1
_TEAM_DEPTH = 20


def parse_policy(text: str) -> Policy:
    """The policy a file describes; raises PolicyProblems with every mistake and its place."""
    policy, problems = read_policy(text)
    if problems:
        raise PolicyProblems(problems)
    return policy


@collector_held()
def read_policy(text: str) -> tuple[Policy, tuple[Problem, ...]]:
    """What can be read of a file, and every mistake in it; PolicyProblems where it is no YAML."""
    root = compose(text)
    nodes = Nodes()
    fields = nodes.fields(root, "", KEYS)
    _check_version(nodes, root, fields)
    policy = _read_sections(nodes, fields)
    _check_profiles(nodes, policy)
    return policy, tuple(nodes.problems)


def _check_version(nodes: Nodes, root: yaml.Node, fields: dict[str, yaml.Node]) -> None:
    node = fields.get("version")
    if node is None:
        nodes.problem(root, "", "has no version", "start with: version: 1")
    elif not isinstance(node, yaml.ScalarNode) or node.value != str(VERSION):
        nodes.problem(node, "version", f"must be {VERSION}; this Rolecall reads no other")


def _read_sections(nodes: Nodes, fields: dict[str, yaml.Node]) -> Policy:
    def section(key: str) -> yaml.Node | None:
        node = fields.get(key)
        return None if node is None or (is_null(node) and key != "teams") else node

    portal = nodes.text(fields["portal"], "portal") if section("portal") is not None else ""
    profiles = _profiles(nodes, section("profiles"))
    return Policy(
        version=VERSION,
        portal=portal or "",
        manage=_manage(nodes, section("manage")),
        teams=_teams(nodes, section("teams")),
        guardrails=read_guardrails(nodes, section("guardrails")),
        parking=read_parking(nodes, section("parking")),
        profiles=profiles,
        rules=read_rules(nodes, section("rules")),
        people=read_people(nodes, section("people")),
        exceptions=read_exceptions(nodes, section("exceptions")),
        custom_rules=read_custom_rules(nodes, section("custom_rules")),
        thresholds=read_thresholds(nodes, section("thresholds")),
        allowed_super_admins=read_emails(
            nodes, section("allowed_super_admins"), "allowed_super_admins"
        ),
        extension_users=read_emails(nodes, section("extension_users"), "extension_users"),
        prices=read_prices(nodes, section("prices")),
        profile_from=_profile_from(nodes, section("profile_from")),
        catalogue=read_catalogue(nodes, section("catalogue"), profiles),
    )


def _manage(nodes: Nodes, node: yaml.Node | None) -> dict[Section, Mode]:
    if node is None:
        return {}
    fields = nodes.fields(node, "manage", [section.value for section in Section])
    modes = [mode.value for mode in Mode]
    found = {
        Section(name): nodes.choice(value, f"manage.{name}", modes)
        for name, value in fields.items()
    }
    return {section: Mode(mode) for section, mode in found.items() if mode}


def _teams(nodes: Nodes, node: yaml.Node | None) -> tuple[TeamNode, ...] | None:
    return None if node is None else _team_children(nodes, node, "teams", 1)


def _team_children(nodes: Nodes, node: yaml.Node, where: str, depth: int) -> tuple[TeamNode, ...]:
    """Children as a mapping of names, or as a list where names repeat."""
    if depth > _TEAM_DEPTH:
        nodes.problem(node, where, f"teams are nested deeper than {_TEAM_DEPTH} levels")
        return ()
    if is_null(node):
        return ()
    if isinstance(node, yaml.SequenceNode):
        found = [_team_item(nodes, child, where, depth) for child in node.value]
        return tuple(team for team in found if team)
    return tuple(
        _team(key, None, nodes, key_node, value, f"{where}.{key}", depth)
        for key, key_node, value in nodes.pairs(node, where)
    )


def _team(
    name: str, ident: str | None, nodes: Nodes, at: yaml.Node, below: yaml.Node | None, where: str,
    depth: int,
) -> TeamNode:  # fmt: skip
    if not name.strip() and ident is None:
        nodes.problem(at, where, "a team needs a name")
    children = _team_children(nodes, below, where, depth + 1) if below is not None else ()
    return TeamNode(name, ident, children, at.start_mark.line + 1, at.start_mark.column + 1)


def _team_item(nodes: Nodes, node: yaml.Node, where: str, depth: int) -> TeamNode | None:
    if isinstance(node, yaml.ScalarNode):
        name = nodes.text(node, where)
        return _team(name, None, nodes, node, None, where, depth) if name else None
    fields = nodes.fields(node, where, ("name", "id", "teams"))
    name = nodes.text(fields["name"], f"{where}.name") if "name" in fields else None
    ident = nodes.text(fields["id"], f"{where}.id") if "id" in fields else None
    if "name" not in fields and ident is None:
        nodes.problem(node, where, "a team needs a name", "an id alone keeps the name it has")
        return None
    here = f"{where}.{name or ident}"
    return _team(name or "", ident, nodes, node, fields.get("teams"), here, depth)


def _profiles(nodes: Nodes, node: yaml.Node | None) -> dict[str, Grants]:
    if node is None:
        return {}
    return {
        name: read_grants(
            nodes, nodes.fields(value, f"profiles.{name}", (*GRANT_KEYS, "description")),
            f"profiles.{name}",
        )
        for name, _, value in nodes.pairs(node, "profiles")
    }  # fmt: skip


def _profile_from(nodes: Nodes, node: yaml.Node | None) -> dict[str, str]:
    if node is None:
        return {}
    fields = nodes.fields(node, "profile_from", list(PROFILE_FIELDS))
    found = {key: nodes.text(value, f"profile_from.{key}") for key, value in fields.items()}
    return {key: column for key, column in found.items() if column}


def _check_profiles(nodes: Nodes, policy: Policy) -> None:
    """Profiles named by rules and people must exist in the file."""
    named = [rule.profile for rule in policy.rules]
    named += [entry.profile for entry in policy.people.values()]
    for ref in named:
        if ref is not None and ref.name not in policy.profiles:
            message = f"there is no profile {ref.name!r}"
            hint = did_you_mean(ref.name, policy.profiles)
            nodes.problems.append(Problem(ref.line, ref.column, ref.where, message, hint))
