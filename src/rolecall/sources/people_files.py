"""People lists from HR or an identity provider as CSV or workbook. Decides nothing about access.

A list that suddenly lost half of its people is refused: a broken export must not off-board anyone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from rolecall.domain.person import Person
from rolecall.kit.errors import Refused
from rolecall.sources.headers import PEOPLE, by_content, find_columns
from rolecall.sources.tables import Row, Table, read_table
from rolecall.sources.users_export import Problem, parse_moment

_EMAIL = re.compile(r"^[^@\s]+@[^@\s]+\.[^@\s]+$")
_YES = frozenset({"yes", "true", "1", "x", "ja", "oui", "sí", "left", "terminated", "inactive"})
_GONE = frozenset({"terminated", "inactive", "left", "former", "ausgeschieden", "deleted"})
_KINDS = {
    **dict.fromkeys(("contractor", "freelancer", "freelance", "external", "extern"), "contractor"),
    **dict.fromkeys(("contingent", "agency", "consultant", "temp", "vendor"), "contractor"),
    **dict.fromkeys(("service", "bot", "system", "application"), "service"),
}
LEAST_SHARE = 0.5  # of the people known before


@dataclass(frozen=True, slots=True)
class PeopleReading:
    """What a list says; `Person.id` is empty, who it is among those known is the caller's answer."""

    people: tuple[Person, ...]
    problems: tuple[Problem, ...]
    columns: Mapping[str, str]  # our name -> header
    extra_columns: tuple[str, ...]  # kept as attributes


def read_people(
    data: bytes,
    *,
    source: str,
    mapping: Mapping[str, str] | None = None,
    known_before: int = 0,
    accept_shrink: bool = False,
) -> PeopleReading:
    """Everybody on the list, one Person per key (employee number, else first e-mail).

    `mapping` is header -> our field, or empty to ignore it. Refused when there is no column of
    e-mails, when the file ends within a row, or when it holds fewer than half of `known_before`
    people, unless the shrinking is accepted.
    """
    table = read_table(data)
    columns = _columns(table, mapping)
    if table.cut:
        raise Refused("the people list ends within its last row", hint="export it again")
    people: dict[str, Person] = {}
    problems: list[Problem] = []
    for row in table.rows:
        read = _person(table, columns, row, source)
        if isinstance(read, Problem):
            problems.append(read)
        elif read.source_key in people:
            problems.append(Problem(row.line, f"{read.source_key} stands twice; the first counts"))
        else:
            people[read.source_key] = read
    _guarded(len(people), known_before, accept_shrink=accept_shrink)
    used = set(columns.values())
    extra = tuple(name for at, name in enumerate(table.header) if at not in used)
    shown = {ours: table.header[at] for ours, at in columns.items()}
    return PeopleReading(tuple(people.values()), tuple(problems), shown, extra)


def _columns(table: Table, mapping: Mapping[str, str] | None) -> dict[str, int]:
    columns = find_columns(table.header, PEOPLE, mapping)
    if "email" not in columns:
        at = by_content([row.cells for row in table.rows[:200]], columns.values(), _EMAIL)
        if at is None:
            raise Refused(
                "the people list has no column of e-mails",
                hint=f"name it in the mapping; columns found: {', '.join(table.header[:20])}",
            )
        columns["email"] = at
    return columns


def _guarded(count: int, before: int, *, accept_shrink: bool) -> None:
    if before and count < LEAST_SHARE * before and not accept_shrink:
        raise Refused(
            f"the list holds {count} people, before it were {before}; nobody is treated as left",
            hint="export the whole list, or accept the shrinking once",
        )


def _person(table: Table, columns: Mapping[str, int], row: Row, source: str) -> Person | Problem:
    if len(row.cells) != len(table.header):
        return Problem(row.line, f"{len(row.cells)} cells, not {len(table.header)}")
    cell = {ours: row.cells[at].strip() for ours, at in columns.items()}
    emails = _emails(cell)
    if not emails:
        return Problem(row.line, f"no e-mail address: {cell.get('email', '')!r}")
    ends = _day(cell.get("ends_on", ""))
    if cell.get("ends_on") and ends is None:
        return Problem(row.line, f"the end date cannot be read: {cell['ends_on']!r}")
    used = set(columns.values())
    return Person(
        id="",
        emails=emails,
        first_name=cell.get("first_name", ""),
        last_name=cell.get("last_name", ""),
        source=source,
        source_key=cell.get("source_key") or emails[0].casefold(),
        department=cell.get("department", ""),
        company=cell.get("company", ""),
        country=cell.get("country", ""),
        location=cell.get("location", ""),
        job_title=cell.get("job_title", ""),
        manager_email=cell.get("manager_email", "").casefold(),
        employment=_KINDS.get(cell.get("employment", "").casefold(), "employee"),
        starts_on=_day(cell.get("starts_on", "")),
        ends_on=ends,
        left=_left(cell),
        attributes={
            name: row.cells[at]
            for at, name in enumerate(table.header)
            if at not in used and row.cells[at]
        },
    )


def _emails(cell: Mapping[str, str]) -> tuple[str, ...]:
    listed = re.split(r"[;,\s]+", f"{cell.get('email', '')};{cell.get('emails', '')}")
    return tuple(dict.fromkeys(one for one in listed if _EMAIL.match(one)))


def _left(cell: Mapping[str, str]) -> bool:
    return cell.get("left", "").casefold() in _YES or cell.get("status", "").casefold() in _GONE


def _day(text: str) -> date | None:
    moment = parse_moment(text) if text else None
    return None if moment is None else moment.date()
