"""Members of a portal in the order of their ids, so that a page costs its own length only."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator
from typing import TypeVar

One = TypeVar("One")


class Members(dict[int, One]):
    """A dict by user id that keeps its keys in ascending order."""

    __slots__ = ("_order",)

    def __init__(self) -> None:
        super().__init__()
        self._order: list[int] = []

    def __setitem__(self, key: int, value: One) -> None:
        if key not in self:
            if not self._order or key > self._order[-1]:
                self._order.append(key)
            else:
                insort(self._order, key)
        super().__setitem__(key, value)

    def __delitem__(self, key: int) -> None:
        super().__delitem__(key)
        del self._order[bisect_left(self._order, key)]

    def take_out(self, key: int) -> One:
        """Delete one member and give it back; KeyError when absent."""
        value = self[key]
        del self[key]
        return value

    def following(self, after: int) -> Iterator[int]:
        """Ids greater than `after`, ascending, without a look at what came before."""
        if len(self._order) != len(self):  # filled or emptied past the two methods above
            self._order = sorted(self)
        order = self._order
        return (order[at] for at in range(bisect_right(order, after), len(order)))
