"""Operators, their sessions, one-time links and API tokens; never a secret, only what is known.

Secrets exist in clear only in the answer of the use case that made them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from rolecall.domain.actor import Actor, Role

ALL_PORTALS = 0  # the key of `roles` and `portals` that stands for every portal


class LinkPurpose(StrEnum):
    """What a one-time link opens."""

    FIRST_OPERATOR = "first_operator"
    INVITATION = "invitation"
    PASSWORD = "password"
    REQUEST_APPROVE = "request_approve"
    REQUEST_REFUSE = "request_refuse"
    AGENCY_CONNECT = "agency_connect"  # to connect a portal, for a client's Super Admin
    INSTALL = "install"  # the state of one try of such a link, under way at HubSpot
    OIDC = "oidc"  # the state of a log-in under way at the identity provider


class TokenScope(StrEnum):
    """What an API token may do; its owner's roles bound it further."""

    ACCESS_WRITE = "access:write"  # access.yaml, assignments, people
    MANAGE = "manage"  # operators, tokens, portals, settings
    PLAN_APPLY = "plan:apply"
    PLAN_APPROVE = "plan:approve"
    PLAN_PROPOSE = "plan:propose"
    READ = "read"
    REQUEST_ANSWER = "request:answer"
    REQUEST_FILE = "request:file"
    REVIEW_DECIDE = "review:decide"
    REVIEW_MANAGE = "review:manage"
    SCIM = "scim"


# The roles a scope needs from its owner: a token never holds a role none of its scopes needs.
ROLES_OF_SCOPE: Mapping[TokenScope, frozenset[Role]] = {
    TokenScope.ACCESS_WRITE: frozenset({Role.ADMIN}),
    TokenScope.MANAGE: frozenset({Role.ADMIN}),
    TokenScope.PLAN_APPLY: frozenset({Role.ADMIN, Role.APPROVER}),
    TokenScope.PLAN_APPROVE: frozenset({Role.APPROVER}),
    TokenScope.PLAN_PROPOSE: frozenset({Role.ADMIN, Role.APPROVER}),
    TokenScope.READ: frozenset({Role.AUDITOR}),
    TokenScope.REQUEST_ANSWER: frozenset({Role.APPROVER}),
    TokenScope.REQUEST_FILE: frozenset({Role.REQUESTER}),
    TokenScope.REVIEW_DECIDE: frozenset({Role.REVIEWER}),
    TokenScope.REVIEW_MANAGE: frozenset({Role.ADMIN}),
    TokenScope.SCIM: frozenset({Role.ADMIN}),
}


@dataclass(frozen=True, slots=True)
class Operator:
    """Somebody who may sign in to Rolecall; `roles` by hub id, 0 = every portal."""

    id: str
    email: str
    created_at: datetime
    name: str = ""
    roles: Mapping[int, frozenset[Role]] = field(default_factory=dict)
    local_user: str = ""  # the UNIX user of the command line that is this person
    oidc_issuer: str = ""
    oidc_subject: str = ""
    has_password: bool = False
    second_factor: bool = False
    disabled: bool = False
    signed_in_at: datetime | None = None

    @property
    def actor_id(self) -> str:
        """How the audit trail calls them."""
        return f"operator:{self.id}"

    def actor(self, via: str = "console") -> Actor:
        """The operator as an actor; a disabled one holds nothing."""
        roles = {} if self.disabled else self.roles
        return Actor(self.actor_id, self.name or self.email, roles, self.email, via=via)


@dataclass(frozen=True, slots=True)
class Session:
    """One signed-in browser; `id` may be shown, the token is known to the browser alone."""

    id: str
    operator_id: str
    created_at: datetime
    seen_at: datetime
    ends_at: datetime  # whatever happens
    about: str = ""  # browser and address, for the list of one's own sessions


@dataclass(frozen=True, slots=True)
class OneTimeLink:
    """A link that opens one thing once; `subject` is what it is about, `email` whom it is for."""

    id: str
    purpose: LinkPurpose
    expires_at: datetime
    subject: str = ""
    email: str = ""
    hub_id: int | None = None
    created_by: str = ""
    details: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ApiToken:
    """A token for REST, SCIM and MCP; the secret itself was shown once."""

    id: str
    name: str
    owner_id: str  # operator id, or local:UNIX-USER
    scopes: frozenset[TokenScope]
    portals: frozenset[int]  # hub ids; {0} = every portal its owner may see
    created_at: datetime
    expires_at: datetime | None = None
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None
    hint: str = ""  # the last characters, so that people find it again


@dataclass(frozen=True, slots=True)
class SavedReport:
    """A report of one's own: columns over one kind of row, filtered, perhaps sent by mail.

    `filters` are those of the page of its kind, by the same names.
    """

    id: str
    hub_id: int
    title: str
    kind: str  # users | requests | reviews | findings
    columns: tuple[str, ...]
    owner: str  # actor id
    created_at: datetime
    filters: Mapping[str, str] = field(default_factory=dict)
    recipients: tuple[str, ...] = ()
    every: str = ""  # "" | daily | weekly | monthly
    next_at: datetime | None = None
    form: str = "csv"  # of the mailed file: csv | xlsx
