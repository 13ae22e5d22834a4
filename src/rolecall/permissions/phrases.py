"""Finds the permission somebody means: `export contacts`, `edit deals`, an id, a screen's path."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from rolecall.kit.errors import Refused
from rolecall.permissions.catalogue import Catalogue, Kind, Permission
from rolecall.permissions.tokens import plain

_STOP = frozenset(
    {
        *("the", "a", "an", "to", "of", "in", "my", "our", "can", "cant", "cannot", "not", "be"),
        *("able", "do", "does", "who", "why", "use", "access", "permission", "and", "or", "any"),
    }
)
_SCOPES = {
    **dict.fromkeys(("all", "every", "everything", "everyone"), "all"),
    **dict.fromkeys(("team", "teams"), "team"),
    **dict.fromkeys(("own", "owned", "their", "his", "her", "theirs"), "own"),
}
_VERBS = {
    **dict.fromkeys(("see", "read", "look", "show"), "view"),
    **dict.fromkeys(("change", "write", "update", "modify"), "edit"),
    **dict.fromkeys(("add", "make", "new"), "create"),
    **dict.fromkeys(("remove", "erase"), "delete"),
    **dict.fromkeys(("send", "post"), "publish"),
    "mass": "bulk",
    "list": "segment",
}
_GOOD_ENOUGH = 0.5


@dataclass(frozen=True, slots=True)
class Match:
    """One permission a phrase may mean, at the least level that does what it says."""

    permission: Permission
    level: str
    score: float  # 1 = exactly


def meant(catalogue: Catalogue, phrase: str) -> Match:
    """The permission a phrase means; Refused names what it may mean when that is open."""
    found = matches(catalogue, phrase)
    if not found:
        raise Refused(f"no permission is called {phrase!r}", hint=_examples(catalogue, phrase))
    best = [one for one in found if one.score == found[0].score]
    if len(best) > 1:
        ids = ", ".join(one.permission.id for one in best[:6])
        raise Refused(f"{phrase!r} may mean several permissions", hint=f"name one of: {ids}")
    return found[0]


def matches(catalogue: Catalogue, phrase: str) -> tuple[Match, ...]:
    """Everything a phrase may mean, best first."""
    exact = catalogue.permissions.get(phrase.strip().casefold())
    said = {_SCOPES[word] for word in plain(phrase).split() if word in _SCOPES}
    scope = next((one for one in ("team", "all", "own") if one in said), "")  # "their team's"
    if exact is not None:
        return (Match(exact, _level(exact, exact.levels[0], scope), 1.0),)
    wanted = words_of(phrase) or frozenset(plain(phrase).split())
    found: dict[str, Match] = {}
    for one in catalogue.permissions.values():
        for level, words in _spoken(one):
            score = len(wanted & words) / len(wanted | words)
            known = found.get(one.id)
            if score >= _GOOD_ENOUGH and (known is None or score > known.score):
                found[one.id] = Match(one, _level(one, level, scope), score)
    return tuple(sorted(found.values(), key=lambda match: -match.score))


@lru_cache(maxsize=4096)
def words_of(phrase: str) -> frozenset[str]:
    """The words that count, each in one form (see = view, lists = segment, deals = deal)."""
    found = set()
    for word in re.findall(r"\w+", plain(phrase.replace("'", "").replace("\u2019", ""))):
        stem = (
            word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word
        )
        stem = _VERBS.get(stem, _VERBS.get(word, stem))
        if word not in _STOP and word not in _SCOPES:
            found.add(stem)
    return frozenset(found)


def _level(one: Permission, level: str, scope: str) -> str:
    return scope if scope and one.kind is Kind.SCOPE else level


def _spoken(one: Permission) -> Iterator[tuple[str, frozenset[str]]]:
    """All phrases of a permission with the level each speaks of."""
    lowest = one.levels[0]
    labels = (one.label, *one.was)
    for say in one.say:
        yield _said_level(one, say), words_of(say)
    for label in labels:
        if one.kind is Kind.LEVELS:
            yield lowest, words_of(label)
            for level in one.levels:
                yield level, words_of(f"{level} {label}")
        else:
            yield lowest, words_of(" ".join((*one.path[2:], label)))


def _said_level(one: Permission, say: str) -> str:
    if one.kind is not Kind.LEVELS:
        return one.levels[0]
    words = words_of(say)
    if "create" in words and "create_own" in one.levels:
        return "create_own"
    return next((level for level in reversed(one.levels) if level in words), one.levels[0])


def _examples(catalogue: Catalogue, phrase: str) -> str:
    wanted = words_of(phrase)
    near = [
        one.id
        for one in catalogue.permissions.values()
        if any(wanted & words for _, words in _spoken(one))
    ]
    return f"near: {', '.join(near[:6])}" if near else "try a label of HubSpot's screens: Export"
