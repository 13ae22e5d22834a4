"""What every plan of a portal stands on, read in one picture: snapshot, policy, people, claims."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from rolecall.domain.actor import LOCAL, Actor
from rolecall.domain.assignment import Assignment
from rolecall.domain.operator import TokenScope
from rolecall.domain.person import Person
from rolecall.domain.plan import Override
from rolecall.domain.portal import Portal
from rolecall.domain.snapshot import Snapshot
from rolecall.kit.errors import NeedsPerson
from rolecall.plan.look import Knowledge
from rolecall.plan.propose import Circumstances
from rolecall.policy.document import ParkingSettings, Policy
from rolecall.policy.names import names_of
from rolecall.policy.parse import parse_policy
from rolecall.provision.parked import parked_since
from rolecall.services.app import App
from rolecall.services.connections.portals import READING, portal_named
from rolecall.services.drafts.refusals import Learned, learned
from rolecall.store import StoredPolicy, View

NO_POLICY = Policy()


@dataclass(frozen=True, slots=True)
class Ground:
    """One portal at one moment; e-mails in mappings are case-folded.

    `stored` is the policy in force, None before the first `access apply`; `policy` is it, read.
    """

    portal: Portal
    snapshot: Snapshot
    now: datetime
    operator_email: str
    stored: StoredPolicy | None = None
    policy: Policy = NO_POLICY
    people: tuple[Person, ...] = ()
    assignments: tuple[Assignment, ...] = ()
    parked: Mapping[str, datetime] = field(default_factory=dict)
    overrides: tuple[Override, ...] = ()
    refused: Learned = field(default_factory=Learned)  # what HubSpot refused us before
    active_users: int | None = None  # where the snapshot holds some of its users alone

    @property
    def parking(self) -> ParkingSettings:
        """How far parking goes here."""
        return self.policy.parking

    @property
    def no_access_set(self) -> str | None:
        """The id of the operator's no-access set; None where none is named or there."""
        named = self.policy.parking.no_access_set
        return names_of(self.snapshot).permission_set(named) if named is not None else None

    def knowledge(self, overwrite_sets: Iterable[str] = ()) -> Knowledge:
        """What guardrails are told beside the snapshot."""
        return Knowledge(
            settings=self.policy.guardrails,
            operator_email=self.operator_email,
            credential_user_id=self.portal.credential_user_id,
            overwrite_sets=folded(overwrite_sets),
            active_users=self.active_users,
            refused_sets=self.refused.sets,
            invalid_pairs=self.refused.pairs,
        )

    def circumstances(self, overwrite_sets: Iterable[str] = ()) -> Circumstances:
        """Everything beside wish and snapshot that decides about a plan."""
        return Circumstances(
            self.knowledge(overwrite_sets),
            self.overrides,
            self.policy.prices,
            self.portal.credential_kind,
        )

    def under(self, policy: Policy) -> Ground:
        """The same ground under another policy."""
        return replace(self, policy=policy)


def folded(emails: Iterable[str]) -> frozenset[str]:
    """E-mails as they are compared."""
    return frozenset(email.casefold() for email in emails)


async def ground_of(
    app: App, actor: Actor, name: str, scopes: Collection[TokenScope] = READING
) -> Ground:
    """Everything planning needs to know of a portal the actor may look at, by one of the scopes.

    Raises NeedsPerson before the first sync.
    """
    portal = await portal_named(app, actor, name, scopes)
    async with app.database.read() as view:
        snapshot = await view.snapshots.load(portal.hub_id)
        if snapshot is None:
            raise NeedsPerson(
                f"{name} was never read", hint=f"read it with `rolecall sync {name}` first"
            )
        stored = await view.policies.in_force(portal.hub_id)
        return Ground(
            portal,
            snapshot,
            view.now,
            await email_of(view, actor),
            stored,
            parse_policy(stored.text) if stored is not None else NO_POLICY,
            await view.people.all(),
            tuple(one.assignment for one in await view.assignments.find(portal.hub_id)),
            await parked_since(view, portal.hub_id),
            await view.overrides.usable(portal.hub_id, view.now),
            await learned(view, portal, snapshot),
        )


async def email_of(view: View, actor: Actor) -> str:
    """The actor's e-mail; of the command line's user the linked operator's, if there is one."""
    known = actor.behind or actor.id
    if actor.email or not known.startswith(LOCAL):
        return actor.email
    operator = await view.operators.by_local_user(known.removeprefix(LOCAL))
    return operator.email if operator is not None else ""
