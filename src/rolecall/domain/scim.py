"""SCIM clients: identity providers that push people and groups into one portal through us."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

SCIM = "scim:"  # how everything an identity provider claims or brings is referred to


class GroupTarget(StrEnum):
    """What a SCIM group stands for; the group's name is looked up among these."""

    TEAM = "team"  # an extra team of its members
    MAIN_TEAM = "main_team"
    PERMISSION_SET = "permission_set"
    PROFILE = "profile"  # an access profile of the policy in force


class Leaving(StrEnum):
    """What `active: false` and DELETE bring about."""

    PARK = "park"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class ScimClient:
    """One identity provider in one portal; `id` is that of its API token."""

    id: str
    hub_id: int
    name: str
    created_at: datetime
    groups: GroupTarget = GroupTarget.TEAM
    leaving: Leaving = Leaving.PARK
    most_people: int = 25  # people a pushed change may touch without a person's approval
    most_leavers_a_day: int = 10  # people parked or removed within 24 hours without one
    welcome_email: bool = False
    trouble: str = ""  # why what it pushed cannot be planned at the moment

    @property
    def reference(self) -> str:
        """How assignments and plans name this client."""
        return f"{SCIM}{self.id}"


@dataclass(frozen=True, slots=True)
class ScimRecord:
    """A resource as pushed: its SCIM attributes, and the e-mail it has in the portal now.

    For groups `target` names what it is mapped to (`team:12`), "" = nothing of that name.
    """

    client_id: str
    kind: str  # User | Group
    id: str  # of users our person id
    hub_id: int
    name: str  # userName or displayName as sent
    body: str  # JSON
    created_at: datetime
    modified_at: datetime
    version: int = 1
    external_id: str = ""
    subject: str = ""
    target: str = ""


@dataclass(frozen=True, slots=True)
class ScimLine:
    """What an identity provider sent, and what became of it; no password is ever kept."""

    id: str
    client_id: str
    at: datetime
    method: str
    path: str
    sent: str
    status: int
    told: str = ""  # why it was refused, or what was noted
    plan_id: str | None = None
    kind: str = ""
    resource_id: str = ""
    after: str = ""  # the whole resource it asked for, as it is kept
    asked: str = ""  # the same as the services understood it, JSON: what a replay pushes again
