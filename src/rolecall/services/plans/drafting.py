"""From an order to a stored plan: drafted, ordered, guarded, priced, sealed. Sends nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace

from rolecall.domain.actor import Actor, Role
from rolecall.domain.events import Event
from rolecall.domain.operator import TokenScope
from rolecall.domain.plan import Change, ChangeKind, Plan
from rolecall.domain.portal import Portal
from rolecall.kit.errors import Broken
from rolecall.kit.ids import uuid7
from rolecall.plan.bulk import RowVerdict, with_plan
from rolecall.plan.propose import Occasion, assemble
from rolecall.services.app import App
from rolecall.services.connections.portals import portal_named, portal_to_change
from rolecall.services.drafts.access_file import digest_of, draft_access
from rolecall.services.drafts.bulk import draft_rows
from rolecall.services.drafts.changes import (
    claims_to_keep,
    draft_add,
    draft_change,
    draft_kept,
    draft_remove,
)
from rolecall.services.drafts.elevations import draft_raised, keep_elevation
from rolecall.services.drafts.expiry import draft_due
from rolecall.services.drafts.ground import Ground, ground_of
from rolecall.services.drafts.offboarding import draft_offboarding
from rolecall.services.drafts.orders import (
    AccessFile,
    AddUser,
    Basis,
    ChangeSet,
    ChangeUsers,
    Draft,
    Elevate,
    GivePack,
    ImportRows,
    KeptWishes,
    MendFinding,
    MoveTeam,
    OffboardUser,
    Order,
    RemoveUsers,
    ReturnElevation,
    UndoPlan,
    WhatIsDue,
    kept_text,
    kind_of,
    order_in,
)
from rolecall.services.drafts.sets import draft_set
from rolecall.services.drafts.team_moves import draft_team_move
from rolecall.services.drafts.undoing import draft_undo
from rolecall.services.findings.mending import draft_mend
from rolecall.services.plans.seen import seen_plan
from rolecall.services.syncs.freshness import read_again
from rolecall.services.tasks import open_tasks
from rolecall.store import Statement, UnitOfWork, View
from rolecall.store.encoding import from_json, to_json

OnGround = AddUser | ChangeUsers | RemoveUsers | ImportRows | WhatIsDue | MoveTeam | KeptWishes
PLANNING = (TokenScope.PLAN_PROPOSE,)
BASIS = "plan basis"  # kind of statement, by plan id


@dataclass(frozen=True, slots=True)
class Drafted:
    """A plan as proposed; `stored` False where there was nothing to change, so nothing to keep."""

    plan: Plan
    stored: bool
    order: Order
    notes: tuple[str, ...] = ()
    rows: tuple[RowVerdict, ...] = ()
    unknown_headers: tuple[str, ...] = ()


async def portal_to_plan(app: App, actor: Actor, name: str) -> Portal:
    """The portal of this name, where the actor may propose plans."""
    scope = TokenScope.PLAN_PROPOSE
    return await portal_to_change(app, actor, name, Role.APPROVER, "propose plans", scope)


async def propose(app: App, actor: Actor, name: str, order: Order) -> Drafted:
    """Plan what was ordered against the newest snapshot, and store the plan.

    Raises Refused for what cannot be planned at all; what a guardrail stops is in the plan.
    """
    portal = await portal_to_plan(app, actor, name)
    notes = await read_again(app, portal)
    ground = await ground_of(app, actor, name, PLANNING)
    draft = await asked_once(app, ground, await draft_of(app, ground, order))
    plan, used = planned(ground, draft, order, actor)
    if plan.changes:
        basis = Basis(
            kind_of(order),
            kept_text(order),
            ground.operator_email,
            used,
            claims_to_keep(ground, draft.wishes, draft.until),
            digest_of(draft.text) if draft.text else "",
            ground.operator_email or actor.person,
        )
        async with app.database.begin(actor, plan.reason) as work:
            await store_plan(work, plan, basis)
            if isinstance(order, Elevate):
                await keep_elevation(work, ground, plan, order)
    rows = with_plan(draft.rows, plan) if draft.rows is not None else ()
    unknown = draft.rows.unknown_headers if draft.rows is not None else ()
    return Drafted(plan, bool(plan.changes), order, (*notes, *draft.notes), rows, unknown)


async def preview(app: App, actor: Actor, name: str, order: Order) -> Drafted:
    """The plan an order would make; nothing is stored."""
    await read_again(app, await portal_named(app, actor, name))
    ground = await ground_of(app, actor, name)
    draft = await asked_once(app, ground, await draft_of(app, ground, order))
    plan, _ = planned(ground, draft, order, actor)
    rows = with_plan(draft.rows, plan) if draft.rows is not None else ()
    return Drafted(plan, False, order, draft.notes, rows)


async def stored_draft(app: App, actor: Actor, plan_id: str) -> Drafted:
    """A stored plan as it was proposed, the verdicts of its rows read again."""
    async with app.database.read() as view:
        plan = (await seen_plan(view, actor, plan_id)).plan
        order = order_in(await basis_of(view, plan))
        snapshot = await view.snapshots.load(plan.hub_id, snapshot_id=plan.snapshot_id)
    ground = await ground_of(app, actor, plan.portal)
    if isinstance(order, ImportRows) and snapshot is not None:
        reading = draft_rows(replace(ground, snapshot=snapshot), order).rows
        assert reading is not None
        return Drafted(plan, True, order, rows=with_plan(reading, plan))
    return Drafted(plan, True, order)


async def draft_of(app: App, ground: Ground, order: Order) -> Draft:
    """What the order comes to on this ground."""
    match order:
        case OffboardUser():
            return await draft_offboarding(app, ground, order)
        case AccessFile():
            return await draft_access(app, ground, order)
        case UndoPlan():
            return await draft_undo(app, ground, order)
        case MendFinding():
            return await draft_mend(app, ground, order)
        case ChangeSet():
            return await draft_set(app, ground, order)
        case GivePack() | Elevate() | ReturnElevation():
            return await draft_raised(app, ground, order)
        case _:
            return _draft_on(ground, order)


def _draft_on(ground: Ground, order: OnGround) -> Draft:
    """Orders that need nothing beside the ground."""
    match order:
        case AddUser():
            return draft_add(ground, order)
        case ChangeUsers():
            return draft_change(ground, order)
        case RemoveUsers():
            return draft_remove(ground, order)
        case ImportRows():
            return draft_rows(ground, order)
        case WhatIsDue():
            return draft_due(ground, order)
        case MoveTeam():
            return draft_team_move(ground, order)
        case KeptWishes():
            return draft_kept(ground, order)


async def asked_once(app: App, ground: Ground, draft: Draft) -> Draft:
    """What a person was asked already and has not done yet is told, not asked again."""
    if not any(change.kind is ChangeKind.MANUAL for change in draft.changes):
        return draft
    async with app.database.read() as view:
        asked = {
            _by_hand(one.change): one.task for one in await open_tasks(view, ground.portal.hub_id)
        }
    new, told = [], []
    for change in draft.changes:
        task = asked.get(_by_hand(change)) if change.kind is ChangeKind.MANUAL else None
        if task is None:
            new.append(change)
        else:
            told.append(replace(change, warnings=(*change.warnings, f"task {task.id} is open")))
    return replace(draft, changes=tuple(new), reported=(*draft.reported, *told))


def _by_hand(change: Change) -> tuple[object, ...]:
    """What a person is asked to do, whichever plan asks."""
    details = change.details
    asked = (details.get("task"), details.get("clicks"), change.after)
    return (change.subject_kind, change.subject.casefold(), *asked)


def planned(
    ground: Ground, draft: Draft, order: Order, actor: Actor
) -> tuple[Plan, tuple[str, ...]]:
    """The sealed plan of a draft, and the ids of the overrides it needs."""
    occasion = Occasion(
        plan_id=uuid7(),
        portal=ground.portal.name,
        created_at=ground.now,
        created_by=actor.id,
        title=draft.title,
        reason=order.reason or draft.title,
        source=draft.source,
    )
    overwrite = getattr(order, "overwrite_sets", ())
    circumstances = ground.circumstances(overwrite)
    return assemble(
        draft.changes, ground.snapshot, occasion, circumstances, reported=draft.reported
    )


async def store_plan(work: UnitOfWork, plan: Plan, basis: Basis) -> None:
    """Keep a proposal and what it was made of."""
    await work.plans.add(plan)
    kept = Statement(uuid7(), plan.hub_id, BASIS, plan.id, work.now, work.actor.id, to_json(basis))
    await work.evidence.state(kept)
    work.record(
        Event.PLAN_DRAFT_PROPOSED,
        subject=plan.id,
        hub_id=plan.hub_id,
        details={
            "title": plan.title,
            "source": plan.source,
            "digest": plan.digest,
            "changes": str(len(plan.changes)),
        },
    )


async def basis_of(work: View, plan: Plan) -> Basis:
    """How a stored plan came about."""
    kept = await work.evidence.statement(plan.hub_id, BASIS, plan.id)
    if kept is None:
        raise Broken(f"nothing is known of how plan {plan.id} came about")
    return from_json(kept.body, Basis)
