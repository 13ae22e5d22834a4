"""Keeps new feed events page by page and moves each cursor when its feed was met to the end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from rolecall.domain.snapshot import FeedEvent
from rolecall.hubspot import Reader
from rolecall.hubspot.errors import HubSpotError
from rolecall.reading.feeds import SECURITY
from rolecall.store import Database, FeedQuery
from rolecall.sync.feeds import FeedPage, new_events, reached
from rolecall.sync.ports import Bounds, Progress, Step
from rolecall.sync.troubles import Gap, gap_of

ADDED = frozenset({"ADD_USER", "JOINED_PORTAL_VIA_DOMAIN_BASED_INVITE"})
# Far more additions than one portal has in the bounded past; keeps the question bounded too.
MOST_ADDITIONS = 100_000


@dataclass(slots=True)
class ReadFeeds:
    """What the feeds of one run brought; gaps name feeds that could not be read."""

    events: int = 0
    gaps: list[Gap] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class FeedFacts:
    """What all feeds kept so far tell about users."""

    last_logins: Mapping[str, datetime]  # by case-folded e-mail
    added_at: Mapping[str, datetime]  # by settings id


@dataclass(frozen=True, slots=True)
class FeedReader:
    """Reads the feeds of one portal into the store."""

    reader: Reader
    database: Database
    hub_id: int
    bounds: Bounds
    now: datetime
    progress: Progress

    async def read(self, feed: str, into: ReadFeeds) -> None:
        """Every new event of one feed; a feed that cannot be read is a gap."""
        part = f"{feed} feed"
        count = 0
        try:
            async with self.database.read() as view:
                known = reached(await view.feeds.cursor(self.hub_id, feed))
            async for page in new_events(self.reader, feed, known, self.bounds, self.now):
                await self._keep(feed, page)
                count += len(page.events)
                self.progress(Step(part, count, note=page.note))
                if page.note:
                    into.notes.append(f"{part}: {page.note}")
        except HubSpotError as error:
            gap = gap_of(part, error)
            # A feed that is down for now is read from its cursor next time; users are whole.
            into.gaps.append(replace(gap, torn=False, passing=gap.torn))
            self.progress(Step(part, count, note=gap.reason, finished=True))
        else:
            self.progress(Step(part, count, count, finished=True))
        into.events += count

    async def _keep(self, feed: str, page: FeedPage) -> None:
        if not page.events and page.reached is None:
            return
        async with self.database.work() as work:
            if page.events:
                await work.feeds.add(self.hub_id, page.events)
            if page.reached is not None:
                cursor = page.reached.as_cursor(self.hub_id, feed, self.now, page.note)
                await work.feeds.move(cursor)


async def feed_facts(database: Database, hub_id: int) -> FeedFacts:
    """Last log-ins and additions, of everybody the feeds ever named."""
    query = FeedQuery(feed=SECURITY, types=ADDED, limit=MOST_ADDITIONS)
    async with database.read() as view:
        logins = await view.feeds.last_logins(hub_id)
        added = await view.feeds.events(hub_id, query)
    return FeedFacts(logins, _newest_first(added))


def _newest_first(events: tuple[FeedEvent, ...]) -> dict[str, datetime]:
    """When each user was added last; somebody may have come back."""
    found: dict[str, datetime] = {}
    for event in events:
        if event.object_id is not None:
            found.setdefault(event.object_id, event.at)
    return found
