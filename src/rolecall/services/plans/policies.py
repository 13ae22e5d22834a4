"""Access as code: the portal as a file, a file as a plan, a file in force, and drift from it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from rolecall.domain.actor import SYSTEM, Actor, Role
from rolecall.domain.operator import TokenScope
from rolecall.domain.plan import Change, Plan
from rolecall.domain.portal import Portal
from rolecall.domain.snapshot import FeedEvent
from rolecall.insights import OwnActors
from rolecall.kit.errors import NeedsPerson, NotThere
from rolecall.plan.user_slots import OUTSIDE
from rolecall.policy.dump import dump
from rolecall.services.app import App
from rolecall.services.connections.portals import portal_named
from rolecall.services.drafts.access_file import (
    check_file,
    digest_of,
    keep_text,
    seen_file,
    text_of,
)
from rolecall.services.drafts.ground import ground_of
from rolecall.services.drafts.orders import AccessFile, order_digest
from rolecall.services.findings.outside_changes import own_actors, own_changes
from rolecall.services.plans.applying import Applied, Watching, apply_plan
from rolecall.services.plans.drafting import Drafted, portal_to_plan, preview, propose
from rolecall.services.plans.plans import approve_plan, enforce_text
from rolecall.services.rights import may_change
from rolecall.store import FeedQuery, StoredPolicy, View

FEEDS = ("security", "audit")
LOOKED_AT = "drift"  # preference of a portal: what the last look saw
NAMED = 5  # of those who differ; the others are counted
EVENTS_READ = 5_000  # of a feed since the policy came in force; older ones explain nothing new
# HubSpot logs our own writes under whoever made the token, within moments of our receipts.
OWN_ECHO = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class AccessApplied:
    """What `access apply` did: the plan, and how its run stands; None where nothing differed."""

    drafted: Drafted
    applied: Applied | None
    digest: str


@dataclass(frozen=True, slots=True)
class DriftLine:
    """One difference from the policy in force, and who made it, where a feed tells."""

    change: Change
    by: str = ""  # e-mail or user id
    event: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Drift:
    """How far the portal is from the policy in force."""

    portal: Portal
    policy: StoredPolicy
    plan: Plan  # what would bring it back; not stored
    lines: tuple[DriftLine, ...]
    reported: tuple[DriftLine, ...]
    as_of: datetime


async def policy_in_force(app: App, actor: Actor, name: str) -> StoredPolicy:
    """The access.yaml in force in a portal; NotThere before the first one."""
    portal = await portal_named(app, actor, name)
    async with app.database.read() as view:
        policy = await view.policies.in_force(portal.hub_id)
    if policy is None:
        raise NotThere(f"{name} has no policy in force", hint="plan one, and approve the plan")
    return policy


async def dump_access(app: App, actor: Actor, name: str, *, profile: bool = False) -> str:
    """The portal's newest snapshot as access.yaml; planning this text changes nothing."""
    ground = await ground_of(app, actor, name)
    return dump(ground.snapshot, ground.portal.name, profile=profile)


async def plan_access(
    app: App,
    actor: Actor,
    name: str,
    text: str | None = None,
    *,
    overwrite_sets: Sequence[str] = (),
    reason: str = "",
) -> Drafted:
    """Plan a file, or the policy in force, against the newest snapshot.

    Raises PolicyProblems with every mistake at once, each with line and column.
    """
    return await propose(
        app, actor, name, await _order(app, actor, name, text, overwrite_sets, reason)
    )


async def _order(
    app: App, actor: Actor, name: str, text: str | None, overwrite: Sequence[str], reason: str
) -> AccessFile:
    portal = await portal_to_plan(app, actor, name)
    known = await _in_force(app, portal) if text is None else None
    wanted = known.text if known is not None else text
    assert wanted is not None
    await check_file(app, portal, wanted)
    digest = await keep_text(app, actor, portal.hub_id, wanted)
    return AccessFile(digest, tuple(overwrite), reason)


async def apply_access(
    app: App,
    actor: Actor,
    name: str,
    text: str | None = None,
    *,
    overwrite_sets: Sequence[str] = (),
    reason: str = "",
    watching: Watching | None = None,
) -> AccessApplied:
    """Plan, approve as this actor, bring the file in force, carry out and wait for the end."""
    order = await _order(app, actor, name, text, overwrite_sets, reason)
    drafted = await propose(app, actor, name, order)
    return await carry_out_access(app, actor, drafted, watching=watching)


async def carry_out_access(
    app: App, actor: Actor, drafted: Drafted, *, watching: Watching | None = None
) -> AccessApplied:
    """Approve and apply what `plan_access` proposed; with nothing to change, only enforce the file."""
    plan, digest = drafted.plan, order_digest(drafted.order)
    if not drafted.stored:
        await _enforce(app, actor, plan, digest)
        return AccessApplied(drafted, None, digest)
    await approve_plan(app, actor, plan.id, digest=plan.digest, reason=plan.reason)
    applied = await apply_plan(app, actor, plan.id, watching=watching, wait=True)
    return AccessApplied(drafted, applied, digest)


