"""Who may do what: one check, used by every use case."""

from __future__ import annotations

from collections.abc import Iterable

from rolecall.domain.actor import Actor, Role
from rolecall.domain.operator import TokenScope
from rolecall.kit.errors import NeedsPerson, Refused
from rolecall.services.app import App


class NotAllowed(Refused):
    """The actor does not hold the role this needs."""

    http_status = 403


class ReadOnly(NeedsPerson):
    """This installation only shows; it changes nothing."""

    http_status = 403


def need(actor: Actor, role: Role, hub_id: int, what: str, scope: TokenScope) -> None:
    """Raise NotAllowed unless the actor holds the role in this portal (0 = all portals).

    An API token needs the scope as well: its roles are only what its owner could lend it.
    """
    need_scope(actor, scope, what)
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
    need_scope(actor, TokenScope.READ, what)
    if not may_read(actor, hub_id):
        raise NotAllowed(
            f"{actor.name or actor.id} may not {what}", hint="an admin can give the role auditor"
        )


def need_scope(actor: Actor, scope: TokenScope, what: str) -> None:
    """Raise NotAllowed when the actor is an API token without this scope."""
    need_one_scope(actor, (scope,), what)


def need_one_scope(actor: Actor, scopes: Iterable[TokenScope], what: str) -> None:
    """Raise NotAllowed when the actor is an API token with none of these scopes."""
    wanted = [scope.value for scope in scopes]
    if actor.scopes is not None and actor.scopes.isdisjoint(wanted):
        raise NotAllowed(
            f"the token {actor.name or actor.id} may not {what}",
            hint=f"it needs the scope {' or '.join(wanted)}; make a token that has it",
        )


def need_writing(app: App, what: str) -> None:
    """Raise ReadOnly when this installation was told to change nothing."""
    if app.choices.security.read_only:
        raise ReadOnly(
            f"Rolecall is in read-only mode and does not {what}",
            hint="an administrator can unset ROLECALL_READ_ONLY",
        )


def may_change(
    app: App, actor: Actor, role: Role, hub_id: int, what: str, scope: TokenScope
) -> None:
    """Raise unless something may be written, by this token, by this role in this portal."""
    need_writing(app, what)
    need(actor, role, hub_id, what, scope)
