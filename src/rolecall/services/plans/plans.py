"""The life of a stored plan: looked at, approved by digest, let past a guardrail, replaced, undone.

Carrying out is `services.applying`; everything before it happens here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from rolecall.domain.actor import Actor, Role, same_person
from rolecall.domain.assignment import Assignment, Origin, Slot
from rolecall.domain.events import Event
from rolecall.domain.operator import TokenScope
from rolecall.domain.plan import (
    Approval,
    ChangeKind,
    GuardrailVerdict,
    ManualTask,
    Override,
    Plan,
    PlanState,
    Receipt,
)
from rolecall.kit.errors import Refused
from rolecall.kit.ids import uuid7
from rolecall.plan.stale import Staleness, stale
from rolecall.policy.parse import parse_policy
from rolecall.services.app import App
from rolecall.services.drafts.access_file import text_of
from rolecall.services.drafts.ground import email_of, folded
from rolecall.services.drafts.orders import Basis, Order, ReturnElevation, UndoPlan, order_in
from rolecall.services.plans.applying import NotApplyable, StalePlan, cancel_plan, knowledge_of
from rolecall.services.plans.drafting import Drafted, basis_of, portal_to_plan, propose
from rolecall.services.plans.file_exceptions import enforce_exceptions
from rolecall.services.plans.listing import plans_page
from rolecall.services.plans.seen import seen_plan
from rolecall.services.rights import may_change, need_scope
from rolecall.services.tasks import withdraw
from rolecall.store import StoredPlan, StoredPolicy, UnitOfWork, View

OVERRIDE_HOURS = 24.0
LONGEST_OVERRIDE_HOURS = 168.0  # a leave that outlives a week is a changed guardrail
OPEN = (PlanState.PROPOSED, PlanState.APPROVED)
# What somebody else than the proposer must approve where a second person is asked for.
_DANGEROUS = (ChangeKind.REMOVE_USER, ChangeKind.PARK, ChangeKind.DELETE_TEAM)


@dataclass(frozen=True, slots=True)
class PlanCard:
    """A plan with everything that happened to it."""

    stored: StoredPlan
    approvals: tuple[Approval, ...] = ()
    receipts: tuple[Receipt, ...] = ()  # the last of each change
    tasks: tuple[ManualTask, ...] = ()
    staleness: tuple[Staleness, ...] = ()
    waiting: Mapping[str, str] | None = None  # why effects wait, by effect id

    @property
    def plan(self) -> Plan:
        """The plan itself."""
        return self.stored.plan


async def list_plans(
    app: App, actor: Actor, name: str = "", states: Iterable[PlanState] | None = None
) -> tuple[StoredPlan, ...]:
    """The newest hundred plans of one portal, or of all the actor may look at."""
    return (await plans_page(app, actor, name, states)).items


async def show_plan(app: App, actor: Actor, plan_id: str) -> PlanCard:
    """One plan by its id or an unambiguous beginning of it, with receipts and freshness."""
    need_scope(actor, TokenScope.READ, "look at plans")
    async with app.database.read() as view:
        stored = await seen_plan(view, actor, plan_id)
        receipts = await view.journal.receipts(stored.plan.id)
        last = {receipt.change_id: receipt for receipt in receipts}
        return PlanCard(
            stored,
            await view.plans.approvals(stored.plan.id),
            tuple(last[change.id] for change in stored.plan.changes if change.id in last),
            await view.tasks.find(stored.plan.hub_id, state=None, plan_id=stored.plan.id),
            await staleness_of(view, stored.plan) if stored.state in OPEN else (),
            await view.journal.waiting_for(stored.plan.id),
        )


async def staleness_of(view: View, plan: Plan) -> tuple[Staleness, ...]:
    """Why a plan no longer fits the newest complete snapshot; empty while it does."""
    newest = await view.snapshots.load(plan.hub_id, complete=True)
    portal = await view.portals.get(plan.hub_id)
    if newest is None or portal is None or newest.sealed_at < plan.created_at:
        return ()
    basis = await basis_of(view, plan)
    knowledge = await knowledge_of(view, portal, Actor("", email=basis.operator_email), newest)
    overwrite = folded(getattr(order_in(basis), "overwrite_sets", ()))
    return stale(plan, newest, replace(knowledge, overwrite_sets=overwrite), view.now)


async def approve_plan(
    app: App, actor: Actor, plan_id: str, *, digest: str = "", reason: str = ""
) -> StoredPlan:
    """A named yes to one plan, by its digest; what it needs to last comes in force with it.

    Raises NotApplyable when a guardrail stops it, StalePlan when the portal moved on.
    """
    async with app.database.read() as view:
        stored = await seen_plan(view, actor, plan_id)
        plan = stored.plan
        scope = TokenScope.PLAN_APPROVE
        may_change(app, actor, Role.APPROVER, plan.hub_id, "approve plans", scope)
        refuse_stopped(plan)
        refuse_stale(plan, await staleness_of(view, plan))
        basis = await basis_of(view, plan)
        _refuse_own(app, actor, stored, await email_of(view, actor), basis)
    if digest and not (len(digest) >= 8 and plan.digest.startswith(digest)):
        raise StalePlan(
            f"plan {plan.id} is not what was approved: its digest is {plan.digest[:12]}",
            hint=f"look at it again: rolecall plan show {plan.id}",
        )
    text = await text_of(app, plan.hub_id, basis.policy_digest) if basis.policy_digest else ""
    async with app.database.begin(actor, reason or plan.reason) as work:
        await work.plans.move(plan.id, PlanState.APPROVED, since=OPEN, at=work.now)
        await work.plans.approve(Approval(plan.id, plan.digest, actor.id, work.now, work.reason))
        await _spend(work, plan, basis)
        await _keep_claims(work, plan, basis.assignments)
        await _end_elevation(work, plan, basis)
        await _withdraw_tasks(work, basis)
        await _enforce(work, plan, basis, text)
        details = {"digest": plan.digest}
        work.record(Event.PLAN_APPROVAL_GIVEN, subject=plan.id, hub_id=plan.hub_id, details=details)
        return await work.plans.get(plan.id)


def refuse_stopped(plan: Plan) -> None:
    """Raise NotApplyable naming every guardrail that stops the plan."""
    stopping = [verdict for verdict in plan.guardrails if verdict.stops]
    if stopping:
        said = "; ".join(f"{one.guardrail}: {one.message}" for one in stopping)
        raise NotApplyable(f"plan {plan.id} is stopped by {said}", hint=_way_out(plan, stopping))


def _way_out(plan: Plan, stopping: list[GuardrailVerdict]) -> str | None:
    for one in stopping:
        if one.overridable:
            return f"{one.hint}; or rolecall plan override {plan.id} {one.guardrail} --reason WHY"
    return next((one.hint for one in stopping if one.hint), None)


def refuse_stale(plan: Plan, reasons: tuple[Staleness, ...]) -> None:
    """Raise StalePlan naming what differs and the one command that plans again."""
    if not reasons:
        return
    said = "; ".join(f"{one.subject}: {one.message}" for one in reasons[:5])
    more = f" and {len(reasons) - 5} more" if len(reasons) > 5 else ""
    raise StalePlan(
        f"the portal changed since plan {plan.id} was made: {said}{more}",
        hint=f"plan again from what is there now: rolecall plan replan {plan.id}",
    )


def _refuse_own(app: App, actor: Actor, stored: StoredPlan, email: str, basis: Basis) -> None:
    """Where a second person is asked for, nobody approves a dangerous plan of their own.

    All actors of the command line count as one person, and whoever made a token is behind it.
    """
    plan = stored.plan
    if not app.choices.security.second_person:
        return
    if not basis.overrides and not any(change.kind in _DANGEROUS for change in plan.changes):
        return
    proposer = basis.person or basis.operator_email or plan.created_by
    if actor.id == plan.created_by or same_person(email or actor.person, proposer):
        raise Refused(
            f"plan {plan.id} takes people or teams away or passes a guardrail, so somebody else must"
            " approve it",
            hint="an approver signs in to the console, or uses a token of their own",
        )


async def _spend(work: UnitOfWork, plan: Plan, basis: Basis) -> None:
    """Use up the leaves the plan stands on; one that is gone refuses the approval."""
    for override_id in basis.overrides:
        if not await work.overrides.use(override_id, plan.id, work.now):
            raise NotApplyable(
                f"a guardrail override of plan {plan.id} was used or has expired",
                hint=f"plan again: rolecall plan replan {plan.id}",
            )
        details = {"override": override_id}
        work.record(Event.PLAN_OVERRIDE_USED, subject=plan.id, hub_id=plan.hub_id, details=details)


async def _keep_claims(work: UnitOfWork, plan: Plan, claims: tuple[Assignment, ...]) -> None:
    """Write the command's claims in place of the former ones of the same origin and slot."""
    for subject, slot, origin in dict.fromkeys(
        (one.subject, one.slot, one.origin) for one in claims
    ):
        former = await work.assignments.find(
            plan.hub_id, subject=subject, origin=Origin(origin), slot=Slot(slot)
        )
        await work.assignments.end([one.id for one in former], work.now)
    kept = [replace(one, reference=f"plan:{plan.id}") for one in claims]
    await work.assignments.put(kept, work.now)
    if kept:
        details = {"claims": str(len(kept))}
        work.record(
            Event.ACCESS_ASSIGNMENT_MADE, subject=plan.id, hub_id=plan.hub_id, details=details
        )


