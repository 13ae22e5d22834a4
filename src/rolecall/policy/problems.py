"""Everything wrong with a policy file, told at once with line and column."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import NamedTuple

from rolecall.kit.errors import Refused

_SHOWN = 50  # a file with a thousand mistakes has one cause; fifty lines show it


SHOWN = 10  # names in a hint
FIND_USERS = "look for a part of it: `rolecall user list PORTAL --search PART`"


class Problem(NamedTuple):
    """One mistake; line and column count from 1, 0 where there is no place in a file."""

    line: int
    column: int
    where: str
    message: str
    hint: str = ""

    @property
    def text(self) -> str:
        """One line for people, with the place first."""
        place = f"line {self.line}, column {self.column}: " if self.line else ""
        path = f"{self.where}: " if self.where else ""
        return f"{place}{path}{self.message}"


class PolicyProblems(Refused):
    """The policy cannot be used; `problems` holds every mistake found."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(sorted(problems))
        super().__init__(_together(self.problems), hint=None)


def _together(problems: Sequence[Problem]) -> str:
    count = len(problems)
    lines = [f"access.yaml has {count} {'problem' if count == 1 else 'problems'}"]
    for problem in problems[:_SHOWN]:
        lines.append(f"  {problem.text}")
        if problem.hint:
            lines.append(f"    hint: {problem.hint}")
    if count > _SHOWN:
        lines.append(f"  and {count - _SHOWN} more")
    return "\n".join(lines)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A hint naming the nearest known words, or the empty text when nothing is near."""
    by_fold = {name.casefold(): name for name in known}
    near = get_close_matches(word.casefold(), list(by_fold), n=2, cutoff=0.6)
    return f"did you mean {' or '.join(repr(by_fold[name]) for name in near)}?" if near else ""


def named_among(word: str, known: Iterable[str]) -> str:
    """A hint where a name is none of these: the nearest, else the first of all there are."""
    names = sorted(known, key=str.casefold)
    if hint := did_you_mean(word, names):
        return hint
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"there are: {', '.join(names[:SHOWN])}{more}" if names else "this portal has none"
