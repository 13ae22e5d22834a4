"""The first page about a portal: connection, people, findings, money, what changed, what waits.

Nothing is counted here: what a picture comes to lies in the store since it was sealed.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from rolecall.domain.actor import Actor
from rolecall.domain.finding import Severity
from rolecall.domain.plan import PlanState
from rolecall.domain.portal import Capabilities, Portal
from rolecall.domain.sync import SyncRun
from rolecall.insights.evaluation import all_rules
from rolecall.services.app import App
from rolecall.services.connections.portals import portal_named
from rolecall.services.connections.quota import DayUse, local_day
from rolecall.services.counted import SeatReport, count, kept_counts
from rolecall.services.inventory.overview import Overview
from rolecall.store import FactChange, SnapshotHead, StoredPlan, View
from rolecall.store.findings import StoredFinding

REMEMBERED = 64  # weeks kept in memory
TOP_RULES = 8
NAMED = 3  # findings told by name behind each rule
EXAMPLES = 8
WEEK = timedelta(days=7)
CURVE_DAYS = 30


@dataclass(frozen=True, slots=True)
class WeekChanges:
    """What differs from a week ago: how often per kind and deed, and some of it by name."""

    since: datetime
    tallies: tuple[tuple[str, str, int], ...]  # (kind, came | went | changed, how many)
    examples: tuple[FactChange, ...]


@dataclass(frozen=True, slots=True)
class RuleGroup:
    """Open findings of one rule: how many, and the first of them by name."""

    rule: str
    title: str
    severity: Severity
    number: int
    first: tuple[StoredFinding, ...]


@dataclass(frozen=True, slots=True)
class Glance:
    """A portal at a glance; None where there is no snapshot yet."""

    portal: Portal
    capabilities: Capabilities | None
    head: SnapshotHead | None
    runs: tuple[SyncRun, ...]
    quota: DayUse | None
    counted: Overview | None  # perhaps of an older picture, until the newest one is counted
    seats: SeatReport | None
    severities: Mapping[Severity, int]
    rules: tuple[RuleGroup, ...]  # the gravest first
    week: WeekChanges | None
    curve: tuple[tuple[date, int], ...]  # users a day
    waiting: tuple[StoredPlan, ...]  # plans for approval or apply
    running: tuple[StoredPlan, ...]
    open_tasks: int


async def glance(app: App, actor: Actor, name: str) -> Glance:
    """Everything the first page tells, from the store alone."""
    portal = await portal_named(app, actor, name)
    async with app.database.read() as view:
        head = await view.snapshots.head(portal.hub_id)
        kept = await kept_counts(view, portal.hub_id) if head else None
    counted = kept[1] if kept else await count(app, portal) if head else None
    async with app.database.read() as view:
        known = await view.portals.capabilities(portal.hub_id)
        plans = await view.plans.find(portal.hub_id, _UNFINISHED)
        tally = await view.findings.tally(portal.hub_id)
        return Glance(
            portal,
            known[0] if known else None,
            head,
            await view.syncs.runs(portal.hub_id, 5),
            await _quota(app, view, portal, known[0] if known else None),
            counted.overview if counted else None,
            counted.seats if counted else None,
            _by_severity(tally),
            tuple([await _group(view, portal, one) for one in tally[:TOP_RULES]]),
            await _week(view, portal, head) if head else None,
            await _curve(view, portal, head) if head else (),
            tuple(one for one in plans if one.state not in _RUNNING),
            tuple(one for one in plans if one.state in _RUNNING),
            len(await view.tasks.open(portal.hub_id)),
        )


@dataclass(frozen=True, slots=True)
class FindingsPage:
    """One page of what the last look found open; `rules` counts all of it."""

    portal: Portal
    head: SnapshotHead | None
    rules: tuple[tuple[str, Severity, int], ...]
    found: tuple[StoredFinding, ...]
    more: bool
    titles: Mapping[str, str]  # of the rules, in words


async def findings_page(
    app: App,
    actor: Actor,
    name: str,
    *,
    severity: Severity | None = None,
    rule: str = "",
    search: str = "",
    limit: int = 100,
    skip: int = 0,
) -> FindingsPage:
    """Open findings as of the last look, which every sync takes; nothing is evaluated here."""
    portal = await portal_named(app, actor, name)
    async with app.database.read() as view:
        found = await view.findings.some(
            portal.hub_id,
            severity=severity,
            rule=rule,
            search=search,
            limit=limit + 1,
            skip=skip,
        )
        head = await view.snapshots.head(portal.hub_id)
        rules = await view.findings.tally(portal.hub_id)
    return FindingsPage(portal, head, rules, found[:limit], len(found) > limit, _titles())


_RUNNING = (PlanState.APPLYING, PlanState.PAUSED)
_UNFINISHED = (PlanState.PROPOSED, PlanState.APPROVED, *_RUNNING)


# Being at work changes these every day; they are no news.
_PULSE = frozenset({"last_active_at", "last_active_source", "profile", "records", "named_in"})
_WEEKS: OrderedDict[str, WeekChanges] = OrderedDict()


def _remember(key: str, value: WeekChanges) -> WeekChanges:
    _WEEKS[key] = value
    while len(_WEEKS) > REMEMBERED:
        _WEEKS.popitem(last=False)
    return value


def _titles() -> dict[str, str]:
    return {one.id: one.title for one in all_rules()}


async def _group(view: View, portal: Portal, counted: tuple[str, Severity, int]) -> RuleGroup:
    rule, severity, number = counted
    titles = _titles()
    found = await view.findings.some(portal.hub_id, rule=rule, severity=severity, limit=NAMED)
    return RuleGroup(rule, titles.get(rule, rule), severity, number, found)


def _by_severity(tally: tuple[tuple[str, Severity, int], ...]) -> dict[Severity, int]:
    counts: Counter[Severity] = Counter()
    for _, severity, number in tally:
        counts[severity] += number
    return dict(counts)


async def _quota(app: App, view: View, portal: Portal, known: Capabilities | None) -> DayUse | None:
    if known is None:
        return None
    day = local_day(portal, app.clock.now()).date()
    ours = sum((await view.daily_use.used(portal.hub_id, day)).values())
    return DayUse(known.daily_used, known.daily_limit, ours)


async def _week(view: View, portal: Portal, head: SnapshotHead) -> WeekChanges:
    """Since a week ago, or since the first snapshot where there is no week yet."""
    since = head.sealed_at - WEEK
    if await view.snapshots.head(portal.hub_id, since) is None:
        heads = await view.snapshots.heads(portal.hub_id)
        since = min(one.sealed_at for one in heads)
    key = f"{head.id} {since:%Y-%m-%dT%H}"
    held = _WEEKS.get(key)
    if held is not None:
        return held
    hub_id, until = portal.hub_id, head.sealed_at
    every = await view.snapshots.changes_between(hub_id, since, until, activity=False)
    found = [one for one in every if one.field not in _PULSE]
    tallies = Counter((one.kind, _deed(one)) for one in found)
    told = tuple((kind, deed, number) for (kind, deed), number in tallies.most_common())
    return _remember(key, WeekChanges(since, told, tuple(found[:EXAMPLES])))


def _deed(change: FactChange) -> str:
    if change.field:
        return "changed"
    return "came" if change.before is None else "went"


async def _curve(view: View, portal: Portal, head: SnapshotHead) -> tuple[tuple[date, int], ...]:
    until = head.sealed_at.date()
    days = await view.snapshots.daily_counts(portal.hub_id, until - timedelta(CURVE_DAYS), until)
    return tuple((day, counts.get("users", 0)) for day, counts in days)
