"""What time and events bring about for reviews: open, remind, escalate, close, plan, prove.

Every step can be repeated: a process killed between two of them finishes at the next call.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from rolecall.domain.actor import SYSTEM
from rolecall.domain.events import Event
from rolecall.domain.plan import PlanState
from rolecall.domain.review import Campaign, CampaignOrder, CampaignState, ReviewItem, Verdict
from rolecall.kit import logs
from rolecall.kit.errors import NeedsPerson, Refused, RolecallError
from rolecall.policy.names import names_of
from rolecall.reviews.causes import (
    INSTALLED,
    UNINSTALLED,
    Cause,
    next_after,
    of_events,
    of_findings,
    of_moves,
    of_users,
)
from rolecall.reviews.remediation import Leftovers, gone_by, reference_of, wishes_of
from rolecall.services.app import App
from rolecall.services.findings.findings import LOOKED_AT as FINDINGS_OF
from rolecall.services.people.people import MOVES, moves_left, owner_of
from rolecall.services.plans.door import Order, PlanDoor
from rolecall.services.requests.standing import Standing, standing_of
from rolecall.services.reviews.reviews import close_in, escalate_in, open_campaign, remind_in
from rolecall.store import FeedQuery, SnapshotHead, UnitOfWork, View
from rolecall.store.errors import AlreadyThere

LOG = logging.getLogger("rolecall.reviews")
REMIND_AT = (timedelta(days=7), timedelta(days=3), timedelta(days=1))  # before the deadline
ESCALATE_AT = timedelta(days=2)
EVENTS_BACK = timedelta(days=2)  # how far events are looked at again; causes open once
LOOKED_AT = "reviews"  # preference of a portal: the picture events were last looked for in
About = tuple[str, tuple[str, ...]]  # a trigger, and whose access it is about


@dataclass(slots=True)
class Turn:
    """What one turn did, by campaign id, and what must wait and why."""

    done: list[tuple[str, str]] = field(default_factory=list)
    waiting: list[tuple[str, str]] = field(default_factory=list)


async def carry_out_due(app: App, door: PlanDoor) -> Turn:
    """Whatever is due for any campaign of any portal; one trouble stops no other."""
    turn = Turn()
    if app.choices.security.read_only:
        return turn
    await _guarded(turn, "schedules", "opened", _open_scheduled(app))
    async with app.database.read() as view:
        running = await view.reviews.all(
            states={CampaignState.IN_REVIEW, CampaignState.IN_REMEDIATION}
        )
    for campaign in running:
        act = _act_of(campaign, app)
        if act:
            await _guarded(turn, campaign.id, act, _do(app, door, campaign, act))
    return turn


async def open_for_all(app: App) -> None:
    """Look for events wherever nobody did since the newest picture or the last people list.

    A picture is looked at when its findings are: dormant users and leavers are among them.
    """
    async with app.database.read() as view:
        hubs = [one.hub_id for one in await view.portals.all()]
        late = [hub_id for hub_id in hubs if await _unlooked(view, hub_id)]
    for hub_id in late:
        await open_for_events(app, hub_id)


async def _unlooked(view: View, hub_id: int) -> bool:
    head = await view.snapshots.head(hub_id)
    found_in = await view.preferences.get(owner_of(hub_id), FINDINGS_OF) or {}
    looked = await view.preferences.get(owner_of(hub_id), LOOKED_AT) or {}
    if head is None or found_in.get("snapshot") != head.id:
        return False
    return looked.get("snapshot") != head.id or bool(await moves_left(view, hub_id))


async def open_for_events(app: App, hub_id: int) -> tuple[Campaign, ...]:
    """Campaigns for what happened in a portal; call it after a sync. Each event opens one, once.

    What happened is told by every picture since the one looked at before, however many there were.
    """
    if app.choices.security.read_only:
        return ()
    async with app.database.read() as view:
        head = await view.snapshots.head(hub_id)
        if head is None:
            return ()
        moves = await moves_left(view, hub_id)
        causes = (*await _causes(view, hub_id, head), *of_moves(hub_id, moves))
        known = await view.reviews.known_causes([one.key for one in causes])
        under_way = await _under_way(view, hub_id)
    opened = []
    for cause in causes:
        if cause.key in known or _about(cause.order) in under_way:
            continue
        try:
            opened.append(await open_campaign(app, SYSTEM, hub_id, cause.order, cause=cause.key))
            under_way.add(_about(cause.order))
        except (AlreadyThere, NeedsPerson, Refused) as error:
            LOG.info("no review for %s: %s", cause.key, error.message, extra=logs.of(error))
    async with app.database.work() as work:
        await _looked(work, head, moves)
    return tuple(opened)


async def _looked(work: UnitOfWork, head: SnapshotHead, moves: Mapping[str, str]) -> None:
    """Events are known up to this picture; moves that came meanwhile are left for the next time."""
    owner = owner_of(head.hub_id)
    mark = {"snapshot": head.id, "seq": head.seq, "sealed_at": head.sealed_at.isoformat()}
    await work.preferences.save(owner, LOOKED_AT, mark, work.now)
    if moves:
        left = await moves_left(work, head.hub_id)
        left = {move: email for move, email in left.items() if move not in moves}
        await work.preferences.save(owner, MOVES, left, work.now)


async def _under_way(view: View, hub_id: int) -> set[About]:
    """Reviews of events nobody has finished: the same event about the same user needs no second."""
    running = await view.reviews.all({hub_id}, {CampaignState.IN_REVIEW})
    return {(one.trigger, one.scope.users) for one in running if one.scope.users}


def _about(order: CampaignOrder) -> About:
    return order.trigger, order.scope.users


async def _guarded(turn: Turn, what: str, act: str, work: Awaitable[None]) -> None:
    try:
        await work
        turn.done.append((act, what))
    except RolecallError as error:
        turn.waiting.append((what, error.message))
        LOG.warning("review %s waits: %s", what, error.message, extra=logs.of(error))


def _act_of(campaign: Campaign, app: App) -> str:
    now = app.clock.now()
    if campaign.state is CampaignState.IN_REMEDIATION:
        return "plan" if campaign.plan_id is None else "verify"
    if now >= campaign.due_at:
        return "close"
    left = campaign.due_at - now
    if left <= ESCALATE_AT and campaign.escalated_at is None:
        return "escalate"
    return "remind" if _reminder_due(campaign, left) else ""


def _reminder_due(campaign: Campaign, left: timedelta) -> bool:
    """A mark before the deadline was passed since the last reminder (or the opening)."""
    since = campaign.due_at - (campaign.reminded_at or campaign.created_at)
    return any(left <= mark < since for mark in REMIND_AT)


async def _do(app: App, door: PlanDoor, campaign: Campaign, act: str) -> None:
    if act == "plan":
        await _plan(app, door, campaign)
    elif act == "verify":
        await _verify(app, campaign)
    else:
        async with app.database.begin(SYSTEM, f"{act}: {campaign.title}") as work:
            if act == "close":
                await close_in(work, campaign, "policy")
            elif act == "escalate":
                await escalate_in(work, campaign)
            else:
                await remind_in(work, campaign)


async def _plan(app: App, door: PlanDoor, campaign: Campaign) -> None:
    """What was taken away becomes one plan, approved by the reviewers and who closed it."""
    async with app.database.read() as view:
        standing = await standing_of(view, campaign.hub_id, complete=True)
        items = await view.reviews.all_items(campaign.id)
    wishes = wishes_of(items, campaign, standing.snapshot, _leftovers(standing))
    order = Order(
        campaign.hub_id, wishes, f"Review: {campaign.title}", f"review {campaign.title}",
        reference_of(campaign.id),
    )  # fmt: skip
    try:
        plan_id = await door.propose(SYSTEM, order) if wishes else None
    except Refused as error:
        await _note(app, campaign, error.message)
        raise
    if plan_id is None:
        await _verify(app, campaign)
        return
    async with app.database.begin(SYSTEM, campaign.title) as work:
        campaign = await work.reviews.change(replace(campaign, plan_id=plan_id))
    try:
        await door.approve(plan_id, _deciders(items, campaign))
    except Refused as error:
        await _note(app, campaign, error.message)


def _leftovers(standing: Standing) -> Leftovers:
    parking = standing.policy.parking
    named = parking.no_access_set
    found = names_of(standing.snapshot).permission_set(named) if named is not None else None
    return Leftovers(parking.seat, found)


def _deciders(items: tuple[ReviewItem, ...], campaign: Campaign) -> list[str]:
    decided = [
        item.decided_by for item in items if item.verdict in {Verdict.REVOKE, Verdict.REDUCE}
    ]
    return list(dict.fromkeys((*decided, campaign.closed_by)))


async def _verify(app: App, campaign: Campaign) -> None:
    """Mark what a complete snapshot after the closing shows gone; close when all of it is."""
    async with app.database.begin(SYSTEM, f"proof: {campaign.title}") as work:
        if campaign.plan_id and await _lost(work, campaign):
            await work.reviews.change(replace(campaign, plan_id=None))
            return
        snapshot = await work.snapshots.load(campaign.hub_id, complete=True)
        if (
            snapshot is None
            or campaign.closed_at is None
            or snapshot.sealed_at <= campaign.closed_at
        ):
            return
        items = await work.reviews.all_items(campaign.id)
        gone = gone_by(items, campaign, snapshot)
        fresh = [one.id for one in items if gone.get(one.id) and one.verified_at is None]
        held = await work.reviews.lock_items(fresh)
        proved = [replace(one, verified_at=snapshot.sealed_at) for one in held]
        await work.reviews.change_items(proved)
        if not all(gone.values()):
            return
        closed = replace(
            campaign, state=CampaignState.CLOSED, verified_at=snapshot.sealed_at, note=""
        )
        await work.reviews.change(closed)
        await work.links.withdraw(campaign.id, work.now)
        details = {"snapshot": snapshot.id, "items": str(len(gone))}
        title = campaign.title
        work.record(
            Event.REVIEW_CAMPAIGN_VERIFIED, subject=title, hub_id=campaign.hub_id, details=details
        )


async def _lost(view: View, campaign: Campaign) -> bool:
    """Whether the plan was cancelled or replaced, so that another has to be made."""
    state = await view.plans.state(campaign.plan_id or "")
    return state in {PlanState.CANCELLED, PlanState.REPLACED}


async def _note(app: App, campaign: Campaign, why: str) -> None:
    async with app.database.begin(SYSTEM, why) as work:
        fresh = await work.reviews.get(campaign.id)
        if fresh.note != why:
            await work.reviews.change(replace(fresh, note=why))
            facts = {"campaign": campaign.id, "title": campaign.title, "to": campaign.created_by,
                     "note": why}  # fmt: skip
            work.notify("review.plan_waits", facts, hub_id=campaign.hub_id)


async def _open_scheduled(app: App) -> None:
    """Move the schedule on first, so that a portal in trouble does not open a hundred."""
    async with app.database.work() as work:
        due = await work.reviews.due_schedules(work.now)
        for schedule in due:
            after = next_after(schedule.next_at, schedule.cadence, work.now)
            await work.reviews.save_schedule(replace(schedule, next_at=after))
    for schedule in due:
        cause = f"{schedule.id}:{schedule.next_at.isoformat()}"
        title = f"{schedule.order.title}, {schedule.next_at:%Y-%m}"
        order = replace(schedule.order, title=title)
        await open_campaign(app, SYSTEM, schedule.hub_id, order, cause=cause)


async def _causes(view: View, hub_id: int, head: SnapshotHead) -> tuple[Cause, ...]:
    since = await _looked_before(view, hub_id)
    if since is None:
        return ()  # the first picture of a portal is no event
    seq, sealed_at = since
    before, after = await view.users.differing(hub_id, seq, head.seq, activity=False)
    opened = await view.findings.open(hub_id)
    fresh = [(one.id, one.finding) for one in opened if one.first_seen >= sealed_at]
    types = frozenset({INSTALLED, UNINSTALLED})
    query = FeedQuery(feed="security", types=types, since=view.now - EVENTS_BACK)
    events = await view.feeds.events(hub_id, query)
    return (
        *of_users(hub_id, before.values(), after.values(), head.id),
        *of_findings(hub_id, fresh),
        *of_events(hub_id, events),
    )


async def _looked_before(view: View, hub_id: int) -> tuple[int, datetime] | None:
    """The picture events were last looked for in: number and time; else the one before the newest."""
    mark = await view.preferences.get(owner_of(hub_id), LOOKED_AT)
    if mark:
        return int(mark["seq"]), datetime.fromisoformat(mark["sealed_at"])
    heads = await view.snapshots.heads(hub_id, limit=2)
    return (heads[1].seq, heads[1].sealed_at) if len(heads) > 1 else None
