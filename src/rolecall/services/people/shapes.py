"""People and what a list brought as plain values: what --json, REST and MCP show alike."""

from __future__ import annotations

from typing import Any

from rolecall.domain.person import Link, Person
from rolecall.services.people.people import PeopleImport, PersonLine

Plain = dict[str, Any]


def person_shape(person: Person) -> Plain:
    """One human."""
    return {
        "id": person.id,
        "name": person.name,
        "emails": list(person.emails),
        "department": person.department,
        "job_title": person.job_title,
        "country": person.country,
        "manager": person.manager_email,
        "employment": person.employment,
        "starts_on": person.starts_on,
        "ends_on": person.ends_on,
        "left": person.left,
        "source": person.source,
    }


def person_line_shape(line: PersonLine) -> Plain:
    """A person and their user in one portal; what is not there is empty."""
    person = line.person
    shape = person_shape(person) if person else dict.fromkeys(_EMPTY, "")
    return {
        **shape,
        "situation": line.situation.value if line.situation else "no user",
        "user": line.users[0].email if line.users else "",
        "reason": line.link.reason if line.link else "",
        "candidates": list(line.link.candidates) if line.link else [],
    }


def link_shape(link: Link) -> Plain:
    """Whose a user is, and by what."""
    return {
        "user_id": link.user_id,
        "person_id": link.person_id,
        "situation": link.situation.value,
        "reason": link.reason,
    }


_EMPTY = tuple(person_shape(Person("", ())))


def import_shape(found: PeopleImport) -> Plain:
    """What a list brought."""
    moves, reading = found.moves, found.reading
    return {
        "people": len(reading.people),
        "columns": dict(reading.columns),
        "problems": [{"line": one.line, "message": one.message} for one in reading.problems],
        "joiners": [person_shape(one) for one in moves.joiners],
        "movers": [
            {
                **person_shape(one.person),
                "changed": [
                    {"field": name, "before": before, "after": after}
                    for name, before, after in one.fields
                ],
            }
            for one in moves.movers
        ],
        "leavers": [person_shape(one) for one in moves.leavers],
        "returned": [person_shape(one) for one in moves.returned],
        "missing": found.missing,
        "situations": {name: dict(counts) for name, counts in found.situations.items()},
    }
