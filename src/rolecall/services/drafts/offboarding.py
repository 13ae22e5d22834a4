"""Off-boarding that loses nothing: what a leaver holds, who takes it, then the parking ladder."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rolecall.domain.actor import Actor
from rolecall.domain.assignment import Origin
from rolecall.domain.plan import Change, ChangeKind, Phase
from rolecall.domain.portal import Portal
from rolecall.domain.snapshot import User
from rolecall.kit.errors import Refused
from rolecall.plan.promises import promise
from rolecall.plan.wishes import offboard_user
from rolecall.policy.desired import Source
from rolecall.services.app import App
from rolecall.services.connections.quota import count_requests
from rolecall.services.drafts.changes import differences, where_to_write
from rolecall.services.drafts.ground import Ground, ground_of
from rolecall.services.drafts.orders import Draft, OffboardUser
from rolecall.services.drafts.successors import Successors, successors_of, taker
from rolecall.sync.holdings import Held, Holdings

# What only a person can hand on: HubSpot has no API for any of it (CLICK_PATHS names the clicks).
AFTERCARE = ("meetings.hand_on", "workflows.hand_on", "inbox.hand_on")
_WHY = {
    "meetings.hand_on": "no API moves meeting links to somebody else",
    "workflows.hand_on": "no API tells which workflows and sequences name or send as a user",
    "inbox.hand_on": "no API reads or changes who is in a shared inbox",
    "billing.hand_on": "no API moves the billing contact",
}


@dataclass(frozen=True, slots=True)
class Impact:
    """What would be left behind, before anybody decides."""

    portal: Portal
    user: User
    holdings: Holdings
    parked: bool = False

    @property
    def unread(self) -> tuple[str, ...]:
        """Types of records that could not be looked at."""
        return self.holdings.unread


async def preview_offboarding(app: App, actor: Actor, name: str, email: str) -> Impact:
    """Count what a user holds, at HubSpot, now: by owner and by every custom user property."""
    ground = await ground_of(app, actor, name)
    user = leaver_of(ground, email)
    holdings = await holdings_of(app, ground.portal, user.owner_id)
    return Impact(ground.portal, user, holdings, user.email.casefold() in ground.parked)


async def draft_offboarding(app: App, ground: Ground, order: OffboardUser) -> Draft:
    """Hand-overs, the parking ladder and what only a person can do, for one leaver.

    Refused when records would be left behind that nobody was named for.
    """
    user = leaver_of(ground, order.email)
    successors = successors_of(ground, user, order)
    holdings = Holdings(user.owner_id or "")
    if not order.keep_records:
        holdings = await holdings_of(app, ground.portal, user.owner_id)
        _refuse_left_behind(user, holdings, successors)
    reason = order.reason or "user offboard"
    source = Source(Origin.OPERATOR, reason, "user offboard")
    wish = offboard_user(user.email, ground.snapshot, source)
    parking, reported = differences(ground, (wish,))
    given = tuple(hand_overs(user, holdings, successors, reason))
    changes = (*given, *parking, *_aftercare(ground, user, reason))
    notes = (*_unread(holdings), *_later(ground, user), *where_to_write(ground, (wish,)))
    title = f"Off-board {user.email}"
    return Draft(title, "user offboard", changes, reported, (wish,), notes=notes)


def leaver_of(ground: Ground, email: str) -> User:
    """The present user of this e-mail; Refused with the nearest when there is none."""
    source = Source(Origin.OPERATOR, "")
    wish = offboard_user(email, ground.snapshot, source)
    user = ground.snapshot.user(wish.email)
    assert user is not None
    return user


async def holdings_of(app: App, portal: Portal, owner_id: str | None) -> Holdings:
    """What a record owner holds; nothing for somebody who owns nothing."""
    if owner_id is None:
        return Holdings("")
    from rolecall.sync.impact import count_holdings

    async with app.doors.reader(portal) as reader:
        try:
            return await count_holdings(reader, owner_id)
        finally:
            await count_requests(app, portal, reader.connection.counts.requests)


def hand_overs(
    user: User, holdings: Holdings, successors: Successors, reason: str
) -> Iterator[Change]:
    """One change per property of a type that names the leaver."""
    undo, note = promise(ChangeKind.HAND_OVER, user.owner_id)
    for held in holdings.held:
        takers = taker(successors, held.object_type)
        ids = tuple(sorted(one.owner_id or "" for one in takers))
        yield Change(
            id="",
            kind=ChangeKind.HAND_OVER,
            subject_kind="user",
            subject=user.email,
            subject_id=user.id,
            before=holdings.owner_id,
            after=ids[0] if len(ids) == 1 else ids,
            reason=reason,
            phase=Phase.PREPARE,
            undo=undo,
            undo_note=note,
            origin="operator:user offboard",
            details={
                "object_type": held.object_type,
                "property": held.property,
                "records": str(held.records),
                "before_shown": f"{held_shown(held)} of {user.email}",
                "after_shown": ", ".join(one.email for one in takers),
            },
        )


def held_shown(held: Held) -> str:
    """`12 deals (5 open)`, or `3 companies by Account manager` for a custom property."""
    text = f"{held.records} {held.object_type}"
    if held.open is not None:
        text += f" ({held.open} open)"
    return text if held.property == "hubspot_owner_id" else f"{text} by {held.label}"


def _refuse_left_behind(user: User, holdings: Holdings, successors: Successors) -> None:
    nobodys = [one for one in holdings.held if not taker(successors, one.object_type)]
    if nobodys:
        shown = ", ".join(held_shown(one) for one in nobodys)
        raise Refused(
            f"{user.email} holds {shown}, and nobody is named to take them over",
            hint="--successor E-MAIL, --successor deals=E-MAIL, --rule manager|team-lead|round-robin,"
            " or --keep-records to leave them",
        )


def _aftercare(ground: Ground, user: User, reason: str) -> Iterator[Change]:
    """Tasks for what the API cannot hand over."""
    tasks = list(AFTERCARE)
    billing = ground.policy.guardrails.billing_contact
    if billing and billing.casefold() == user.email.casefold():
        tasks.append("billing.hand_on")
    undo, note = promise(ChangeKind.MANUAL, None)
    for task in tasks:
        yield Change(
            id="",
            kind=ChangeKind.MANUAL,
            subject_kind="user",
            subject=user.email,
            subject_id=user.id,
            before=None,
            after=None,
            reason=reason,
            phase=Phase.MOVE,
            undo=undo,
            undo_note=note,
            origin="operator:user offboard",
            details={"task": task, "slot": ChangeKind.HAND_OVER.value, "why": _WHY[task]},
        )


def _unread(holdings: Holdings) -> tuple[str, ...]:
    if not holdings.unread:
        return ()
    named = ", ".join(holdings.unread)
    return (f"this connection may not look at {named}; what is left behind there is not known",)


def _later(ground: Ground, user: User) -> tuple[str, ...]:
    parking = ground.parking
    if not parking.remove:
        return (f"{user.email} stays parked until somebody removes them",)
    return (f"after {parking.grace_days} days a plan to remove {user.email} is made by itself",)
