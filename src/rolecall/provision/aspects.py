"""Which fact of a subject a change is about, as one comparable text. Pure.

An observation of a subject is a flat mapping from aspect to value, so before, after and what
HubSpot shows are compared aspect by aspect, and the journal can keep what was seen as text.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from rolecall.domain.plan import Change, ChangeKind

ABSENT = ""  # nothing there: no set, no team, no such user
SEPARATOR = "\x1f"  # between values of a many-valued aspect; in no name HubSpot accepts

PRESENT = "present"
EXTRA_TEAM, EXTRA_TEAMS = "extra_team:", "extra_teams"  # one of them, by id; all of them
NAME_FIELDS = ("first_name", "last_name")

_ASPECTS: Mapping[ChangeKind, str] = {
    ChangeKind.CREATE_USER: PRESENT,
    ChangeKind.REMOVE_USER: PRESENT,
    ChangeKind.SET_PERMISSION_SET: "permission_set",
    ChangeKind.SET_MAIN_TEAM: "main_team",
    ChangeKind.SET_SEATS: "seats",
    ChangeKind.CREATE_TEAM: PRESENT,
    ChangeKind.DELETE_TEAM: PRESENT,
    ChangeKind.RENAME_TEAM: "name",
    ChangeKind.MOVE_TEAM: "parent",
}

Observation = Mapping[str, str]


def joined(values: tuple[str, ...] | list[str]) -> str:
    """Many values as one text, in sorted order."""
    return SEPARATOR.join(sorted(values))


def aspect_of(change: Change) -> str:
    """The aspect a change is about: permission_set, extra_team:12, profile:hs_job_title, ..."""
    if change.kind in {ChangeKind.ADD_EXTRA_TEAM, ChangeKind.DROP_EXTRA_TEAM}:
        team = change.after if change.kind is ChangeKind.ADD_EXTRA_TEAM else change.before
        return f"{EXTRA_TEAM}{team}"
    if change.kind is ChangeKind.SET_PROFILE:
        name = change.details.get("property", "")
        return name if name in NAME_FIELDS else f"profile:{name}"
    return _ASPECTS[change.kind]


def wanted(change: Change) -> str:
    """What the aspect is to be."""
    return _text(change, change.after)


def planned_from(change: Change) -> str:
    """What the aspect was when the plan was made."""
    return _text(change, change.before)


def _text(change: Change, value: str | tuple[str, ...] | None) -> str:
    if aspect_of(change) == PRESENT:
        return ABSENT if value is None else PRESENT
    if isinstance(value, tuple):
        return joined(value)
    return ABSENT if value is None else value


def words(aspect: str) -> str:
    """An aspect as people call it."""
    return aspect.partition(":")[0].replace("_", " ")


def told(value: str, names: Mapping[str, str]) -> str:
    """A value as people read it: names in place of ids."""
    return ", ".join(names.get(one, one) for one in value.split(SEPARATOR)) or "nothing"


class Standing(StrEnum):
    """Where one change stands against what HubSpot shows."""

    AFTER = "after"
    BEFORE = "before"
    ELSEWHERE = "elsewhere"  # somebody changed it outside
    UNSEEN = "unseen"  # this API version does not tell the aspect


def standing(change: Change, seen: Observation) -> Standing:
    """Compare one change with an observation; `after` wins where both are the same."""
    now = seen.get(aspect_of(change))
    if now is None:
        return Standing.UNSEEN
    if now == wanted(change):
        return Standing.AFTER
    return Standing.BEFORE if now == planned_from(change) else Standing.ELSEWHERE
