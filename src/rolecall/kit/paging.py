"""One page of anything, and where the next one starts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """Items in order, with the cursor of the next page or None on the last one."""

    items: tuple[Item, ...]
    after: str | None = None
    total: int | None = None
