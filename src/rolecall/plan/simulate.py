"""Carries a plan out on a snapshot in memory: for previews, rehearsals and property tests."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from msgspec import structs

from rolecall.domain.plan import Change, ChangeKind
from rolecall.domain.snapshot import Seat, Snapshot, Team, User
from rolecall.plan.stock import seat_moves


@dataclass(frozen=True, slots=True)
class Simulated:
    """The portal as it would be, and who would be parked since when."""

    snapshot: Snapshot
    parked: Mapping[str, datetime] = field(default_factory=dict)


def simulate(
    changes: Iterable[Change],
    snapshot: Snapshot,
    now: datetime,
    parked: Mapping[str, datetime] | None = None,
) -> Simulated:
    """The snapshot after the changes; manual lines and hand-overs change nothing here."""
    state = _State(
        users={user.email.casefold(): user for user in snapshot.users},
        teams={team.id: team for team in snapshot.teams},
        seats={seat.name: seat for seat in snapshot.seats},
        parked=dict(parked or {}),
        now=now,
    )
    for change in changes:
        step = _STEPS.get(change.kind)
        if step is not None:
            step(state, change)
        state.book_seats(change)
    known = {user.email.casefold() for user in snapshot.users}
    order = [user.email.casefold() for user in snapshot.users]
    order += [key for key in state.users if key not in known]
    after = replace(
        snapshot,
        users=tuple(state.users[key] for key in order if key in state.users),
        teams=tuple(state.teams.values()),
        seats=tuple(state.seats.values()),
    )
    return Simulated(after, state.parked)


@dataclass(slots=True)
class _State:
    users: dict[str, User]
    teams: dict[str, Team]
    seats: dict[str, Seat]
    parked: dict[str, datetime]
    now: datetime

    def change_user(self, change: Change, **values: object) -> None:
        key = change.subject.casefold()
        self.users[key] = structs.replace(self.users[key], **values)

    def user(self, change: Change) -> User:
        return self.users[change.subject.casefold()]

    def book_seats(self, change: Change) -> None:
        freed, taken = seat_moves(change)
        for seats, step in ((freed, 1), (taken, -1)):
            for name in seats:
                seat = self.seats.get(name)
                if seat is not None and seat.remaining is not None:
                    self.seats[name] = structs.replace(seat, remaining=seat.remaining + step)


def _create_user(state: _State, change: Change) -> None:
    details = change.details
    state.users[change.subject.casefold()] = User(
        id=f"new:{change.subject.casefold()}",
        email=change.subject,
        first_name=details.get("first_name", ""),
        last_name=details.get("last_name", ""),
        seat_names=(),
    )


def _remove_user(state: _State, change: Change) -> None:
    state.users.pop(change.subject.casefold(), None)
    state.parked.pop(change.subject.casefold(), None)


def _park(state: _State, change: Change) -> None:
    if change.after == "parked":
        state.parked[change.subject.casefold()] = state.now
    else:
        state.parked.pop(change.subject.casefold(), None)


def _set_permission_set(state: _State, change: Change) -> None:
    after = _many(change.after)
    state.change_user(change, permission_set_ids=after)


def _set_main_team(state: _State, change: Change) -> None:
    state.change_user(change, main_team_id=change.after)


def _add_extra_team(state: _State, change: Change) -> None:
    held = state.user(change).extra_team_ids
    state.change_user(change, extra_team_ids=tuple(sorted({*held, *_many(change.after)})))


def _drop_extra_team(state: _State, change: Change) -> None:
    held = set(state.user(change).extra_team_ids) - set(_many(change.before))
    state.change_user(change, extra_team_ids=tuple(sorted(held)))


def _set_seats(state: _State, change: Change) -> None:
    state.change_user(change, seat_names=_many(change.after))


def _set_profile(state: _State, change: Change) -> None:
    profile = dict(state.user(change).profile)
    if change.after is None:
        profile.pop(change.details["property"], None)
    else:
        profile[change.details["property"]] = str(change.after)
    state.change_user(change, profile=profile)


def _create_team(state: _State, change: Change) -> None:
    key = change.details["key"]
    parent = change.details.get("parent")
    state.teams[key] = Team(key, change.details["name"], parent)


def _rename_team(state: _State, change: Change) -> None:
    key = change.details["key"]
    state.teams[key] = structs.replace(state.teams[key], name=str(change.after))


def _move_team(state: _State, change: Change) -> None:
    key = change.details["key"]
    parent = None if change.after is None else str(change.after)
    state.teams[key] = structs.replace(state.teams[key], parent_id=parent)


def _delete_team(state: _State, change: Change) -> None:
    state.teams.pop(change.details["key"], None)


def _many(value: str | tuple[str, ...] | None) -> tuple[str, ...]:
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else value


_STEPS: Mapping[ChangeKind, Callable[[_State, Change], None]] = {
    ChangeKind.CREATE_USER: _create_user,
    ChangeKind.REMOVE_USER: _remove_user,
    ChangeKind.PARK: _park,
    ChangeKind.SET_PERMISSION_SET: _set_permission_set,
    ChangeKind.SET_MAIN_TEAM: _set_main_team,
    ChangeKind.ADD_EXTRA_TEAM: _add_extra_team,
    ChangeKind.DROP_EXTRA_TEAM: _drop_extra_team,
    ChangeKind.SET_SEATS: _set_seats,
    ChangeKind.SET_PROFILE: _set_profile,
    ChangeKind.CREATE_TEAM: _create_team,
    ChangeKind.RENAME_TEAM: _rename_team,
    ChangeKind.MOVE_TEAM: _move_team,
    ChangeKind.DELETE_TEAM: _delete_team,
}
