"""Access reviews: open a campaign, decide, delegate, escalate, close. Nobody reviews themselves.

Opening and closing need an admin of the portal; deciding, being the item's reviewer or an admin.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from rolecall.domain.actor import Actor, Role
from rolecall.domain.assignment import Slot
from rolecall.domain.events import Event
from rolecall.domain.operator import TokenScope
from rolecall.domain.person import Person
from rolecall.domain.review import (
    Cadence,
    Campaign,
    CampaignOrder,
    CampaignState,
    ReviewItem,
    ReviewSchedule,
    Verdict,
)
from rolecall.kit.errors import NeedsPerson, Refused
from rolecall.kit.ids import uuid7
from rolecall.policy.names import Names, names_of
from rolecall.reviews.decisions import decided, delegated, rubber_stamping, settled, takes_away
from rolecall.reviews.facts import facts_of, library_of
from rolecall.reviews.population import populate
from rolecall.reviews.remediation import claims_of
from rolecall.services.app import App
from rolecall.services.operators.operators import checked_email
from rolecall.services.requests.requests import has_role, person_of
from rolecall.services.requests.standing import Standing, standing_of
from rolecall.services.reviews.opening import (
    PriceOf,
    check_population,
    checked_order,
    kept_before,
    new_campaign,
    reviewers_of,
)
from rolecall.services.rights import NotAllowed, may_change, need_scope, need_writing
from rolecall.store import UnitOfWork, View
from rolecall.store.errors import NotThere, OutOfDate

BULK_LOOK = 10  # from so many kept at once on, somebody is asked whether they looked


class RubberStamp(NeedsPerson):
    """Many items are kept at once; the reviewer is asked whether they looked."""


@dataclass(frozen=True, slots=True)
class Decision:
    """One answer; `version` is the item's version the reviewer saw, None = whatever it is."""

    item_id: str
    verdict: Verdict
    comment: str = ""
    reduce_to: str = ""
    version: int | None = None


async def open_campaign(
    app: App, actor: Actor, hub_id: int, order: CampaignOrder, *, cause: str | None = None
) -> Campaign:
    """Freeze a population from the newest complete snapshot and put it before its reviewers.

    Raises Refused for an empty population or no reviewer, NeedsPerson before the first complete
    sync, AlreadyThere when the cause opened one before.
    """
    may_change(app, actor, Role.ADMIN, hub_id, "open reviews", TokenScope.REVIEW_MANAGE)
    order = checked_order(order)
    async with app.database.read() as view:
        standing = await standing_of(view, hub_id, complete=True)
        findings = [one.finding for one in await view.findings.open(hub_id)]
        before = await kept_before(view, hub_id)
    campaign = new_campaign(order, standing, actor, app.clock.now())
    library = library_of(standing.snapshot, standing.people, findings, PriceOf(standing))
    items = populate(
        campaign,
        standing.snapshot,
        reviewers_of(campaign, standing),
        lambda grant: facts_of(grant, library),
        before,
    )
    check_population(items, campaign)
    async with app.database.begin(actor, order.title) as work:
        await work.reviews.add(campaign, items, cause)
        _tell_opened(work, campaign, items)
    return campaign


async def decide(
    app: App,
    actor: Actor,
    campaign_id: str,
    decisions: Sequence[Decision],
    *,
    confirmed: bool = False,
    seconds_looked: float | None = None,
) -> tuple[ReviewItem, ...]:
    """Write down one answer or many, all or none.

    Keeping many at once raises RubberStamp unless `confirmed`. Raises OutOfDate when somebody
    else decided an item since it was seen, NotAllowed for items of others, Refused for one's own.
    """
    need_writing(app, "decide reviews")
    need_scope(actor, TokenScope.REVIEW_DECIDE, "decide reviews")
    if not decisions:
        raise Refused("nothing is selected", hint="choose items first")
    _ask_whether_looked(decisions, confirmed)
    async with app.database.begin(actor, "decided review items") as work:
        campaign = await seen_campaign(work, actor, campaign_id)
        own = await _own_emails(work, actor)
        held = await work.reviews.lock_items([one.item_id for one in decisions])
        names = await _reductions(work, campaign, decisions)
        changed = []
        for item, one in zip(held, decisions, strict=True):
            _need_reviewer(actor, campaign, item, own)
            _check_version(item, one)
            changed.append(
                decided(
                    item, campaign, one.verdict, person_of(actor), work.now,
                    one.comment, _reduced_to(item, one, names), seconds_looked,
                )
            )  # fmt: skip
        await work.reviews.change_items(changed)
        _tell_decided(work, campaign, changed)
    return tuple(replace(item, version=item.version + 1) for item in changed)


