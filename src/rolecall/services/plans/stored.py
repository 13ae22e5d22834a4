"""The door of requests and reviews to plans: proposed like any other, approved by who said yes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rolecall.domain.actor import SYSTEM, Actor, Role
from rolecall.kit.errors import Refused
from rolecall.services.app import App
from rolecall.services.drafts.orders import KeptWishes
from rolecall.services.plans.door import Order
from rolecall.services.plans.drafting import propose
from rolecall.services.plans.plans import approve_plan
from rolecall.store.errors import NotThere


@dataclass(frozen=True, slots=True)
class StoredPlans:
    """`PlanDoor` over the plan services; the wake-up applies what is approved."""

    app: App

    async def propose(self, actor: Actor, order: Order) -> str | None:
        """Store a plan; None when nothing differs."""
        async with self.app.database.read() as view:
            portal = await view.portals.get(order.hub_id)
        if portal is None:
            raise NotThere(f"Portal {order.hub_id} is not connected")
        wanted = KeptWishes(order.wishes, order.title, order.source, order.reason)
        drafted = await propose(self.app, actor, portal.name, wanted)
        return drafted.plan.id if drafted.stored else None

    async def approve(self, plan_id: str, approvers: Sequence[str]) -> None:
        """Approve in the name of each; what they said yes to is what the plan carries out."""
        async with self.app.database.read() as view:
            hub_id = (await view.plans.get(plan_id)).plan.hub_id
        named = [await self._approver(email, hub_id) for email in approvers]
        if not named:
            raise Refused(f"nobody approved plan {plan_id}", hint="an approver can")
        for one in named:
            await approve_plan(self.app, one, plan_id, reason="said yes to what it carries out")

    async def _approver(self, email: str, hub_id: int) -> Actor:
        """The approver as an actor of this one approval: their yes counts for this portal alone."""
        async with self.app.database.read() as view:
            operator = await view.operators.by_email(email)
        known = operator.actor(SYSTEM.via) if operator else Actor(f"approver:{email}", email)
        roles = {hub_id: frozenset({Role.APPROVER})}
        return replace(known, roles=roles, email=known.email or email, via=SYSTEM.via)
