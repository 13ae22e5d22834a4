"""Data that ships with the package: the permission catalogue and requirement packs."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from pathlib import Path

from rolecall.kit.errors import Refused
from rolecall.permissions.catalogue import Catalogue
from rolecall.permissions.catalogue_file import read_catalogue
from rolecall.permissions.tokens import Vocabulary, vocabulary

_DATA = files("rolecall.sources") / "data"


def catalogue(overlays: Iterable[Path] = ()) -> Catalogue:
    """The shipped catalogue, with the operator's overlay files on top in their order."""
    return _catalogue(tuple(_named_text(path) for path in overlays))


def words(overlays: Iterable[Path] = ()) -> Vocabulary:
    """All ways the catalogue's permissions may be written."""
    return _words(tuple(_named_text(path) for path in overlays))


@cache
def _catalogue(overlays: tuple[tuple[str, str], ...]) -> Catalogue:
    names, texts = tuple(name for name, _ in overlays), (text for _, text in overlays)
    return read_catalogue(_text("catalogue.yaml"), *texts, names=names)


@cache
def _words(overlays: tuple[tuple[str, str], ...]) -> Vocabulary:
    return vocabulary(_catalogue(overlays))


def _named_text(path: Path) -> tuple[str, str]:
    try:
        return str(path), path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise Refused(f"{path} is not UTF-8 text", hint="save it as UTF-8") from error


def pack_texts(extra: Iterable[Path] = ()) -> dict[str, str]:
    """Text of every pack by where it is from: the shipped ones, then files and folders given."""
    shipped = sorted((_DATA / "packs").iterdir(), key=lambda one: one.name)
    found = {f"shipped:{one.name}": one.read_text(encoding="utf-8") for one in shipped}
    for path in extra:
        for file in _yaml_files(path):
            name, text = _named_text(file)
            found[name] = text
    return found


def _yaml_files(path: Path) -> list[Path]:
    if path.is_dir():
        return sorted(one for one in path.iterdir() if one.suffix in (".yaml", ".yml"))
    if not path.is_file():
        raise Refused(f"no pack at {path}", hint="name a YAML file or a folder of them")
    return [path]


def _text(name: str) -> str:
    return (_DATA / name).read_text(encoding="utf-8")
