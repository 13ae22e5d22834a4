"""Whether a manual task is done, by what a later snapshot shows or a feed tells. Never guesses."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from rolecall.domain.plan import Change, ChangeKind, ManualTask
from rolecall.domain.snapshot import FeedEvent, Snapshot, User, UserState

Shown = Callable[[Change, User | None, Snapshot], bool]


def proof_of(
    task: ManualTask,
    change: Change,
    snapshot: Snapshot,
    events: Iterable[FeedEvent],
    since: datetime,
) -> str:
    """What proves the task done, as a sentence; empty while nothing does.

    `since` is when the task was made: older events and snapshots prove nothing.
    """
    for word in task.proof.split():
        kind, _, name = word.partition(":")
        if kind == "feed" and (event := _event(name, change, events, since)):
            who = event.actor_email or event.actor_id or "somebody"
            return f"security feed: {name} by {who}, {event.at:%Y-%m-%d %H:%M}"
        if kind == "state" and snapshot.started_at > since and _state(name, change, snapshot):
            return f"snapshot of {snapshot.sealed_at:%Y-%m-%d %H:%M} shows it"
    return ""


def _event(
    name: str, change: Change, events: Iterable[FeedEvent], since: datetime
) -> FeedEvent | None:
    if change.subject_id is None:
        return None
    mine = (
        one
        for one in events
        if one.type == name and one.object_id == change.subject_id and one.at > since
    )
    return next(mine, None)


def _state(name: str, change: Change, snapshot: Snapshot) -> bool:
    user = _user(change, snapshot)
    key, _, wanted = name.partition("=")
    if key == "super_admin":
        return _super_admin(user, snapshot, wanted == "true")
    if key == "user":
        return _in_state(user, snapshot, wanted)
    shown = _SHOWN.get(key)
    return shown is not None and shown(change, user, snapshot)


def _user(change: Change, snapshot: Snapshot) -> User | None:
    wanted = (change.subject_id, change.subject.casefold())
    return next(
        (u for u in snapshot.users if u.present and (u.id, u.email.casefold()) == wanted), None
    ) or snapshot.user(change.subject_id or change.subject)


def _super_admin(user: User | None, snapshot: Snapshot, wanted: bool) -> bool:
    if user is None or not user.present:
        return snapshot.complete and not wanted
    return user.super_admin is wanted


def _in_state(user: User | None, snapshot: Snapshot, wanted: str) -> bool:
    """Deactivated, or gone altogether, which is more than was asked for."""
    if user is None or not user.present:
        return snapshot.complete and wanted == "deactivated"
    return user.state is UserState(wanted)


def _email(change: Change, user: User | None, _: Snapshot) -> bool:
    return user is not None and user.email.casefold() == str(change.after).casefold()


def _sets(change: Change, user: User | None, _: Snapshot) -> bool:
    return user is not None and set(user.permission_set_ids) == set(_many(change.after))


def _seats(change: Change, user: User | None, _: Snapshot) -> bool:
    held = user.seat_names if user is not None else None
    return held is not None and set(held) == set(_many(change.after))


def _teams(change: Change, user: User | None, snapshot: Snapshot) -> bool:
    if user is None or not user.present:
        return snapshot.complete and change.after is None
    held = {*user.extra_team_ids, user.main_team_id}
    if change.after is None:
        return not held & set(_many(change.before))
    return set(_many(change.after)) <= held


def _team(change: Change, _: User | None, snapshot: Snapshot) -> bool:
    teams = {team.id: team for team in snapshot.teams}
    team = teams.get(change.subject_id or "")
    kind = ChangeKind(change.details.get("slot", ChangeKind.MANUAL.value))
    if kind is ChangeKind.CREATE_TEAM:
        return any(one.name == change.details.get("name") for one in snapshot.teams)
    if kind is ChangeKind.DELETE_TEAM:
        return team is None and snapshot.complete
    if team is None:
        return False
    shown = team.parent_id if kind is ChangeKind.MOVE_TEAM else team.name
    return shown == change.after


def _made_set(change: Change, _: User | None, snapshot: Snapshot) -> bool:
    return any(one.name == change.subject for one in snapshot.permission_sets)


_SHOWN: Mapping[str, Shown] = {
    "email": _email,
    "permission_sets": _sets,
    "seats": _seats,
    "teams": _teams,
    "team": _team,
    "permission_set": _made_set,
}


def _many(value: str | tuple[str, ...] | None) -> tuple[str, ...]:
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else value
