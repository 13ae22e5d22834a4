"""People lists come in, are correlated with users, and tell joiners, movers and leavers."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from rolecall.domain.actor import Actor, Role
from rolecall.domain.events import Event
from rolecall.domain.operator import ALL_PORTALS, TokenScope
from rolecall.domain.person import RELEASED, Link, Person, Situation
from rolecall.domain.scim import SCIM
from rolecall.domain.snapshot import User
from rolecall.kit.errors import Refused
from rolecall.kit.ids import uuid7
from rolecall.services.app import App
from rolecall.services.connections.portals import portal_named, portal_to_change
from rolecall.services.people.correlation import CONFIRMED, Move, Moves, correlate, moves_between
from rolecall.services.rights import may_change, may_read, need
from rolecall.sources.people_files import PeopleReading, read_people
from rolecall.store import UnitOfWork, UserQuery, View
from rolecall.store.people import PeopleQuery

DEFAULT_SOURCE = "hr"
MOVES = "moves"  # preference of a portal: users whose person moved, for the reviews to take up
CONFIRMED_EMAILS = "confirmed e-mails"  # attribute: e-mails added by `people link`


@dataclass(frozen=True, slots=True)
class PeopleImport:
    """What a list brought: what it says, what changed since the list before, and who is whose."""

    reading: PeopleReading
    moves: Moves
    missing: int  # on the list before, not on this one: treated as left
    situations: Mapping[str, Mapping[str, int]]  # by portal name


@dataclass(frozen=True, slots=True)
class PersonLine:
    """A person with their users in one portal, or a user without a person."""

    person: Person | None
    users: tuple[User, ...]
    situation: Situation | None
    link: Link | None = None


async def import_people(
    app: App,
    actor: Actor,
    data: bytes,
    *,
    source: str = DEFAULT_SOURCE,
    mapping: Mapping[str, str] | None = None,
    accept_shrink: bool = False,
) -> PeopleImport:
    """Take over a people list; who is no longer on it has left, nobody's access changes by this.

    Refused for half a file, a file without e-mails, or one that shrank by half.
    """
    scope = TokenScope.ACCESS_WRITE
    may_change(app, actor, Role.ADMIN, ALL_PORTALS, "import people", scope)
    async with app.database.read() as view:
        known = await view.people.all(source)
        pushed = [one for one in await view.people.all() if _pushed(one)]
    present = [one for one in known if not one.left]
    reading = await asyncio.to_thread(  # a large workbook takes long; others are answered meanwhile
        read_people,
        data,
        source=source,
        mapping=mapping,
        known_before=len(present),
        accept_shrink=accept_shrink,
    )
    now = recognised(known, reading.people, pushed)
    listed = {one.id for one in now}
    missing = [replace(one, left=True) for one in present if one.id not in listed]
    moves = moves_between({one.id: one for one in known}, [*now, *missing], app.clock.now().date())
    async with app.database.begin(actor, f"people list of {source}") as work:
        await work.people.put([*now, *missing])
        details = {"people": str(len(now)), "left": str(len(missing)), "source": source}
        work.record(Event.PEOPLE_LIST_IMPORTED, subject=source, details=details)
        situations = {
            portal.name: await correlate_portal(work, portal.hub_id)
            for portal in await work.portals.all()
        }
        await _leave_word(work, moves.movers)
    return PeopleImport(reading, moves, len(missing), situations)


def recognised(
    known: Sequence[Person], listed: Iterable[Person], pushed: Sequence[Person] = ()
) -> list[Person]:
    """The listed people under the ids we know them by: by key, else by e-mail, else a new id.

    `pushed` are found by e-mail alone: whom an identity provider brought before any list did.
    E-mails a person confirmed as theirs stay, though the list does not have them.
    """
    by_key = {one.source_key: one for one in known}
    by_email = {email.casefold(): one for one in (*pushed, *known) for email in one.emails}
    taken: set[str] = set()
    found = []
    for person in listed:
        former = by_key.get(person.source_key) or next(
            (by_email[e.casefold()] for e in person.emails if e.casefold() in by_email), None
        )
        if former is None or former.id in taken:
            found.append(replace(person, id=uuid7()))
            continue
        taken.add(former.id)
        found.append(_over(former, person))
    return found


def _pushed(person: Person) -> bool:
    """Known by an identity provider alone, be it there still or removed."""
    return person.source == RELEASED or person.source.startswith(SCIM)


def _over(former: Person, person: Person) -> Person:
    kept = former.attributes.get(CONFIRMED_EMAILS, "")
    emails = tuple(dict.fromkeys((*person.emails, *kept.split())))
    told = {CONFIRMED_EMAILS: kept} if kept else {}
    return replace(person, id=former.id, emails=emails, attributes={**person.attributes, **told})


async def correlate_portal(work: UnitOfWork, hub_id: int) -> Mapping[str, int]:
    """Link the newest snapshot's users to people; how many are in which situation."""
    people = await work.people.all()
    snapshot = await work.snapshots.load(hub_id) if people else None
    if snapshot is None:
        return {}
    links = correlate(snapshot, people, await work.people.links(hub_id))
    await work.people.put_links(links)
    return Counter(link.situation.value for link in links)


