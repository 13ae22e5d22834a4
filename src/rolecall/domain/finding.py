"""Findings: one rule about one subject, with its evidence and the change that would mend it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum


class Severity(IntEnum):
    """How much it matters; higher first."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4


@dataclass(frozen=True, slots=True)
class Evidence:
    """One fact behind a finding, where it is from and how old it is."""

    fact: str
    source: str  # snapshot, login feed, security feed, users export, ...
    observed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Mend:
    """The change that would mend a finding; `kind` is a ChangeKind, or manual."""

    kind: str
    summary: str
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding; `key` (rule and subject) stays the same from sync to sync."""

    rule: str
    severity: Severity
    subject_kind: str  # user | team | permission_set | seat | portal | service_user
    subject_id: str
    subject: str  # as shown: e-mail, team name, ...
    message: str
    why: str
    evidence: tuple[Evidence, ...] = ()
    mend: Mend | None = None
    related: tuple[str, ...] = ()  # further user ids, of duplicates for instance

    @property
    def key(self) -> str:
        """Stable name of this finding."""
        return f"{self.rule}:{self.subject_kind}:{self.subject_id}"
