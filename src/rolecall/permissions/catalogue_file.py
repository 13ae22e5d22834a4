"""The catalogue's YAML as values: shipped data, then an operator's overlay on top. Reads no file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any

import yaml

from rolecall.domain.portal import Tier
from rolecall.kit.errors import Refused
from rolecall.permissions.catalogue import (
    Catalogue,
    CeilingRule,
    Kind,
    Permission,
    SeatKind,
    Sure,
    Template,
)
from rolecall.permissions.levels import NONE, SCOPES, TOGGLE, split_level
from rolecall.permissions.overlay_file import check_overlay

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TABLES = ("sources", "categories", "items", "ceilings", "templates")


def read_catalogue(text: str, *overlays: str, names: tuple[str, ...] = ()) -> Catalogue:
    """The catalogue of the first text with the overlays on top, later ones winning.

    An overlay may add or replace items, categories, sources, ceilings and templates; an item that
    is null takes the shipped one away. Refused names every problem, cycles of `requires` included;
    `names` are what the overlays are called in messages.
    """
    data = _load(text)
    for number, overlay in enumerate(overlays):
        check_overlay(overlay, names[number] if names else f"overlay {number + 1}")
        data = _overlaid(data, _load(overlay), sha256(overlay.encode()).hexdigest()[:8])
    permissions = {one.id: one for one in _permissions(data)}
    problems = [
        *_unknown_requirements(permissions),
        *cycles(_requirements(permissions)),
        *_wrong_templates(data, permissions),
        *_unknown_ceilings(data),
    ]
    if problems:
        raise Refused("the catalogue cannot be used: " + "; ".join(problems))
    return Catalogue(
        version=str(data.get("version", "")),
        permissions=permissions,
        seats=tuple(_seat(entry, data.get("ceilings", {})) for entry in data.get("seats", ())),
        templates={name: _template(name, entry) for name, entry in data["templates"].items()},
        sources=data.get("sources", {}),
        categories=_categories(data),
    )


def cycles(graph: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    """A sentence for each cycle met: `a -> b -> a`."""
    done: set[str] = set()
    for start in graph:
        path: list[str] = []
        yield from _walk(start, graph, path, done)


def _walk(
    node: str, graph: Mapping[str, tuple[str, ...]], path: list[str], done: set[str]
) -> Iterator[str]:
    if node in path:
        yield "a cycle: " + " -> ".join([*path[path.index(node) :], node])
        return
    if node in done:
        return
    path.append(node)
    for following in graph.get(node, ()):
        yield from _walk(following, graph, path, done)
    path.pop()
    done.add(node)


def _load(text: str) -> dict[str, Any]:
    data: dict[str, Any] = yaml.load(text, Loader=_LOADER)  # noqa: S506 - one of the two safe loaders
    return data


def _overlaid(base: dict[str, Any], overlay: dict[str, Any], digest: str) -> dict[str, Any]:
    """Both as one; the digest makes the version a new one whenever the overlay changes."""
    merged = dict(base)
    for table in _TABLES:
        rows = {**base.get(table, {}), **overlay.get(table, {})}
        merged[table] = {key: row for key, row in rows.items() if row is not None}
    merged["seats"] = [*overlay.get("seats", ()), *base.get("seats", ())]
    merged["version"] = f"{base.get('version', '')}+{overlay.get('version', 'overlay')}.{digest}"
    return merged


def _categories(data: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    return {
        name: (entry["label"], *entry.get("also", ())) for name, entry in data["categories"].items()
    }


def _permissions(data: Mapping[str, Any]) -> Iterator[Permission]:
    categories = data["categories"]
    for key, item in data["items"].items():
        category = key.partition(".")[0]
        if category not in categories:
            raise Refused(f"the catalogue's item {key} is in no category")
        path = (categories[category]["label"], item["label"])
        if "kind" in item:
            yield _permission(key, path, item["kind"], item)
            continue
        for action, kind in item["actions"].items():
            yield _permission(f"{key}.{action}", (*path, action.capitalize()), kind, item, action)


def _permission(
    permission_id: str,
    path: tuple[str, ...],
    kind: str | list[str],
    item: Mapping[str, Any],
    action: str = "",
) -> Permission:
    critical = item.get("critical", False)
    assumed = action in item.get("assumed_actions", ())
    return Permission(
        id=permission_id,
        label=item["label"],
        category=permission_id.partition(".")[0],
        path=path,
        kind=Kind.LEVELS if isinstance(kind, list) else Kind(kind),
        levels=tuple(kind) if isinstance(kind, list) else _LEVELS[Kind(kind)],
        critical=critical if isinstance(critical, bool) else action in critical,
        tier=Tier(item["tier"]) if "tier" in item else None,
        seats=tuple(item.get("seats", ())),
        requires=tuple(item.get("requires", ())),
        sure=Sure.ASSUMED if assumed else Sure(item.get("sure", "assumed")),
        source=item.get("source", ""),
        was=tuple(item.get("was", ())),
        tabs=tuple(item.get("tabs", ())),
        say=tuple(item.get("say", ())),
    )


_LEVELS = {Kind.SCOPE: SCOPES, Kind.TOGGLE: TOGGLE}


def _seat(entry: Mapping[str, Any], ceilings: Mapping[str, Any]) -> SeatKind:
    return SeatKind(
        names=tuple(entry["names"]),
        families=frozenset(entry.get("family", ())),
        ceiling=tuple(_ceiling(one) for one in ceilings.get(entry["ceiling"], ())),
        paid=bool(entry.get("paid", True)),
    )


def _ceiling(entry: Mapping[str, Any]) -> CeilingRule:
    written = _word(entry["as"])
    level = {"none": NONE, "as written": None}.get(written, written)
    return CeilingRule(entry["match"], level, Sure(entry.get("sure", "assumed")))


def _template(name: str, entry: Mapping[str, Any]) -> Template:
    grants = {permission: _word(level) for permission, level in entry["grants"].items()}
    return Template(name, entry.get("source", ""), grants)


def _word(level: object) -> str:
    """A level as written: YAML takes a bare `on` for a truth value."""
    return "on" if level is True else str(level)


def _requirements(permissions: Mapping[str, Permission]) -> dict[str, tuple[str, ...]]:
    return {one.id: one.requires for one in permissions.values()}


def _unknown_requirements(permissions: Mapping[str, Permission]) -> Iterator[str]:
    for one in permissions.values():
        for needed in one.requires:
            if needed not in permissions:
                yield f"{one.id} requires {needed}, which is in no catalogue"


def _wrong_templates(
    data: Mapping[str, Any], permissions: Mapping[str, Permission]
) -> Iterator[str]:
    for name, entry in data["templates"].items():
        for permission, level in entry["grants"].items():
            one = permissions.get(permission)
            if one is None:
                yield f"the template {name} gives {permission}, which is in no catalogue"
            elif split_level(_word(level))[0] not in one.levels:
                yield f"the template {name} gives {permission} at {level}, no level of it"


def _unknown_ceilings(data: Mapping[str, Any]) -> Iterator[str]:
    for entry in data.get("seats", ()):
        if entry["ceiling"] not in data.get("ceilings", {}):
            yield f"the seat {entry['names'][0]} has the ceiling {entry['ceiling']}, which is none"
