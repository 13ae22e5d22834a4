"""Who may do what: one check, used by every use case."""

from __future__ import annotations

from rolecall.domain.actor import Actor, Role
from rolecall.kit.errors import Refused


class NotAllowed(Refused):
    """The actor does not hold the role this needs."""


def need(actor: Actor, role: Role, hub_id: int, what: str) -> None:
    """Raise NotAllowed unless the actor holds the role in this portal (0 = all portals)."""
    if not actor.holds(role, hub_id):
        raise NotAllowed(
            f"{actor.name or actor.id} may not {what}",
            hint=f"it needs the role {role.value}; an admin can give it",
        )


def may_read(actor: Actor, hub_id: int) -> bool:
    """Whether the actor may look at a portal: every role but requester may."""
    held = actor.roles.get(hub_id, frozenset()) | actor.roles.get(0, frozenset())
    return bool(held - {Role.REQUESTER})


def need_reading(actor: Actor, hub_id: int, what: str = "look at this portal") -> None:
    """Raise NotAllowed unless the actor may look at this portal."""
    if not may_read(actor, hub_id):
        raise NotAllowed(
            f"{actor.name or actor.id} may not {what}", hint="an admin can give the role auditor"
        )
