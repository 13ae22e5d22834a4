"""A portal of the emulator as domain values, and the truth about it, without any HTTP between."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from hubspot_emulator.granular.export import ExportOptions, users_export
from hubspot_emulator.granular.truth import truth
from hubspot_emulator.world import Portal, World
from rolecall.domain.portal import Tier
from rolecall.domain.snapshot import PermissionSet, Seat, Snapshot, Team, User, UserState
from rolecall.permissions.access import Resolver
from rolecall.permissions.book import evidence_book
from rolecall.sources import shipped
from rolecall.sources.users_export import matched, read_users_export


def snapshot_of(world: World, portal: Portal, now: datetime) -> Snapshot:
    """What a complete sync of the portal would have sealed, access facts only."""
    users = []
    for member in portal.members.values():
        identity = world.identities[member.user_id]
        state = UserState.ACTIVE if member.deactivated_at is None else UserState.DEACTIVATED
        users.append(
            User(
                id=str(member.user_id),
                email=identity.email,
                first_name=identity.first_name,
                last_name=identity.last_name,
                super_admin=member.super_admin,
                permission_set_ids=tuple(str(one) for one in member.permission_set_ids),
                main_team_id=None if member.main_team_id is None else str(member.main_team_id),
                extra_team_ids=tuple(str(one) for one in member.extra_team_ids),
                seat_names=tuple(member.seat_names),
                state=UserState.SERVICE if member.service_user else state,
                created_at=member.created_at,
            )
        )
    return Snapshot(
        hub_id=portal.id,
        id="snapshot-1",
        started_at=now,
        sealed_at=now,
        complete=True,
        users=tuple(users),
        permission_sets=tuple(
            PermissionSet(str(one.id), one.name) for one in portal.permission_sets.values()
        ),
        teams=tuple(
            Team(str(one.id), one.name, None if one.parent_id is None else str(one.parent_id))
            for one in portal.teams.values()
        ),
        seats=tuple(Seat(one.name) for one in portal.seats.values()),
        tier=Tier(portal.tier),
    )


def resolver_of(
    world: World,
    portal: Portal,
    now: datetime,
    options: ExportOptions | None = None,
    *,
    cut: int = 0,
) -> Resolver:
    """A resolver that knows the snapshot and one users export, `cut` bytes short, nothing else."""
    snapshot = snapshot_of(world, portal, now)
    data = users_export(world, portal, options or ExportOptions())
    data = data[: len(data) - cut]
    names = [one.name for one in snapshot.permission_sets]
    reading = read_users_export(data, shipped.words(), as_of=now, known_sets=names)
    records = matched(reading, snapshot).records
    book = evidence_book(shipped.catalogue(), snapshot, records)
    return Resolver(shipped.catalogue(), snapshot, now, book)


def true_access(world: World, portal: Portal) -> dict[str, dict[str, str]]:
    """What each user can really do, by settings id."""
    rows: list[dict[str, Any]] = truth(world, portal)["users"]
    return {row["id"]: row["effective"] for row in rows}
