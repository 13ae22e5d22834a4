"""What the emulator saw: every request with its answer's status and time. Keeps no bodies."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import datetime

KEPT = 200_000  # a full sync of 100,000 users twice over; totals go on counting


@dataclass(frozen=True, slots=True)
class Seen:
    """One request; `path` is the route's template, so ids never make new lines."""

    method: str
    path: str
    operation: str
    status: int
    ms: float
    at: datetime
    portal_id: int | None
    fault: str | None = None


@dataclass(slots=True)
class Recorder:
    """The newest requests in order, and totals of all."""

    seen: deque[Seen] = field(default_factory=lambda: deque(maxlen=KEPT))
    total: int = 0
    by_status: Counter[int] = field(default_factory=Counter)
    by_operation: Counter[str] = field(default_factory=Counter)

    def note(self, one: Seen) -> None:
        """Remember one request."""
        self.seen.append(one)
        self.total += 1
        self.by_status[one.status] += 1
        self.by_operation[one.operation] += 1

    def clear(self) -> None:
        """Forget everything, totals too."""
        self.seen.clear()
        self.total = 0
        self.by_status.clear()
        self.by_operation.clear()