async def _end_elevation(work: UnitOfWork, plan: Plan, basis: Basis) -> None:
    """The approved return of an elevation ends its claims, before their time if need be."""
    order = order_in(basis)
    if isinstance(order, ReturnElevation):
        held = await work.assignments.find(plan.hub_id, reference=f"plan:{order.plan_id}")
        await work.assignments.end([one.id for one in held], work.now)


async def _withdraw_tasks(work: UnitOfWork, basis: Basis) -> None:
    """Nobody is to do by hand what a plan asked that is being taken back."""
    order = order_in(basis)
    if isinstance(order, UndoPlan):
        undone = (await work.plans.get(order.plan_id)).plan
        await withdraw(work, undone, "the plan is taken back")


async def _enforce(work: UnitOfWork, plan: Plan, basis: Basis, text: str) -> None:
    """Bring the file the plan was made of in force."""
    if not basis.policy_digest:
        return
    await enforce_text(work, plan.hub_id, text, basis.policy_digest)


async def enforce_text(work: UnitOfWork, hub_id: int, text: str, digest: str) -> None:
    """Make an access.yaml the policy in force, with its audit line."""
    policy = StoredPolicy(hub_id, text, digest, work.actor.id, work.now)
    await work.policies.put_in_force(policy)
    await enforce_exceptions(work, hub_id, parse_policy(text))
    details = {"digest": digest}
    work.record(Event.ACCESS_POLICY_ENFORCED, subject=digest[:12], hub_id=hub_id, details=details)