async def delegate(
    app: App, actor: Actor, campaign_id: str, item_ids: Sequence[str], to: str, *, reason: str = ""
) -> tuple[ReviewItem, ...]:
    """Put items before another reviewer, never before the person they are about."""
    need_writing(app, "delegate reviews")
    need_scope(actor, TokenScope.REVIEW_DECIDE, "delegate reviews")
    checked_email(to)
    async with app.database.begin(actor, reason or f"delegated to {to}") as work:
        campaign = await seen_campaign(work, actor, campaign_id)
        _need_open(campaign)
        own = await _own_emails(work, actor)
        aliases = await _emails_of(work, to)
        held = await work.reviews.lock_items(item_ids)
        for item in held:
            _need_reviewer(actor, campaign, item, own, decides=False)
            if item.user_email.casefold() in aliases:
                raise Refused("nobody reviews their own access", hint="choose another reviewer")
        changed = [delegated(item, to) for item in held]
        await work.reviews.change_items(changed)
        _tell_delegated(work, campaign, to, len(changed))
    return tuple(changed)


async def remind(app: App, actor: Actor, campaign_id: str) -> int:
    """Remind everybody with undecided items now; how many reviewers."""
    async with app.database.begin(actor, "reminded reviewers") as work:
        campaign = await managed_campaign(work, app, actor, campaign_id, "remind reviewers")
        return await remind_in(work, campaign)


async def escalate(app: App, actor: Actor, campaign_id: str) -> int:
    """Put what is undecided before the reviewers' managers, else the fallback; how many items."""
    async with app.database.begin(actor, "escalated what is undecided") as work:
        campaign = await managed_campaign(work, app, actor, campaign_id, "escalate reviews")
        return await escalate_in(work, campaign)


async def close_campaign(app: App, actor: Actor, campaign_id: str, *, reason: str = "") -> Campaign:
    """End the decisions: silence counts as the campaign says, what is taken away gets a plan.

    The plan is proposed by the clock of reviews; the campaign is closed once a snapshot proves it.
    """
    async with app.database.begin(actor, reason or "closed the review") as work:
        campaign = await managed_campaign(work, app, actor, campaign_id, "close reviews")
        return await close_in(work, campaign, person_of(actor))


async def save_schedule(
    app: App,
    actor: Actor,
    hub_id: int,
    order: CampaignOrder,
    cadence: Cadence,
    next_at: datetime,
) -> ReviewSchedule:
    """Open such a campaign by itself, from `next_at` on."""
    may_change(app, actor, Role.ADMIN, hub_id, "schedule reviews", TokenScope.REVIEW_MANAGE)
    order = replace(checked_order(order), trigger="schedule")
    schedule = ReviewSchedule(uuid7(), hub_id, order, cadence, next_at, actor.id)
    async with app.database.begin(actor, f"{order.title}, {cadence.value}") as work:
        await work.reviews.save_schedule(schedule)
        details = {"cadence": cadence.value, "next": next_at.isoformat()}
        work.record(
            Event.REVIEW_SCHEDULE_CHANGED, subject=order.title, hub_id=hub_id, details=details
        )
    return schedule


async def remove_schedule(app: App, actor: Actor, schedule_id: str) -> None:
    """Open no more campaigns by this schedule."""
    async with app.database.begin(actor, "removed a schedule") as work:
        found = {one.id: one for one in await work.reviews.schedules()}
        schedule = found.get(schedule_id)
        if schedule is None or not actor.holds(Role.ADMIN, schedule.hub_id):
            raise NotThere(f"There is no schedule {schedule_id}")
        need_writing(app, "change schedules")
        need_scope(actor, TokenScope.REVIEW_MANAGE, "change schedules")
        await work.reviews.remove_schedule(schedule_id)
        title, hub_id = schedule.order.title, schedule.hub_id
        work.record(Event.REVIEW_SCHEDULE_CHANGED, subject=title, hub_id=hub_id)


