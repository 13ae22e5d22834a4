"""Record ids: read from text, and kept in a set that is read ascending and changed in O(1)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

_MOST_DIGITS = 18  # ids beyond 64 bits exist nowhere; int() refuses thousands of digits


def as_id(text: str) -> int | None:
    """The id a text means; None when it means none."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS else None


class IdSet:
    """Ids in ascending order on demand; ids mostly arrive ascending, so sorting is rare."""

    __slots__ = ("_ids", "_last", "_list", "_sorted")

    def __init__(self, ids: Iterable[int] = ()) -> None:
        self._ids: dict[int, None] = dict.fromkeys(ids)
        self._last = -1
        self._sorted = not self._ids
        self._list: list[int] | None = None

    def __len__(self) -> int:
        return len(self._ids)

    def __contains__(self, record_id: int) -> bool:
        return record_id in self._ids

    def __iter__(self) -> Iterator[int]:
        return iter(self.in_order())

    def add(self, record_id: int) -> None:
        """Put an id in; already there is fine."""
        if record_id in self._ids:
            return
        if record_id < self._last:
            self._sorted = False
        else:
            self._last = record_id
        self._ids[record_id] = None
        self._list = None

    def discard(self, record_id: int) -> None:
        """Take an id out; not there is fine."""
        if record_id in self._ids:
            del self._ids[record_id]
            self._list = None

    def in_order(self) -> list[int]:
        """All ids ascending; the list is shared, callers never change it."""
        if self._list is None:
            if not self._sorted:
                self._ids = dict.fromkeys(sorted(self._ids))
                self._last = next(reversed(self._ids), -1)
                self._sorted = True
            self._list = list(self._ids)
        return self._list
