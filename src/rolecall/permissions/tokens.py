"""Reads what an export writes in a cell: labels, ids or old words, as permissions and levels.

Nothing is dropped: what cannot be read is given back as it stood.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType

from rolecall.permissions.catalogue import Catalogue, Kind, Permission
from rolecall.permissions.levels import NONE, SCOPES, both, with_box

_SCOPE_WORDS = {
    "all": "all", "everything": "all", "everyone": "all", "every": "all",
    "team": "team", "team only": "team", "their team": "team", "teams": "team",
    "own": "own", "owned": "own", "owned only": "own", "theirs": "own", "their": "own",
}  # fmt: skip
_ON = frozenset(
    {"on", "yes", "true", "x", "1", "enabled", "enable", "granted", "allowed", "\u2713"}
)
_OFF = frozenset(
    {"", "off", "no", "false", "0", "none", "no access", "disabled", "-", "\u2013", "not granted"}
)
_LEVEL_WORDS = {"read": "view", "write": "edit", "draft": "draft_only", "manage": "admin"}
_ACTION_WORDS = {"read": "view", "write": "edit", "add": "create", "remove": "delete"}
_SEPARATORS = ("\n", ";", "|", ",")


@dataclass(frozen=True, slots=True)
class Grants:
    """What one cell says: levels by permission id, and the tokens nobody could read."""

    levels: Mapping[str, str]
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """All ways a catalogue's permissions may be written, looked up without case and signs."""

    catalogue: Catalogue
    paths: Mapping[tuple[str, ...], Permission] = field(default_factory=dict)


def vocabulary(catalogue: Catalogue) -> Vocabulary:
    """The lookup of one catalogue; full paths first, shorter ones where only one fits."""
    full: dict[tuple[str, ...], Permission] = {}
    short: defaultdict[tuple[str, ...], set[str]] = defaultdict(set)
    for one in catalogue.permissions.values():
        for path in _spellings(catalogue, one):
            full.setdefault(path, one)
            short[path[1:]].add(one.id)
    alone = {
        path: catalogue.permissions[next(iter(ids))]
        for path, ids in short.items()
        if len(ids) == 1 and path
    }
    return Vocabulary(catalogue, MappingProxyType({**alone, **full}))


def _spellings(catalogue: Catalogue, one: Permission) -> Iterator[tuple[str, ...]]:
    rooms = (*catalogue.categories.get(one.category, ()), *one.tabs)
    for room in rooms:
        for label in (one.label, *one.was):
            yield tuple(plain(part) for part in (room, label, *one.path[2:]))


@lru_cache(maxsize=8192)
def plain(text: str) -> str:
    """Letters and digits without case; everything else is one space."""
    return " ".join(re.findall(r"\w+", text.casefold().replace("_", " ")))


def read_cell(words: Vocabulary, cell: str) -> Grants:
    """All permissions of one cell; a permission named twice counts at the higher level."""
    levels: dict[str, str] = {}
    unknown: list[str] = []
    for token in split_tokens(cell):
        found = read_token(words, token)
        if found is None:
            unknown.append(token)
            continue
        one, level = found
        merged = both(one.levels, levels.get(one.id, NONE), level)
        if merged != NONE:
            levels[one.id] = merged
    return Grants(levels, tuple(unknown))


def split_tokens(cell: str) -> list[str]:
    """The tokens of a cell, whatever separates them; commas inside labels do not."""
    separator = next((one for one in _SEPARATORS if one in cell), None)
    pieces = [cell] if separator is None else cell.split(separator)
    if any(_starts_token(piece) for piece in pieces):
        pieces = _rejoined(pieces, separator or "")
    return [piece.strip() for piece in pieces if piece.strip()]


def _starts_token(piece: str) -> bool:
    return ">" in piece or "=" in piece


def _rejoined(pieces: list[str], separator: str) -> list[str]:
    joined: list[str] = []
    for piece in pieces:
        if joined and not _starts_token(piece):
            joined[-1] = f"{joined[-1]}{separator}{piece}"
        else:
            joined.append(piece)
    return joined


def read_token(words: Vocabulary, token: str) -> tuple[Permission, str] | None:
    """One token as permission and level (none when it says off); None when it cannot be read."""
    head, equals, tail = token.partition("=")
    if equals:
        one = words.catalogue.permissions.get(head.strip().casefold())
        return _with_level(one, tail)
    path, _, tail = token.rpartition(":")
    if not path:
        path, tail = token, "on"
    return _with_level(read_path(words, path), tail)


def read_path(words: Vocabulary, path: str) -> Permission | None:
    """A permission by the path a screen or a column header writes, or by its id."""
    by_id = words.catalogue.permissions.get(path.strip().casefold())
    if by_id is not None:
        return by_id
    parts = tuple(plain(part) for part in path.split(">"))
    known = words.paths.get(parts)
    if known is None and len(parts) > 1:
        known = words.paths.get((*parts[:-1], _ACTION_WORDS.get(parts[-1], parts[-1])))
    return known


def _with_level(one: Permission | None, text: str) -> tuple[Permission, str] | None:
    level = None if one is None else read_level(one, text)
    return None if one is None or level is None else (one, level)


def read_level(one: Permission, text: str) -> str | None:
    """A level of this permission as written; none for off, None when it cannot be read."""
    word = text.strip().casefold()
    if word in _OFF:
        return NONE
    if one.kind is Kind.SCOPE:
        return _scope(word)
    word = plain(word)
    as_level = word.replace(" ", "_")
    if as_level in one.levels:
        return as_level
    if _LEVEL_WORDS.get(word) in one.levels:
        return _LEVEL_WORDS[word]
    if one.kind is Kind.TOGGLE:
        return one.highest if word in _ON else None
    return one.highest if word in ("all", "full", "full access") else None


def _scope(word: str) -> str | None:
    scope, plus, box = word.partition("+")
    flag = bool(plus) and "unassigned" in box
    if plus and not flag:
        return None
    scope = plain(scope.replace("\u2019", "'").replace("'s", "").replace("unassigned", ""))
    for known in (scope, " ".join(scope.split()[:2]), scope.partition(" ")[0]):
        if known in _SCOPE_WORDS:
            return with_box(_SCOPE_WORDS[known], flag)
    return with_box(scope, flag) if scope in SCOPES else None
