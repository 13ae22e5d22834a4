"""Reads what profiles, rules and people share: sets, seats, teams and profile fields."""

from __future__ import annotations

import re
from collections.abc import Mapping
from zoneinfo import available_timezones

import yaml

from rolecall.policy.document import NO_GRANTS, PROFILE_FIELDS, Grants, Ref
from rolecall.policy.hours import to_hubspot
from rolecall.policy.nodes import Nodes, is_null

GRANT_KEYS = (
    "permission_set", "permission_sets", "seat", "seats", "main_team", "extra_teams",
    *PROFILE_FIELDS,
)  # fmt: skip
_ZONE = re.compile(r"[A-Za-z][A-Za-z0-9_+\-]*(?:/[A-Za-z0-9_+\-]+){0,2}")
_ZONES: set[str] = set()


def read_ref(nodes: Nodes, node: yaml.Node, where: str) -> Ref | None:
    """A name, or {name, id} where names repeat."""
    mark = node.start_mark
    if not isinstance(node, yaml.MappingNode):
        name = nodes.text(node, where)
        return Ref(name, None, mark.line + 1, mark.column + 1, where) if name else None
    parts = nodes.fields(node, where, ("name", "id"))
    name = nodes.text(parts["name"], f"{where}.name") if "name" in parts else None
    ident = nodes.text(parts["id"], f"{where}.id") if "id" in parts else None
    if name is None and ident is None:
        nodes.problem(node, where, "needs a name, an id, or both")
        return None
    return Ref(name or "", ident, mark.line + 1, mark.column + 1, where)


def read_grants(nodes: Nodes, fields: Mapping[str, yaml.Node], where: str) -> Grants:
    """The grants among the fields of one profile, rule or person."""
    if not any(key in fields for key in GRANT_KEYS):
        return NO_GRANTS
    return Grants(
        permission_sets=_one_or_many(nodes, fields, where, "permission_set"),
        seats=_one_or_many(nodes, fields, where, "seat"),
        main_team=_single(nodes, fields, where, "main_team"),
        extra_teams=_many(nodes, fields, where, "extra_teams"),
        fields=_profile_fields(nodes, fields, where),
    )


def _one_or_many(
    nodes: Nodes, fields: Mapping[str, yaml.Node], where: str, key: str
) -> tuple[Ref, ...] | None:
    many = f"{key}s"
    if key in fields and many in fields:
        nodes.problem(fields[many], where, f"has both {key} and {many}", "write one of them")
    return (
        _single(nodes, fields, where, key) if key in fields else _many(nodes, fields, where, many)
    )


def _single(
    nodes: Nodes, fields: Mapping[str, yaml.Node], where: str, key: str
) -> tuple[Ref, ...] | None:
    node = fields.get(key)
    if node is None:
        return None
    if is_null(node):
        return ()
    if isinstance(node, yaml.SequenceNode):
        hint = f"several are written as {key}s: [...]" if key != "main_team" else ""
        nodes.problem(node, f"{where}.{key}", "must be one name", hint)
        return None
    ref = read_ref(nodes, node, f"{where}.{key}")
    return (ref,) if ref else None


def _many(
    nodes: Nodes, fields: Mapping[str, yaml.Node], where: str, key: str
) -> tuple[Ref, ...] | None:
    node = fields.get(key)
    if node is None:
        return None
    here = f"{where}.{key}"
    return nodes.items(node, here, lambda child, place: read_ref(nodes, child, place))


def _profile_fields(nodes: Nodes, fields: Mapping[str, yaml.Node], where: str) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for key in PROFILE_FIELDS:
        if key not in fields:
            continue
        value = _profile_value(nodes, key, fields[key], f"{where}.{key}")
        if value is not None:
            found[key] = value
    return found


def _profile_value(nodes: Nodes, key: str, node: yaml.Node, where: str) -> str | None:
    if is_null(node):
        return ""
    if key == "working_hours":
        return _hours(nodes, node, where)
    value = nodes.text(node, where)
    if key == "time_zone" and value and not known_zone(value):
        nodes.problem(node, where, f"unknown time zone {value!r}", "write it as Europe/Berlin")
        return None
    return value


def _hours(nodes: Nodes, node: yaml.Node, where: str) -> str | None:
    lines = nodes.items(node, where, nodes.text)
    if len(lines) == 1 and lines[0].startswith("["):
        return lines[0]  # HubSpot's own JSON text, as dump writes what it cannot say in lines
    try:
        return to_hubspot(lines)
    except ValueError as error:
        nodes.problem(node, where, str(error))
        return None


def known_zone(name: str) -> bool:
    """HubSpot writes zones in lower case with underscores too, so case does not count."""
    if not _ZONES:
        _ZONES.update(zone.casefold() for zone in available_timezones())
    return bool(_ZONE.fullmatch(name)) and name.casefold() in _ZONES
