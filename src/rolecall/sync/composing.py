"""Makes a snapshot of what was gathered: joined, gone users proved, invariants checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from msgspec import structs

from rolecall.domain.portal import Capabilities, Portal
from rolecall.domain.snapshot import RecordOwner, Snapshot, User, UserState
from rolecall.hubspot import Reader
from rolecall.hubspot.wire import Owner
from rolecall.kit.ids import uuid7
from rolecall.reading import permission_set_ids_of
from rolecall.store import Database
from rolecall.sync import absence, resources
from rolecall.sync.absence import Proofs
from rolecall.sync.feeding import feed_facts
from rolecall.sync.gathering import Gathered
from rolecall.sync.invariants import violations
from rolecall.sync.joining import Known, joined_owners, joined_users, picture_of
from rolecall.sync.leftovers import OBJECTS, Left, count_leftovers
from rolecall.sync.ports import Bounds, Progress, Step
from rolecall.sync.troubles import Gap

# More sentences than a person reads; the rest is counted.
SHOWN = 5
# Key of Capabilities.details: user-type properties of one object type beside the owner.
OWNER_PROPERTIES = "owner properties of "


@dataclass(frozen=True, slots=True)
class Composed:
    """A snapshot ready to be sealed, and what a person should know of how it came about."""

    snapshot: Snapshot
    notes: tuple[str, ...] = ()
    proved: int = 0


@dataclass(slots=True)
class Composer:
    """Turns one run's material into a snapshot; asks HubSpot only for proofs."""

    reader: Reader
    database: Database
    portal: Portal
    bounds: Bounds
    progress: Progress
    before: Snapshot | None
    started_at: datetime
    left: dict[str, Left | None] = field(default_factory=dict)

    async def compose(
        self, gathered: Gathered, found: Capabilities, now: datetime, *, accept_shrink: bool
    ) -> Composed:
        """The snapshot of this run."""
        material = gathered.material
        known = await self._known(gathered)
        owners = joined_owners(material, known)
        proofs = await self._proofs(gathered, owners, accept_shrink=accept_shrink)
        gathered.let_go()
        material.users.extend(proofs.present)
        users = joined_users(material, owners, known)
        everybody = [*users.values(), *self._others(users, proofs)]
        picture = picture_of(material, everybody, owners, known)
        material.let_go()  # as large as the snapshot itself, and not looked at again
        gaps = [*gathered.gaps]
        if resources.USERS not in gathered.unread:
            gaps += _shrink_gaps(proofs, users)
        snapshot = Snapshot(
            hub_id=self.portal.hub_id,
            id=uuid7(),
            started_at=self.started_at,
            sealed_at=now,
            complete=True,
            users=picture.users,
            permission_sets=picture.permission_sets,
            teams=picture.teams,
            seats=picture.seats,
            owners=picture.owners,
            tier=found.tier,
            time_zone=self.portal.time_zone,
            capabilities=found,
        )
        gaps += _broken(snapshot)
        whole = replace(
            snapshot,
            complete=not any(gap.torn for gap in gaps),
            gaps=tuple(dict.fromkeys(map(str, gaps))),
        )
        return Composed(whole, gathered.notes, len(proofs.gone))

    async def _known(self, gathered: Gathered) -> Known:
        facts = await feed_facts(self.database, self.portal.hub_id)
        version = self.reader.connection.versions_in_use().get("users")
        return Known(
            before=self.before,
            unread=gathered.unread,
            display=gathered.display,
            seats_told=version is not None and "seatNames" not in version.lacks,
            last_logins=facts.last_logins,
            added_at=facts.added_at,
            left=self.left,
        )

    async def _proofs(
        self, gathered: Gathered, owners: Sequence[RecordOwner], *, accept_shrink: bool
    ) -> Proofs:
        listed = [user.id for user in gathered.material.users]
        found = absence.suspects(self.before, listed, owners)
        if resources.USERS in gathered.unread:  # a list that did not come makes nobody a suspect
            return Proofs(open=found)
        if found:
            self.progress(Step("proving who is gone", 0, len(found)))
        bound = None if accept_shrink else self.bounds.absence_proofs
        return await absence.prove(self.reader, found, bound)

    def _others(self, users: dict[str, User], proofs: Proofs) -> list[User]:
        """Those not listed: proved gone, gone before, or left open."""
        if self.before is None:
            return []
        found = []
        open_ids = {one.user_id for one in proofs.open}
        for user in self.before.users:
            if user.id in users:
                continue
            if user.id in open_ids:
                found.append(user)
            elif user.id in proofs.gone or not user.present:
                found.append(as_removed(user))
        return found