async def _enforce(app: App, actor: Actor, plan: Plan, digest: str) -> None:
    scope = TokenScope.PLAN_APPROVE
    may_change(app, actor, Role.APPROVER, plan.hub_id, "bring policies in force", scope)
    text = await text_of(app, plan.hub_id, digest)
    async with app.database.begin(actor, plan.reason) as work:
        await enforce_text(work, plan.hub_id, text, digest)


async def drift(app: App, actor: Actor, name: str) -> Drift:
    """What differs from the policy in force, and who changed it outside, where a feed tells."""
    portal = await portal_named(app, actor, name)
    policy = await _in_force(app, portal)
    found = await preview(app, actor, name, seen_file(policy.text))
    async with app.database.read() as view:
        head = await view.snapshots.head(portal.hub_id)
        heard = await _heard(view, portal, policy.at)
    assert head is not None
    plan = replace(found.plan, title="Drift from the policy in force")
    # A user deactivated outside is drift, though no plan brings anybody back unasked.
    outside = [one for one in plan.reported if OUTSIDE in one.warnings]
    return Drift(
        portal,
        policy,
        plan,
        tuple(_line(change, heard) for change in (*plan.changes, *outside)),
        tuple(_line(change, heard) for change in plan.reported if change not in outside),
        head.sealed_at,
    )


async def tell_drift(app: App, portal: Portal) -> bool:
    """Say by a notice when a portal begins, changes or stops to differ from its policy in force.

    Looks once per snapshot and policy; whether anything was told.
    """
    async with app.database.read() as view:
        policy = await view.policies.in_force(portal.hub_id)
        head = await view.snapshots.head(portal.hub_id)
        known = await view.preferences.get(_owner(portal), LOOKED_AT) or {}
    if policy is None or head is None or not head.complete:
        return False
    looked = {"snapshot": head.id, "policy": policy.digest}
    if looked.items() <= known.items():
        return False
    found = await drift(app, SYSTEM, portal.name)
    said = sorted(f"{one.change.kind.value} {one.change.subject} {one.change.after}"
                  for one in found.lines)  # fmt: skip
    looked["said"] = digest_of("\n".join(said)) if said else ""
    differs = looked["said"] != str(known.get("said", ""))
    async with app.database.begin(SYSTEM, "look for drift") as work:
        await work.preferences.save(_owner(portal), LOOKED_AT, looked, work.now)
        if differs:
            work.notify("drift.found" if said else "drift.gone", _told(found), hub_id=portal.hub_id)
    return differs


def _told(found: Drift) -> dict[str, str]:
    who = ", ".join(dict.fromkeys(one.change.subject for one in found.lines[:NAMED]))
    return {"portal": found.portal.name, "changes": str(len(found.lines)), "who": who}


def _owner(portal: Portal) -> str:
    return f"portal:{portal.hub_id}"


async def _in_force(app: App, portal: Portal) -> StoredPolicy:
    async with app.database.read() as view:
        policy = await view.policies.in_force(portal.hub_id)
    if policy is None:
        raise NeedsPerson(
            f"{portal.name} has no policy in force",
            hint=f"write one with `rolecall access dump {portal.name} > access.yaml`, then"
            f" `rolecall access apply {portal.name} --file access.yaml`",
        )
    return policy


@dataclass(frozen=True, slots=True)
class _Heard:
    """Events since the policy came in force by HubSpot id, and when we wrote to whom."""

    events: Mapping[str, Sequence[FeedEvent]]
    written: Mapping[str, Sequence[datetime]]  # by case-folded e-mail
    us: OwnActors

    def about(self, change: Change) -> FeedEvent | None:
        """The newest event about a change's subject that is no echo of a write of ours."""
        outside = [
            event
            for event in self.events.get(change.subject_id or "", ())
            if not self._echoes(change, event)
        ]
        return max(outside, key=lambda event: event.at, default=None)

    def _echoes(self, change: Change, event: FeedEvent) -> bool:
        """Feeds name a person, never the key used: in our moment, its maker may have been us."""
        ours = self.written.get(change.subject.casefold(), ())
        return self.us.may_be_us(event) and any(abs(event.at - at) <= OWN_ECHO for at in ours)


async def _heard(view: View, portal: Portal, since: datetime) -> _Heard:
    hub_id = portal.hub_id
    events: defaultdict[str, list[FeedEvent]] = defaultdict(list)
    for feed in FEEDS:
        query = FeedQuery(feed=feed, since=since, limit=EVENTS_READ)
        for event in await view.feeds.events(hub_id, query):
            events[event.object_id or ""].append(event)
    written: defaultdict[str, list[datetime]] = defaultdict(list)
    for one in await own_changes(view, hub_id, since):
        if not one.by_hand:
            written[one.change.subject.casefold()].append(one.receipt.observed_at)
    return _Heard(events, written, await own_actors(view, portal))


def _line(change: Change, heard: _Heard) -> DriftLine:
    event = heard.about(change)
    if event is None:
        return DriftLine(change)
    return DriftLine(change, event.actor_email or event.actor_id or "", event.type, event.at)
