"""What is counted of a picture once and kept: users by state, members, seats and what they cost.

A sealed picture does not change any more, so it is counted after the sync that made it and lies in
the store for every process; a page that comes first counts for itself.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime

from rolecall.domain.actor import Actor
from rolecall.domain.portal import Portal
from rolecall.domain.snapshot import Snapshot
from rolecall.insights.seat_brain import (
    Reclaim,
    RightSize,
    SeatBill,
    reclaim_queue,
    right_size,
    seat_bill,
)
from rolecall.insights.view import view_of
from rolecall.policy.document import PriceSettings
from rolecall.policy.parse import parse_policy
from rolecall.services.app import App
from rolecall.services.connections.portals import portal_named
from rolecall.services.findings.facts import Gathered
from rolecall.services.findings.findings import gathered_facts
from rolecall.services.inventory.overview import Overview, overview_of
from rolecall.services.pictures import whole_picture
from rolecall.store import SnapshotHead, View
from rolecall.store.encoding import from_older_json, to_json

REMEMBERED = 64  # pictures whose counts are kept in memory
LISTED = 100  # seats shown by name; the others are counted
KEPT = "counted"  # preference of a portal


@dataclass(frozen=True, slots=True)
class SeatReport:
    """What the seats of a portal cost, which could come back and which could be smaller.

    Of both the first are listed, surest and dearest first; `reclaimable` and `shrinkable` are all.
    """

    portal: Portal
    as_of: datetime
    bill: SeatBill
    reclaim: tuple[Reclaim, ...]
    reclaimable: int
    smaller: tuple[RightSize, ...]
    shrinkable: int


@dataclass(frozen=True, slots=True)
class Counted:
    """One picture counted; the seats also by the policy's prices, on one day."""

    overview: Overview
    seats: SeatReport


@dataclass(frozen=True, slots=True)
class Key:
    """What counts rest on."""

    snapshot: str
    policy: str
    day: str


_REMEMBERED: OrderedDict[Key, Counted] = OrderedDict()


async def counted_overview(app: App, actor: Actor, name: str) -> Overview | None:
    """The newest picture of a portal, counted; None before the first."""
    portal = await portal_named(app, actor, name)
    async with app.database.read() as view:
        head = await view.snapshots.head(portal.hub_id)
        if head is None:
            return None
        found = await kept_counts(view, portal.hub_id)
    if found is not None and found[0].snapshot == head.id:
        return found[1].overview
    return (await count(app, portal)).overview


async def seat_report(app: App, actor: Actor, name: str) -> SeatReport | None:
    """Seats, cost and what could come back, by the newest picture; None before the first."""
    portal = await portal_named(app, actor, name)
    async with app.database.read() as view:
        head = await view.snapshots.head(portal.hub_id)
        if head is None:
            return None
        found = await kept_counts(view, portal.hub_id)
        key = await _key(app, view, head)
    return (found[1] if found is not None and found[0] == key else await count(app, portal)).seats


async def kept_counts(view: View, hub_id: int) -> tuple[Key, Counted] | None:
    """What was counted last, perhaps of an older picture: `as_of` tells which."""
    kept = await view.preferences.get(f"portal:{hub_id}", KEPT)
    if not kept:
        return None
    key = Key(*kept["key"])
    held = _REMEMBERED.get(key) or from_older_json(kept["body"], Counted)
    return None if held is None else (key, _remember(key, held))


async def count_all(app: App) -> None:
    """Count every portal whose counts rest on something else than what is there now."""
    async with app.database.read() as view:
        late = [one for one in await view.portals.all() if await _late(app, view, one)]
    for portal in late:
        await count(app, portal)


async def _late(app: App, view: View, portal: Portal) -> bool:
    head = await view.snapshots.head(portal.hub_id)
    if head is None:
        return False
    kept = await view.preferences.get(f"portal:{portal.hub_id}", KEPT)
    return not kept or Key(*kept["key"]) != await _key(app, view, head)


async def count(app: App, portal: Portal) -> Counted:
    """Count the newest picture and keep what came out; beside the loop, which goes on answering."""
    async with app.database.read() as view:
        head = await view.snapshots.head(portal.hub_id)
        assert head is not None
        key = await _key(app, view, head)
        stored = await view.policies.in_force(portal.hub_id)
        own = parse_policy(stored.text).prices if stored else None
        snapshot = await whole_picture(view, portal.hub_id)
        assert snapshot is not None
        told = await gathered_facts(app, view, portal, snapshot, view.now)
        now = view.now
    counted = await asyncio.to_thread(_counted, portal, snapshot, told, own, now)
    _remember(key, counted)
    if not app.choices.security.read_only:
        value = {"key": [key.snapshot, key.policy, key.day], "body": to_json(counted)}
        async with app.database.work() as work:
            await work.preferences.save(f"portal:{portal.hub_id}", KEPT, value, work.now)
    return counted


def _counted(
    portal: Portal, snapshot: Snapshot, told: Gathered, own: PriceSettings | None, now: datetime
) -> Counted:
    seen = view_of(snapshot, told.facts, told.thresholds, now)
    queue, smaller = reclaim_queue(seen, own), right_size(seen, own)
    seats = SeatReport(
        portal, snapshot.sealed_at, seat_bill(seen, own),
        queue[:LISTED], len(queue), smaller[:LISTED], len(smaller),
    )  # fmt: skip
    return Counted(overview_of(portal, snapshot), seats)


async def _key(app: App, view: View, head: SnapshotHead) -> Key:
    stored = await view.policies.in_force(head.hub_id)
    return Key(head.id, stored.digest if stored else "", f"{app.clock.now():%Y-%m-%d}")


def _remember(key: Key, value: Counted) -> Counted:
    _REMEMBERED[key] = value
    while len(_REMEMBERED) > REMEMBERED:
        _REMEMBERED.popitem(last=False)
    return value
