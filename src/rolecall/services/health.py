"""Whether the installation can work now, and its figures: counts by portal, never a name."""

from __future__ import annotations

from dataclasses import dataclass

from rolecall.domain.plan import PlanState
from rolecall.domain.portal import ConnectionState
from rolecall.services.app import App


@dataclass(frozen=True, slots=True)
class Figures:
    """What one portal is like, in numbers."""

    hub_id: int
    connected: bool
    users: int | None
    snapshot_age_seconds: float | None
    waiting_plans: int
    running_plans: int
    open_findings: int


async def ready(app: App) -> None:
    """Raises what the store raises when it cannot answer."""
    async with app.database.read() as view:
        await view.portals.all()


async def figures(app: App) -> tuple[Figures, ...]:
    """Every portal in numbers."""
    found = []
    async with app.database.read() as view:
        for portal in await view.portals.all():
            head = await view.snapshots.head(portal.hub_id)
            plans = [one.state for one in await view.plans.find(portal.hub_id, _UNFINISHED)]
            tally = await view.findings.tally(portal.hub_id)
            found.append(
                Figures(
                    portal.hub_id,
                    portal.state is ConnectionState.CONNECTED,
                    head.counts.get("users") if head else None,
                    (view.now - head.sealed_at).total_seconds() if head else None,
                    sum(state in _WAITING for state in plans),
                    sum(state not in _WAITING for state in plans),
                    sum(number for _, _, number in tally),
                )
            )
    return tuple(found)


_WAITING = (PlanState.PROPOSED, PlanState.APPROVED)
_UNFINISHED = (*_WAITING, PlanState.APPLYING, PlanState.PAUSED)
