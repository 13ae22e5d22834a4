"""What one record owner holds, as counted; values alone, so that looking at them loads no client."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Held:
    """Records of one type that name a person in one property; `open` None = not told apart."""

    object_type: str
    property: str
    label: str
    records: int
    open: int | None = None


@dataclass(frozen=True, slots=True)
class Holdings:
    """Everything one record owner holds, and the types that could not be looked at."""

    owner_id: str
    held: tuple[Held, ...] = ()
    unread: tuple[str, ...] = ()

    @property
    def records(self) -> int:
        """Records in all; one that names the person twice counts twice."""
        return sum(one.records for one in self.held)
