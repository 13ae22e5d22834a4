"""What every use case is given: the store, the clock, doors to HubSpot, chosen limits."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from rolecall.insights.thresholds import Thresholds
from rolecall.kit.clock import Clock
from rolecall.store import Database

if TYPE_CHECKING:
    # Loading the HubSpot client costs more than most commands take; who opens a door pays.
    from rolecall.sync.ports import Bounds, Doors


@dataclass(frozen=True, slots=True)
class Choices:
    """What the installation chose (docs/settings.md), as far as use cases need it."""

    api_base: str = "https://api.hubapi.com"
    sync_every_minutes: int = 60
    quota_notice_days: int = 3
    business_domains: frozenset[str] = frozenset()
    allowed_super_admins: frozenset[str] = frozenset()
    thresholds: Thresholds = field(default_factory=Thresholds)


@dataclass(frozen=True, slots=True)
class App:
    """One installation of Rolecall, open; built by `bootstrap`, handed to every use case."""

    database: Database
    clock: Clock
    doors: Doors
    bounds: Bounds
    choices: Choices
    home: Path
