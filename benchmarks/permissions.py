"""What the permission matrix of 50,000 users costs beside reading the export it is made from.

CPU of this process, so that a busy machine cancels out; the export comes from the emulator.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import TypeVar

from benchmarks.measure import Figure
from hubspot_emulator.building import create_world
from hubspot_emulator.granular.export import ExportOptions, users_export
from rolecall.domain.snapshot import UserState
from rolecall.permissions.access import Resolver
from rolecall.permissions.answers import answer
from rolecall.permissions.book import evidence_book
from rolecall.permissions.compare import compare, side_of_user
from rolecall.permissions.matrix import csv_lines
from rolecall.permissions.pack_check import check_users
from rolecall.permissions.packs import read_packs
from rolecall.permissions.why import why
from rolecall.sources import shipped
from rolecall.sources.users_export import matched, read_users_export
from tests.support.emulated import snapshot_of

USERS = 50_000
PERMISSION = "crm_tools.bulk_delete"
NOW = datetime(2026, 11, 20, tzinfo=UTC)
Value = TypeVar("Value")


def figures() -> Iterator[Figure]:
    """The matrix as a ratio of reading; questions in seconds."""
    world = create_world(users=USERS)
    portal = next(iter(world.portals.values()))
    snapshot, catalogue = snapshot_of(world, portal, NOW), shipped.catalogue()
    data = users_export(world, portal, ExportOptions())
    reading, read = timed(lambda: read_users_export(data, shipped.words(), as_of=NOW))
    records = matched(reading, snapshot).records

    def matrix() -> tuple[Resolver, int]:
        book = evidence_book(catalogue, snapshot, records)
        resolver = Resolver(catalogue, snapshot, NOW, book)
        return resolver, sum(map(len, csv_lines(resolver, snapshot.users)))

    (resolver, written), spent = timed(matrix)
    note = f"{len(data) / 1e6:.0f} MB read in {read:.1f} s, {written / 1e6:.0f} MB written"
    name = f"matrix of {USERS} users as CSV / reading the export"
    yield Figure(name, spent / read, "ratio", 3.0, note)
    half = (one for one in snapshot.users[USERS // 2 :] if one.state is UserState.ACTIVE)
    someone = next(u for u in half if answer(resolver, u, PERMISSION).can is False)
    told, asked = timed(lambda: why(resolver, someone, PERMISSION))
    yield Figure("why", asked, "s", note=f"{len(told.options)} ways out of a no")
    sides = [side_of_user(resolver, user) for user in snapshot.users[:5]]
    yield Figure("compare of five users", timed(lambda: compare(catalogue, sides))[1], "s")
    pack = read_packs(shipped.pack_texts(), catalogue)[0]["8x8"]
    _, checked = timed(lambda: list(check_users(resolver, pack, snapshot.users)))
    yield Figure(f"8x8 pack of {USERS} users", checked, "s")


def timed(work: Callable[[], Value]) -> tuple[Value, float]:
    """What the work gave, and its CPU seconds."""
    begun = time.process_time()
    return work(), time.process_time() - begun
