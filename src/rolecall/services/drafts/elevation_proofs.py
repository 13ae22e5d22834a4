"""Where elevations stand, and the proof that the former access is back: snapshot against snapshot.

Plans nothing; whoever syncs calls it afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from rolecall.domain.actor import SYSTEM
from rolecall.domain.events import Event
from rolecall.domain.plan import Outcome, PlanState
from rolecall.domain.snapshot import FeedEvent, Snapshot
from rolecall.insights.facts import ElevationFact
from rolecall.permissions.elevation import installation, proof_of
from rolecall.permissions.pack import Pack
from rolecall.permissions.pack_file import read_pack
from rolecall.services.app import App
from rolecall.services.drafts.elevations import Elevated, elevations_in, installations, keep
from rolecall.services.permissions.apps import apps_in, learn_app, with_apps
from rolecall.services.permissions.book import catalogue_of
from rolecall.store import View

_BEGUN = (PlanState.APPLYING, PlanState.PAUSED, PlanState.DONE, PlanState.CANCELLED)
_COMING = (PlanState.PROPOSED, PlanState.APPROVED, PlanState.APPLYING, PlanState.PAUSED)
_RAISED = (Outcome.DONE, Outcome.ALREADY, Outcome.WAITING, Outcome.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an elevation stands: proposed, running, overdue, returning, returned or dropped."""

    one: Elevated
    state: str
    raised: bool


async def standings(app: App, hub_id: int) -> tuple[Standing, ...]:
    """Where every elevation of a portal stands now."""
    async with app.database.read() as view:
        return await standings_in(view, hub_id)


async def standings_in(view: View, hub_id: int) -> tuple[Standing, ...]:
    """The same within a transaction."""
    return tuple([await _standing(view, one) for one in await elevations_in(view, hub_id)])


async def _standing(view: View, one: Elevated) -> Standing:
    state = await state_of(view, one.plan_id)
    outcomes = (await view.journal.outcomes(one.plan_id)).values() if state in _BEGUN else ()
    raised = any(outcome in _RAISED for outcome in outcomes)
    if one.over:
        return Standing(one, "returned", raised)
    if not raised:
        waiting = state in (PlanState.PROPOSED, PlanState.APPROVED, PlanState.APPLYING)
        return Standing(one, "proposed" if waiting else "dropped", raised)
    if await state_of(view, one.return_plan_id) in _COMING:
        return Standing(one, "returning", raised)
    return Standing(one, "overdue" if one.ends_at <= view.now else "running", raised)


async def state_of(view: View, plan_id: str) -> PlanState | None:
    """The state of a plan; None where there is none yet."""
    return await view.plans.state(plan_id) if plan_id else None


async def settle_elevations(app: App, hub_id: int) -> tuple[Elevated, ...]:
    """Close what the newest snapshot proves returned, and keep what the feed tells of connections.

    Called after every sync; the proof compares the user of that snapshot with the former access.
    """
    async with app.database.read() as view:
        open_ones = [
            one for one in await standings_in(view, hub_id) if one.raised and not one.one.over
        ]
        snapshot = await view.snapshots.load(hub_id) if open_ones else None
        ended = {one.one.plan_id: await _return_ended(view, one.one) for one in open_ones}
    if snapshot is None:
        return ()
    events = await installations(app, hub_id)
    closed = []
    for standing in open_ones:
        one = await _with_connection(app, standing.one, events)
        pack = await _pack_of(app, one)
        after = _proved(pack, one, snapshot, events, ended[one.plan_id])
        if after is not None:
            closed.append(await close(app, after, snapshot, after.note))
        elif not is_there(snapshot, one) and snapshot.complete:
            closed.append(await close(app, one, snapshot, "the user is no longer in the portal"))
    return tuple(closed)


@dataclass(frozen=True, slots=True)
class _Return:
    """A return that was carried out: when, and what a person's toggles were proved by."""

    at: datetime
    told: str = ""


async def _return_ended(view: View, one: Elevated) -> _Return | None:
    """The return as carried out; None while it was not, or not all of it."""
    if await state_of(view, one.return_plan_id) is not PlanState.DONE:
        return None
    receipts = await view.journal.receipts(one.return_plan_id)
    last = {receipt.change_id: receipt for receipt in receipts}.values()
    if not all(receipt.outcome in (Outcome.DONE, Outcome.ALREADY) for receipt in last):
        return None
    at = max((receipt.observed_at for receipt in last), default=None)
    told = "; ".join(receipt.message for receipt in last if receipt.message)
    return None if at is None else _Return(at, told if one.return_clicks else "")


