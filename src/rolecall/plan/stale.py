"""Whether a plan still fits: some before, or what a guardrail read, differs in a newer snapshot.

A newer snapshot alone does not make a plan stale.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from rolecall.domain.plan import Change, ChangeKind, GuardrailVerdict, Plan
from rolecall.domain.snapshot import Snapshot, Team, User
from rolecall.plan.guardrails import check
from rolecall.plan.look import Knowledge
from rolecall.policy.structure import sound_parents

Value = str | tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Staleness:
    """One reason a plan no longer fits."""

    subject: str
    message: str
    change_id: str = ""
    guardrail: str = ""


def stale(
    plan: Plan, newest: Snapshot, knowledge: Knowledge, now: datetime
) -> tuple[Staleness, ...]:
    """Every reason the plan no longer fits the newest complete snapshot; empty means it does."""
    if newest.id == plan.snapshot_id:
        return ()
    return (*_changed_befores(plan, newest), *_changed_inputs(plan, newest, knowledge, now))


def _changed_befores(plan: Plan, newest: Snapshot) -> list[Staleness]:
    now_is = _Now(newest)
    expected: dict[tuple[str, ...], Value] = {}
    found: list[Staleness] = []
    for change in plan.changes:
        if change.kind in (ChangeKind.NO_OP, ChangeKind.HAND_OVER, ChangeKind.MANUAL):
            continue
        slot = slot_of(change)
        # The second step of a slot starts where the first one ends, not at the portal's state.
        is_first = slot not in expected
        expected[slot] = change.after
        if is_first and (said := now_is.differs(change)):
            found.append(Staleness(change.subject, said, change_id=change.id))
    return found


def slot_of(change: Change) -> tuple[str, ...]:
    """What a change is about: two changes of one slot happen one after the other."""
    name = change.kind.value
    if change.kind in (ChangeKind.ADD_EXTRA_TEAM, ChangeKind.DROP_EXTRA_TEAM):
        name = f"extra_team {change.before or change.after}"
    elif change.kind is ChangeKind.SET_PROFILE:
        name = f"profile {change.details.get('property', '')}"
    return (change.subject_kind, change.subject.casefold(), name)


class _Now:
    """The newest state, asked slot by slot."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.users: Mapping[str, User] = {
            user.email.casefold(): user for user in snapshot.users if user.present
        }
        self.teams: Mapping[str, Team] = {team.id: team for team in snapshot.teams}
        self.parents = sound_parents(snapshot)
        self.names = {team.id: team.name for team in snapshot.teams}
        self.names |= {one.id: one.name for one in snapshot.permission_sets}

    def differs(self, change: Change) -> str:
        """What is no longer as planned, or the empty text."""
        if change.subject_kind == "team":
            return self._team_differs(change)
        if change.subject_kind != "user":
            return ""  # a task about the portal, an app or a set: no state of a user to compare
        user = self.users.get(change.subject.casefold())
        if change.subject_id is None:
            return "exists already" if user is not None else ""
        if user is None:
            return "is no longer in the portal"
        if user.id != change.subject_id:
            return "is another user now"
        actual = current_value(user, change)
        if actual == change.before:
            return ""
        slot = change.kind.value.partition("_")[2].replace("_", " ")
        was = change.details.get("before_shown") or self._said(change.before)
        return f"{slot} was {was}, is {self._said(actual)} now"

    def _team_differs(self, change: Change) -> str:
        if change.kind is ChangeKind.CREATE_TEAM:
            return ""  # a second team of the name is allowed; the effect looks before it writes
        team = self.teams.get(change.subject_id or "")
        if team is None:
            return "is no longer there"
        if change.kind is ChangeKind.MOVE_TEAM and self.parents[team.id] != change.before:
            return "has been moved since"
        if change.kind is not ChangeKind.MOVE_TEAM and team.name != change.before:
            return "has been renamed since"
        return ""

    def _said(self, value: Value) -> str:
        """A value with names in place of ids."""
        if not value:
            return "nothing"
        values = (value,) if isinstance(value, str) else value
        return ", ".join(self.names.get(one, one) for one in values)


def current_value(user: User, change: Change) -> Value:
    """What the slot of a change holds now, in the form of the change's own values."""
    match change.kind:
        case ChangeKind.SET_PERMISSION_SET:
            held = tuple(sorted(user.permission_set_ids))
            return held if len(held) > 1 else next(iter(held), None)
        case ChangeKind.SET_MAIN_TEAM:
            return user.main_team_id
        case ChangeKind.ADD_EXTRA_TEAM | ChangeKind.DROP_EXTRA_TEAM:
            team = str(change.before or change.after)
            return team if team in user.extra_team_ids else None
        case ChangeKind.SET_SEATS:
            return None if user.seat_names is None else tuple(sorted(user.seat_names))
        case ChangeKind.SET_PROFILE:
            return user.profile.get(change.details.get("property", "")) or None
        case ChangeKind.REMOVE_USER:
            return change.before  # invited or active does not change what removal means
        case _:
            return change.before


def _changed_inputs(
    plan: Plan, newest: Snapshot, knowledge: Knowledge, now: datetime
) -> list[Staleness]:
    then = _inputs(plan.guardrails)
    today = _inputs(check(plan.changes, newest, knowledge, now))
    found = []
    for guardrail, key in sorted(then.keys() | today.keys()):
        before, after = then.get((guardrail, key)), today.get((guardrail, key))
        if before != after:
            said = f"{key} was {before or 'not looked at'}, is {after or 'no longer so'} now"
            found.append(Staleness(guardrail, said, guardrail=guardrail))
    return found


def _inputs(verdicts: Iterable[GuardrailVerdict]) -> dict[tuple[str, str], str]:
    return {(v.guardrail, key): value for v in verdicts for key, value in v.inputs.items()}
