"""An installation of Rolecall over an emulator in process: connected, synced, ready to plan."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from hubspot_emulator.app import create_app, create_world
from hubspot_emulator.faults import Fault
from hubspot_emulator.world import Membership, Portal, World
from rolecall.bootstrap import open_app
from rolecall.domain.actor import Actor, local_actor
from rolecall.domain.plan import Approval, Override, Plan, PlanState
from rolecall.domain.portal import CredentialKind
from rolecall.domain.snapshot import Snapshot
from rolecall.kit.clock import Clock
from rolecall.kit.ids import uuid7
from rolecall.plan.context import DiffOptions
from rolecall.plan.propose import Circumstances, Occasion, assemble, propose
from rolecall.plan.undo import inverse
from rolecall.policy.assign import assign
from rolecall.policy.document import Mode, Section
from rolecall.policy.dump import dump
from rolecall.policy.parse import parse_policy
from rolecall.provision.ports import Patience
from rolecall.services.app import App
from rolecall.services.connections.portals import add_portal
from rolecall.services.plans.applying import Applied, Watching, apply_plan
from rolecall.services.syncs.syncing import sync_portal
from rolecall.settings import Settings
from rolecall.sync.ports import NewCredential
from tests.support.emulator import InProcess
from tests.support.hubspot import BASE, token_of

EXACT = dict.fromkeys(Section, Mode.EXACT)
# Tests do not wait for HubSpot: the emulator shows what it did at once, or on its own clock.
LONG_AGO = timedelta(days=400)
QUICK = Patience(pauses=(0.0, 0.0), unknown_pauses=(0.0,), seat_pauses=(0.0, 0.0))


@dataclass
class House:
    """One installation and the portal it looks after."""

    app: App
    world: World
    actor: Actor = field(default_factory=lambda: local_actor("ada"))
    name: str = "acme"

    @property
    def portal(self) -> Portal:
        """The portal's inside, for asserting what really happened."""
        return next(iter(self.world.portals.values()))

    def member(self, email: str) -> Membership | None:
        """A user's membership at the emulator, None when there is none."""
        identity = self.world.identity(email)
        return None if identity is None else self.portal.members.get(identity.id)

    def fault(self, kind: str, operation: str = "*", **keys: Any) -> Fault:
        """Schedule one fault; its `struck` counts how often it hit."""
        return self.world.faults.schedule(kind=kind, operation=operation, **keys)

    async def sync(self) -> Snapshot:
        """Read the portal; the newest snapshot."""
        await sync_portal(self.app, self.actor, self.name, full=True)
        return await self.snapshot()

    async def snapshot(self) -> Snapshot:
        """The newest snapshot."""
        async with self.app.database.read() as view:
            found = await view.snapshots.load(self.portal.id)
        assert found is not None
        return found

    async def file(self) -> str:
        """The portal as access.yaml that owns every section."""
        return dump(await self.snapshot(), self.name, profile=True, modes=EXACT)

    async def plan(self, text: str, *, store: bool = True, parked: tuple[str, ...] = ()) -> Plan:
        """The plan an access.yaml makes of the newest snapshot; guardrails are overridden.

        `parked` were parked longer ago than any grace, so their removal is due.
        """
        snapshot, now = await self.snapshot(), self.app.clock.now()
        desired = assign(parse_policy(text), snapshot, (), (), now)
        occasion = Occasion(uuid7(), self.name, now, self.actor.id, "a test", "because", "test")
        options = DiffOptions(now=now, parked=dict.fromkeys(parked, now - LONG_AGO))
        plan, _ = propose(desired, snapshot, options, occasion, self.leave(now))
        if store:
            await self.store(plan)
        return plan

    def leave(self, now: Any) -> Circumstances:
        """Overrides of every guardrail a test would meet."""
        names = ("removal-brake", "protected-people", "super-admins", "email-domain")
        until = now.replace(year=now.year + 1)
        return Circumstances(
            overrides=tuple(
                Override(uuid7(), name, self.actor.id, "a test", until, self.portal.id)
                for name in names
            )
        )

    async def store(self, plan: Plan) -> None:
        """Keep a plan as proposed and approve it."""
        async with self.app.database.begin(self.actor, "a test") as work:
            await work.plans.add(plan)
            approval = Approval(plan.id, plan.digest, self.actor.id, work.now)
            await work.plans.approve(approval)
            since = (PlanState.PROPOSED,)
            await work.plans.move(plan.id, PlanState.APPROVED, since=since, at=work.now)

    async def apply(self, plan: Plan, **options: Any) -> Applied:
        """Carry a stored plan out."""
        watching = options.pop("watching", Watching(patience=QUICK))
        return await apply_plan(self.app, self.actor, plan.id, watching=watching, **options)

    async def finish(self, plan: Plan, tries: int = 12) -> Applied:
        """Apply again and again, as an operator and the wake-up loop would, until it is done."""
        for _ in range(tries):
            applied = await self.apply(plan)
            if applied.state is PlanState.DONE:
                return applied
            if applied.until is not None:
                await self.app.clock.sleep((applied.until - self.app.clock.now()).total_seconds())
        raise AssertionError(f"still {applied.state.value}: {applied.message}")

    async def undo(self, plan: Plan) -> Plan:
        """The stored, approved way back of an applied plan."""
        async with self.app.database.read() as view:
            receipts = await view.journal.receipts(plan.id)
        snapshot, now = await self.snapshot(), self.app.clock.now()
        back = inverse(plan, receipts, snapshot)
        occasion = Occasion(uuid7(), self.name, now, self.actor.id, "undo", "because", "undo")
        way, _ = assemble(back.changes, snapshot, occasion, self.leave(now))
        await self.store(way)
        return way


@asynccontextmanager
async def a_house(
    home: Path,
    *,
    seed: str = "tiny",
    database_url: str = "",
    clock: Clock | None = None,
    world: World | None = None,
) -> AsyncIterator[House]:
    """A connected and synced portal of this seed."""
    made = world or create_world(seed=seed, limits="off")
    transport = InProcess(create_app(made))
    settings = Settings(home=home, database_url=database_url, api_base=BASE)
    async with open_app(settings, clock=clock, transport=transport) as app:
        house = House(app, made)
        credential = NewCredential(CredentialKind.SERVICE_KEY, {"token": token_of(made)})
        await add_portal(app, house.actor, house.name, credential)
        await house.sync()
        yield house
