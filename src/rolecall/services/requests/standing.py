"""What requests and reviews look things up in: newest snapshot, policy in force, people.

Unlike `ground`, it is read for people who may not look at the portal themselves: use cases show
of it only what the person asked about.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from rolecall.domain.person import Person
from rolecall.domain.portal import Portal
from rolecall.domain.snapshot import Snapshot
from rolecall.kit.errors import NeedsPerson
from rolecall.policy.document import Policy
from rolecall.policy.parse import parse_policy
from rolecall.requests.routing import Directory
from rolecall.services.pictures import whole_picture
from rolecall.store import View
from rolecall.store.errors import NotThere

NO_POLICY = Policy()


@dataclass(frozen=True, slots=True)
class Standing:
    """One portal as it stands; people by every e-mail of theirs, case-folded."""

    portal: Portal
    snapshot: Snapshot
    policy: Policy = NO_POLICY
    people: Mapping[str, Person] = field(default_factory=dict)

    @property
    def directory(self) -> Directory:
        """Who manages whom."""
        return Directory(self.people)

    def label(self, slot: str, value: str) -> str:
        """A value as people read it."""
        named = {
            "permission_set": {one.id: one.name for one in self.snapshot.permission_sets},
            "main_team": {one.id: one.name for one in self.snapshot.teams},
            "extra_team": {one.id: one.name for one in self.snapshot.teams},
        }
        return named.get(slot, {}).get(value, value)


async def standing_of(
    view: View, hub_id: int, *, complete: bool = False, about: Collection[str] | None = None
) -> Standing:
    """Everything about a portal a request or a review is judged by.

    `about` are the e-mails it is about, where of all people only these matter. Raises NotThere for a portal that is not connected, NeedsPerson before its first (complete)
    sync.
    """
    portal = await view.portals.get(hub_id)
    if portal is None:
        raise NotThere(f"Portal {hub_id} is not connected")
    snapshot = await whole_picture(view, hub_id, complete=complete)
    if snapshot is None:
        kind = "a complete" if complete else "its first"
        raise NeedsPerson(
            f"{portal.name} waits for {kind} sync", hint=f"rolecall sync {portal.name}"
        )
    stored = await view.policies.in_force(hub_id)
    policy = parse_policy(stored.text) if stored is not None else NO_POLICY
    people = await (view.people.all() if about is None else view.people.known_by(about))
    return Standing(portal, snapshot, policy, by_email(people))


def by_email(people: tuple[Person, ...]) -> dict[str, Person]:
    """People by each of their e-mails, case-folded; the first one wins a shared address."""
    found: dict[str, Person] = {}
    for person in people:
        for email in person.emails:
            found.setdefault(email.casefold(), person)
    return found
