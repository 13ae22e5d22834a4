"""Pages of lists a use case hands out whole: how many, from where, and where the next one starts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Query

from rolecall.kit.errors import Refused

Item = TypeVar("Item")
FIRST = "0"
Limit = Annotated[int, Query(ge=1, le=1_000)]


@dataclass(frozen=True, slots=True)
class Window:
    """The part of a list a caller asked for."""

    limit: int
    start: int

    def of(self, found: Sequence[Item], shape: Callable[[Item], Any]) -> dict[str, Any]:
        """The page: its items as plain values, the cursor after them, and how many there are."""
        following = self.start + self.limit
        return {
            "items": [shape(one) for one in found[self.start : following]],
            "next": str(following) if following < len(found) else None,
            "total": len(found),
        }


def _window(limit: Limit = 100, after: str = FIRST) -> Window:
    return Window(limit, position(after))


Paged = Annotated[Window, Depends(_window)]


def position(after: str) -> int:
    """A cursor that is a number; raises Refused for one we never gave."""
    if not (after.isascii() and after.isdigit() and len(after) < 16):
        raise Refused(f"{after[:40]!r} is no cursor", hint="send `next` of the page before")
    return int(after)
