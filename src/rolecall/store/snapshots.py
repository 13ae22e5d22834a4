"""Snapshots: sealed as differences, answered whole, at any time since the first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from operator import attrgetter
from typing import Any, TypeVar

import msgspec
from sqlalchemy import RowMapping, insert, select

from rolecall.domain.portal import Capabilities, Tier
from rolecall.domain.snapshot import (
    PermissionSet,
    RecordOwner,
    Seat,
    Snapshot,
    Team,
    User,
    UserState,
)
from rolecall.store.encoding import from_json, plain, to_json
from rolecall.store.errors import OutOfDate
from rolecall.store.facts import DAILY_COUNTS, FACTS, SNAPSHOTS, holds_at, is_open
from rolecall.store.rows import Repository
from rolecall.store.sealing import ENCODE, Tally, write_facts, write_owners, write_users
from rolecall.store.users import Users

Value = TypeVar("Value")
# The kinds kept in FACTS and what a body holds: one value, or a bucket of record owners.
KINDS: Mapping[str, Any] = {
    "permission_set": PermissionSet, "team": Team, "seat": Seat, "owner": list[RecordOwner],
}  # fmt: skip


class _Glance(msgspec.Struct, frozen=True, gc=False):
    """What tells of a kept record owner whether he is archived and what he left behind."""

    id: str
    archived: bool = False
    records: int | None = None
    named_in: int | None = None


_GLANCES = msgspec.json.Decoder(list[_Glance])


@dataclass(frozen=True, slots=True)
class SnapshotHead:
    """A snapshot without its contents; `input_digest` is whatever the sync named it by."""

    id: str
    hub_id: int
    seq: int
    started_at: datetime
    sealed_at: datetime
    complete: bool
    gaps: tuple[str, ...]
    counts: Mapping[str, int]
    changes: int
    input_digest: str


@dataclass(frozen=True, slots=True)
class Sealed:
    """What sealing found: the new snapshot and how it differs from the one before."""

    head: SnapshotHead
    tallies: Mapping[str, Tally] = field(default_factory=dict)  # by kind: user, team, ...

    @property
    def changes(self) -> int:
        """Facts that are new, different or gone."""
        return self.head.changes


@dataclass(frozen=True, slots=True)
class FactChange:
    """One difference between two times; a field is empty where the whole fact came or went."""

    kind: str  # user | permission_set | team | seat | owner
    id: str
    label: str  # e-mail or name, for people to read
    field: str
    before: object
    after: object


class Snapshots(Repository):
    """Snapshots by portal; each has a number (`seq`) that grows by one."""

    async def seal(
        self,
        snapshot: Snapshot,
        *,
        before: Snapshot | None = None,
        input_digest: str = "",
        counts: Mapping[str, int] | None = None,
    ) -> Sealed:
        """Write what differs from the newest snapshot of the portal, and nothing else.

        Call it under the portal's lease. `before` is that newest one where it was loaded already;
        another is not taken for it. `counts` are added to those of `counts_of`. Users come back
        ordered by id.
        """
        newest = await self._row_at(snapshot.hub_id)
        seq = 1 if newest is None else newest["seq"] + 1
        former = await self._users_of(newest, before)
        tallies = {"user": await write_users(self.connection, snapshot, former, seq)}
        for kind, bodies in _encoded(snapshot).items():
            tallies[kind] = await write_facts(self.connection, snapshot.hub_id, seq, kind, bodies)
        owners = await write_owners(self.connection, snapshot.hub_id, seq, snapshot.owners)
        tallies["owner"] = owners
        head = SnapshotHead(
            snapshot.id,
            snapshot.hub_id,
            seq,
            snapshot.started_at,
            snapshot.sealed_at,
            snapshot.complete,
            snapshot.gaps,
            {**counts_of(snapshot), **(counts or {})},
            sum(tally.total for tally in tallies.values()),
            input_digest,
        )
        await self._add_head(head, snapshot.tier, snapshot.time_zone, snapshot.capabilities)
        return Sealed(head, tallies)

    async def seal_same(
        self,
        snapshot_id: str,
        hub_id: int,
        started_at: datetime,
        sealed_at: datetime,
        input_digest: str,
    ) -> Sealed:
        """Seal a snapshot equal to the newest one, which was read again and found unchanged.

        For a sync that saw the same pages as the newest snapshot's `input_digest`.
        Raises OutOfDate when the newest snapshot is of another input, or there is none.
        """
        newest = await self._row_at(hub_id)
        if newest is None or newest["input_digest"] != input_digest:
            raise OutOfDate(f"Portal {hub_id} changed since it was last read")
        former = _head(newest)
        head = replace(
            former,
            id=snapshot_id,
            seq=former.seq + 1,
            started_at=started_at,
            sealed_at=sealed_at,
            changes=0,
        )
        capabilities = _decoded(newest["capabilities"], Capabilities)
        await self._add_head(head, Tier(newest["tier"]), newest["time_zone"], capabilities)
        return Sealed(head)

    async def head(
        self, hub_id: int, at: datetime | None = None, *, complete: bool = False
    ) -> SnapshotHead | None:
        """The newest snapshot sealed at or before `at`; only complete ones if so asked."""
        row = await self._row_at(hub_id, at, complete=complete)
        return _head(row) if row else None

    async def heads(self, hub_id: int, limit: int = 50) -> tuple[SnapshotHead, ...]:
        """The newest snapshots, newest first."""
        found = select(SNAPSHOTS).where(SNAPSHOTS.c.hub_id == hub_id)
        rows = await self.rows(found.order_by(SNAPSHOTS.c.seq.desc()).limit(limit))
        return tuple(_head(row) for row in rows)

    async def load(
        self,
        hub_id: int,
        at: datetime | None = None,
        *,
        snapshot_id: str | None = None,
        complete: bool = False,
        without_users: bool = False,
    ) -> Snapshot | None:
        """The whole picture at a time (default: the newest), or of one snapshot by its id.

        `without_users` leaves them out, for who needs the names of sets and teams alone.
        """
        row = await self._row_at(hub_id, at, snapshot_id=snapshot_id, complete=complete)
        if row is None:
            return None
        facts = await self._facts_at(hub_id, row["seq"])
        users = () if without_users else await Users(self.connection).at(hub_id, row["seq"])
        return Snapshot(
            hub_id, row["id"], row["started_at"], row["sealed_at"], row["complete"], users,
            facts["permission_set"], facts["team"], facts["seat"], facts["owner"],
            tuple(row["gaps"]), Tier(row["tier"]), row["time_zone"],
            _decoded(row["capabilities"], Capabilities),
        )  # fmt: skip

    async def archived_owners(self, hub_id: int) -> tuple[RecordOwner, ...]:
        """The archived record owners of the newest snapshot, with what they left behind.

        A tenth of the work of loading every owner, and all a sync needs before it knows more.
        """
        found = select(FACTS.c.body).where(
            FACTS.c.hub_id == hub_id,
            FACTS.c.kind == "owner",
            is_open(FACTS),
            FACTS.c.body.contains('"archived":true'),
        )
        bodies = (await self.connection.execute(found)).scalars()
        glances = (one for body in bodies for one in _GLANCES.decode(body))
        return tuple(
            RecordOwner(one.id, None, archived=True, records=one.records, named_in=one.named_in)
            for one in glances
            if one.archived
        )

    async def changes_between(
        self, hub_id: int, earlier: datetime, later: datetime, *, activity: bool = True
    ) -> tuple[FactChange, ...]:
        """What differs between the pictures at two times, field by field.

        Before the first snapshot the portal counts as empty. Without `activity` users are left
        out of whom nothing but their last activity differs, which most people's does every day.
        """
        first, last = await self._seq_at(hub_id, earlier), await self._seq_at(hub_id, later)
        users = Users(self.connection)
        before, after = await users.differing(hub_id, first, last, activity=activity)
        found = list(_differences("user", before, after, "email"))
        old = await self._facts_at(hub_id, first)
        new = await self._facts_at(hub_id, last)
        for kind in KINDS:
            label = "email" if kind == "owner" else "name"
            found += _differences(kind, _by_key(old[kind]), _by_key(new[kind]), label)
        return tuple(found)

    async def daily_counts(
        self, hub_id: int, since: date, until: date
    ) -> tuple[tuple[date, Mapping[str, int]], ...]:
        """Counts of the last snapshot of each day (UTC), both days included."""
        day = DAILY_COUNTS.c.day
        found = select(DAILY_COUNTS).where(DAILY_COUNTS.c.hub_id == hub_id, day >= since)
        rows = await self.rows(found.where(day <= until).order_by(day))
        return tuple((row["day"], row["counts"]) for row in rows)

    async def _users_of(self, row: RowMapping | None, loaded: Snapshot | None) -> tuple[User, ...]:
        """The users of a snapshot, from the picture of it that is loaded already or anew."""
        if row is None:
            return ()
        if loaded is not None and loaded.id == row["id"]:
            return loaded.users
        return await Users(self.connection).at(row["hub_id"], row["seq"])

    async def _seq_at(self, hub_id: int, at: datetime) -> int:
        row = await self._row_at(hub_id, at)
        return int(row["seq"]) if row else 0

    async def _row_at(
        self,
        hub_id: int,
        at: datetime | None = None,
        *,
        snapshot_id: str | None = None,
        complete: bool = False,
    ) -> RowMapping | None:
        found = select(SNAPSHOTS).where(SNAPSHOTS.c.hub_id == hub_id)
        if at is not None:
            found = found.where(SNAPSHOTS.c.sealed_at <= at)
        if snapshot_id is not None:
            found = found.where(SNAPSHOTS.c.id == snapshot_id)
        if complete:
            found = found.where(SNAPSHOTS.c.complete)
        return await self.one(found.order_by(SNAPSHOTS.c.seq.desc()).limit(1))

    async def _facts_at(self, hub_id: int, seq: int) -> dict[str, tuple[Any, ...]]:
        found = select(FACTS.c.kind, FACTS.c.body).where(
            FACTS.c.hub_id == hub_id, holds_at(FACTS, seq)
        )
        facts: dict[str, list[Any]] = {kind: [] for kind in KINDS}
        for kind, body in await self.connection.execute(found.order_by(FACTS.c.kind, FACTS.c.key)):
            value = from_json(body, KINDS[kind])
            facts[kind] += value if kind == "owner" else [value]
        facts["owner"].sort(key=attrgetter("id"))
        return {kind: tuple(values) for kind, values in facts.items()}

    async def _add_head(
        self, head: SnapshotHead, tier: Tier, time_zone: str, capabilities: Capabilities
    ) -> None:
        row = {
            "hub_id": head.hub_id, "seq": head.seq, "id": head.id, "started_at": head.started_at,
            "sealed_at": head.sealed_at, "complete": head.complete, "gaps": list(head.gaps),
            "tier": tier.value, "time_zone": time_zone, "capabilities": plain(capabilities),
            "counts": dict(head.counts), "changes": head.changes,
            "input_digest": head.input_digest,
        }  # fmt: skip
        await self.connection.execute(insert(SNAPSHOTS).values(**row))
        day = head.sealed_at.astimezone(UTC).date()
        counts = {"hub_id": head.hub_id, "day": day, "counts": dict(head.counts)}
        await self.upsert(DAILY_COUNTS, [counts])


def counts_of(snapshot: Snapshot) -> dict[str, int]:
    """How many there are of everything worth a curve: users by state, sets, teams, seats left."""
    states = Counter(map(attrgetter("state"), snapshot.users))
    counts = {f"state:{state.value}": number for state, number in states.items()}
    counts["users"] = len(snapshot.users) - states[UserState.REMOVED]
    counts["super_admins"] = sum(one.acts_as_super_admin for one in snapshot.users)
    counts["permission_sets"] = len(snapshot.permission_sets)
    counts["teams"] = len(snapshot.teams)
    counts["owners"] = len(snapshot.owners)
    for seat in snapshot.seats:
        if seat.remaining is not None:
            counts[f"seat:{seat.name}"] = seat.remaining
    return counts


def _encoded(snapshot: Snapshot) -> dict[str, dict[str, bytes]]:
    """Permission sets, teams and seats as FACTS keeps them: kind, key, body."""
    return {
        "permission_set": {one.id: ENCODE(one) for one in snapshot.permission_sets},
        "team": {one.id: ENCODE(one) for one in snapshot.teams},
        "seat": {one.name: ENCODE(one) for one in snapshot.seats},
    }


def _by_key(values: Iterable[Any]) -> dict[str, Any]:
    return {one.name if isinstance(one, Seat) else one.id: one for one in values}


def _differences(
    kind: str, before: Mapping[str, Any], after: Mapping[str, Any], label: str
) -> Iterable[FactChange]:
    for key in sorted(before.keys() | after.keys()):
        old, new = before.get(key), after.get(key)
        if old == new:
            continue
        name = getattr(new if new is not None else old, label)
        if old is None or new is None:
            yield FactChange(kind, key, name, "", old, new)
            continue
        for one in type(old).__struct_fields__:
            was, now = getattr(old, one), getattr(new, one)
            if was != now:
                yield FactChange(kind, key, name, one, was, now)


def _head(row: RowMapping) -> SnapshotHead:
    return SnapshotHead(
        row["id"], row["hub_id"], row["seq"], row["started_at"], row["sealed_at"],
        row["complete"], tuple(row["gaps"]), row["counts"], row["changes"], row["input_digest"],
    )  # fmt: skip


def _decoded(told: object, kind: type[Value]) -> Value:
    return from_json(to_json(told), kind)
