"""HubSpot's activity feeds as kept here: each event once, and where to go on reading."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, Column, Index, RowMapping, Table, Text, func, select

from rolecall.domain.snapshot import FeedEvent
from rolecall.store.bulk import Row, insert_new_rows
from rolecall.store.encoding import to_json
from rolecall.store.rows import Repository, narrowed
from rolecall.store.schema import Document, Key, metadata, moment, text, to_micros

FEED_CURSORS = Table(
    "feed_cursors",
    metadata,
    Column("hub_id", BigInteger, primary_key=True, autoincrement=False),
    Column("feed", Text, primary_key=True),
    Column("cursor", Text),
    moment("read_at"),
    moment("since", nullable=True),
    text("note"),
)
FEED_EVENTS = Table(
    "feed_events",
    metadata,
    Column("hub_id", BigInteger, primary_key=True, autoincrement=False),
    Column("feed", Key, primary_key=True),
    Column("id", Key, primary_key=True),
    moment("at"),
    text("type"),
    Column("actor_id", Text),
    text("actor_key"),
    text("actor_email"),
    Column("object_id", Text),
    Column("details", Document, nullable=False),
    Index("ix_feed_events_at", "hub_id", "feed", "at"),
)


@dataclass(frozen=True, slots=True)
class FeedCursor:
    """Where reading a feed goes on, and how far back what we have reaches."""

    hub_id: int
    feed: str  # login | security | audit
    cursor: str | None
    read_at: datetime
    since: datetime | None = None  # nothing older was read; None = from the beginning
    note: str = ""  # why it is bounded: "newest 30 days", "20 pages"


@dataclass(frozen=True, slots=True)
class FeedQuery:
    """Which events, newest first; None = not limited."""

    feed: str | None = None
    types: frozenset[str] | None = None
    actor_id: str | None = None
    object_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    limit: int = 1_000


class Feeds(Repository):
    """Events by portal, feed and HubSpot's event id; adding one twice keeps one."""

    async def cursor(self, hub_id: int, feed: str) -> FeedCursor | None:
        """Where to go on; None before the first reading."""
        found = select(FEED_CURSORS).where(
            FEED_CURSORS.c.hub_id == hub_id, FEED_CURSORS.c.feed == feed
        )
        row = await self.one(found)
        return FeedCursor(**row) if row else None

    async def move(self, cursor: FeedCursor) -> None:
        """Remember where to go on."""
        row = {
            "hub_id": cursor.hub_id,
            "feed": cursor.feed,
            "cursor": cursor.cursor,
            "read_at": cursor.read_at,
            "since": cursor.since,
            "note": cursor.note,
        }
        await self.upsert(FEED_CURSORS, [row])

    async def add(self, hub_id: int, events: Iterable[FeedEvent]) -> None:
        """Keep those events that are not kept yet."""
        rows = (_row(hub_id, one) for one in events)
        await insert_new_rows(self.connection, FEED_EVENTS, rows)

    async def events(self, hub_id: int, query: FeedQuery) -> tuple[FeedEvent, ...]:
        """Matching events, newest first."""
        event = FEED_EVENTS.c
        found = narrowed(
            select(FEED_EVENTS).where(event.hub_id == hub_id),
            (query.feed, event.feed.__eq__),
            (query.types, lambda types: event.type.in_(sorted(types))),
            (query.actor_id, event.actor_id.__eq__),
            (query.object_id, event.object_id.__eq__),
            (query.since, event.at.__ge__),
            (query.until, event.at.__lt__),
        )
        newest = found.order_by(event.at.desc(), event.id.desc()).limit(query.limit)
        return tuple(_event(row) for row in await self.rows(newest))

    async def last_logins(self, hub_id: int) -> Mapping[str, datetime]:
        """When each user last signed in by the login feed, by case-folded e-mail."""
        newest = func.max(FEED_EVENTS.c.at).label("newest")
        found = select(FEED_EVENTS.c.actor_key, newest).where(
            FEED_EVENTS.c.hub_id == hub_id, FEED_EVENTS.c.feed == "login",
            FEED_EVENTS.c.type == LOGGED_IN, FEED_EVENTS.c.actor_key != "",
        )  # fmt: skip
        rows = await self.rows(found.group_by(FEED_EVENTS.c.actor_key))
        return {row["actor_key"]: row["newest"] for row in rows}


# The domain's type of a successful sign-in (docs/store.md); refused attempts prove no activity.
LOGGED_IN = "LOGIN_SUCCEEDED"


def _row(hub_id: int, one: FeedEvent) -> Row:
    """A row of FEED_EVENTS, in the order of its columns."""
    return (
        hub_id,
        one.feed,
        one.id,
        to_micros(one.at),
        one.type,
        one.actor_id,
        one.actor_email.casefold(),
        one.actor_email,
        one.object_id,
        to_json(one.details),
    )


def _event(row: RowMapping) -> FeedEvent:
    return FeedEvent(
        row["feed"],
        row["id"],
        row["type"],
        row["at"],
        row["actor_id"],
        row["actor_email"],
        row["object_id"],
        row["details"],
    )