def _proved(
    pack: Pack,
    one: Elevated,
    snapshot: Snapshot,
    events: Iterable[FeedEvent],
    ended: _Return | None,
) -> Elevated | None:
    """The elevation with its proof, once a snapshot read after the return shows the former access."""
    user = next((u for u in snapshot.users if u.id == one.user_id), None)
    due = ended.at if ended else (one.ends_at if not one.return_clicks else None)
    if user is None or due is None or snapshot.started_at < due:
        return None
    proof = proof_of(one.former, user, pack, events, one.begun_at)
    raised = {"permission set" if s.value == "permission_set" else s.value for s in one.slots}
    still = [line for line in proof.differences if line.partition(":")[0] in raised]
    if still:
        return None
    connected = "the connection stands" if proof.connected else "the feed shows no connection"
    others = "; ".join(line for line in proof.differences)
    toggles = f"toggles: {ended.told}" if ended and ended.told else ""
    return replace(one, note="; ".join(part for part in (connected, toggles, others) if part))


async def _pack_of(app: App, one: Elevated) -> Pack:
    """The pack an elevation is for, with the app ids known of the portal by now."""
    async with app.database.read() as view:
        apps = await apps_in(view, one.hub_id)
    return with_apps(read_pack(one.pack, catalogue_of(app), one.pack_name), apps)


async def _with_connection(app: App, one: Elevated, events: Iterable[FeedEvent]) -> Elevated:
    if one.installed_at is not None:
        return one
    pack = await _pack_of(app, one)
    event = installation(events, pack, one.user_id, one.begun_at)
    if event is None:
        return one
    await learn_app(app, one.hub_id, pack, one.plan_id, event, events, one.begun_at)
    after = replace(one, installed_at=event.at, installed_event=event.id)
    async with app.database.begin(SYSTEM, f"{one.pack_name} connected") as work:
        await keep(work, after)
    return after


def is_there(snapshot: Snapshot, one: Elevated) -> bool:
    """The elevated user is still in the portal."""
    return any(user.id == one.user_id and user.present for user in snapshot.users)


async def close(app: App, one: Elevated, snapshot: Snapshot | None, note: str) -> Elevated:
    """Say that an elevation is over, with its proof; what is left of its claims ends."""
    now = app.clock.now()
    seen = snapshot.id if snapshot is not None else ""
    after = replace(one, returned_at=now, after_snapshot=seen, note=note)
    async with app.database.begin(SYSTEM, note) as work:
        await keep(work, after)
        held = await work.assignments.find(one.hub_id, reference=f"plan:{one.plan_id}")
        await work.assignments.end([claim.id for claim in held], work.now)
        work.record(
            Event.ELEVATION_ACCESS_RETURNED,
            subject=one.email,
            hub_id=one.hub_id,
            details={
                "pack": one.pack_id,
                "plan": one.plan_id,
                "before": one.before_snapshot,
                "after": seen,
                "connected": one.installed_at.isoformat() if one.installed_at else "",
            },
        )
    return after


async def elevation_facts(view: View, hub_id: int) -> tuple[ElevationFact, ...]:
    """Elevations in place, as the findings want them."""
    return tuple(
        ElevationFact(
            s.one.user_id, s.one.pack_name, s.one.ends_at, s.one.returned_at, s.one.plan_id
        )
        for s in await standings_in(view, hub_id)
        if s.raised
    )


def elevation_shape(standing: Standing) -> dict[str, Any]:
    """An elevation as --json, REST and MCP show it."""
    one = standing.one
    return {
        "plan": one.plan_id,
        "email": one.email,
        "pack": one.pack_id,
        "state": standing.state,
        "begun_at": one.begun_at,
        "ends_at": one.ends_at,
        "connected_at": one.installed_at,
        "connected_event": one.installed_event or None,
        "return_plan": one.return_plan_id or None,
        "returned_at": one.returned_at,
        "before_snapshot": one.before_snapshot,
        "after_snapshot": one.after_snapshot or None,
        "note": one.note or None,
    }
