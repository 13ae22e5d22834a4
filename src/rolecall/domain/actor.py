"""Who acts: operators, tokens and the machine itself, and the audit events they leave."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Role(StrEnum):
    """What an operator may do in a portal."""

    ADMIN = "admin"
    APPROVER = "approver"
    REVIEWER = "reviewer"
    AUDITOR = "auditor"
    REQUESTER = "requester"


LOCAL = "local:"  # how ids of the command line begin


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something: `id` is local:UNIX-USER, operator:ID, token:ID, scim:ID or system."""

    id: str
    name: str = ""
    roles: Mapping[int, frozenset[Role]] = field(default_factory=dict)  # by hub id; 0 = all portals
    email: str = ""
    scopes: frozenset[str] | None = None  # of an API token; None = not limited by scopes
    via: str = "cli"  # cli | console | api | scim | mcp | schedule | link
    behind: str = ""  # actor id of who made the token this is; "" = nobody but itself

    @property
    def person(self) -> str:
        """Who acts, whatever the way: the e-mail, else who made the token, else the id itself."""
        return self.email.casefold() or self.behind or self.id

    def holds(self, role: Role, hub_id: int) -> bool:
        """Holds the role in this portal; admin of a portal holds every role there."""
        held = self.roles.get(hub_id, frozenset()) | self.roles.get(0, frozenset())
        return role in held or Role.ADMIN in held


def same_person(one: str, other: str) -> bool:
    """Whether two `Actor.person` are one; everybody at the command line is, nobody can tell."""
    both_local = one.startswith(LOCAL) and other.startswith(LOCAL)
    return both_local or one.casefold() == other.casefold()


def local_actor(unix_user: str) -> Actor:
    """The actor of the command line: whoever can read the database may do all."""
    return Actor(f"local:{unix_user}", unix_user, {0: frozenset({Role.ADMIN})})


SYSTEM = Actor("system", "Rolecall", {0: frozenset({Role.ADMIN})}, via="schedule")


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """One line of the audit trail; `event` is source:subject:action."""

    event: str
    actor: str
    at: datetime
    reason: str
    hub_id: int | None = None
    subject: str = ""
    details: Mapping[str, str] = field(default_factory=dict)
