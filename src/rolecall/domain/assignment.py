"""What should be: the claim that a person should hold something, by whom and until when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum


class Slot(StrEnum):
    """What an assignment fills; only extra teams hold many values."""

    USER = "user"  # value: "present" | "absent" | "parked"
    PERMISSION_SET = "permission_set"
    MAIN_TEAM = "main_team"
    EXTRA_TEAM = "extra_team"
    SEAT = "seat"


class Origin(IntEnum):
    """Where a claim comes from; the lower number wins its slot (guardrails stand above all)."""

    LEAVER = 1
    REVIEW = 2  # takes `value` away; every other origin gives it
    ELEVATION = 3
    PEOPLE = 4  # a people: entry of access.yaml, or a one-person command (OPERATOR)
    OPERATOR = 5
    REQUEST = 6
    SCIM = 7
    RULE = 8


@dataclass(frozen=True, slots=True)
class Assignment:
    """One slot of one person in one portal; `subject` is the user's e-mail, case-folded."""

    subject: str
    hub_id: int
    slot: Slot
    value: str
    origin: Origin
    person_id: str | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None  # exclusive
    reason: str = ""
    reference: str = ""  # rule, request, campaign, pack or file line it came from
