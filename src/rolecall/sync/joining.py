"""Makes one picture of what a run read: users joined, unread parts carried over. Pure.

What could not be read is answered from the snapshot before; nobody disappears by not being read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from msgspec import structs

from rolecall.domain.snapshot import (
    PermissionSet,
    RecordOwner,
    Seat,
    Snapshot,
    Team,
    User,
    UserState,
)
from rolecall.reading import (
    DisplayProperties,
    Reading,
    identities,
    moment,
    owner_of,
    permission_set_of,
    seat_of,
    teams_of,
    user_reader,
)
from rolecall.sync.leftovers import Left
from rolecall.sync.resources import (
    ARCHIVED_OWNERS,
    CRM_USERS,
    OWNERS,
    PERMISSION_SETS,
    SEATS,
    TEAM_TREE,
    TEAMS,
    Material,
)


@dataclass(frozen=True, slots=True)
class Known:
    """What a run knows beside the pages: the picture before, feeds, and what was left unread."""

    before: Snapshot | None = None
    unread: frozenset[str] = frozenset()  # resource names
    display: DisplayProperties = field(default_factory=DisplayProperties)
    seats_told: bool = True
    last_logins: Mapping[str, datetime] = field(default_factory=dict)  # by case-folded e-mail
    added_at: Mapping[str, datetime] = field(default_factory=dict)  # from ADD_USER events
    left: Mapping[str, Left | None] = field(default_factory=dict)  # by archived owner


@dataclass(frozen=True, slots=True)
class Picture:
    """The contents of a snapshot to be."""

    users: tuple[User, ...]
    permission_sets: tuple[PermissionSet, ...]
    teams: tuple[Team, ...]
    seats: tuple[Seat, ...]
    owners: tuple[RecordOwner, ...]


def joined_users(
    material: Material, owners: Iterable[RecordOwner], known: Known
) -> dict[str, User]:
    """Every listed user by id, in the order of ids; of two rows for one id the later counts."""
    reading = Reading(
        identities(material.crm_users, owners),
        known.display,
        known.last_logins,
        _born(material, known),
        crm_read=CRM_USERS not in known.unread,
        seats_told=known.seats_told,
    )
    users = {user.id: user for user in map(user_reader(reading), material.users)}
    for kept in known.before.users if known.before else ():
        if (user := users.get(kept.id)) is not None:
            users[kept.id] = _as_known(user, kept, crm_read=reading.crm_read)
    return users


def _as_known(user: User, kept: User, *, crm_read: bool) -> User:
    """The user with what was known before and could not be read this time."""
    if not crm_read:
        user = _with_former_profile(user, kept)
    if user.created_at is not None or kept.created_at is None:
        return user
    return structs.replace(user, created_at=kept.created_at)


def joined_owners(material: Material, known: Known) -> tuple[RecordOwner, ...]:
    """Owners in use and archived ones, with the records the archived ones left behind."""
    former = known.before.owners if known.before else ()
    owners = {
        one.id: one
        for one in former
        if (ARCHIVED_OWNERS if one.archived else OWNERS) in known.unread
    }
    for told in (*material.archived_owners, *material.owners):
        owners[told.id] = owner_of(told)
    return tuple(
        _with_leftovers(one, known.left.get(one.id)) if one.archived else one
        for one in owners.values()
    )


def _with_leftovers(owner: RecordOwner, left: Left | None) -> RecordOwner:
    if left is None:
        return owner
    return structs.replace(owner, records=left.owned, named_in=left.named)


def joined_teams(material: Material, known: Known) -> tuple[Team, ...]:
    """Both team lists as one; parents from before where only the flat list answered."""
    former = known.before.teams if known.before else ()
    if TEAMS in known.unread and TEAM_TREE in known.unread:
        return former
    teams = teams_of(material.teams, material.team_tree)
    if TEAM_TREE not in known.unread:
        return teams
    parents = {team.id: team.parent_id for team in former}
    there = {team.id for team in teams}
    return tuple(
        structs.replace(team, parent_id=parent)
        if (parent := parents.get(team.id)) in there
        else team
        for team in teams
    )


def picture_of(
    material: Material, users: Iterable[User], owners: tuple[RecordOwner, ...], known: Known
) -> Picture:
    """Everything joined."""
    before = known.before
    sets = tuple(permission_set_of(one) for one in material.permission_sets)
    seats = tuple(seat_of(one) for one in material.seats)
    if before is not None and PERMISSION_SETS in known.unread:
        sets = before.permission_sets
    if before is not None and SEATS in known.unread:
        seats = before.seats
    return Picture(tuple(users), sets, joined_teams(material, known), seats, owners)


def _born(material: Material, known: Known) -> dict[str, datetime]:
    """When owners and feeds saw each user first, by settings id; the earlier of both counts."""
    born: dict[str, datetime] = {}
    for told in (*material.archived_owners, *material.owners):
        at = moment(told.created_at)
        if at is not None and told.user_id is not None:
            born[str(told.user_id)] = at
    for user_id, at in known.added_at.items():
        born[user_id] = min(at, born.get(user_id, at))
    return born


def _with_former_profile(user: User, kept: User) -> User:
    """The CRM part of a user as it was before, while CRM users cannot be read."""
    state, estimated = _former_state(user, kept)
    at, source = user.last_active_at, user.last_active_source
    if kept.last_active_at is not None and (at is None or at <= kept.last_active_at):
        at, source = kept.last_active_at, kept.last_active_source
    return structs.replace(
        user,
        state=state,
        state_estimated=estimated,
        crm_id=kept.crm_id,
        owner_id=user.owner_id or kept.owner_id,
        profile=kept.profile,
        last_active_at=at,
        last_active_source=source,
        seat_names=kept.seat_names if user.seat_names is None else user.seat_names,
    )


def _former_state(user: User, kept: User) -> tuple[UserState, bool]:
    """The state as it was, unless owners or log-ins tell something newer."""
    newer = (
        kept.state is UserState.REMOVED
        or (kept.state is UserState.INVITED and user.last_active_at is not None)
        or (kept.state is UserState.DEACTIVATED and user.owner_id and not user.owner_archived)
        or user.state is UserState.DEACTIVATED
    )
    told = user if newer and kept.state is not user.state else kept
    return told.state, told.state_estimated
