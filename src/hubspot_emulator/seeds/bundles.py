"""Contents of the permission sets the seeds use, read from bundles.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

_ACTIONS = ("view", "create", "edit", "delete", "merge")


@dataclass(frozen=True, slots=True)
class Bundle:
    """One named bundle of permissions: id -> level."""

    name: str
    permissions: Mapping[str, str]
    requires_billing_write: bool = False


def permission_sets() -> tuple[Bundle, ...]:
    """The permission sets of a seeded Enterprise portal."""
    return tuple(_bundle(name, _data()["sets"]) for name in _data()["sets"])


def ticked(name: str) -> Bundle:
    """What was ticked by hand for one user."""
    return _bundle(name, _data()["ticked"])


@cache
def read_yaml(name: str) -> Any:
    """One of this package's data files."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    text = (files(__package__) / name).read_text(encoding="utf-8")
    return yaml.load(text, Loader=loader)  # noqa: S506 - one of the two safe loaders


def _data() -> dict[str, Any]:
    data: dict[str, Any] = read_yaml("bundles.yaml")
    return data


def _bundle(name: str, among: Mapping[str, Any]) -> Bundle:
    entry = among[name]
    permissions = {**_base(entry), **_objects(entry.get("objects", {})), **entry.get("and", {})}
    for dropped in entry.get("without", ()):
        del permissions[dropped]
    return Bundle(name, permissions, bool(entry.get("billing", False)))


def _base(entry: Mapping[str, Any]) -> Mapping[str, str]:
    if "like" in entry:
        return _bundle(entry["like"], _data()["templates"]).permissions
    if "like_set" in entry:
        return _bundle(entry["like_set"], _data()["sets"]).permissions
    return {}


def _objects(objects: Mapping[str, str]) -> dict[str, str]:
    """`contacts: all/on/own/-/-` as the five permissions of that object."""
    return {
        f"crm_objects.{name}.{action}": level
        for name, levels in objects.items()
        for action, level in zip(_ACTIONS, levels.split("/"), strict=True)
        if level != "-"
    }
