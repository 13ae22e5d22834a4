"""What the emulator saw: every request with its answer's status and time. Keeps no bodies."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from hubspot_emulator.wire import timestamp

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

    def as_dict(self) -> dict[str, Any]:
        """The line `GET /_emulator/requests` shows; status 0 = the answer never left."""
        return {
            "method": self.method,
            "path": self.path,
            "operation": self.operation,
            "status": self.status,
            "ms": self.ms,
            "at": timestamp(self.at),
            "portal": self.portal_id,
            "fault": self.fault,
        }


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
