"""Writes a snapshot as differences from the one before: new versions, ended ones, nothing else.

The comparison is made here, not in SQL over a staging table: a sync has the picture before at hand
anyhow, and staging 50,000 rows costs ten times as much as looking at them (docs/decisions/0006).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from zlib import crc32

import msgspec
from msgspec import structs
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from rolecall.domain.snapshot import RecordOwner, Snapshot, User
from rolecall.store.bulk import Row, close_rows, insert_rows
from rolecall.store.facts import ACTIVITY, FACTS, USERS, digest_of, is_open
from rolecall.store.schema import FOREVER, to_micros
from rolecall.store.user_rows import user_row

ENCODE = msgspec.json.Encoder(order="deterministic").encode
# Record owners are as many as users, are asked for all together and hardly ever change, so they
# are kept in buckets: 512 rows instead of 50,000 to write, read and compare.
OWNER_BUCKETS = 512
_OWNERS = msgspec.json.Decoder(list[RecordOwner])


@dataclass(slots=True)
class Tally:
    """How many facts of a kind are new, different and gone."""

    added: int = 0
    changed: int = 0
    removed: int = 0

    @property
    def total(self) -> int:
        """All differences."""
        return self.added + self.changed + self.removed


@dataclass(slots=True)
class Difference:
    """What one kind of fact needs written; `ended` are keys of open rows."""

    tally: Tally = field(default_factory=Tally)
    fresh: list[str] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)


def compared(found: Mapping[str, object], known: Mapping[str, object]) -> Difference:
    """What differs between two maps of key to value, or to the value's digest."""
    if found == known:
        return Difference()
    changed = [key for key, value in found.items() if known.get(key) != value]
    ended = [key for key in changed if key in known]
    gone = list(known.keys() - found.keys())
    tally = Tally(len(changed) - len(ended), len(ended), len(gone))
    return Difference(tally, changed, ended + gone)


async def write_users(
    connection: AsyncConnection, snapshot: Snapshot, before: Iterable[User], seq: int
) -> Tally:
    """Bring USERS and ACTIVITY to this snapshot; `before` are the users of the newest one."""
    hub_id = snapshot.hub_id
    users = {user.id: user for user in snapshot.users}
    known = {user.id: user for user in before}
    found = compared(users, known)
    moved = [key for key in found.fresh if _only_moved(users[key], known.get(key))]
    ended = _without(found.ended, moved)
    open_users = (USERS.c.hub_id == hub_id, is_open(USERS))
    await close_rows(connection, USERS.c.user_id, ended, *open_users, since=seq)
    rows = (user_row(hub_id, seq, users[key]) for key in _without(found.fresh, moved))
    await insert_rows(connection, USERS, rows)
    # A new version of a user carries its own activity.
    open_activity = (ACTIVITY.c.hub_id == hub_id, is_open(ACTIVITY))
    await close_rows(connection, ACTIVITY.c.user_id, found.ended, *open_activity, since=seq)
    active = (_activity_row(hub_id, seq, users[key]) for key in moved)
    await insert_rows(connection, ACTIVITY, active)
    return found.tally


def _only_moved(user: User, known: User | None) -> bool:
    """Nothing but the last activity changed."""
    if known is None:
        return False
    at, source = user.last_active_at, user.last_active_source
    return user == structs.replace(known, last_active_at=at, last_active_source=source)


def _without(keys: Sequence[str], others: Iterable[str]) -> Sequence[str]:
    left_out = set(others)
    return [key for key in keys if key not in left_out] if left_out else keys


async def write_facts(
    connection: AsyncConnection, hub_id: int, seq: int, kind: str, bodies: Mapping[str, bytes]
) -> Tally:
    """Bring one kind of FACTS (encoded, by key) to this snapshot."""
    mine = (FACTS.c.hub_id == hub_id, FACTS.c.kind == kind, is_open(FACTS))
    rows = await connection.execute(select(FACTS.c.key, FACTS.c.digest).where(*mine))
    known = {row[0]: row[1] for row in rows}
    digests = {key: digest_of(body) for key, body in bodies.items()}
    found = compared(digests, known)
    await close_rows(connection, FACTS.c.key, found.ended, *mine, since=seq)
    fresh = (
        (hub_id, kind, key, seq, FOREVER, digests[key], bodies[key].decode()) for key in found.fresh
    )
    await insert_rows(connection, FACTS, fresh)
    return found.tally


async def write_owners(
    connection: AsyncConnection, hub_id: int, seq: int, owners: Sequence[RecordOwner]
) -> Tally:
    """Bring the record owners to this snapshot; the tally counts owners, not buckets."""
    buckets = owner_buckets(owners)
    mine = (FACTS.c.hub_id == hub_id, FACTS.c.kind == "owner", is_open(FACTS))
    rows = await connection.execute(select(FACTS.c.key, FACTS.c.digest).where(*mine))
    digests = {key: digest_of(body) for key, body in buckets.items()}
    ended = compared(digests, {row[0]: row[1] for row in rows}).ended
    old = select(FACTS.c.key, FACTS.c.body).where(*mine, FACTS.c.key.in_(ended))
    former = {row[0]: row[1].encode() for row in await connection.execute(old)}
    written = await write_facts(connection, hub_id, seq, "owner", buckets)
    if not former:
        return Tally(added=len(owners) if written.added else 0)
    fresh = {key: body for key, body in buckets.items() if key in former}
    return compared(_owner_digests(fresh), _owner_digests(former)).tally


def _owner_digests(buckets: Mapping[str, bytes]) -> dict[str, int]:
    owners = (one for body in buckets.values() for one in _OWNERS.decode(body))
    return {one.id: digest_of(ENCODE(one)) for one in owners}


def owner_buckets(owners: Sequence[RecordOwner]) -> dict[str, bytes]:
    """Record owners encoded by bucket; the same owners always fall into the same ones."""
    buckets: dict[int, list[RecordOwner]] = {}
    for owner in sorted(owners, key=lambda one: one.id):
        buckets.setdefault(crc32(owner.id.encode()) % OWNER_BUCKETS, []).append(owner)
    return {f"{number:03d}": ENCODE(group) for number, group in buckets.items()}


def _activity_row(hub_id: int, seq: int, user: User) -> Row:
    at = None if user.last_active_at is None else to_micros(user.last_active_at)
    return (hub_id, user.id, seq, FOREVER, at, user.last_active_source)
