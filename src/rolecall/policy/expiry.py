"""What stored assignments that ended take with them, as wishes about the users they touched."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from rolecall.domain.assignment import Assignment, Origin, Slot
from rolecall.domain.snapshot import Snapshot, User
from rolecall.policy.desired import EXACT_EVERYWHERE, Desired, DesiredUser, Source, Wanted
from rolecall.policy.document import ParkingSettings
from rolecall.policy.gather import PARKED, has_ended, in_force


def expired(
    snapshot: Snapshot,
    stored: Sequence[Assignment],
    now: datetime,
    parking: ParkingSettings | None = None,
    no_access_set: str | None = None,
) -> Desired:
    """Wishes that take back what ended, is still held, and nobody else's assignment gives.

    An ended "present" parks the user. Elevations and access requests are left out: their end is
    planned by themselves, who know the former access.
    """
    users = {user.email.casefold(): user for user in snapshot.users if user.present}
    held: dict[str, list[Assignment]] = defaultdict(list)
    for one in stored:
        held[one.subject.casefold()].append(one)
    found: dict[str, DesiredUser] = {}
    for key, assignments in held.items():
        if key in users and (wish := _wish(users[key], assignments, now)):
            found[key] = wish
    return Desired(
        users=found,
        manage=EXACT_EVERYWHERE,
        parking=parking or ParkingSettings(),
        no_access_set=no_access_set,
        whole=False,
    )


def _wish(user: User, held: Sequence[Assignment], now: datetime) -> DesiredUser | None:
    kept = {(one.slot, one.value) for one in held if in_force(one, now)}
    ended = {
        (one.slot, one.value): Source(one.origin, _reason(one), one.reference)
        for one in held
        if has_ended(one, now)
        and one.origin not in (Origin.ELEVATION, Origin.REQUEST, Origin.REVIEW)
        and (one.slot, one.value) not in kept
    }
    wish = DesiredUser(user.email, named=False)
    for (slot, value), source in ended.items():
        wish = _without(wish, user, slot, value, source)
    empty = DesiredUser(user.email, named=False)
    return None if wish == empty else wish


def _without(wish: DesiredUser, user: User, slot: Slot, value: str, source: Source) -> DesiredUser:
    if slot is Slot.USER and value == "present":
        return replace(wish, presence=Wanted(PARKED, source))
    if slot is Slot.EXTRA_TEAM and value in user.extra_team_ids:
        teams: Mapping[str, Source] = wish.extra_teams or dict.fromkeys(user.extra_team_ids, source)
        return replace(wish, extra_teams={team: teams[team] for team in teams if team != value})
    if slot is Slot.MAIN_TEAM and value == user.main_team_id:
        return replace(wish, main_team=Wanted((), source))
    if slot is Slot.PERMISSION_SET and value in user.permission_set_ids:
        left = tuple(one for one in user.permission_set_ids if one != value)
        return replace(wish, permission_sets=Wanted(left, source))
    if slot is Slot.SEAT and value in (user.seat_names or ()):
        left = tuple(one for one in user.seat_names or () if one != value)
        return replace(wish, seats=Wanted(left, source))
    return wish


def _reason(one: Assignment) -> str:
    return f"{one.origin.name.lower()} {one.reference} ended {one.ends_at:%Y-%m-%d}".replace(
        "  ", " "
    )
