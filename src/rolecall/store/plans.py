"""Plans as proposed and where they stand; approvals by digest; one-shot overrides; manual tasks."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    RowMapping,
    Table,
    Text,
    insert,
    or_,
    select,
    update,
)

from rolecall.domain.plan import Approval, ManualTask, Override, Plan, PlanState
from rolecall.store.encoding import from_json, to_json
from rolecall.store.errors import NotThere, OutOfDate
from rolecall.store.rows import Repository
from rolecall.store.schema import Key, metadata, moment, text

PLANS = Table(
    "plans", metadata,
    Column("id", Key, primary_key=True),
    Column("hub_id", BigInteger, nullable=False),
    text("state"),
    text("digest"),
    text("title"),
    text("source"),
    moment("created_at"),
    moment("state_at"),
    text("message"),
    Column("replaced_by", Text),
    text("body"),
    Index("ix_plans_hub_id", "hub_id", "state", "id"),
)  # fmt: skip
APPROVALS = Table(
    "approvals", metadata,
    Column("plan_id", Key, primary_key=True),
    Column("actor", Text, primary_key=True),
    text("digest"),
    moment("at"),
    text("reason"),
)  # fmt: skip
OVERRIDES = Table(
    "overrides", metadata,
    Column("id", Key, primary_key=True),
    Column("hub_id", BigInteger, nullable=False),
    text("guardrail"),
    moment("expires_at"),
    moment("used_at", nullable=True),
    Column("used_for", Text),
    text("body"),
    Index("ix_overrides_hub_id", "hub_id", "used_at"),
)  # fmt: skip
TASKS = Table(
    "manual_tasks", metadata,
    Column("id", Key, primary_key=True),
    Column("hub_id", BigInteger, nullable=False),
    text("state"),
    Column("plan_id", Text),
    moment("due_at", nullable=True),
    text("body"),
    Index("ix_manual_tasks_hub_id", "hub_id", "state"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class StoredPlan:
    """A plan as it was proposed, and where it stands now."""

    plan: Plan
    state: PlanState
    state_at: datetime
    message: str = ""  # why it is paused or cancelled
    replaced_by: str | None = None


class Plans(Repository):
    """A plan never changes once stored; only its state does."""

    async def add(self, plan: Plan) -> None:
        """Store a new proposal."""
        row = {
            "id": plan.id,
            "hub_id": plan.hub_id,
            "state": PlanState.PROPOSED.value,
            "digest": plan.digest,
            "title": plan.title,
            "source": plan.source,
            "created_at": plan.created_at,
            "state_at": plan.created_at,
            "message": "",
            "replaced_by": None,
            "body": to_json(plan),
        }
        await self.connection.execute(insert(PLANS), row)

    async def get(self, plan_id: str) -> StoredPlan:
        """The plan with this id, or the only one whose id begins so.

        Raises NotThere.
        """
        found = select(PLANS).where(PLANS.c.id.startswith(plan_id, autoescape=True)).limit(2)
        rows = await self.rows(found)
        exact = [row for row in rows if row["id"] == plan_id] or rows
        if len(exact) != 1 or not plan_id:
            hint = "see `rolecall plan list NAME`"
            raise NotThere(f"No single plan has the id {plan_id}", hint=hint)
        return _plan(exact[0])

    async def find(
        self,
        hub_id: int | Collection[int] | None = None,
        states: Iterable[PlanState] | None = None,
        limit: int = 100,
        before: str | None = None,
    ) -> tuple[StoredPlan, ...]:
        """Plans of a portal, of several or of all, newest first; `before` is the last one seen."""
        found = select(PLANS).order_by(PLANS.c.id.desc()).limit(limit)
        if isinstance(hub_id, int):
            found = found.where(PLANS.c.hub_id == hub_id)
        elif hub_id is not None:
            found = found.where(PLANS.c.hub_id.in_(sorted(hub_id)))
        if before is not None:
            found = found.where(PLANS.c.id < before)
        if states is not None:
            found = found.where(PLANS.c.state.in_(sorted(state.value for state in states)))
        return tuple(_plan(row) for row in await self.rows(found))

    async def state(self, plan_id: str) -> PlanState:
        """Where a plan stands, without reading its changes."""
        told = await self.value(select(PLANS.c.state).where(PLANS.c.id == plan_id))
        if told is None:
            raise NotThere(f"No plan has the id {plan_id}")
        return PlanState(told)

    async def move(
        self,
        plan_id: str,
        state: PlanState,
        *,
        since: Iterable[PlanState],
        at: datetime,
        message: str = "",
        replaced_by: str | None = None,
    ) -> None:
        """Bring a plan from one of the states `since` to another, atomically.

        Raises OutOfDate when it stands elsewhere by now.
        """
        allowed = PLANS.c.state.in_(sorted(one.value for one in since))
        moved = update(PLANS).where(PLANS.c.id == plan_id, allowed)
        values = {"state": state.value, "state_at": at, "message": message}
        if replaced_by:
            values["replaced_by"] = replaced_by
        if not await self.touched(moved.values(**values)):
            now = await self.state(plan_id)
            hint = "see `rolecall plan show ID`"
            raise OutOfDate(f"Plan {plan_id} is {now.value} by now", hint=hint)

    async def approve(self, approval: Approval) -> None:
        """Write down a yes; a second one of the same actor replaces the first.

        Raises OutOfDate when the digest is not the plan's.
        """
        digest = await self.value(select(PLANS.c.digest).where(PLANS.c.id == approval.plan_id))
        if digest != approval.digest:
            hint = "look at the plan again and approve what it says now"
            raise OutOfDate(f"Plan {approval.plan_id} is not what was approved", hint=hint)
        row = {
            "plan_id": approval.plan_id,
            "actor": approval.actor,
            "digest": approval.digest,
            "at": approval.at,
            "reason": approval.reason,
        }
        await self.upsert(APPROVALS, [row])

    async def approvals(self, plan_id: str) -> tuple[Approval, ...]:
        """Who said yes, in order."""
        found = select(APPROVALS).where(APPROVALS.c.plan_id == plan_id)
        rows = await self.rows(found.order_by(APPROVALS.c.at, APPROVALS.c.actor))
        return tuple(
            Approval(row["plan_id"], row["digest"], row["actor"], row["at"], row["reason"])
            for row in rows
        )


class Overrides(Repository):
    """Leaves to pass a guardrail: for one plan, once, until they expire."""

    async def grant(self, override: Override) -> None:
        """Write down a leave."""
        row = {
            "id": override.id,
            "hub_id": override.hub_id,
            "guardrail": override.guardrail,
            "expires_at": override.expires_at,
            "used_at": None,
            "used_for": None,
            "body": to_json(override),
        }
        await self.connection.execute(insert(OVERRIDES), row)

    async def usable(
        self, hub_id: int, now: datetime, used_for: str | None = None
    ) -> tuple[Override, ...]:
        """Unused, unexpired leaves of a portal, and those this plan has used already."""
        unused = OVERRIDES.c.used_at.is_(None) & (OVERRIDES.c.expires_at > now)
        mine = unused if used_for is None else or_(unused, OVERRIDES.c.used_for == used_for)
        found = select(OVERRIDES.c.body).where(OVERRIDES.c.hub_id == hub_id, mine)
        rows = await self.rows(found.order_by(OVERRIDES.c.id))
        return tuple(from_json(row["body"], Override) for row in rows)

    async def use(self, override_id: str, plan_id: str, now: datetime) -> bool:
        """Spend a leave on a plan; False when it is spent, expired or unknown.

        Spending it again on the same plan is True and changes nothing.
        """
        unused = (OVERRIDES.c.used_at.is_(None), OVERRIDES.c.expires_at > now)
        spent = update(OVERRIDES).where(OVERRIDES.c.id == override_id, *unused)
        if await self.touched(spent.values(used_at=now, used_for=plan_id)):
            return True
        user = select(OVERRIDES.c.used_for).where(OVERRIDES.c.id == override_id)
        return bool(await self.value(user) == plan_id)


class Tasks(Repository):
    """What only a person can do; closed by evidence or by hand."""

    async def add(self, tasks: Iterable[ManualTask]) -> None:
        """Write tasks; one with the same id stays as it is."""
        await self.add_new(TASKS, [_task_row(task) for task in tasks])

    async def get(self, task_id: str) -> ManualTask:
        """One task; NotThere when there is none."""
        row = await self.one(select(TASKS).where(TASKS.c.id == task_id))
        if row is None:
            raise NotThere(f"No task has the id {task_id}", hint="see `rolecall task list`")
        return from_json(row["body"], ManualTask)

    async def find(
        self, hub_id: int | None = None, *, state: str | None = "open", plan_id: str | None = None
    ) -> tuple[ManualTask, ...]:
        """Tasks, oldest first; `state` None = whatever their state."""
        found = select(TASKS.c.body).order_by(TASKS.c.id)
        if hub_id is not None:
            found = found.where(TASKS.c.hub_id == hub_id)
        if state is not None:
            found = found.where(TASKS.c.state == state)
        if plan_id is not None:
            found = found.where(TASKS.c.plan_id == plan_id)
        return tuple(from_json(row["body"], ManualTask) for row in await self.rows(found))

    async def open(self, hub_id: int | None = None) -> tuple[ManualTask, ...]:
        """Tasks that wait for somebody."""
        return await self.find(hub_id)

    async def close(self, task: ManualTask) -> None:
        """Write down how a task ended (`state`, `closed_at`, `closed_by`).

        Raises OutOfDate when it was closed by somebody else meanwhile.
        """
        still_open = update(TASKS).where(TASKS.c.id == task.id, TASKS.c.state == "open")
        if not await self.touched(still_open.values(state=task.state, body=to_json(task))):
            raise OutOfDate(f"Task {task.id} is closed already")


def _plan(row: RowMapping) -> StoredPlan:
    return StoredPlan(
        from_json(row["body"], Plan),
        PlanState(row["state"]),
        row["state_at"],
        row["message"],
        row["replaced_by"],
    )


def _task_row(task: ManualTask) -> dict[str, object]:
    return {
        "id": task.id,
        "hub_id": task.hub_id,
        "state": task.state,
        "plan_id": task.plan_id,
        "due_at": task.due_at,
        "body": to_json(task),
    }
