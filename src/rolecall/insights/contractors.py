"""Which contractors have no end? Asked only where people are known."""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.domain.finding import Evidence, Mend, Severity
from rolecall.insights.rules import Observation, of_user, rule
from rolecall.insights.view import View


@rule(
    "contractor.no-end",
    Severity.MEDIUM,
    title="Contractor without an end date",
    why="Contracts end without anybody telling HubSpot; access without an end outlives them.",
    docs="Fires for an active user whose person is a contractor, when neither the source of people "
    "nor an assignment here gives an end.",
)
def contractor_without_end(view: View) -> Iterator[Observation]:
    """Contractors whose access never ends."""
    people = {person.id: person for person in view.facts.people}
    for user in view.active:
        link = view.facts.links.get(user.id)
        person = people.get(link.person_id) if link and link.person_id else None
        if person is None or person.employment != "contractor" or person.left:
            continue
        if person.ends_on is None and user.id not in view.facts.ends:
            fact = Evidence(f"{person.name} is a contractor", person.source or "people")
            mend = Mend("manual", f"Agree an end for {user.email} and enter it")
            yield of_user(user, "contractor without an end date", evidence=(fact,), mend=mend)
