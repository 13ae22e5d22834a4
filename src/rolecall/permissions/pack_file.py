"""Reads a pack's YAML; every mistake is told at once, with line and column. Opens no file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar

import yaml

from rolecall.kit.errors import Refused
from rolecall.permissions.catalogue import Catalogue, Kind, Permission
from rolecall.permissions.catalogue_file import cycles
from rolecall.permissions.levels import SCOPES
from rolecall.permissions.pack import Need, Pack, PackSource, Requirement, Step, When
from rolecall.policy.composing import syntax_problem
from rolecall.policy.nodes import Nodes
from rolecall.policy.problems import Problem, did_you_mean

Value = TypeVar("Value")

_KEYS = (
    *("pack", "name", "vendor", "version", "source", "applies_to", "requires", "seat", "scopes"),
    *("app_ids", "forbids", "implies", "upper_bound", "setup_only", "steps", "troubleshooting"),
    "notes",
)
_LINE_KEYS = (
    *("id", "title", "permission", "at_least", "unassigned", "any_of", "when", "clicks"),
    *("formerly", "note", "interpretation", "setup_only"),
)
_NEED_KEYS = ("permission", "at_least", "unassigned")
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class PackProblems(Refused):
    """The pack cannot be used; `problems` holds every mistake found."""

    def __init__(self, where: str, problems: list[Problem]) -> None:
        self.problems = tuple(sorted(problems))
        count = len(problems)
        head = f"the pack {where} has {count} {'problem' if count == 1 else 'problems'}"
        lines = [head]
        for problem in self.problems:
            lines.append(f"  {problem.text}")
            if problem.hint:
                lines.append(f"    hint: {problem.hint}")
        super().__init__("\n".join(lines))


class _Reader:
    """One pack being read."""

    __slots__ = ("catalogue", "lines", "nodes")

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.nodes = Nodes()
        self.lines: dict[str, yaml.Node] = {}


def read_pack(text: str, catalogue: Catalogue, where: str = "") -> Pack:
    """The pack in this text; PackProblems names every mistake with its place.

    Unknown permissions and levels, doubled lines, alternatives that contradict the rest of the
    pack and cycles of implications are mistakes.
    """
    try:
        node = yaml.compose(text, Loader=_LOADER)
    except yaml.YAMLError as error:
        raise PackProblems(where, [syntax_problem(error)]) from error
    if node is None:
        raise PackProblems(where, [Problem(1, 1, "", "the file is empty")])
    reader = _Reader(catalogue)
    pack = _pack(reader, node)
    _contradictions(reader, node, pack)
    if reader.nodes.problems:
        raise PackProblems(where, reader.nodes.problems)
    return pack


def _pack(reader: _Reader, node: yaml.Node) -> Pack:
    nodes = reader.nodes
    fields = nodes.fields(node, "pack", _KEYS)
    for key in ("pack", "name", "vendor", "version", "source", "requires"):
        if key not in fields:
            nodes.problem(node, key, "is missing", "rolecall pack init writes a template")
    bound = _read(fields, "upper_bound", lambda n, w: nodes.choice(n, w, ("critical", "exact")))
    return Pack(
        id=_read(fields, "pack", nodes.text) or "",
        name=_read(fields, "name", nodes.text) or "",
        vendor=_read(fields, "vendor", nodes.text) or "",
        version=_read(fields, "version", nodes.text) or "",
        source=_source(nodes, fields.get("source")),
        requires=_requirements(reader, fields.get("requires")),
        applies_to=_texts(nodes, fields, "applies_to"),
        seats=_texts(nodes, fields, "seat"),
        scopes=_texts(nodes, fields, "scopes"),
        app_ids=_texts(nodes, fields, "app_ids"),
        forbids=_permissions(reader, fields.get("forbids"), "forbids"),
        implies=_implies(reader, fields.get("implies")),
        upper_bound=bound or "critical",
        setup_only=bool(_read(fields, "setup_only", nodes.flag)),
        steps=_steps(nodes, fields.get("steps")),
        troubleshooting=_texts(nodes, fields, "troubleshooting"),
        notes=_texts(nodes, fields, "notes"),
    )


def _read(
    fields: Mapping[str, yaml.Node], key: str, read: Callable[[yaml.Node, str], Value | None]
) -> Value | None:
    return read(fields[key], key) if key in fields else None


def _texts(nodes: Nodes, fields: Mapping[str, yaml.Node], key: str) -> tuple[str, ...]:
    return nodes.items(fields[key], key, nodes.text) if key in fields else ()


def _source(nodes: Nodes, node: yaml.Node | None) -> PackSource:
    if node is None:
        return PackSource("")
    fields = nodes.fields(node, "source", ("title", "url", "read_on"))
    if "title" not in fields:
        nodes.problem(node, "source", "title is missing")
    return PackSource(
        title=_read(fields, "title", nodes.text) or "",
        url=_read(fields, "url", nodes.text) or "",
        read_on=_read(fields, "read_on", nodes.day),
    )


def _requirements(reader: _Reader, node: yaml.Node | None) -> tuple[Requirement, ...]:
    if node is None:
        return ()
    return reader.nodes.items(node, "requires", lambda n, w: _requirement(reader, n, w))


def _requirement(reader: _Reader, node: yaml.Node, where: str) -> Requirement | None:
    nodes = reader.nodes
    fields = nodes.fields(node, where, _LINE_KEYS)
    named = _read(fields, "id", nodes.text)
    if named is not None:
        _once(reader, named, node)
    needs = _needs(reader, node, fields, where)
    if not needs:
        return None
    if named is None:
        named = needs[0].permission
        _once(reader, named, node)
    title = _read(fields, "title", nodes.text)
    first = reader.catalogue.permissions[needs[0].permission]
    return Requirement(
        id=named,
        title=title or first.shown,
        any_of=needs,
        when=nodes.items(fields["when"], f"{where}.when", lambda n, w: _when(reader, n, w))
        if "when" in fields
        else (),
        clicks=_read(fields, "clicks", nodes.text) or "",
        formerly=_read(fields, "formerly", nodes.text) or "",
        note=_read(fields, "note", nodes.text) or "",
        interpretation=bool(_read(fields, "interpretation", nodes.flag)),
        setup_only=bool(_read(fields, "setup_only", nodes.flag)),
        line=node.start_mark.line + 1,
    )


def _once(reader: _Reader, line_id: str, node: yaml.Node) -> None:
    if line_id in reader.lines:
        reader.nodes.problem(node, "requires", f"the line {line_id!r} is written twice")
    reader.lines.setdefault(line_id, node)


def _needs(
    reader: _Reader, node: yaml.Node, fields: Mapping[str, yaml.Node], where: str
) -> tuple[Need, ...]:
    if ("permission" in fields) == ("any_of" in fields):
        reader.nodes.problem(node, where, "needs either permission or any_of")
        return ()
    if "permission" in fields:
        one = _need(reader, node, {k: fields[k] for k in _NEED_KEYS if k in fields}, where)
        return () if one is None else (one,)

    def read(child: yaml.Node, place: str) -> Need | None:
        return _need(reader, child, reader.nodes.fields(child, place, _NEED_KEYS), place)

    return reader.nodes.items(fields["any_of"], f"{where}.any_of", read)


def _need(
    reader: _Reader, node: yaml.Node, fields: Mapping[str, yaml.Node], where: str
) -> Need | None:
    if "permission" not in fields:
        reader.nodes.problem(node, where, "permission is missing")
        return None
    one = _permission(reader, fields["permission"], f"{where}.permission")
    if one is None:
        return None
    unassigned = bool(_read(fields, "unassigned", reader.nodes.flag))
    if unassigned and one.kind is not Kind.SCOPE:
        reader.nodes.problem(node, where, f"{one.id} has no Unassigned box")
    if "at_least" not in fields:
        return Need(one.id, "" if unassigned else one.levels[0], unassigned)
    level = reader.nodes.choice(fields["at_least"], f"{where}.at_least", one.levels)
    return None if level is None else Need(one.id, level, unassigned)


def _permission(reader: _Reader, node: yaml.Node, where: str) -> Permission | None:
    name = reader.nodes.text(node, where)
    if name is None:
        return None
    one = reader.catalogue.permissions.get(name)
    if one is None:
        hint = did_you_mean(name, reader.catalogue.permissions)
        reader.nodes.problem(node, where, f"no permission {name!r} in the catalogue", hint)
    return one


def _permissions(reader: _Reader, node: yaml.Node | None, where: str) -> tuple[str, ...]:
    if node is None:
        return ()
    found = reader.nodes.items(node, where, lambda n, w: _permission(reader, n, w))
    return tuple(one.id for one in found)


def _when(reader: _Reader, node: yaml.Node, where: str) -> When | None:
    fields = reader.nodes.fields(node, where, ("permission", "scope"))
    if "permission" not in fields or "scope" not in fields:
        reader.nodes.problem(node, where, "needs permission and scope")
        return None
    one = _permission(reader, fields["permission"], f"{where}.permission")
    scopes = reader.nodes.items(
        fields["scope"], f"{where}.scope", lambda n, w: reader.nodes.choice(n, w, SCOPES)
    )
    return None if one is None else When(one.id, scopes)


def _implies(reader: _Reader, node: yaml.Node | None) -> dict[str, tuple[str, ...]]:
    if node is None:
        return {}
    found: dict[str, tuple[str, ...]] = {}
    for name, key, value in reader.nodes.pairs(node, "implies"):
        if _permission(reader, key, "implies") is not None:
            found[name] = _permissions(reader, value, f"implies.{name}")
    for sentence in cycles(found):
        reader.nodes.problem(node, "implies", sentence)
    return found


def _steps(nodes: Nodes, node: yaml.Node | None) -> tuple[Step, ...]:
    def read(child: yaml.Node, where: str) -> Step | None:
        fields = nodes.fields(child, where, ("who", "text", "done"))
        missing = [key for key in ("who", "text", "done") if key not in fields]
        if missing:
            nodes.problem(child, where, f"{', '.join(missing)} missing")
            return None
        who = nodes.choice(fields["who"], f"{where}.who", ("admin", "user"))
        text = nodes.text(fields["text"], f"{where}.text")
        done = nodes.text(fields["done"], f"{where}.done")
        return Step(who, text, done) if who and text and done else None

    return () if node is None else nodes.items(node, "steps", read)


def _contradictions(reader: _Reader, node: yaml.Node, pack: Pack) -> None:
    plain = {line.any_of[0].permission for line in pack.requires if len(line.any_of) == 1}
    for line in pack.requires:
        place = reader.lines.get(line.id, node)
        for sentence in _line_contradictions(line, plain, frozenset(pack.forbids)):
            reader.nodes.problem(place, line.id, sentence)


def _line_contradictions(
    line: Requirement, plain: set[str], forbidden: frozenset[str]
) -> Iterator[str]:
    named = [need.permission for need in line.any_of]
    for one in sorted({one for one in named if named.count(one) > 1}):
        yield f"the alternatives name {one} twice; the lower one makes the other pointless"
    for need in line.any_of:
        if need.permission in forbidden:
            yield f"{need.permission} is required here and forbidden by the pack"
        elif len(line.any_of) > 1 and need.permission in plain:
            yield f"{need.permission} is required by another line, so these are no alternatives"