async def override_guardrail(
    app: App,
    actor: Actor,
    plan_id: str,
    guardrail: str,
    reason: str,
    hours: float = OVERRIDE_HOURS,
) -> Drafted:
    """A named person's leave to pass one guardrail once, and the plan made again with it.

    Refused for a guardrail that does not stop this plan, or that nobody may pass.
    """
    if not reason.strip():
        raise Refused("an override needs a reason", hint="--reason WHY")
    if not 0 < hours <= LONGEST_OVERRIDE_HOURS:
        told = f"an override lasts from 0 to {LONGEST_OVERRIDE_HOURS:.0f} hours, not {hours:g}"
        raise Refused(told, hint=f"{OVERRIDE_HOURS:.0f} hours are usual")
    async with app.database.read() as view:
        stored = await seen_plan(view, actor, plan_id)
    plan = stored.plan
    scope = TokenScope.PLAN_APPROVE
    may_change(app, actor, Role.ADMIN, plan.hub_id, "let plans pass guardrails", scope)
    _refuse_begun(stored)
    subjects = _overridable(plan, guardrail)
    async with app.database.begin(actor, reason) as work:
        ends = work.now + timedelta(hours=hours)
        leave = Override(uuid7(), guardrail, actor.id, reason, ends, plan.hub_id, subjects)
        await work.overrides.grant(leave)
        details = {"guardrail": guardrail, "plan": plan.id, "until": ends.isoformat()}
        work.record(Event.PLAN_OVERRIDE_GRANTED, subject=guardrail, hub_id=plan.hub_id,
                    details=details)  # fmt: skip
    return await replan(app, actor, plan.id)


