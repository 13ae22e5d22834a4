"""Decides which person each user belongs to, and what became of people between two lists. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from rolecall.domain.person import Link, Person, Situation
from rolecall.domain.snapshot import Snapshot, User, UserState

CONFIRMED = "confirmed by "
# A change in one of these moves somebody to another place; the others are corrections.
PLACE = ("department", "company", "country", "location", "job_title", "manager_email", "employment")


@dataclass(frozen=True, slots=True)
class Move:
    """Somebody whose place in the company changed, field by field: name, before, after."""

    person: Person
    fields: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class Moves:
    """Joiners, movers and leavers between the list before and the list now."""

    joiners: tuple[Person, ...] = ()
    movers: tuple[Move, ...] = ()
    leavers: tuple[Person, ...] = ()
    returned: tuple[Person, ...] = ()

    def emails(self) -> tuple[str, ...]:
        """Everybody's e-mails, in the order told."""
        people = [*self.joiners, *(one.person for one in self.movers), *self.leavers]
        return tuple(email for one in (*people, *self.returned) for email in one.emails)


def correlate(
    snapshot: Snapshot, people: Sequence[Person], known: Iterable[Link]
) -> tuple[Link, ...]:
    """A link per present human user; what a person confirmed stays as long as both are there.

    E-mail decides; a name alone only suggests (unlinked), and several candidates are a dispute.
    """
    by_id = {person.id: person for person in people}
    by_email: dict[str, list[Person]] = defaultdict(list)
    by_name: dict[str, list[Person]] = defaultdict(list)
    for person in people:
        for email in dict.fromkeys(one.casefold() for one in person.emails):
            by_email[email].append(person)
        by_name[name_key(person.first_name, person.last_name)].append(person)
    confirmed = {
        link.user_id: link
        for link in known
        if link.reason.startswith(CONFIRMED) and link.person_id in by_id
    }
    return tuple(
        _kept(confirmed[user.id], by_id)
        if user.id in confirmed
        else _linked(snapshot.hub_id, user, by_email, by_name)
        for user in snapshot.users
        if user.present and user.state is not UserState.SERVICE
    )


def _kept(link: Link, by_id: Mapping[str, Person]) -> Link:
    person = by_id[link.person_id or ""]
    situation = Situation.DELETED if person.left else Situation.LINKED
    return Link(link.hub_id, link.user_id, situation, link.person_id, (), link.reason)


def _linked(
    hub_id: int,
    user: User,
    by_email: Mapping[str, list[Person]],
    by_name: Mapping[str, list[Person]],
) -> Link:
    found = by_email.get(user.email.casefold(), [])
    if len(found) > 1:
        ids = tuple(sorted(person.id for person in found))
        reason = f"{len(found)} people have this e-mail"
        return Link(hub_id, user.id, Situation.DISPUTED, None, ids, reason)
    if found:
        situation = Situation.DELETED if found[0].left else Situation.LINKED
        return Link(hub_id, user.id, situation, found[0].id, (), "same e-mail")
    alike = by_name.get(name_key(user.first_name, user.last_name), []) if user.last_name else []
    if not alike:
        return Link(hub_id, user.id, Situation.UNMATCHED, None, (), "nobody has this e-mail")
    ids = tuple(sorted(person.id for person in alike))
    situation = Situation.UNLINKED if len(alike) == 1 else Situation.DISPUTED
    return Link(hub_id, user.id, situation, None, ids, "same name, another e-mail")


def name_key(first: str, last: str) -> str:
    """A name as it is compared."""
    return " ".join(f"{first} {last}".casefold().split())


def moves_between(before: Mapping[str, Person], now: Iterable[Person], today: date) -> Moves:
    """What happened to people between two lists, by our id."""
    joiners, movers, leavers, returned = [], [], [], []
    for person in now:
        known = before.get(person.id)
        gone = has_left(person, today)
        if known is None:
            if not gone:
                joiners.append(person)
        elif gone and not has_left(known, today):
            leavers.append(person)
        elif not gone and has_left(known, today):
            returned.append(person)
        elif fields := _moved(known, person):
            movers.append(Move(person, fields))
    return Moves(tuple(joiners), tuple(movers), tuple(leavers), tuple(returned))


def has_left(person: Person, today: date) -> bool:
    """Marked as left, or the last day is over."""
    return person.left or (person.ends_on is not None and person.ends_on < today)


def _moved(before: Person, now: Person) -> tuple[tuple[str, str, str], ...]:
    return tuple(
        (name, getattr(before, name), getattr(now, name))
        for name in PLACE
        if getattr(before, name) != getattr(now, name)
    )
