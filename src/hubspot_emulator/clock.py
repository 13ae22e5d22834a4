"""The emulator's clock: real time by default, wound by hand when asked. Never sleeps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta


def _system_now() -> datetime:
    return datetime.now(UTC)


@dataclass(slots=True)
class EmulatorClock:
    """Time as the portal sees it: the system's time plus an offset, or a frozen instant."""

    source: Callable[[], datetime] = _system_now
    offset: timedelta = field(default_factory=timedelta)
    frozen: datetime | None = None

    def now(self) -> datetime:
        """Aware UTC datetime of the portal."""
        return self.frozen if self.frozen is not None else self.source() + self.offset

    def freeze(self, at: datetime) -> None:
        """Stop the clock at an instant; `advance` still moves it."""
        self.frozen = at.astimezone(UTC)

    def advance(self, by: timedelta) -> None:
        """Move the clock forward, whether it runs or is frozen."""
        if self.frozen is None:
            self.offset += by
        else:
            self.frozen += by

    def run(self) -> None:
        """Let a frozen clock run on from where it stands."""
        if self.frozen is not None:
            self.offset = self.frozen - self.source()
            self.frozen = None
