"""What a push stands on: the people it names, and of everybody else no more than a plan asks.

Loading a portal of 50,000 users for every push took two seconds. The whole is looked at once per
snapshot; what stands for it is kept, bounded, by those who take in pushes.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from rolecall.domain.assignment import Assignment
from rolecall.domain.portal import Portal
from rolecall.domain.snapshot import User
from rolecall.kit.errors import NeedsPerson
from rolecall.plan.witnesses import Standing, standing_of
from rolecall.policy.document import Policy
from rolecall.policy.parse import parse_policy
from rolecall.provision.parked import parked_since
from rolecall.services.app import App
from rolecall.services.drafts.ground import NO_POLICY, Ground, email_of
from rolecall.services.drafts.refusals import Learned, learned_from, refused_writes
from rolecall.services.scim.clients import Pusher
from rolecall.store import StoredPolicy, View

KEPT = 32  # snapshots, some hundred users of each, and policies
Kept = TypeVar("Kept")
Users = Mapping[str, tuple[User, ...]]  # by case-folded e-mail


@dataclass(frozen=True, slots=True)
class Footing:
    """The ground of a push, and a narrower one for each of its people."""

    ground: Ground
    standing: Standing
    users: Users
    claims: Mapping[str, tuple[Assignment, ...]]  # open ones of every origin, by subject

    def claims_about(self, subject: str) -> tuple[Assignment, ...]:
        """Open claims of every origin about one subject."""
        return self.claims.get(subject.casefold(), ())

    def about(self, emails: Iterable[str]) -> Ground:
        """The ground as far as one person needs it, who has these e-mails."""
        keys = dict.fromkeys(email.casefold() for email in emails)
        theirs = [user for key in keys for user in self.users.get(key, ())]
        return replace(self.ground, snapshot=self.standing.among(theirs))


@dataclass(slots=True)
class Standings:
    """What is kept between pushes: it never changes, as a sealed snapshot and a policy never do."""

    most: int = KEPT
    standings: OrderedDict[str, Standing] = field(default_factory=OrderedDict)  # by snapshot id
    policies: OrderedDict[str, Policy] = field(default_factory=OrderedDict)  # by digest
    looking: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def newest(self, view: View, portal: Portal) -> Standing:
        """That of a portal's newest snapshot; NeedsPerson before the first one."""
        head = await view.snapshots.head(portal.hub_id)
        if head is None:
            hint = f"read it with `rolecall sync {portal.name}` first"
            raise NeedsPerson(f"{portal.name} was never read", hint=hint)
        if found := _recent(self.standings, head.id):
            return found
        async with self.looking:  # once, however many pushes wait for it
            if found := _recent(self.standings, head.id):
                return found
            snapshot = await view.snapshots.load(portal.hub_id, snapshot_id=head.id)
            assert snapshot is not None
            found = await asyncio.to_thread(standing_of, snapshot)
            return _keep(self.standings, head.id, found, self.most)

    def policy(self, stored: StoredPolicy | None) -> Policy:
        """The policy of a text."""
        if stored is None:
            return NO_POLICY
        found = _recent(self.policies, stored.digest)
        return found or _keep(self.policies, stored.digest, parse_policy(stored.text), self.most)


def _recent(kept: OrderedDict[str, Kept], key: str) -> Kept | None:
    if key in kept:
        kept.move_to_end(key)
    return kept.get(key)


def _keep(kept: OrderedDict[str, Kept], key: str, value: Kept, most: int) -> Kept:
    kept[key] = value
    if len(kept) > most:
        kept.popitem(last=False)
    return value


async def footing_of(
    app: App, pusher: Pusher, standings: Standings, emails: Collection[str]
) -> Footing:
    """What a push stands on that names people with these e-mails, in one picture."""
    portal = pusher.portal
    keys = sorted({email.casefold() for email in emails if email})
    async with app.database.read() as view:
        standing = await standings.newest(view, portal)
        users = await view.users.named(portal.hub_id, keys)
        claims = await view.assignments.about(portal.hub_id, keys)
        stored = await view.policies.in_force(portal.hub_id)
        ground = Ground(
            portal,
            standing.among(users),
            view.now,
            await email_of(view, pusher.actor),
            stored,
            standings.policy(stored),
            (),
            tuple(found.assignment for found in claims),
            await parked_since(view, portal.hub_id),
            await view.overrides.usable(portal.hub_id, view.now),
            await _learned(view, portal, standing, users),
            standing.active_users,
        )
    return _footing(ground, standing, users)


async def _learned(
    view: View, portal: Portal, standing: Standing, users: Iterable[User]
) -> Learned:
    """What refusals taught, whoever they were about."""
    writes = await refused_writes(view, portal)
    if not writes:
        return Learned()
    asked = (portal.credential_user_id or "", *(one.subject for one in writes))
    others = await view.users.named(portal.hub_id, [one.casefold() for one in asked if one])
    return await learned_from(writes, view, portal, standing.among((*users, *others)))


def footing_on(ground: Ground) -> Footing:
    """The same over a whole ground, where many people of it are looked at one by one."""
    return _footing(ground, standing_of(ground.snapshot), ground.snapshot.users)


def _footing(ground: Ground, standing: Standing, users: Iterable[User]) -> Footing:
    by_email: dict[str, list[User]] = defaultdict(list)
    for user in users:
        by_email[user.email.casefold()].append(user)
    claims: dict[str, list[Assignment]] = defaultdict(list)
    for one in ground.assignments:
        claims[one.subject].append(one)
    return Footing(
        ground,
        standing,
        {key: tuple(found) for key, found in by_email.items()},
        {key: tuple(found) for key, found in claims.items()},
    )