def as_removed(user: User) -> User:
    """The user as history keeps it: gone, holding nothing."""
    return structs.replace(
        user,
        state=UserState.REMOVED,
        state_estimated=False,
        super_admin=False,
        permission_set_ids=(),
        main_team_id=None,
        extra_team_ids=(),
        seat_names=None if user.seat_names is None else (),
    )


async def count_gone(
    reader: Reader,
    archived: Sequence[Owner],
    owners: Sequence[RecordOwner],
    found: Capabilities,
    bounds: Bounds,
    *,
    again: bool,
) -> dict[str, Left | None]:
    """Records of `archived` owners by owner id; `owners` tell what was counted before.

    With `again`, only those who had records are looked at: they may have been handed over.
    """
    known = known_leftovers(owners)
    former = {one.id: known.get(one.id) for one in archived}
    wanted = {one: count for one, count in former.items() if count} if again else former
    if not wanted:
        return former
    properties = {name: _names(found.details.get(OWNER_PROPERTIES + name)) for name in OBJECTS}
    left = await count_leftovers(reader, wanted, properties, budget=bounds.leftover_searches)
    return {one: left.left_by(one, count) for one, count in former.items()}


def known_leftovers(owners: Sequence[RecordOwner]) -> dict[str, Left | None]:
    """What was counted before, by archived owner."""
    return {
        one.id: None if one.records is None else Left(one.records, one.named_in or 0)
        for one in owners
        if one.archived
    }


def _names(text: str | None) -> tuple[str, ...]:
    return tuple(text.split(",")) if text else ()


def _shrink_gaps(proofs: Proofs, users: Mapping[str, User]) -> list[Gap]:
    """What an unwhole list means. Portals that hide deactivated users are whole all the same."""
    gaps = []
    left_out = [one for one in proofs.present if users[one.id].state is not UserState.DEACTIVATED]
    if left_out:
        reason = f"HubSpot's list left out {len(left_out)} who are there"
        gaps.append(Gap("users", reason, torn=True))
    if proofs.open:
        count = len(proofs.open)
        reason = f"{count} users disappeared from the list, more than one sync proves gone"
        gaps.append(Gap("users", reason, torn=True))
    return gaps


def _broken(snapshot: Snapshot) -> list[Gap]:
    """Invariants that do not hold: lists read at different moments, or HubSpot contradicting."""
    found = violations(snapshot)
    shown = [Gap("contradiction", text, torn=True) for text in found[:SHOWN]]
    if len(found) > SHOWN:
        shown.append(Gap("contradiction", f"and {len(found) - SHOWN} more", torn=True))
    return shown


async def mend_tears(reader: Reader, gathered: Gathered) -> None:
    """Read teams and sets once more when a user names one that came between two requests."""
    material, unread = gathered.material, gathered.unread
    teams = {team.id for team in material.teams}
    sets = {one.id for one in material.permission_sets}
    named: set[str] = set()
    granted: set[str] = set()
    for user in material.users:
        if user.secondary_team_ids:
            named.update(user.secondary_team_ids)
        if user.primary_team_id:
            named.add(user.primary_team_id)
        granted.update(user.role_ids or permission_set_ids_of(user))
    if resources.TEAMS not in unread and not named <= teams:
        material.teams[:] = await reader.teams_flat()
        if resources.TEAM_TREE not in unread:
            material.team_tree[:] = [
                node async for page in reader.teams_tree() for node in page.items
            ]
    if resources.PERMISSION_SETS not in unread and not granted <= sets:
        material.permission_sets[:] = await reader.permission_sets()