async def close_in(work: UnitOfWork, campaign: Campaign, by: str) -> Campaign:
    """Close a campaign in this transaction."""
    _need_open(campaign)
    items = await work.reviews.all_items(campaign.id)
    undecided = [item.id for item in items if item.verdict is None]
    silent = settled(await work.reviews.lock_items(undecided), campaign, work.now)
    await work.reviews.change_items(silent)
    items = await work.reviews.all_items(campaign.id)
    taken = [item for item in items if takes_away(item, campaign)]
    state = CampaignState.IN_REMEDIATION if taken else CampaignState.CLOSED
    stamped = rubber_stamping(items)
    after = replace(campaign, state=state, closed_at=work.now, closed_by=by, stamped=stamped)
    after = await work.reviews.change(after)
    await work.assignments.put(claims_of(items, after, work.now), work.now)
    counts = Counter(item.verdict.value for item in items if item.verdict)
    details = {**{key: str(count) for key, count in counts.items()}, "takes": str(len(taken))}
    _record(work, Event.REVIEW_CAMPAIGN_CLOSED, after, details)
    work.notify("review.closed", _facts(after, after.created_by), hub_id=after.hub_id)
    return after


async def remind_in(work: UnitOfWork, campaign: Campaign) -> int:
    """Tell every reviewer with undecided items, in this transaction."""
    _need_open(campaign)
    items = await work.reviews.all_items(campaign.id)
    left = Counter(item.reviewer for item in items if item.verdict is None)
    for reviewer, count in left.items():
        facts = {**_facts(campaign, reviewer), "items": str(count)}
        work.notify("review.waiting", facts, hub_id=campaign.hub_id)
    await work.reviews.change(replace(campaign, reminded_at=work.now))
    _record(work, Event.REVIEW_REMINDER_SENT, campaign, {"reviewers": str(len(left))})
    return len(left)


async def escalate_in(work: UnitOfWork, campaign: Campaign) -> int:
    """Move undecided items up, in this transaction; an item nobody else may decide stays."""
    _need_open(campaign)
    standing = await standing_of(work, campaign.hub_id)
    items = await work.reviews.all_items(campaign.id)
    ids = [item.id for item in items if item.verdict is None]
    moved = []
    for item in await work.reviews.lock_items(ids):
        above = _above(item, campaign, standing)
        if above and above != item.reviewer:
            moved.append(delegated(item, above))
    await work.reviews.change_items(moved)
    await work.reviews.change(replace(campaign, escalated_at=work.now))
    for reviewer, count in Counter(item.reviewer for item in moved).items():
        facts = {**_facts(campaign, reviewer), "items": str(count), "urgent": "yes"}
        work.notify("review.escalated", facts, hub_id=campaign.hub_id)
    _record(work, Event.REVIEW_ITEM_DELEGATED, campaign, {"escalated": str(len(moved))})
    return len(moved)


async def seen_campaign(view: View, actor: Actor, campaign_id: str) -> Campaign:
    """A campaign of a portal in which the actor has a role that reviews or reads; else NotThere."""
    campaign = await view.reviews.get(campaign_id)
    if not sees_reviews(actor, campaign.hub_id):
        raise NotThere(f"There is no campaign {campaign_id}", hint="see `rolecall review list`")
    return campaign


def sees_reviews(actor: Actor, hub_id: int) -> bool:
    """Reviewers, approvers, auditors and admins; a manager with any role sees their own items."""
    return has_role(actor, hub_id)


async def managed_campaign(
    view: View, app: App, actor: Actor, campaign_id: str, what: str
) -> Campaign:
    """A campaign the actor may run; NotThere in foreign portals, NotAllowed in their own."""
    campaign = await seen_campaign(view, actor, campaign_id)
    may_change(app, actor, Role.ADMIN, campaign.hub_id, what, TokenScope.REVIEW_MANAGE)
    return campaign


def _need_reviewer(
    actor: Actor,
    campaign: Campaign,
    item: ReviewItem,
    own: frozenset[str],
    *,
    decides: bool = True,
) -> None:
    """Raise unless this item is theirs to decide; nobody decides about themselves."""
    if item.campaign_id != campaign.id:
        raise NotThere(f"There is no review item {item.id} in this campaign")
    if decides and item.user_email.casefold() in own:
        raise Refused("nobody reviews their own access", hint="delegate the item to somebody else")
    mine = bool(item.reviewer) and item.reviewer in own
    free = not item.reviewer and actor.holds(Role.REVIEWER, campaign.hub_id)
    if not (mine or free or actor.holds(Role.ADMIN, campaign.hub_id)):
        raise NotAllowed(
            f"{item.label} of {item.user_email} waits for {item.reviewer or 'a reviewer'}",
            hint="they, or an admin, can delegate it to you",
        )


async def _reductions(
    view: View, campaign: Campaign, decisions: Sequence[Decision]
) -> Names | None:
    """What names mean in the portal, read only where something is reduced."""
    if not any(one.verdict is Verdict.REDUCE for one in decisions):
        return None
    return names_of((await standing_of(view, campaign.hub_id)).snapshot)


