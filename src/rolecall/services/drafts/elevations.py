"""Time-boxed access as drafts: the raise, and the exact way back; kept by the plan that raised it.

Refused where no API could bring the former access back; what only clicks can do becomes a task.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from rolecall.domain.assignment import Origin, Slot
from rolecall.domain.plan import ChangeKind, Plan
from rolecall.domain.snapshot import FeedEvent, User
from rolecall.kit.errors import Refused
from rolecall.kit.ids import uuid7
from rolecall.permissions.access import Resolver
from rolecall.permissions.elevation import (
    INSTALLED,
    UNINSTALLED,
    Elevation,
    Former,
    Way,
    elevation_of,
    former_of,
)
from rolecall.permissions.pack import Pack
from rolecall.policy.desired import DesiredUser, Source, Wanted
from rolecall.services.app import App
from rolecall.services.drafts.access_file import desired_by
from rolecall.services.drafts.changes import differences, owned
from rolecall.services.drafts.ground import Ground
from rolecall.services.drafts.orders import Draft, Elevate, GivePack, ReturnElevation
from rolecall.services.drafts.packs import (
    GRANT,
    TAKE_BACK,
    desired_user,
    draft_pack,
    pack_in,
    present_user,
    resolver_on,
    toggles_change,
)
from rolecall.services.permissions.apps import apps_in, with_apps
from rolecall.store import ELEVATION, FeedQuery, Statement, UnitOfWork, View
from rolecall.store.encoding import from_json, to_json

MOST_EVENTS = 5_000
# Details of a task: each toggle back to the level held before, as clicks and as evidence shows it.
_BACK, _BACK_TOGGLES = "return_clicks", "return_toggles"
_SLOTS = {ChangeKind.SET_PERMISSION_SET: Slot.PERMISSION_SET, ChangeKind.SET_SEATS: Slot.SEAT}


@dataclass(frozen=True, slots=True)
class Elevated:
    """One elevation from its proposal to the proof of its end.

    `slots` are those raised by API; `return_clicks` take back what a person granted by hand.
    `returned_at` is when a snapshot proved the former access; `installed` when the feed showed the
    pack's app installed by this user, `note` what else was found.
    """

    plan_id: str
    hub_id: int
    user_id: str
    email: str
    pack_id: str
    pack_name: str
    pack: str  # its YAML
    former: Former
    begun_at: datetime
    ends_at: datetime
    before_snapshot: str
    slots: tuple[Slot, ...] = ()
    return_clicks: tuple[str, ...] = ()
    return_toggles: tuple[str, ...] = ()
    return_plan_id: str = ""
    returned_at: datetime | None = None
    after_snapshot: str = ""
    installed_at: datetime | None = None
    installed_event: str = ""
    note: str = ""

    @property
    def over(self) -> bool:
        """Nothing is left to take back."""
        return self.returned_at is not None


async def draft_raised(
    app: App, ground: Ground, order: GivePack | Elevate | ReturnElevation
) -> Draft:
    """The draft of an order that follows a pack: given for good, for a while, or taken back."""
    match order:
        case GivePack():
            return await draft_pack(app, ground, order)
        case Elevate():
            return await draft_elevation(app, ground, order)
        case ReturnElevation():
            return await draft_return(app, ground, order)


async def decide(
    app: App, ground: Ground, pack_text: str, email: str
) -> tuple[Resolver, Pack, User, Elevation]:
    """How a user can be elevated for a pack on this ground."""
    resolver = await resolver_on(app, ground)
    async with app.database.read() as view:
        apps = await apps_in(view, ground.portal.hub_id)
    pack = with_apps(pack_in(pack_text, resolver), apps)
    user = present_user(ground, email)
    events = await installations(app, ground.portal.hub_id)
    return resolver, pack, user, elevation_of(resolver, pack, user, events)


async def installations(app: App, hub_id: int) -> tuple[FeedEvent, ...]:
    """What the security feed tells of installed and uninstalled apps, newest first."""
    types = frozenset({INSTALLED, UNINSTALLED})
    async with app.database.read() as view:
        return await view.feeds.events(
            hub_id, FeedQuery("security", types=types, limit=MOST_EVENTS)
        )


async def draft_elevation(app: App, ground: Ground, order: Elevate) -> Draft:
    """The raise as a plan with an end, or as a task; Refused where there is nothing to raise."""
    _, pack, user, found = await decide(app, ground, order.pack, order.email)
    if found.way not in (Way.PLAN, Way.MANUAL):
        raise Refused(f"{user.email}: {found.reason}", hint=_way_out(found, ground))
    if order.ends_at <= ground.now:
        raise Refused(f"the elevation would have ended {order.ends_at:%Y-%m-%d %H:%M} already")
    reason = order.reason or f"connect {pack.name}"
    source = Source(Origin.ELEVATION, reason, f"pack {pack.id}")
    title = f"Elevate {user.email} for {pack.name} until {order.ends_at:%Y-%m-%d %H:%M} UTC"
    if found.way is Way.MANUAL:
        shown = ", ".join(one.requirement.title for one in found.check.missing)
        task = toggles_change(user, GRANT, found.clicks, source, shown, found.toggles)
        back = {
            _BACK: "\n".join(found.return_clicks),
            _BACK_TOGGLES: "\n".join(found.return_toggles),
            "due_at": order.ends_at.isoformat(),
        }
        task = replace(task, details={**task.details, **back})
        note = f"{found.reason}; the task lists each toggle, and so will the task of the return"
        notes = (note, *_raised_notes(pack))
        return Draft(title, f"elevation {pack.id}", (task,), notes=notes)
    wish = desired_user(user, found.wishes, source)
    assert wish is not None
    changes, reported = differences(ground, (wish,))
    return Draft(
        title,
        f"elevation {pack.id}",
        changes,
        reported,
        (wish,),
        order.ends_at,
        (found.reason, *_lost_meanwhile(found), *_raised_notes(pack)),
    )


def _way_out(found: Elevation, ground: Ground) -> str | None:
    if found.way is Way.REFUSED and "export" in found.reason:
        return f"rolecall export import {ground.portal.name} users.csv"
    return None


def _lost_meanwhile(found: Elevation) -> Iterable[str]:
    if not all(wish.keeps_former for wish in found.wishes):
        yield "until the return the user lacks some access held now; see `rolecall user compare`"


def _raised_notes(pack: Pack) -> tuple[str, ...]:
    """What the user does in between, step by step."""
    return tuple(f"{one.who}: {one.text}" for one in pack.steps)


async def keep_elevation(work: UnitOfWork, ground: Ground, plan: Plan, order: Elevate) -> None:
    """Remember the former access beside the proposed plan; nothing of it is in force yet."""
    subject = plan.changes[0].subject
    user = present_user(ground, subject)
    pack_id = plan.source.removeprefix("elevation ")
    by_hand = [one for one in plan.changes if one.kind is ChangeKind.MANUAL]
    kept = Elevated(
        plan_id=plan.id,
        hub_id=plan.hub_id,
        user_id=user.id,
        email=user.email,
        pack_id=pack_id,
        pack_name=_pack_name(order.pack) or pack_id,
        pack=order.pack,
        former=former_of(user),
        begun_at=work.now,
        ends_at=order.ends_at,
        before_snapshot=plan.snapshot_id,
        slots=tuple(_SLOTS[one.kind] for one in plan.changes if one.kind in _SLOTS),
        return_clicks=_lines(by_hand[0].details.get(_BACK, "")) if by_hand else (),
        return_toggles=_lines(by_hand[0].details.get(_BACK_TOGGLES, "")) if by_hand else (),
    )
    await keep(work, kept)


def _pack_name(text: str) -> str:
    import yaml

    told: Any = yaml.safe_load(text)
    return str(told.get("name", "")) if isinstance(told, dict) else ""


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line for line in text.split("\n") if line)


async def keep(work: UnitOfWork, one: Elevated) -> None:
    """Write the newest state of an elevation; the former ones stay as history."""
    await work.evidence.state(
        Statement(
            uuid7(), one.hub_id, ELEVATION, one.plan_id, work.now, work.actor.id, to_json(one)
        )
    )


async def elevations_in(view: View, hub_id: int) -> tuple[Elevated, ...]:
    """Every elevation of a portal, proposals that were never approved included."""
    stated = await view.evidence.stated(hub_id, ELEVATION)
    return tuple(from_json(one.body, Elevated) for one in stated.values())


async def elevation_in(view: View, hub_id: int, plan_id: str) -> Elevated:
    """One elevation by the plan that raised it."""
    kept = await view.evidence.statement(hub_id, ELEVATION, plan_id)
    if kept is None:
        raise Refused(f"plan {plan_id} raised nobody")
    return from_json(kept.body, Elevated)


async def draft_return(app: App, ground: Ground, order: ReturnElevation) -> Draft:
    """The former access of the slots that were raised, exactly; Refused when the user is gone.

    What else changed about the user meanwhile stays and is told: it was somebody's decision.
    """
    async with app.database.read() as view:
        one = await elevation_in(view, ground.portal.hub_id, order.plan_id)
    user = next((u for u in ground.snapshot.users if u.id == one.user_id and u.present), None)
    if user is None:
        raise Refused(f"{one.email} is no longer in the portal, so there is nothing to return")
    source = Source(Origin.ELEVATION, order.reason or _ended(one), f"return of {one.plan_id}")
    title = f"Return {user.email} to the access before {one.pack_name}"
    label = f"return {one.plan_id}"
    if one.return_clicks:
        paths, toggles = one.return_clicks, one.return_toggles
        task = toggles_change(user, TAKE_BACK, paths, source, one.pack_name, toggles)
        return Draft(title, label, (task,))
    wish, notes = _way_back(ground, one, user, source)
    changes, reported = differences(ground, (wish,))
    told = (*notes, *_moved_meanwhile(one, user))
    return Draft(title, label, changes, reported, notes=told)


def _ended(one: Elevated) -> str:
    return f"elevation for {one.pack_name} ends {one.ends_at:%Y-%m-%d %H:%M}"


def _way_back(
    ground: Ground, one: Elevated, user: User, source: Source
) -> tuple[DesiredUser, tuple[str, ...]]:
    """Former values, unless whoever ranks next decided otherwise meanwhile."""
    wish = DesiredUser(user.email, named=False, reason=source.reason)
    notes: list[str] = []
    for slot in one.slots:
        values = _former_values(one.former, slot)
        decided = _decided(ground, one, slot)
        if decided is not None and set(decided) != set(values):
            notes.append(
                f"access.yaml gives another {slot.value.replace('_', ' ')} by now; it wins"
            )
            values = decided
        wanted = Wanted(values, source)
        if slot is Slot.PERMISSION_SET:
            wish = replace(wish, permission_sets=wanted)
        else:
            wish = replace(wish, seats=wanted)
    return wish, tuple(notes)


def _former_values(former: Former, slot: Slot) -> tuple[str, ...]:
    return former.permission_set_ids if slot is Slot.PERMISSION_SET else former.seat_names or ()


def _decided(ground: Ground, one: Elevated, slot: Slot) -> tuple[str, ...] | None:
    """What the policy in force wants in the slot once the elevation is over."""
    if not owned(ground, slot):
        return None
    others = tuple(
        claim for claim in ground.assignments if claim.reference != f"plan:{one.plan_id}"
    )
    want = desired_by(replace(ground, assignments=others)).users.get(one.email.casefold())
    if want is None:
        return None
    wanted = want.permission_sets if slot is Slot.PERMISSION_SET else want.seats
    return None if wanted is None else wanted.values


def _moved_meanwhile(one: Elevated, user: User) -> Iterable[str]:
    now, then = former_of(user), one.former
    for what, before, after in (
        ("main team", then.main_team_id, now.main_team_id),
        ("extra teams", then.extra_team_ids, now.extra_team_ids),
        ("Super Admin", then.super_admin, now.super_admin),
    ):
        if before != after:
            yield f"{what} of {user.email} changed meanwhile and stays as it is now"