def _overridable(plan: Plan, guardrail: str) -> tuple[str, ...]:
    """Whom an override would be for."""
    verdicts = [one for one in plan.guardrails if one.guardrail == guardrail and one.stops]
    if not verdicts:
        stopping = ", ".join(one.guardrail for one in plan.guardrails if one.stops) or "none"
        raise Refused(
            f"the guardrail {guardrail} does not stop plan {plan.id}",
            hint=f"guardrails that stop it: {stopping}",
        )
    if not all(one.overridable for one in verdicts):
        raise Refused(f"nobody may pass the guardrail {guardrail}", hint=verdicts[0].hint or None)
    return tuple(dict.fromkeys(subject for one in verdicts for subject in one.subjects))


async def replan(app: App, actor: Actor, plan_id: str) -> Drafted:
    """Make a plan again of the same order against the newest snapshot; the old one is replaced.

    Where nothing is left to change, the old plan is cancelled instead.
    """
    async with app.database.read() as view:
        stored = await seen_plan(view, actor, plan_id)
        basis = await basis_of(view, stored.plan)
    old = stored.plan
    await portal_to_plan(app, actor, old.portal)
    _refuse_begun(stored)
    drafted = await propose(app, actor, old.portal, order_in(basis))
    await retire(app, actor, stored, drafted)
    return drafted


def _refuse_begun(stored: StoredPlan) -> None:
    """Only what was not begun is made again."""
    if stored.state in OPEN:
        return
    hint = "only what was not begun is made again"
    if stored.replaced_by:
        hint = f"it was replaced: rolecall plan show {stored.replaced_by}"
    raise Refused(f"plan {stored.plan.id} is {stored.state.value}", hint=hint)


async def retire(app: App, actor: Actor, stored: StoredPlan, drafted: Drafted) -> None:
    """Put a new proposal in the place of an old one, or end it where nothing is left to change."""
    old, new = stored.plan, drafted.plan
    async with app.database.begin(actor, f"planned again: {old.reason}") as work:
        state = PlanState.REPLACED if drafted.stored else PlanState.CANCELLED
        await work.plans.move(
            old.id,
            state,
            since=OPEN,
            at=work.now,
            message="" if drafted.stored else "nothing is left to change",
            replaced_by=new.id if drafted.stored else None,
        )
        await drop_claims(work, old)
        event = Event.PLAN_DRAFT_REPLACED if drafted.stored else Event.PLAN_DRAFT_CANCELLED
        details = {"by": new.id} if drafted.stored else {}
        work.record(event, subject=old.id, hub_id=old.hub_id, details=details)


async def drop_claims(work: UnitOfWork, plan: Plan) -> None:
    """End what the approval of a plan wrote, because the plan will not be carried out."""
    held = await work.assignments.find(plan.hub_id, reference=f"plan:{plan.id}")
    if held:
        await work.assignments.end([one.id for one in held], work.now)
        details = {"claims": str(len(held))}
        work.record(
            Event.ACCESS_ASSIGNMENT_ENDED, subject=plan.id, hub_id=plan.hub_id, details=details
        )


async def cancel(app: App, actor: Actor, plan_id: str, reason: str) -> StoredPlan:
    """End a plan wherever it stands; what its approval wrote ends with it, if nothing was sent."""
    async with app.database.read() as view:
        stored = await seen_plan(view, actor, plan_id)
    ended = await cancel_plan(app, actor, stored.plan.id, reason)
    async with app.database.begin(actor, reason) as work:
        await withdraw(work, ended.plan, "the plan was cancelled")
        effects = await work.journal.effects(ended.plan.id)
        if not any(effect.attempt for effect in effects):
            await drop_claims(work, ended.plan)
    return ended


async def undo_plan(app: App, actor: Actor, plan_id: str, reason: str = "") -> Drafted:
    """A plan that takes back what a plan did, as far as its lines promised."""
    async with app.database.read() as view:
        plan = (await seen_plan(view, actor, plan_id)).plan
    order: Order = UndoPlan(plan.id, reason or f"undo of plan {plan.id}")
    return await propose(app, actor, plan.portal, order)