def _reduced_to(item: ReviewItem, one: Decision, names: Names | None) -> str:
    """The id of what an item is reduced to; raises Refused for what the portal does not have."""
    if names is None or one.verdict is not Verdict.REDUCE or not one.reduce_to:
        return one.reduce_to
    among = {
        Slot.PERMISSION_SET: names.sets, Slot.MAIN_TEAM: names.teams,
        Slot.EXTRA_TEAM: names.teams, Slot.SEAT: names.seats,
    }.get(item.slot)  # fmt: skip
    found = among.find(one.reduce_to) if among else ()
    if among and one.reduce_to in among.ids:
        return one.reduce_to
    if len(found) != 1:
        raise Refused(f"{item.label} cannot be reduced to {one.reduce_to!r}", hint="give its id")
    return found[0]


async def _own_emails(view: View, actor: Actor) -> frozenset[str]:
    return await _emails_of(view, actor.email) if actor.email else frozenset()


async def _emails_of(view: View, email: str) -> frozenset[str]:
    """Every e-mail of the person with this one: two addresses are not two people."""
    people: tuple[Person, ...] = await view.people.by_email(email)
    known = {one.casefold() for person in people for one in person.emails}
    return frozenset({email.casefold(), *known})


def _check_version(item: ReviewItem, one: Decision) -> None:
    if one.version is not None and one.version != item.version:
        raise OutOfDate(
            f"{item.label} of {item.user_email} was decided by {item.decided_by or 'somebody'}"
            " meanwhile",
            hint="look at it again; nothing of this was written down",
        )


def _ask_whether_looked(decisions: Sequence[Decision], confirmed: bool) -> None:
    kept = sum(one.verdict is Verdict.KEEP for one in decisions)
    if kept >= BULK_LOOK and not confirmed:
        raise RubberStamp(
            f"{kept} items would be kept at once",
            hint="look at them, then confirm; the evidence shows how many were kept together",
        )


def _need_open(campaign: Campaign) -> None:
    if campaign.state is not CampaignState.IN_REVIEW:
        raise Refused(f"the campaign is {campaign.state.value}; nothing can be decided in it")


def _above(item: ReviewItem, campaign: Campaign, standing: Standing) -> str:
    """The reviewer's manager, else the fallback; never the reviewed person."""
    person = standing.people.get(item.reviewer)
    candidates = (person.manager_email if person else "", campaign.fallback_reviewer)
    own = item.user_email.casefold()
    return next((one.casefold() for one in candidates if one and one.casefold() != own), "")


def _tell_opened(work: UnitOfWork, campaign: Campaign, items: Iterable[ReviewItem]) -> None:
    counts = Counter(item.reviewer for item in items)
    details = {
        "snapshot": campaign.snapshot_id,
        "read": campaign.snapshot_at.isoformat(),
        "items": str(sum(counts.values())),
        "trigger": campaign.trigger,
    }
    _record(work, Event.REVIEW_CAMPAIGN_OPENED, campaign, details)
    for reviewer, count in counts.items():
        facts = {**_facts(campaign, reviewer), "items": str(count)}
        work.notify("review.opened", facts, hub_id=campaign.hub_id)


def _tell_decided(work: UnitOfWork, campaign: Campaign, items: Sequence[ReviewItem]) -> None:
    """One line per decision; a bulk decision names how many were made together."""
    for item in items:
        verdict = item.verdict.value if item.verdict else ""
        details = {
            "campaign": campaign.id, "item": item.id, "verdict": verdict,
            "what": item.label, "together": str(len(items)), "comment": item.comment,
        }  # fmt: skip
        work.record(
            Event.REVIEW_DECISION_MADE,
            subject=item.user_email,
            hub_id=campaign.hub_id,
            details={key: value for key, value in details.items() if value},
        )


def _tell_delegated(work: UnitOfWork, campaign: Campaign, to: str, count: int) -> None:
    _record(work, Event.REVIEW_ITEM_DELEGATED, campaign, {"to": to, "items": str(count)})
    facts = {**_facts(campaign, to), "items": str(count)}
    work.notify("review.waiting", facts, hub_id=campaign.hub_id)


def _facts(campaign: Campaign, to: str) -> Mapping[str, str]:
    return {
        "campaign": campaign.id,
        "title": campaign.title,
        "to": to,
        "due": f"{campaign.due_at:%Y-%m-%d}",
        "note": campaign.note,
    }


def _record(work: UnitOfWork, event: Event, campaign: Campaign, details: Mapping[str, str]) -> None:
    told = {"campaign": campaign.id, **details}
    work.record(event, subject=campaign.title, hub_id=campaign.hub_id, details=told)
