"""People as the sources know them, and which person each user belongs to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    RowMapping,
    Select,
    Table,
    Text,
    and_,
    delete,
    func,
    or_,
    select,
)

from rolecall.domain.person import Link, Person, Situation
from rolecall.domain.snapshot import User, UserState
from rolecall.kit.paging import Page
from rolecall.store.encoding import from_json, to_json
from rolecall.store.facts import USERS, is_open
from rolecall.store.rows import CHUNK, Repository
from rolecall.store.schema import Key, metadata, text
from rolecall.store.user_rows import USER_FIELDS, user_of

PEOPLE = Table(
    "people", metadata,
    Column("id", Key, primary_key=True),
    text("source"),
    text("source_key"),
    text("body"),
    # Name and e-mails, case-folded: what both databases search alike.
    Column("search", Text, nullable=False, server_default=""),
    Index("ix_people_source", "source", "source_key"),
)  # fmt: skip
PEOPLE_EMAILS = Table(
    "people_emails", metadata,
    Column("email_key", Key, primary_key=True),
    Column("person_id", Key, primary_key=True),
    Index("ix_people_emails_person", "person_id"),
)  # fmt: skip
LINKS = Table(
    "links", metadata,
    Column("hub_id", BigInteger, primary_key=True, autoincrement=False),
    Column("user_id", Key, primary_key=True),
    text("situation"),
    Column("person_id", Text),
    text("body"),
    Index("ix_links_person_id", "person_id"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class PeopleQuery:
    """Which lines of a portal; every limit must hold, None and "" = not limited."""

    situation: Situation | None = None
    search: str = ""  # part of a name or an e-mail, of the person or the user
    limit: int = 100
    skip: int = 0
    elsewhere: bool = True  # people without a user in the portal too


@dataclass(frozen=True, slots=True)
class Linked:
    """A user with the person it belongs to, or a person without a user in the portal."""

    person: Person | None
    user: User | None = None
    link: Link | None = None


class People(Repository):
    """Persons by our id, found by any of their e-mails in any case."""

    async def put(self, people: Iterable[Person]) -> int:
        """Write persons, replacing those with the same id; how many were written."""
        rows = [_row(person) for person in people]
        for start in range(0, len(rows), CHUNK):
            batch = rows[start : start + CHUNK]
            await self._put_batch(batch)
        return len(rows)

    async def _put_batch(self, rows: list[tuple[Person, dict[str, object]]]) -> None:
        """Write some persons and the e-mails they are found by."""
        ids = [person.id for person, _ in rows]
        gone = delete(PEOPLE_EMAILS).where(PEOPLE_EMAILS.c.person_id.in_(ids))
        await self.connection.execute(gone)
        await self.upsert(PEOPLE, [row for _, row in rows])
        emails = {(email.casefold(), person.id) for person, _ in rows for email in person.emails}
        found = [{"email_key": email, "person_id": person_id} for email, person_id in emails]
        await self.add_new(PEOPLE_EMAILS, found)

    async def get(self, person_id: str) -> Person | None:
        """The person with this id."""
        row = await self.one(select(PEOPLE).where(PEOPLE.c.id == person_id))
        return _person(row) if row else None

    async def by_email(self, email: str) -> tuple[Person, ...]:
        """Persons with this e-mail, in any case; several are a dispute to settle."""
        here = PEOPLE_EMAILS.c.email_key == email.casefold()
        found = select(PEOPLE).join(PEOPLE_EMAILS, PEOPLE_EMAILS.c.person_id == PEOPLE.c.id)
        rows = await self.rows(found.where(here).order_by(PEOPLE.c.id))
        return tuple(_person(row) for row in rows)

    async def known_by(self, emails: Iterable[str]) -> tuple[Person, ...]:
        """Persons with any of these e-mails, in any case, by id."""
        keys = {one.casefold() for one in emails}
        theirs = select(PEOPLE_EMAILS.c.person_id).where(PEOPLE_EMAILS.c.email_key.in_(keys))
        found = select(PEOPLE).where(PEOPLE.c.id.in_(theirs)).order_by(PEOPLE.c.id)
        return tuple(_person(row) for row in await self.rows(found))

    async def all(self, source: str | None = None) -> tuple[Person, ...]:
        """Every person, or those of one source, by id."""
        found = select(PEOPLE).order_by(PEOPLE.c.id)
        if source is not None:
            found = found.where(PEOPLE.c.source == source)
        return tuple(_person(row) for row in await self.rows(found))

    async def anybody(self) -> bool:
        """Whether there is any person at all."""
        return await self.value(select(PEOPLE.c.id).limit(1)) is not None

    async def remove(self, person_ids: Iterable[str]) -> None:
        """Forget persons; their links go with the next correlation."""
        ids = list(person_ids)
        for start in range(0, len(ids), CHUNK):
            batch = ids[start : start + CHUNK]
            await self.connection.execute(
                delete(PEOPLE_EMAILS).where(PEOPLE_EMAILS.c.person_id.in_(batch))
            )
            await self.connection.execute(delete(PEOPLE).where(PEOPLE.c.id.in_(batch)))

    async def links(self, hub_id: int) -> tuple[Link, ...]:
        """Which person each user of a portal belongs to, by user id."""
        found = select(LINKS).where(LINKS.c.hub_id == hub_id).order_by(LINKS.c.user_id)
        return tuple(from_json(row["body"], Link) for row in await self.rows(found))

    async def lines(self, hub_id: int, query: PeopleQuery) -> Page[Linked]:
        """Users of a portal with their people, by e-mail; then people without a user there."""
        users = _users_with_people(hub_id, query)
        there = int(await self.value(select(func.count()).select_from(users.subquery())) or 0)
        rest = _people_without(hub_id, query)
        if query.situation is None and query.elsewhere:
            others = int(await self.value(select(func.count()).select_from(rest.subquery())) or 0)
        else:
            others = 0  # a situation is a user's; who is elsewhere may not be theirs to see
        page = users.order_by(USERS.c.email_key, USERS.c.user_id)
        rows = (await self.connection.execute(page.limit(query.limit).offset(query.skip))).all()
        found = [_linked(row) for row in rows]
        left = query.limit - len(found)
        if others and left:
            page = rest.order_by(PEOPLE.c.search, PEOPLE.c.id)
            skip = max(0, query.skip - there)
            more = await self.rows(page.limit(left).offset(skip))
            found += [Linked(_person(row)) for row in more]
        after = query.skip + len(found)
        total = there + others
        return Page(tuple(found), str(after) if found and after < total else None, total)

    async def links_of(self, person_id: str) -> tuple[Link, ...]:
        """The users of one person in every portal."""
        found = select(LINKS).where(LINKS.c.person_id == person_id)
        ordered = found.order_by(LINKS.c.hub_id, LINKS.c.user_id)
        return tuple(from_json(row["body"], Link) for row in await self.rows(ordered))

    async def put_links(self, links: Iterable[Link]) -> None:
        """Write links, replacing those of the same users."""
        rows = [
            {
                "hub_id": link.hub_id,
                "user_id": link.user_id,
                "situation": link.situation.value,
                "person_id": link.person_id,
                "body": to_json(link),
            }
            for link in links
        ]
        await self.upsert(LINKS, rows)


_USER_COLUMNS = [USERS.c[name] for name in USER_FIELDS]
_THEIRS = and_(USERS.c.hub_id == LINKS.c.hub_id, USERS.c.user_id == LINKS.c.user_id)


def _users_with_people(hub_id: int, query: PeopleQuery) -> Select[Any]:
    joined = LINKS.join(USERS, and_(_THEIRS, is_open(USERS))).outerjoin(
        PEOPLE, PEOPLE.c.id == LINKS.c.person_id
    )
    found = (
        select(*_USER_COLUMNS, LINKS.c.body.label("link"), PEOPLE.c.body.label("person"))
        .select_from(joined)
        .where(LINKS.c.hub_id == hub_id, USERS.c.state != UserState.REMOVED.value)
    )
    if query.situation is not None:
        found = found.where(LINKS.c.situation == query.situation.value)
    if query.search:
        wanted = query.search.casefold()
        found = found.where(
            or_(
                USERS.c.search.contains(wanted, autoescape=True),
                PEOPLE.c.search.contains(wanted, autoescape=True),
            )
        )
    return found


def _people_without(hub_id: int, query: PeopleQuery) -> Select[Any]:
    here = select(LINKS.c.person_id).where(
        LINKS.c.hub_id == hub_id, LINKS.c.person_id == PEOPLE.c.id
    )
    found = select(PEOPLE).where(~here.exists())
    if query.search:
        found = found.where(PEOPLE.c.search.contains(query.search.casefold(), autoescape=True))
    return found


def _linked(row: Any) -> Linked:
    person = None if row.person is None else from_json(row.person, Person)
    return Linked(person, user_of(row), from_json(row.link, Link))


def _row(person: Person) -> tuple[Person, dict[str, object]]:
    row: dict[str, object] = {
        "id": person.id,
        "source": person.source,
        "source_key": person.source_key,
        "body": to_json(person),
        "search": " ".join((person.first_name, person.last_name, *person.emails)).casefold(),
    }
    return person, row


def _person(row: RowMapping) -> Person:
    return from_json(row["body"], Person)
