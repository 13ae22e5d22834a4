"""Strategies for portals as they change from sync to sync, for property tests of the store."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count

from hypothesis import strategies as st

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

START = datetime(2026, 1, 1, tzinfo=UTC)
# Every example takes a hub id of its own, so that one database serves them all.
HUBS = count(1_000)

IDS = st.sampled_from(["1", "2", "10", "11", "200"])
NAMES = st.sampled_from(["", "Ana", "ÅSA", "ana b", "Zoë %", "O'Neil_", '"quoted"'])
TIMES = st.none() | st.integers(0, 5).map(lambda days: START + timedelta(days=days, microseconds=1))
VALUES = st.lists(st.sampled_from(["1", "12", "2"]), unique=True, max_size=2).map(tuple)
PROFILES = st.dictionaries(
    st.sampled_from(["jobtitle", "hs_tz", 'odd "key'], ), st.sampled_from(["", "Rep", "Rep 2"]),
    max_size=2,
)  # fmt: skip


@st.composite
def users(draw: st.DrawFn, user_id: str) -> User:
    """A user with this id, anything else at random."""
    first = draw(NAMES)
    return User(
        id=user_id,
        email=f"{draw(st.sampled_from(['U', 'u', 'Ü']))}{user_id}@acme.test",
        first_name=first,
        last_name=draw(NAMES),
        super_admin=draw(st.booleans()),
        permission_set_ids=draw(VALUES),
        main_team_id=draw(st.none() | st.sampled_from(["1", "12"])),
        extra_team_ids=draw(VALUES),
        seat_names=draw(st.none() | st.just(()) | st.just(("Core", "Sales Hub"))),
        state=draw(st.sampled_from(UserState)),
        state_estimated=draw(st.booleans()),
        crm_id=draw(st.none() | st.just("c1")),
        owner_id=draw(st.none() | st.just("o1")),
        owner_archived=draw(st.booleans()),
        last_active_at=draw(TIMES),
        last_active_source=draw(st.sampled_from(["", "login feed"])),
        created_at=draw(TIMES),
        profile=draw(PROFILES),
    )


@st.composite
def snapshots(draw: st.DrawFn, hub_id: int, number: int, former: Snapshot | None) -> Snapshot:
    """The next snapshot: users of the former one stay, change or go."""
    kept = {user.id: user for user in former.users} if former else {}
    for user_id in draw(st.lists(IDS, unique=True, max_size=4)):
        if user_id in kept and draw(st.booleans()):
            del kept[user_id]
        else:
            kept[user_id] = draw(users(user_id))
    at = START + timedelta(days=number)
    return Snapshot(
        hub_id=hub_id,
        id=f"{hub_id}-{number}",
        started_at=at,
        sealed_at=at + timedelta(minutes=draw(st.integers(0, 9))),
        complete=draw(st.booleans()),
        users=tuple(kept[user_id] for user_id in sorted(kept)),
        permission_sets=tuple(PermissionSet(i, draw(NAMES)) for i in sorted(draw(VALUES))),
        teams=tuple(Team(i, draw(NAMES)) for i in sorted(draw(VALUES))),
        seats=(Seat("Core", remaining=draw(st.none() | st.integers(0, 3))),),
        owners=tuple(RecordOwner(i, None, draw(NAMES)) for i in sorted(draw(VALUES))),
        gaps=tuple(draw(VALUES)),
        tier=draw(st.sampled_from(Tier)),
        capabilities=Capabilities(scopes=draw(VALUES)),
    )


@st.composite
def histories(draw: st.DrawFn) -> tuple[Snapshot, ...]:
    """Some snapshots of one new portal, in order."""
    hub_id = next(HUBS)
    told: list[Snapshot] = []
    for number in range(draw(st.integers(1, 4))):
        told.append(draw(snapshots(hub_id, number, told[-1] if told else None)))
    return tuple(told)
