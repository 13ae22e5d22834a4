"""Reads the `people:` section: one entry per e-mail, compared case-folded, shown as written."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import yaml

from rolecall.policy.document import PersonEntry, Presence, Ref
from rolecall.policy.grants_nodes import GRANT_KEYS, read_grants
from rolecall.policy.nodes import Nodes

PERSON_KEYS = frozenset(
    {
        "profile", "super_admin", "deactivated", "state", "first_name", "last_name", "from",
        "until", "reason", "sponsor", "send_welcome_email", *GRANT_KEYS,
    }
)  # fmt: skip
_STATES = tuple(state.value for state in Presence)


def read_people(nodes: Nodes, node: yaml.Node | None) -> dict[str, PersonEntry]:
    """Entries by case-folded e-mail; the same e-mail in another case is a problem."""
    people: dict[str, PersonEntry] = {}
    if node is None:
        return people
    for email, key_node, value in nodes.pairs(node, "people"):
        key = email.strip().casefold()
        if not looks_like_email(key):
            nodes.problem(key_node, "people", f"{email!r} is not an e-mail address")
        elif key in people:
            first = people[key].line
            nodes.problem(key_node, "people", f"{email!r} is written twice, first on line {first}")
        else:
            people[key] = _entry(nodes, email.strip(), key_node, value)
    return people


def looks_like_email(text: str) -> bool:
    """Something before and after one @, without blanks; HubSpot checks the rest."""
    name, at, domain = text.rpartition("@")
    return bool(name and at and domain) and text.split() == [text]


def _entry(nodes: Nodes, email: str, key_node: yaml.Node, node: yaml.Node) -> PersonEntry:
    where = f"people.{email}"
    fields = nodes.fields(node, where, PERSON_KEYS)
    starts, until = _day(nodes, fields, where, "from"), _day(nodes, fields, where, "until")
    if starts and until and until < starts:
        nodes.problem(fields["until"], f"{where}.until", f"is before from ({starts})")
    return PersonEntry(
        email=email,
        profile=_profile(nodes, fields, where),
        grants=read_grants(nodes, fields, where),
        super_admin=bool(_flag(nodes, fields, where, "super_admin")),
        deactivated=_flag(nodes, fields, where, "deactivated"),
        presence=_presence(nodes, fields, where),
        first_name=_text(nodes, fields, where, "first_name"),
        last_name=_text(nodes, fields, where, "last_name"),
        starts=starts,
        until=until,
        reason=_text(nodes, fields, where, "reason"),
        sponsor=_text(nodes, fields, where, "sponsor"),
        send_welcome_email=bool(_flag(nodes, fields, where, "send_welcome_email")),
        line=key_node.start_mark.line + 1,
    )


def _profile(nodes: Nodes, fields: Mapping[str, yaml.Node], where: str) -> Ref | None:
    return read_profile(nodes, fields.get("profile"), f"{where}.profile")


def read_profile(nodes: Nodes, node: yaml.Node | None, where: str) -> Ref | None:
    """The profile a rule or person names, with its place."""
    name = nodes.text(node, where) if node is not None else None
    if node is None or name is None:
        return None
    return Ref(name, None, node.start_mark.line + 1, node.start_mark.column + 1, where)


def _presence(nodes: Nodes, fields: Mapping[str, yaml.Node], where: str) -> Presence:
    node = fields.get("state")
    word = nodes.choice(node, f"{where}.state", _STATES) if node is not None else None
    return Presence(word) if word else Presence.PRESENT


def _text(nodes: Nodes, fields: Mapping[str, yaml.Node], where: str, key: str) -> str:
    node = fields.get(key)
    return (nodes.text(node, f"{where}.{key}") or "") if node is not None else ""


def _flag(nodes: Nodes, fields: Mapping[str, yaml.Node], where: str, key: str) -> bool | None:
    node = fields.get(key)
    return nodes.flag(node, f"{where}.{key}") if node is not None else None


def _day(nodes: Nodes, fields: Mapping[str, yaml.Node], where: str, key: str) -> date | None:
    node = fields.get(key)
    return nodes.day(node, f"{where}.{key}") if node is not None else None
