"""One reading of a portal: who started it, how far it came, what it cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class SyncState(StrEnum):
    """Where a sync stands."""

    RUNNING = "running"  # or killed: its pages are kept, a later run takes them up
    DONE = "done"
    FAILED = "failed"
    REPLACED = "replaced"  # a newer run started from the beginning


@dataclass(frozen=True, slots=True)
class SyncRun:
    """One sync of one portal; `counts` holds what was read, by resource."""

    id: str
    hub_id: int
    started_at: datetime
    actor: str
    full: bool = False
    state: SyncState = SyncState.RUNNING
    finished_at: datetime | None = None
    requests: int = 0
    seconds: float = 0.0
    complete: bool = False
    gaps: tuple[str, ...] = ()
    snapshot_id: str | None = None
    changes: int = 0
    message: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)
