"""A first sync of 10,000 users under HubSpot's real limits: requests, refusals and time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Any

from benchmarks.emulated import PORTAL, WINDOW, Emulator, emulator, forced, installation
from benchmarks.fetching import FEED_DAYS, FEED_PAGES
from benchmarks.measure import ROLECALL, Figure, run_for_json
from rolecall.hubspot import Bearer, Connection, Reader, Sender, Target
from rolecall.reading import moment

USERS = 10_000
USER_PAGE, RECORD_PAGE, OWNER_PAGE, TEAM_PAGE, FEED_PAGE = 100, 100, 500, 100, 200
# Lists with one answer: sets, flat teams, seats, CRM user properties, account details, usage.
SINGLE = 6


def figures() -> Iterator[Figure]:
    """Requests over their minimum, 429s, and wall time over what the burst limit forces."""
    with emulator("--users", str(USERS)) as emulated, installation(emulated) as env:
        time.sleep(WINDOW + 1)  # connecting spent a little of the running window
        emulated.forget()
        spent, report = run_for_json([ROLECALL, "sync", PORTAL, "--json"], env)
        totals = emulated.totals()
        least = minimum(emulated)
    requests, refused = totals["requests"], totals["by_status"].get("429", 0)
    extra = beyond_lists(totals["by_operation"])
    note = f"({requests} over {least}; {extra})"
    yield Figure(f"requests of a first sync of {USERS} users / minimum", requests / least, "x",
                 1.1, note)  # fmt: skip
    yield Figure("refused by HubSpot's limits (429)", refused, "requests", 0)
    floor = forced(requests)
    note = f"({spent.wall:.1f} s over {floor:.0f} s, process start and sealing included;"
    note += f" {report['seconds']:.1f} s as the sync tells)"
    yield Figure(
        "wall time / what the burst limit forces", spent.wall / floor, "x wall", 1.15, note
    )


def minimum(emulated: Emulator) -> int:
    """What the page sizes allow for this portal, from what the emulator knows of it."""
    sizes = sizes_of(emulated)
    pages = ceil(sizes["users"] / USER_PAGE) + ceil(sizes["records"] / RECORD_PAGE)
    pages += ceil(sizes["owners"] / OWNER_PAGE) + max(1, ceil(sizes["archived"] / OWNER_PAGE))
    pages += ceil(sizes["teams"] / TEAM_PAGE)
    return pages + asyncio.run(feed_pages(emulated)) + SINGLE


def sizes_of(emulated: Emulator) -> dict[str, int]:
    """How many there are of everything."""
    state = emulated.control("GET", "state")
    users = state["users"]
    owners = [one["owner"] for one in users if one["owner"] is not None]
    return {
        "users": len(users),
        "records": sum(one["crm_record"] is not None for one in users),
        "owners": sum(not owner["archived"] for owner in owners),
        "archived": sum(bool(owner["archived"]) for owner in owners),
        "teams": len(state["teams"]),
    }


async def feed_pages(emulated: Emulator) -> int:
    """Pages of a first read of all three feeds, counted through a token without limits."""
    body = {"kind": "private_app", "scopes": "all", "limits": "off"}
    auth = Bearer(emulated.control("POST", "tokens", body)["token"], "private_app")
    since = datetime.now(UTC) - timedelta(days=FEED_DAYS)
    async with Sender() as sender:
        reader = Reader(Connection(sender, auth, Target(emulated.url)))
        logins = [row async for page in reader.login_feed() for row in page.items]
        acts = [row async for page in reader.security_feed(since=since) for row in page.items]
        audits = [row async for page in reader.audit_feed(since=since) for row in page.items]
    recent = sum((moment(one.login_at) or since) >= since for one in logins)
    sizes = (recent, len(acts), len(audits))
    return sum(min(FEED_PAGES, max(1, ceil(size / FEED_PAGE))) for size in sizes)


def beyond_lists(by_operation: dict[str, Any]) -> str:
    """What was asked beyond lists, for the note."""
    searches = sum(count for name, count in by_operation.items() if name.endswith(".search"))
    return f"{searches} searches for what gone owners left behind"
