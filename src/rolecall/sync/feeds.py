"""Reads activity feeds newest first: a bounded first read, later only what is new.

No feed can be asked forwards from a cursor, so reading goes back from the newest line until it
meets what is known. Events are kept page by page; the cursor moves when all were met.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from rolecall.domain.snapshot import FeedEvent
from rolecall.hubspot import Reader
from rolecall.kit.paging import Page
from rolecall.reading import event_of
from rolecall.reading.feeds import AUDIT, LOGIN, SECURITY, FeedRow
from rolecall.store import FeedCursor
from rolecall.sync.ports import Bounds

FEEDS = (LOGIN, SECURITY, AUDIT)


@dataclass(frozen=True, slots=True)
class Reached:
    """The newest event met, and since when the feed is known without a hole."""

    newest_id: str
    newest_at: datetime
    since: datetime

    def as_cursor(self, hub_id: int, feed: str, now: datetime, note: str) -> FeedCursor:
        """As the store keeps it."""
        text = f"{self.newest_at.isoformat()}|{self.newest_id}"
        return FeedCursor(hub_id, feed, text, now, self.since, note)


def reached(cursor: FeedCursor | None) -> Reached | None:
    """What a former run met; None where there was none."""
    if cursor is None or cursor.cursor is None or cursor.since is None:
        return None
    at, _, newest_id = cursor.cursor.partition("|")
    return Reached(newest_id, datetime.fromisoformat(at), cursor.since)


@dataclass(frozen=True, slots=True)
class FeedPage:
    """New events of one page; `reached` only with the last one, `note` says what was cut off."""

    events: tuple[FeedEvent, ...]
    reached: Reached | None = None
    note: str = ""


async def new_events(
    reader: Reader, feed: str, known: Reached | None, bounds: Bounds, now: datetime
) -> AsyncIterator[FeedPage]:
    """Every event newer than the cursor; the first read stops at the bounds and says so."""
    oldest = now - timedelta(days=bounds.feed_days) if known is None else known.newest_at
    newest = known
    after: str | None = None
    pages = 0
    while True:
        page = await _page(reader, feed, oldest, after)
        pages += 1
        events = tuple(event for row in page.items if (event := event_of(row)) is not None)
        new = tuple(one for one in events if _is_new(one, known, oldest))
        newest = _newest(newest, new, oldest)
        met = any(one.at < oldest for one in events) or len(new) < len(events)
        if page.after is None or met:
            bounded = known is None and (met or feed != LOGIN)
            note = _first_read(oldest, bounds) if bounded else ""
            yield FeedPage(new, newest or Reached("", now, oldest), note)
            return
        if known is None and pages >= bounds.feed_pages:
            yield _cut_off(new, newest, now)
            return
        yield FeedPage(new)
        after = page.after


def _first_read(oldest: datetime, bounds: Bounds) -> str:
    """The log-in feed is met to its end or older lines; the others are asked from a date on."""
    return f"first read, back to {oldest:%Y-%m-%d}: the newest {bounds.feed_days} days"


def _is_new(event: FeedEvent, known: Reached | None, oldest: datetime) -> bool:
    return event.at >= oldest and (known is None or event.id != known.newest_id)


def _newest(
    newest: Reached | None, events: tuple[FeedEvent, ...], since: datetime
) -> Reached | None:
    for event in events:
        if newest is None:
            newest = Reached(event.id, event.at, since)
        elif event.at > newest.newest_at:
            newest = Reached(event.id, event.at, newest.since)
    return newest


def _cut_off(events: tuple[FeedEvent, ...], newest: Reached | None, now: datetime) -> FeedPage:
    since = min((one.at for one in events), default=now)
    met = Reached("", now, since) if newest is None else newest
    end = Reached(met.newest_id, met.newest_at, since)
    return FeedPage(events, end, f"read back to {since:%Y-%m-%d %H:%M} UTC, the page bound")


async def _page(reader: Reader, feed: str, since: datetime, after: str | None) -> Page[FeedRow]:
    """Exactly one page, so that none is fetched that nobody needs."""
    if feed == LOGIN:
        logins = [page async for page in reader.login_feed(after=after, max_pages=1)]
        return _only(logins)
    if feed == SECURITY:
        acts = reader.security_feed(since=since, after=after, max_pages=1)
        return _only([page async for page in acts])
    return _only([page async for page in reader.audit_feed(since=since, after=after, max_pages=1)])


def _only(pages: Sequence[Page[Any]]) -> Page[FeedRow]:
    return pages[0] if pages else Page(())
