"""What a sync of 50,000 users costs the client beyond fetching and decoding the same pages.

Limits off, so that nothing waits. Every part is a process of its own, start-up included.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from benchmarks.emulated import PORTAL, Emulator, emulator, installation
from benchmarks.measure import ROLECALL, Figure, Spent, run_for_json
from rolecall.hubspot import Bearer, Connection, Reader, Sender, Target
from rolecall.reading import discover, wanted_properties

USERS = 50_000
ROUNDS = 3
SYNC = [ROLECALL, "sync", PORTAL, "--json"]


@dataclass(frozen=True, slots=True)
class Round:
    """One bare fetch, one first sync, one unchanged sync; pages per CPU second of the emulator."""

    bare: Spent
    first: Spent
    again: Spent
    pages: float
    bare_requests: int
    sync_requests: int
    start: Spent  # of a command that asks the store alone, and HubSpot nothing


def figures() -> Iterator[Figure]:
    """Ratios of CPU and wall, the peak of memory, and how fast the emulator itself is."""
    with emulator("--users", str(USERS), "--limits", "off") as emulated:
        properties = asyncio.run(asked(emulated))
        rounds = [one_round(emulated, properties) for _ in range(ROUNDS)]
    yield from ratios("first sync", rounds, lambda one: one.first, 2.0)
    yield from ratios("unchanged sync", rounds, lambda one: one.again, 1.3)
    peak = max(max(one.first.peak_mib, one.again.peak_mib) for one in rounds)
    yield Figure(f"peak memory of a sync of {USERS} users", peak, "MiB", 400)
    pages = statistics.median(one.pages for one in rounds)
    yield Figure("the emulator's own speed", pages, "pages per CPU second")


def ratios(
    name: str, rounds: Sequence[Round], part: Callable[[Round], Spent], limit: float
) -> Iterator[Figure]:
    """CPU and wall of one part over the bare fetch of its round; medians."""
    cpu = statistics.median(part(one).cpu / one.bare.cpu for one in rounds)
    wall = statistics.median(part(one).wall / one.bare.wall for one in rounds)
    spent, bare = part(rounds[-1]), rounds[-1].bare
    note = f"({spent.cpu:.1f} s over {bare.cpu:.1f} s"
    note += f", {rounds[-1].sync_requests} requests over {rounds[-1].bare_requests};"
    note += f" {rounds[-1].start.cpu:.1f} s is the start of the command)"
    yield Figure(f"{name} / bare fetch of the same pages", cpu, "x CPU", limit, note)
    note = f"({spent.wall:.1f} s over {bare.wall:.1f} s)"
    yield Figure(f"{name} / bare fetch of the same pages", wall, "x wall", limit, note)


def one_round(emulated: Emulator, properties: tuple[str, ...]) -> Round:
    """All three parts, one after the other, in a new installation."""
    fetch = [sys.executable, "-m", "benchmarks.fetching", emulated.url, emulated.token]
    with installation(emulated) as env:
        busy = emulated.cpu()
        bare, told = run_for_json([*fetch, ",".join(properties)], env)
        busy = emulated.cpu() - busy
        first, report = run_for_json(SYNC, env)
        again, _ = run_for_json(SYNC, env)
        start, _ = run_for_json([ROLECALL, "portal", "list", "--json"], env)
    requests = int(told["requests"])
    pages = requests / (busy or 1.0)
    return Round(bare, first, again, pages, requests, int(report["requests"]), start)


async def asked(emulated: Emulator) -> tuple[str, ...]:
    """The properties a sync asks of every CRM user of this portal."""
    async with Sender() as sender:
        auth = Bearer(emulated.token, "service_key")
        reader = Reader(Connection(sender, auth, Target(emulated.url)))
        defined = await reader.crm_properties("users")
    own = sorted(one.name for one in defined if not one.name.startswith("hs_"))
    return wanted_properties(defined, discover(defined), own)
