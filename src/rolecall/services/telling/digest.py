"""The weekly digest: what one portal's week came to, queued as a notice like any other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, time, timedelta

from rolecall.domain.actor import SYSTEM
from rolecall.domain.finding import Severity
from rolecall.domain.portal import ConnectionState, Portal
from rolecall.domain.request import RequestState
from rolecall.domain.review import CampaignState
from rolecall.services.app import App
from rolecall.services.connections.quota import local_day
from rolecall.services.glance import Glance, WeekChanges, glance
from rolecall.store import RequestQuery, View

TOPIC = "digest.weekly"
HOUR = time(8)  # Monday morning, in the portal's own time zone
WEEK = timedelta(days=7)
ENDING = timedelta(days=14)
NAMED = 5  # of what ends soon; the others are counted


async def digest_due(app: App) -> tuple[str, ...]:
    """Queue the digest of every portal whose Monday morning has come; their names.

    A portal that was never read, or added since then, has no week to tell of yet.
    """
    async with app.database.read() as view:
        portals = [one for one in await view.portals.all() if await _due(view, one)]
    for portal in portals:
        facts = await digest_of(app, portal)
        async with app.database.work() as work:
            # Asked again inside the transaction: two processes send one digest.
            if await _due(work, portal):
                work.notify(TOPIC, facts, hub_id=portal.hub_id)
    return tuple(one.name for one in portals)


async def digest_of(app: App, portal: Portal) -> Mapping[str, str]:
    """What the digest of a portal tells, by the names its text uses."""
    seen = await glance(app, SYSTEM, portal.name)
    async with app.database.read() as view:
        query = RequestQuery(frozenset({portal.hub_id}), frozenset({RequestState.OPEN}))
        requests = (await view.requests.find(query)).items
        reviews = await view.reviews.all({portal.hub_id}, {CampaignState.IN_REVIEW})
        ending = await _ending(view, portal.hub_id)
        lost = await view.notice_deliveries.given_up(portal.hub_id, view.now - WEEK)
    return {
        "portal": portal.name,
        **_counted(seen),
        "requests": _number(len(requests)),
        "reviews": ", ".join(one.title for one in reviews),
        "ending": ending,
        "lost": _number(len(lost)),
    }


def _counted(seen: Glance) -> Mapping[str, str]:
    grave = sorted(seen.severities.items(), reverse=True)
    told = [f"{number} {Severity(one).name.lower()}" for one, number in grave if number]
    return {
        "findings": ", ".join(told) or "none",
        "since": f"{seen.week.since:%Y-%m-%d}" if seen.week else "",
        "changes": _changes(seen.week),
        "plans": _number(len(seen.waiting)),
        "tasks": _number(seen.open_tasks),
    }


def _changes(week: WeekChanges | None) -> str:
    if week is None:
        return ""
    told = [f"{kind.replace('_', ' ')}s {deed}: {n}" for kind, deed, n in week.tallies]
    return "; ".join(told) or "nothing"


def _number(count: int) -> str:
    return str(count) if count else ""


async def _ending(view: View, hub_id: int) -> str:
    """Who loses something by date soon, the earliest first; claims of one end are one line."""
    found = [one.assignment for one in await view.assignments.find(hub_id)]
    ends = Counter(
        (one.ends_at, one.subject)
        for one in found
        if one.ends_at is not None and view.now < one.ends_at <= view.now + ENDING
    )
    told = [f"{subject} on {at:%Y-%m-%d}" for at, subject in sorted(ends)]
    more = [f"and {len(told) - NAMED} more"] if len(told) > NAMED else []
    return ", ".join((*told[:NAMED], *more))


async def _due(view: View, portal: Portal) -> bool:
    morning = _last_monday(portal, view.now)
    if portal.state is ConnectionState.DISABLED or portal.added_at > morning:
        return False
    if await view.snapshots.head(portal.hub_id) is None:
        return False
    sent = await view.outbox.newest(TOPIC, portal.hub_id)
    return sent is None or sent < morning


def _last_monday(portal: Portal, now: datetime) -> datetime:
    """The newest Monday morning of the portal's zone that is over."""
    local = local_day(portal, now)
    monday = local.date() - timedelta(days=local.weekday())
    morning = datetime.combine(monday, HOUR, local.tzinfo)
    return morning if morning <= local else morning - WEEK
