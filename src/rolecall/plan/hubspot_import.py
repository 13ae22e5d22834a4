"""The CSV HubSpot's own user import accepts, for what the API cannot do. Text only, never a file.

Columns after HubSpot's template of June 2026; permission sets are chosen on the import's screen,
so rows come in one file per set.
"""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from rolecall.domain.plan import Change, ChangeKind, Plan
from rolecall.kit.cells import unformulated

ROWS_PER_FILE = 100  # HubSpot takes no more users in one file
COLUMNS = ("Email", "First name", "Last name", "Job title", "Main team", "Extra teams", "Seat")
_SLOTS = {
    ChangeKind.SET_MAIN_TEAM: "Main team",
    ChangeKind.ADD_EXTRA_TEAM: "Extra teams",
    ChangeKind.SET_SEATS: "Seat",
}


@dataclass(frozen=True, slots=True)
class ImportFile:
    """One file for the import screen, and what to choose there."""

    name: str
    permission_set: str
    text: str
    emails: tuple[str, ...]


def import_files(plan: Plan) -> tuple[ImportFile, ...]:
    """The plan's joiners as files, by permission set, at most 100 people each."""
    created = [c.subject.casefold() for c in plan.changes if c.kind is ChangeKind.CREATE_USER]
    rows: dict[str, dict[str, str]] = {key: dict.fromkeys(COLUMNS, "") for key in created}
    sets: dict[str, str] = dict.fromkeys(created, "")
    for change in plan.changes:
        key = change.subject.casefold()
        if change.subject_kind == "user" and key in rows:
            _fill(rows[key], sets, key, change)
    by_set: dict[str, list[Mapping[str, str]]] = defaultdict(list)
    for key in created:
        by_set[sets[key]].append(rows[key])
    return tuple(
        _file(name, part, people[start : start + ROWS_PER_FILE])
        for name, people in sorted(by_set.items())
        for part, start in enumerate(range(0, len(people), ROWS_PER_FILE), 1)
    )


def _fill(row: dict[str, str], sets: dict[str, str], key: str, change: Change) -> None:
    shown = change.details.get("after_shown", "")
    slot = change.kind
    if slot is ChangeKind.MANUAL and change.details.get("slot"):
        slot = ChangeKind(change.details["slot"])
    if slot is ChangeKind.CREATE_USER:
        row["Email"] = change.subject
        row["First name"] = change.details.get("first_name", "")
        row["Last name"] = change.details.get("last_name", "")
    elif slot is ChangeKind.SET_PERMISSION_SET:
        sets[key] = shown
    elif slot in _SLOTS:
        column = _SLOTS[slot]
        row[column] = f"{row[column]};{shown}" if row[column] else shown
    elif slot is ChangeKind.SET_PROFILE and change.details.get("field") == "job_title":
        row["Job title"] = shown


def _file(name: str, part: int, people: list[Mapping[str, str]]) -> ImportFile:
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows({key: unformulated(value) for key, value in row.items()} for row in people)
    emails = tuple(row["Email"] for row in people)
    plain = "-".join(name.lower().split()) or "no-permission-set"
    return ImportFile(f"hubspot-users-{plain}-{part}.csv", name, out.getvalue(), emails)
