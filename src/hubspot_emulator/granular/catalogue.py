"""Every permission the emulator knows, read from catalogue.yaml; says nothing about people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

import yaml

SCOPES = ("own", "team", "all")
TOGGLE = ("on",)


@dataclass(frozen=True, slots=True)
class Permission:
    """One permission; `levels` rise, and not having it at all is below the first.

    `scoped` ones say whose records; their levels own and team may carry `+unassigned`.
    """

    id: str
    path: tuple[str, ...]  # as the screens nest it: category, item, action
    levels: tuple[str, ...]
    scoped: bool = False
    seats: tuple[str, ...] = ()  # families of paid seats that open it; () = any editing seat

    @property
    def highest(self) -> str:
        """The most one can have of it."""
        return self.levels[-1]


@cache
def catalogue() -> Mapping[str, Permission]:
    """All permissions by id, in the order of the screens."""
    text = (files(__package__) / "catalogue.yaml").read_text(encoding="utf-8")
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    raw = yaml.load(text, Loader=loader)  # noqa: S506 - one of the two safe loaders
    return MappingProxyType({one.id: one for one in _permissions(raw)})


def _permissions(raw: Mapping[str, Any]) -> Iterator[Permission]:
    for category, content in raw.items():
        for name, item in content["items"].items():
            yield from _item(f"{category}.{name}", (content["label"], item["label"]), item)


def _item(prefix: str, path: tuple[str, ...], item: Mapping[str, Any]) -> Iterator[Permission]:
    seats = tuple(item.get("seat", ()))
    if "kind" in item:
        yield _permission(prefix, path, item["kind"], seats)
        return
    for action, kind in item["actions"].items():
        yield _permission(f"{prefix}.{action}", (*path, action.capitalize()), kind, seats)


def _permission(
    permission_id: str, path: tuple[str, ...], kind: str | list[str], seats: tuple[str, ...]
) -> Permission:
    if kind == "scope":
        return Permission(permission_id, path, SCOPES, scoped=True, seats=seats)
    levels = TOGGLE if kind == "toggle" else tuple(kind)
    return Permission(permission_id, path, levels, seats=seats)
