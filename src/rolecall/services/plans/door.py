"""The one way requests and reviews reach HubSpot: a stored plan, approved, applied by others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from rolecall.domain.actor import Actor
from rolecall.policy.desired import DesiredUser


@dataclass(frozen=True, slots=True)
class Order:
    """What a plan is asked for with: wishes about some users, and where they come from."""

    hub_id: int
    wishes: tuple[DesiredUser, ...]
    title: str
    reason: str
    source: str  # request:ID, review:ID


class PlanDoor(Protocol):
    """Proposes plans and approves them in somebody's name."""

    async def propose(self, actor: Actor, order: Order) -> str | None:
        """Store a plan for the order; its id, None when nothing differs from what is.

        Raises Refused for what cannot be planned at all.
        """
        ...

    async def approve(self, plan_id: str, approvers: Sequence[str]) -> None:
        """Approve a plan for whom `approvers` (e-mails) said yes, and have it applied.

        Raises Refused where a guardrail stops it or a second person is needed; the plan waits.
        """
        ...
