"""A user at a past time, and each thing they hold now: since when, by whose word, until when."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from rolecall.domain.actor import Actor
from rolecall.domain.assignment import Assignment, Slot
from rolecall.domain.snapshot import Snapshot, User
from rolecall.services.app import App
from rolecall.services.connections.portals import portal_named
from rolecall.services.inventory.users import Names, UserRow, lists_of
from rolecall.store import UserVersion
from rolecall.store.errors import NotThere


@dataclass(frozen=True, slots=True)
class Holding:
    """One thing a user holds; no claims = found in HubSpot, and nobody told us why."""

    slot: Slot
    value: str
    label: str
    since: datetime | None  # None = since before we first looked
    claims: tuple[Assignment, ...] = ()


@dataclass(frozen=True, slots=True)
class PastUser:
    """A user as a snapshot of a past time shows them; `row` None = not in the portal then."""

    row: UserRow | None
    as_of: datetime | None  # when that snapshot was sealed


async def user_on(app: App, actor: Actor, name: str, who: str, at: datetime) -> PastUser:
    """Who had what on a date, by the newest snapshot sealed until then."""
    portal = await portal_named(app, actor, name)
    async with app.database.read() as view:
        lists = await view.snapshots.load(portal.hub_id, at, without_users=True)
        if lists is None:
            return PastUser(None, None)
        try:
            user = await view.users.get(portal.hub_id, who, at)
        except NotThere:
            return PastUser(None, lists.sealed_at)
    return PastUser(Names.of(lists).row(user) if user.present else None, lists.sealed_at)


async def holdings_now(app: App, actor: Actor, name: str, who: str) -> tuple[Holding, ...]:
    """Everything a user holds in the newest snapshot, with the claims behind it."""
    portal = await portal_named(app, actor, name)
    async with app.database.read() as view:
        lists = await lists_of(view, portal)
        user = await view.users.get(portal.hub_id, who)
        versions = await view.users.history(portal.hub_id, user.id)
        stored = await view.assignments.find(portal.hub_id, subject=user.email.casefold())
    claims = [one.assignment for one in stored]
    return tuple(_holdings(user, lists, versions, claims))


def _holdings(
    user: User, lists: Snapshot, versions: Sequence[UserVersion], claims: Sequence[Assignment]
) -> Iterable[Holding]:
    for slot, label in ((Slot.PERMISSION_SET, "permission_sets"), (Slot.MAIN_TEAM, "teams"),
                        (Slot.EXTRA_TEAM, "teams"), (Slot.SEAT, "")):  # fmt: skip
        names = {one.id: one.name for one in getattr(lists, label)} if label else {}
        for value in held_in(user, slot):
            backing = tuple(one for one in claims if (one.slot, one.value) == (slot, value))
            since = _since([value in held_in(one.user, slot) for one in versions], versions)
            yield Holding(slot, value, names.get(value, value), since, backing)


def held_in(user: User, slot: Slot) -> tuple[str, ...]:
    """The values a user holds in a slot."""
    if slot is Slot.PERMISSION_SET:
        return user.permission_set_ids
    if slot is Slot.SEAT:
        return user.seat_names or ()
    if slot is Slot.MAIN_TEAM:
        return (user.main_team_id,) if user.main_team_id else ()
    return user.extra_team_ids if slot is Slot.EXTRA_TEAM else ()


def _since(held: Sequence[bool], versions: Sequence[UserVersion]) -> datetime | None:
    """From when on without a break; None when it was so at the first look."""
    since: datetime | None = None
    for before, now, version in zip(held, held[1:], versions[1:], strict=False):
        if not now:
            since = None
        elif not before:
            since = version.since
    return since
