"""One user in full: every fact with its source and age, and what changed over time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from msgspec import structs

from rolecall.domain.actor import Actor
from rolecall.domain.finding import Finding
from rolecall.domain.operator import TokenScope
from rolecall.domain.portal import Portal
from rolecall.domain.snapshot import FeedEvent, Snapshot, User, UserState
from rolecall.services.app import App
from rolecall.services.connections.portals import portal_named
from rolecall.services.findings.findings import findings_about
from rolecall.services.inventory.users import Names, UserRow, lists_of
from rolecall.store import FeedQuery, SnapshotHead, UserVersion

RECENT_EVENTS = 20
LOOKED_BACK = 100  # snapshots in which a part that could not be read lately is looked for
ReadAt = Callable[..., datetime | None]  # by parts, as gaps name them; None = not for long
LISTED = "settings users"
CRM = "CRM users"
NOT_COUNTED = "not counted"  # is not zero: counting costs a search per kind of record


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing known of a user, where it is from and when it was seen."""

    name: str
    value: object
    source: str
    observed_at: datetime | None


@dataclass(frozen=True, slots=True)
class UserCard:
    """Everything known of one user."""

    portal: Portal
    row: UserRow
    facts: tuple[Fact, ...]
    findings: tuple[Finding, ...]
    events: tuple[FeedEvent, ...]  # newest first
    first_seen: datetime | None


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that changed between two versions of a user."""

    field: str
    before: object
    after: object


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """A user from one time on, and how that differs from before; empty = first seen or back."""

    since: datetime
    until: datetime | None
    differences: tuple[Difference, ...]
    note: str = ""


async def show_user(app: App, actor: Actor, name: str, who: str) -> UserCard:
    """Everything known of one user (id or e-mail), each fact with its source and age."""
    # Who proposes a change sees whom it is about.
    scopes = (TokenScope.READ, TokenScope.PLAN_PROPOSE)
    portal = await portal_named(app, actor, name, scopes)
    async with app.database.read() as view:
        lists = await lists_of(view, portal)
        user = await view.users.get(portal.hub_id, who)
        history = await view.users.history(portal.hub_id, user.id)
        heads = await view.snapshots.heads(portal.hub_id, LOOKED_BACK)
        acted = await view.feeds.events(
            portal.hub_id, FeedQuery(actor_id=user.id, limit=RECENT_EVENTS)
        )
        met = await view.feeds.events(
            portal.hub_id, FeedQuery(object_id=user.id, limit=RECENT_EVENTS)
        )
    events = {(one.feed, one.id): one for one in (*acted, *met)}
    newest = sorted(events.values(), key=lambda one: one.at, reverse=True)[:RECENT_EVENTS]
    row = Names.of(lists).row(user)
    return UserCard(
        portal,
        row,
        facts_of(row, lists, read_at(heads)),
        await findings_about(app, portal, user.id),
        tuple(newest),
        history[0].since if history else None,
    )


def read_at(heads: Sequence[SnapshotHead]) -> ReadAt:
    """When each part was last read, out of the newest snapshots; a part missing since is older."""

    def when(*parts: str) -> datetime | None:
        names = tuple(f"{part}:" for part in parts)
        whole = (one.sealed_at for one in heads if not any(g.startswith(names) for g in one.gaps))
        return next(whole, None)

    return when


def facts_of(row: UserRow, lists: Snapshot, when: ReadAt) -> tuple[Fact, ...]:
    """Everything the snapshot knows of a user, with its source and when that was read."""
    user, source = row.user, row.user.last_active_source
    listed, crm, owners = when("users"), when("CRM users"), when("owners")
    state = f"{user.state.value} (estimated)" if user.state_estimated else user.state.value
    active_at = (
        crm if source.startswith("crm:") else when("login feed", "log-in and security feeds")
    )
    state_at = listed if user.state in (UserState.ACTIVE, UserState.REMOVED) else crm
    facts = [
        Fact("state", state, _state_source(user), state_at),
        Fact("super admin", user.super_admin, LISTED, listed),
        Fact("permission sets", row.permission_sets, LISTED, listed),
        Fact("main team", row.main_team, LISTED, listed),
        Fact("extra teams", row.extra_teams, LISTED, listed),
        Fact("seats", "not told" if user.seat_names is None else user.seat_names, LISTED, listed),
        Fact("last active", user.last_active_at, source or "nothing tells", active_at),
        Fact("created", user.created_at, "CRM users, owners, security feed", crm),
        Fact("settings id", user.id, LISTED, listed),
        Fact("CRM record", user.crm_id, CRM, crm),
        Fact("record owner", user.owner_id, "owners", owners),
        *_records(user, lists),
    ]
    facts += [Fact(name, value, CRM, crm) for name, value in sorted(user.profile.items())]
    return tuple(facts)


def _records(user: User, lists: Snapshot) -> list[Fact]:
    """Records owned and named in, where the sync counted them; it does for who is gone or parked."""
    owner = next((one for one in lists.owners if one.id == user.owner_id), None)
    if user.owner_id is None or owner is None:
        return []
    owned, named = owner.records, owner.named_in
    return [
        Fact(
            "records owned", NOT_COUNTED if owned is None else owned, "CRM search", lists.sealed_at
        ),
        Fact("named in", NOT_COUNTED if named is None else named, "CRM search", lists.sealed_at),
    ]


def _state_source(user: User) -> str:
    if user.state is UserState.REMOVED:
        return "404 by id and by e-mail"
    if user.state is UserState.INVITED:
        return "no CRM record and no log-in"
    return f"{CRM}, owners" if user.state is UserState.DEACTIVATED else LISTED


async def user_history(app: App, actor: Actor, name: str, who: str) -> tuple[HistoryLine, ...]:
    """What changed about a user from snapshot to snapshot, oldest first."""
    portal = await portal_named(app, actor, name)
    async with app.database.read() as view:
        names = Names.of(await lists_of(view, portal))
        user = await view.users.get(portal.hub_id, who)
        versions = await view.users.history(portal.hub_id, user.id)
    lines: list[HistoryLine] = []
    before: UserVersion | None = None
    for version in versions:
        lines.append(_line(before, version, names))
        before = version
    return tuple(lines)


def _line(before: UserVersion | None, version: UserVersion, names: Names) -> HistoryLine:
    if before is None:
        return HistoryLine(version.since, version.until, (), "first seen")
    if before.until != version.since:
        return HistoryLine(version.since, version.until, (), "back in the portal")
    found = differences(names.row(before.user), names.row(version.user))
    return HistoryLine(version.since, version.until, found)


_NAMED = {
    "permission_set_ids": "permission_sets",
    "main_team_id": "main_team",
    "extra_team_ids": "extra_teams",
}


def differences(before: UserRow, after: UserRow) -> tuple[Difference, ...]:
    """Every field of a user that differs, profile properties one by one."""
    found = []
    for one in structs.fields(User):
        was, now = getattr(before.user, one.name), getattr(after.user, one.name)
        if was == now or one.name == "profile":
            continue
        name = _NAMED.get(one.name)
        if name is None:
            found.append(Difference(one.name, was, now))
        else:
            found.append(Difference(name, getattr(before, name), getattr(after, name)))
    old, new = before.user.profile, after.user.profile
    found += [
        Difference(name, old.get(name), new.get(name))
        for name in sorted(old.keys() | new.keys())
        if old.get(name) != new.get(name)
    ]
    return tuple(found)
