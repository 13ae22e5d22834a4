"""An open installation with two portals, people, a policy and operators; nothing of HubSpot."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from msgspec import structs

from rolecall.bootstrap import open_app
from rolecall.domain.actor import SYSTEM, Actor, Role, local_actor
from rolecall.domain.operator import Operator
from rolecall.domain.person import Person
from rolecall.domain.portal import Portal
from rolecall.domain.snapshot import PermissionSet, Seat, Snapshot, Team, User
from rolecall.kit.clock import HandClock
from rolecall.kit.errors import Refused
from rolecall.kit.ids import uuid7
from rolecall.services.app import App
from rolecall.services.plans.door import Order
from rolecall.settings import Settings
from rolecall.signin.passwords import Passwords
from rolecall.store import StoredPolicy

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)
HUB, OTHER = 11, 22
PASSWORD = "correct horse battery"
POLICY = """\
version: 1
portal: acme
profiles:
  sales-rep: {permission_set: Sales Rep, seat: Core, main_team: Sales}
  exporter: {permission_set: Exporter}
  desk: {extra_teams: [Desk]}
  gone: {permission_set: Sales Rep, seat: Full House}
catalogue:
  sales-rep: {title: Sales rep, owner: owner@acme.test, steps: [manager, owner], max_days: 90}
  exporter:
    {owner: owner@acme.test, steps: [owner], max_days: 7, privileged: true, break_glass: true}
  desk:
    auto_approve: {department: Sales}
    auto_deny: {employment: contractor}
    max_days: unlimited
  gone: {steps: [admin], who: {department: Sales}}
"""
PEOPLE = (
    Person("p1", ("ana@acme.test", "ana@old.test"), "Ana", "Ana", department="Sales",
           manager_email="mia@acme.test"),
    Person("p2", ("ben@acme.test",), "Ben", "Ben", department="Ops", manager_email="mia@acme.test"),
    Person("p3", ("mia@acme.test",), "Mia", "Mia", department="Sales",
           manager_email="boss@acme.test"),
    Person("p4", ("cas@acme.test",), "Cas", "Cas", employment="contractor",
           manager_email="mia@acme.test"),
)  # fmt: skip


def a_user(user_id: str, email: str, **changes: Any) -> User:
    """A user with a set, a Core seat and the team Sales."""
    plain = User(
        user_id, email, permission_set_ids=("s1",), main_team_id="t1", seat_names=("Core",)
    )
    return structs.replace(plain, **changes)


USERS = (
    a_user("1", "ana@acme.test", last_active_at=NOW - timedelta(days=3)),
    a_user("2", "ben@acme.test", permission_set_ids=("s3",), main_team_id=None),
    a_user("3", "mia@acme.test", super_admin=True),
    a_user("4", "cas@acme.test", seat_names=("View-Only",)),
)


def a_snapshot(
    users: Sequence[User] = USERS, hub_id: int = HUB, at: datetime = NOW, **changes: Any
) -> Snapshot:
    """A complete picture of one portal."""
    plain = Snapshot(
        hub_id=hub_id,
        id=uuid7(),
        started_at=at - timedelta(minutes=1),
        sealed_at=at,
        complete=True,
        users=tuple(users),
        permission_sets=(
            PermissionSet("s1", "Sales Rep"), PermissionSet("s2", "Exporter"),
            PermissionSet("s3", "Marketer"),
        ),
        teams=(Team("t1", "Sales"), Team("t2", "Desk")),
        seats=(Seat("Core", remaining=2), Seat("View-Only"), Seat("Full House", remaining=0)),
    )  # fmt: skip
    return replace(plain, **changes)


@dataclass
class PlannedOnly:
    """A plan door of tests: remembers what it was asked, and lets plans end as told."""

    orders: list[Order] = field(default_factory=list)
    approved: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    refuses: str = ""
    nothing: bool = False

    async def propose(self, actor: Actor, order: Order) -> str | None:
        """An id per order."""
        if self.refuses:
            raise Refused(self.refuses)
        self.orders.append(order)
        return None if self.nothing else f"plan-{len(self.orders)}"

    async def approve(self, plan_id: str, approvers: Sequence[str]) -> None:
        """Remembered."""
        self.approved.append((plan_id, tuple(approvers)))


@dataclass
class Governed:
    """One installation: its app, its clock, and actors as their sessions would give them."""

    app: App
    clock: HandClock
    local: Actor = field(default_factory=lambda: local_actor("root"))

    async def seal(self, users: Sequence[User] = USERS, hub_id: int = HUB, **changes: Any) -> None:
        """A new picture of a portal, of now."""
        snapshot = a_snapshot(users, hub_id, self.clock.now(), **changes)
        async with self.app.database.work() as work:
            await work.snapshots.seal(snapshot)

    async def operator(self, email: str, *roles: Role, hub_id: int = HUB) -> Actor:
        """An operator with these roles in one portal, as an actor."""
        held = {hub_id: frozenset(roles)} if roles else {}
        operator = Operator(uuid7(), email, self.clock.now(), email.partition("@")[0], held)
        async with self.app.database.work() as work:
            await work.operators.add(operator)
        return operator.actor()


async def _furnish(app: App, clock: HandClock) -> None:
    digest = sha256(POLICY.encode()).hexdigest()
    async with app.database.begin(SYSTEM, "test") as work:
        for hub_id, name in ((HUB, "acme"), (OTHER, "other")):
            await work.portals.add(Portal(hub_id, name, "http://hubspot.test", NOW))
            await work.snapshots.seal(a_snapshot(hub_id=hub_id))
            stored = StoredPolicy(hub_id, POLICY, digest, "test", NOW)
            await work.policies.put_in_force(stored)
        await work.people.put(PEOPLE)


@asynccontextmanager
async def governed(database_url: str, home: Path, **settings: Any) -> AsyncIterator[Governed]:
    """Open it; passwords are hashed cheaply, everything else is as in production."""
    clock = HandClock(NOW)
    chosen = Settings(home=home / "home", database_url=database_url, **settings)
    async with open_app(chosen, clock=clock) as app:
        await _furnish(app, clock)
        yield Governed(replace(app, passwords=Passwords(memory_kib=64)), clock)


async def refusal(act: Awaitable[object]) -> type[Exception] | None:
    """The error an act is refused with; None when it was let through."""
    try:
        await act
    except Refused as error:
        return type(error)
    return None
