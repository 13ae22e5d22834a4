"""From a finding to a plan."""

from __future__ import annotations

from rolecall.domain.actor import Actor
from rolecall.kit.errors import Refused
from rolecall.services.app import App
from rolecall.services.drafts.orders import MendFinding
from rolecall.services.plans.drafting import Drafted, propose
from rolecall.services.plans.elevating import return_now
from rolecall.services.rights import may_read
from rolecall.store.errors import NotThere

OVERDUE = "elevation.overdue"


async def fix_finding(
    app: App,
    actor: Actor,
    finding_id: str,
    successor: str = "",
    reason: str = "",
    take: str = "",
    *,
    name: str = "",
) -> Drafted:
    """Propose what a finding suggests; what no API can do becomes a task of the plan.

    `name` is the portal the finding must be about; empty = whichever it is.
    """
    async with app.database.read() as view:
        stored = await view.findings.get(finding_id)
        portal = await view.portals.get(stored.hub_id)
    if portal is None or not may_read(actor, stored.hub_id):
        raise NotThere(f"There is no finding {finding_id}", hint="see `rolecall finding list`")
    if name and portal.name != name:
        raise Refused(f"finding {finding_id} is not about {name}")
    if stored.finding.rule == OVERDUE and stored.closed_at is None:
        _, drafted = await return_now(app, actor, portal.name, stored.finding.subject, reason)
        if drafted is None:
            raise Refused(f"nothing is left to take back from {stored.finding.subject}")
        return drafted
    return await propose(app, actor, portal.name, MendFinding(finding_id, successor, reason, take))
