"""People: the humans behind users, as the authoritative source (HR, IdP, CSV) knows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

# The source of people whose identity provider was removed: whoever names them next keeps them.
RELEASED = "released"


class Situation(StrEnum):
    """Result of correlating a user with people."""

    LINKED = "linked"
    UNLINKED = "unlinked"  # one candidate, not confirmed
    UNMATCHED = "unmatched"  # no person: an orphan user
    DISPUTED = "disputed"  # several candidates
    DELETED = "deleted"  # the person left the source


@dataclass(frozen=True, slots=True)
class Person:
    """One human; `id` is our uuid7, `emails` are compared case-folded and shown as sent."""

    id: str
    emails: tuple[str, ...]
    first_name: str = ""
    last_name: str = ""
    source: str = ""
    source_key: str = ""
    department: str = ""
    company: str = ""
    country: str = ""
    location: str = ""
    job_title: str = ""
    manager_email: str = ""
    employment: str = "employee"  # employee | contractor | service
    starts_on: date | None = None
    ends_on: date | None = None
    left: bool = False
    attributes: Mapping[str, str] = field(default_factory=dict)  # every other column, by header

    @property
    def name(self) -> str:
        """First and last name, or the first e-mail where there is none."""
        return f"{self.first_name} {self.last_name}".strip() or next(iter(self.emails), self.id)


@dataclass(frozen=True, slots=True)
class Link:
    """Which person a user belongs to, and how we know."""

    hub_id: int
    user_id: str
    situation: Situation
    person_id: str | None = None
    candidates: tuple[str, ...] = ()
    reason: str = ""