async def _leave_word(work: UnitOfWork, movers: Sequence[Move]) -> None:
    """Tell the reviews who changed place by this list, in the transaction that says so."""
    for move in movers:
        for link in await work.people.links_of(move.person.id):
            query = UserQuery(ids=frozenset({link.user_id}), limit=1)  # nobody who is gone
            for user in (await work.users.find(link.hub_id, query)).items:
                left = {**await moves_left(work, link.hub_id), uuid7(): user.email}
                await work.preferences.save(owner_of(link.hub_id), MOVES, left, work.now)


async def moves_left(view: View, hub_id: int) -> dict[str, str]:
    """Moves no review was opened for yet: the user's e-mail by move."""
    return dict(await view.preferences.get(owner_of(hub_id), MOVES) or {})


def owner_of(hub_id: int) -> str:
    """Under which name a portal keeps preferences."""
    return f"portal:{hub_id}"


@dataclass(frozen=True, slots=True)
class PeoplePage:
    """Some of the lines, how many there are, and where the next page starts."""

    lines: tuple[PersonLine, ...]
    total: int
    after: str | None


async def people_page(
    app: App,
    actor: Actor,
    name: str,
    *,
    situation: Situation | None = None,
    search: str = "",
    limit: int = 100,
    skip: int = 0,
) -> PeoplePage:
    """Users of a portal with their people by e-mail, then people without a user there.

    The latter for who may look at every portal: lists are the installation's, clients are strangers.
    """
    portal = await portal_named(app, actor, name)
    async with app.database.read() as view:
        whole = await _sees_everybody(view, actor)
        query = PeopleQuery(situation, search, limit, skip, whole)
        page = await view.people.lines(portal.hub_id, query)
    lines = tuple(
        PersonLine(
            one.person,
            (one.user,) if one.user else (),
            one.link.situation if one.link else None,
            one.link,
        )
        for one in page.items
    )
    return PeoplePage(lines, page.total or 0, page.after)


async def _sees_everybody(view: View, actor: Actor) -> bool:
    """Whether people without a user in the portal may be told: of all portals, or of the only one."""
    portals = await view.portals.all()
    return may_read(actor, ALL_PORTALS) or all(may_read(actor, one.hub_id) for one in portals)


async def list_people(
    app: App, actor: Actor, name: str, situation: Situation | None = None
) -> tuple[PersonLine, ...]:
    """Everybody known with their users in a portal, and users who are nobody's.

    People without a user there only for who may look at every portal.
    """
    portal = await portal_named(app, actor, name)
    async with app.database.read() as view:
        whole = await _sees_everybody(view, actor)
        people = {one.id: one for one in await view.people.all()}
        links = await view.people.links(portal.hub_id)
        snapshot = await view.snapshots.load(portal.hub_id)
    users = {one.id: one for one in snapshot.users} if snapshot else {}
    lines = []
    seen: set[str] = set()
    for link in links:
        user = users.get(link.user_id)
        if user is None or not user.present:
            continue
        person = people.get(link.person_id or "")
        seen.update(filter(None, [link.person_id]))
        lines.append(PersonLine(person, (user,), link.situation, link))
    if whole:
        lines += [PersonLine(one, (), None) for key, one in people.items() if key not in seen]
    return tuple(one for one in lines if situation is None or one.situation is situation)


async def link_person(
    app: App, actor: Actor, name: str, user_email: str, person_email: str, reason: str = ""
) -> Link:
    """Confirm that a user belongs to a person; it holds until somebody says otherwise."""
    what, scope = "link people", TokenScope.ACCESS_WRITE
    portal = await portal_to_change(app, actor, name, Role.ADMIN, what, scope)
    async with app.database.begin(actor, reason or "people link") as work:
        user = await work.users.get(portal.hub_id, user_email)
        found = await work.people.by_email(person_email)
        if len(found) != 1:
            said = "nobody" if not found else f"{len(found)} people"
            hint = "see who is on it: `rolecall people list`"
            told = f"{said} on the people list has the e-mail {person_email}"
            raise Refused(told, hint=hint)
        await _need_person(work, actor, found[0])
        person = with_email(found[0], user.email)
        await work.people.put([person])
        told = f"{CONFIRMED}{actor.name or actor.id}"
        link = Link(portal.hub_id, user.id, Situation.LINKED, person.id, (), told)
        await work.people.put_links([link])
        details = {"person": person.id, "name": person.name}
        work.record(
            Event.PEOPLE_LINK_CONFIRMED, subject=user.email, hub_id=portal.hub_id, details=details
        )
        return link


async def _need_person(view: View, actor: Actor, person: Person) -> None:
    """Refuse to give a further e-mail to somebody whose users in other portals it would speak for."""
    for link in await view.people.links_of(person.id):
        need(actor, Role.ADMIN, link.hub_id, "say who this person is", TokenScope.ACCESS_WRITE)


def with_email(person: Person, email: str) -> Person:
    """The person with a further e-mail that the next list must not forget."""
    if email.casefold() in (one.casefold() for one in person.emails):
        return person
    kept = f"{person.attributes.get(CONFIRMED_EMAILS, '')} {email}".strip()
    attributes = {**person.attributes, CONFIRMED_EMAILS: kept}
    return replace(person, emails=(*person.emails, email), attributes=attributes)
