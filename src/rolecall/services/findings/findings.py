"""Findings of a portal: evaluated from the newest snapshot and feeds, remembered with their age."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from rolecall.domain.actor import SYSTEM, Actor
from rolecall.domain.finding import Finding, Severity
from rolecall.domain.portal import Portal
from rolecall.domain.snapshot import FeedEvent, RecordOwner, Snapshot
from rolecall.insights import AccessException, Facts, evaluate
from rolecall.insights.evaluation import alerting, all_rules
from rolecall.kit.errors import NeedsPerson, Refused
from rolecall.policy.problems import did_you_mean
from rolecall.services.app import App
from rolecall.services.connections.portals import portal_named
from rolecall.services.findings.facts import Gathered, with_policy_facts
from rolecall.services.tasks import close_proved
from rolecall.store import FeedCursor, FeedQuery, UnitOfWork, View
from rolecall.store.findings import Recorded, RuleException, StoredFinding

# Enough for every rule: HubSpot's own inactivity rule looks 90 days back.
EVENT_DAYS = 90
MOST_EVENTS = 20_000
FEEDS = ("login", "security", "audit")
# Preference of a portal: the snapshot its open findings were found in.
LOOKED_AT = "findings"
NAMED = 5  # findings told by name in an alert; the others are counted
MOST_TOLD = 100  # notices of one look; a first look at a portal may find thousands


@dataclass(frozen=True, slots=True)
class FindingPage:
    """Open findings, gravest first, and the picture they were found in."""

    portal: Portal
    findings: tuple[StoredFinding, ...]
    as_of: datetime
    complete: bool
    gaps: tuple[str, ...] = ()


async def list_findings(
    app: App,
    actor: Actor,
    name: str,
    *,
    rule: str = "",
    severity: Severity | None = None,
    search: str = "",
) -> FindingPage:
    """Every open finding of a portal, looked at now; limits narrow what is shown."""
    portal = await portal_named(app, actor, name)
    snapshot = await refresh_findings(app, portal)
    async with app.database.read() as view:
        found = await view.findings.open(portal.hub_id)
    _need_known(rule, {one.finding.rule for one in found})
    shown = tuple(one for one in found if _wanted(one.finding, rule, severity, search))
    return FindingPage(portal, shown, snapshot.sealed_at, snapshot.complete, snapshot.gaps)


async def refresh_findings(app: App, portal: Portal) -> Snapshot:
    """Evaluate every rule again and remember what is new and what is gone; gives the snapshot."""
    now = app.clock.now()
    async with app.database.read() as view:
        snapshot = await view.snapshots.load(portal.hub_id)
        if snapshot is None:
            raise NeedsPerson(
                f"{portal.name} was never synced", hint=f"run `rolecall sync {portal.name}`"
            )
        told = await gathered_facts(app, view, portal, snapshot, now)
    found = evaluate(snapshot, told.facts, told.thresholds, now)
    async with app.database.begin(SYSTEM, "look for findings") as work:
        recorded = await work.findings.record(portal.hub_id, found, now)
        _tell(work, portal, recorded)
        await work.preferences.save(_owner(portal), LOOKED_AT, {"snapshot": snapshot.id}, now)
        _alert(work, portal, recorded.opened)
    if recorded.closed:
        await close_proved(app, portal.hub_id)
    return snapshot


def _alert(work: UnitOfWork, portal: Portal, opened: tuple[StoredFinding, ...]) -> None:
    """One notice of all that is new and cannot wait for the weekly digest."""
    grave = [one.finding for one in opened if one.finding.rule in alerting()]
    if grave:
        told = [f"{one.subject}: {one.message}" for one in grave[:NAMED]]
        more = [f"and {len(grave) - NAMED} more"] if len(grave) > NAMED else []
        urgent = any(one.severity is Severity.CRITICAL for one in grave)
        facts = {
            "portal": portal.name,
            "count": str(len(grave)),
            "found": "; ".join(told + more),
            "urgent": "yes" if urgent else "",  # not held back by quiet hours
        }
        work.notify("finding.opened", facts, hub_id=portal.hub_id)


def _tell(work: UnitOfWork, portal: Portal, recorded: Recorded) -> None:
    """A notice for each finding that is new or over; of too many one, that counts them."""
    changed = (*recorded.opened, *recorded.closed)
    if len(changed) > MOST_TOLD:
        counts = {"opened": str(len(recorded.opened)), "closed": str(len(recorded.closed))}
        told = {"portal": portal.name, **counts}
        work.notify("finding.many", told, hub_id=portal.hub_id)
        return
    fresh = {one.id for one in recorded.opened}
    for one in changed:
        topic = "finding.new" if one.id in fresh else "finding.over"
        told = {
            "portal": portal.name,
            "finding": one.id,
            "rule": one.finding.rule,
            "severity": one.finding.severity.name.lower(),
            "subject": one.finding.subject,
            "message": one.finding.message,
        }
        work.notify(topic, told, hub_id=portal.hub_id)


async def catch_up(app: App, portal: Portal) -> bool:
    """Look for findings when a snapshot came after the last look; whether one did."""
    async with app.database.read() as view:
        head = await view.snapshots.head(portal.hub_id)
        looked = await view.preferences.get(_owner(portal), LOOKED_AT) or {}
    if head is None or looked.get("snapshot") == head.id:
        return False
    await refresh_findings(app, portal)
    return True


async def catch_up_all(app: App) -> None:
    """Look through every snapshot nobody looked through, of syncs done by hand for instance."""
    async with app.database.read() as view:
        portals = await view.portals.all()
    for portal in portals:
        await catch_up(app, portal)


def _owner(portal: Portal) -> str:
    return f"portal:{portal.hub_id}"


async def findings_about(app: App, portal: Portal, user_id: str) -> tuple[Finding, ...]:
    """Open findings that concern one user, as of the newest snapshot."""
    await catch_up(app, portal)
    async with app.database.read() as view:
        found = [one.finding for one in await view.findings.about(portal.hub_id, user_id)]
    return tuple(one for one in found if user_id in (one.subject_id, *one.related))


async def gathered_facts(
    app: App, view: View, portal: Portal, snapshot: Snapshot, now: datetime
) -> Gathered:
    """What the rules need beside the snapshot, and the limits of this portal."""
    hub_id = portal.hub_id
    login = await view.feeds.cursor(hub_id, "login")
    security = await view.feeds.cursor(hub_id, "security")
    events = await _events(view, hub_id, now)
    leaves = await view.findings.exceptions(hub_id, now)
    told = Facts(
        events=tuple(one for feed in FEEDS for one in events[feed]),
        login_feed_since=_known_since(login, events["login"], now),
        security_feed_since=_known_since(security, events["security"], now),
        owned_records={one.id: one.records for one in _counted(snapshot)},
        named_records={one.id: one.named_in for one in _counted(snapshot)},
        people=await view.people.all(),
        links={one.user_id: one for one in await view.people.links(hub_id)},
        business_domains=app.choices.business_domains,
        allowed_super_admins=app.choices.allowed_super_admins,
        exceptions=tuple(map(_exception, leaves)),
    )
    return await with_policy_facts(app, view, portal, snapshot, told)


async def _events(view: View, hub_id: int, now: datetime) -> Mapping[str, tuple[FeedEvent, ...]]:
    since = now - timedelta(days=EVENT_DAYS)
    return {
        feed: await view.feeds.events(hub_id, FeedQuery(feed, since=since, limit=MOST_EVENTS))
        for feed in FEEDS
    }


def _known_since(
    cursor: FeedCursor | None, events: tuple[FeedEvent, ...], now: datetime
) -> datetime | None:
    """From when on `events` are all there were; rules take silence after it for a fact."""
    if cursor is None or cursor.since is None:
        return None
    since = max(cursor.since, now - timedelta(days=EVENT_DAYS))
    return since if len(events) < MOST_EVENTS else min(event.at for event in events)


def _counted(snapshot: Snapshot) -> list[RecordOwner]:
    return [one for one in snapshot.owners if one.records is not None]


def _exception(leave: RuleException) -> AccessException:
    return AccessException(
        leave.subject or "*", leave.finding, leave.owner, leave.reason, leave.ends_at
    )


def _need_known(rule: str, found: set[str]) -> None:
    """A misspelt rule must not read as nothing found; own rules are known by what they found."""
    known = {one.id for one in all_rules()} | found
    if not any(one.startswith(rule) for one in known):
        hint = did_you_mean(rule, known) or "docs/findings.md lists them"
        raise Refused(f"no rule is called {rule}, nor begins so", hint=hint)


def _wanted(finding: Finding, rule: str, severity: Severity | None, search: str) -> bool:
    return (
        finding.rule.startswith(rule)
        and (severity is None or finding.severity >= severity)
        and search.casefold() in f"{finding.subject} {finding.message}".casefold()
    )
