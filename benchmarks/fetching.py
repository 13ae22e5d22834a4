"""The bare minimum a sync is measured against: the same pages, fetched and decoded, and dropped.

A child process: `python -m benchmarks.fetching URL TOKEN`. Uses Rolecall's client alone.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Awaitable
from datetime import UTC, datetime, timedelta
from typing import Any

from rolecall.hubspot import Bearer, Connection, Reader, Sender, Target

FEED_DAYS, FEED_PAGES = 30, 20  # the bounds of a first sync


async def fetch(url: str, token: str, properties: tuple[str, ...]) -> int:
    """Ask for every list a sync reads, all at the same time as it does; requests made."""
    async with Sender() as sender:
        reader = Reader(Connection(sender, Bearer(token, "service_key"), Target(url)))
        since = datetime.now(UTC) - timedelta(days=FEED_DAYS)
        await asyncio.gather(
            _drained(reader.users()),
            _answered(reader.permission_sets()),
            _answered(reader.teams_flat()),
            _drained(reader.teams_tree()),
            _answered(reader.seats()),
            _drained(reader.owners(archived=False)),
            _drained(reader.owners(archived=True)),
            _answered(reader.crm_properties("users")),
            _drained(reader.crm_users(properties)),
            _drained(reader.login_feed(max_pages=FEED_PAGES)),
            _drained(reader.security_feed(since=since, max_pages=FEED_PAGES)),
            _drained(reader.audit_feed(since=since, max_pages=FEED_PAGES)),
        )
        return reader.connection.counts.requests


async def _drained(pages: AsyncIterator[Any]) -> None:
    async for _ in pages:
        pass


async def _answered(answer: Awaitable[Any]) -> None:
    await answer


if __name__ == "__main__":
    url, token, properties = sys.argv[1:]
    print(json.dumps({"requests": asyncio.run(fetch(url, token, tuple(properties.split(","))))}))
