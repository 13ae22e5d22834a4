"""People as the sources know them, and which person each user belongs to."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import BigInteger, Column, Index, RowMapping, Table, Text, delete, select

from rolecall.domain.person import Link, Person
from rolecall.store.encoding import from_json, to_json
from rolecall.store.rows import CHUNK, Repository
from rolecall.store.schema import Key, metadata, text

PEOPLE = Table(
    "people", metadata,
    Column("id", Key, primary_key=True),
    text("source"),
    text("source_key"),
    text("body"),
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


def _row(person: Person) -> tuple[Person, dict[str, object]]:
    row: dict[str, object] = {
        "id": person.id,
        "source": person.source,
        "source_key": person.source_key,
        "body": to_json(person),
    }
    return person, row


def _person(row: RowMapping) -> Person:
    return from_json(row["body"], Person)
