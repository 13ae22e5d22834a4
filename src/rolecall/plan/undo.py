"""The way back: what was done, as changes in the other direction; honest about what stays.

Only changes with a receipt that says done are taken back, and hand-overs as far as they came; and
only while the portal still holds what they wrote. Undo is a plan like any other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from rolecall.domain.plan import Change, ChangeKind, Outcome, Plan, Receipt, Route, Undo
from rolecall.domain.snapshot import Snapshot, User
from rolecall.plan.promises import promise
from rolecall.plan.stale import current_value

_WAY_BACK: Mapping[ChangeKind, ChangeKind] = {
    ChangeKind.ADD_EXTRA_TEAM: ChangeKind.DROP_EXTRA_TEAM,
    ChangeKind.DROP_EXTRA_TEAM: ChangeKind.ADD_EXTRA_TEAM,
    ChangeKind.CREATE_TEAM: ChangeKind.DELETE_TEAM,
    ChangeKind.DELETE_TEAM: ChangeKind.CREATE_TEAM,
    ChangeKind.CREATE_USER: ChangeKind.REMOVE_USER,
}


# What a rough way back does not bring back.
_STAYS = {
    ChangeKind.CREATE_USER: "an invitation already sent and work done stay",
    ChangeKind.DELETE_TEAM: "the team gets a new id; its views and assets stay lost",
}


@dataclass(frozen=True, slots=True)
class WayBack:
    """Changes that take a plan back, and the changes that cannot be, each with its reason."""

    changes: tuple[Change, ...]
    left: tuple[tuple[Change, str], ...] = ()


def inverse(
    plan: Plan,
    receipts: Iterable[Receipt],
    newest: Snapshot,
    gave: frozenset[str] = frozenset(),
) -> WayBack:
    """What takes the plan's done changes back, the last first; not yet ordered.

    `gave` are hand-overs that gave records and ended otherwise than done: refused in part, or
    cancelled on the way.
    """
    last = {receipt.change_id: receipt.outcome for receipt in receipts}
    users = {user.email.casefold(): user for user in newest.users if user.present}
    created = {
        change.subject.casefold()
        for change in plan.changes
        if change.kind is ChangeKind.CREATE_USER and last.get(change.id) is Outcome.DONE
    }
    teams = _created_teams(plan, newest)
    changes: list[Change] = []
    left: list[tuple[Change, str]] = []
    for change in reversed(_merged(plan.changes)):
        happened = last.get(change.id) is Outcome.DONE or change.id in gave
        if change.kind is ChangeKind.NO_OP or not happened:
            continue
        key = change.subject.casefold()
        goes_with_user = key in created and change.kind is not ChangeKind.CREATE_USER
        if change.subject_kind == "user" and goes_with_user:
            continue  # goes with the user
        why = _obstacle(change, users.get(key), teams)
        if why:
            left.append((change, why))
        else:
            changes.append(_reversed(change, plan, users.get(key), teams))
    return WayBack(tuple(changes), tuple(left))


def _merged(changes: tuple[Change, ...]) -> list[Change]:
    """Two steps of one seat or main team as one, so that the way back is one step too."""
    found: list[Change] = []
    places: dict[tuple[str, ChangeKind], int] = {}
    for change in changes:
        key = (change.subject.casefold(), change.kind)
        if change.kind is ChangeKind.SET_SEATS and key in places:
            first = found[places[key]]
            found[places[key]] = replace(change, before=first.before)
            continue
        places[key] = len(found)
        found.append(change)
    return found


def _created_teams(plan: Plan, newest: Snapshot) -> dict[str, str]:
    """Ids the plan's new teams got, by key: a team of that name below the planned parent."""
    known: dict[str, str] = {}
    for change in plan.changes:
        if change.kind is not ChangeKind.CREATE_TEAM:
            continue
        parent = change.details.get("parent")
        parent = known.get(parent, parent) if parent else None
        for team in newest.teams:
            if team.name == change.details["name"] and team.parent_id == parent:
                known[change.details["key"]] = team.id
    return known


def _obstacle(change: Change, user: User | None, teams: Mapping[str, str]) -> str:
    """Why a done change is not taken back, or the empty text."""
    if change.undo is Undo.NONE:
        return change.undo_note
    if change.kind is ChangeKind.CREATE_TEAM and change.details["key"] not in teams:
        return "the team is no longer there"
    if change.subject_kind == "team" or change.kind is ChangeKind.HAND_OVER:
        return ""
    if user is None:
        return "the user is no longer in the portal"
    if change.kind in (ChangeKind.CREATE_USER, ChangeKind.PARK):
        return ""
    was_written = _resolved(change.after, teams)
    probe = replace(change, after=was_written)
    if current_value(user, probe) != was_written:
        return "somebody changed it since"
    return ""


def _reversed(change: Change, plan: Plan, user: User | None, teams: Mapping[str, str]) -> Change:
    kind = _WAY_BACK.get(change.kind, change.kind)
    before, after = _resolved(change.after, teams), change.before
    undo, note = promise(kind, before)
    back = replace(
        change,
        id="",
        kind=kind,
        subject_id=user.id if user is not None else change.subject_id,
        before=before,
        after=after,
        reason=f"takes {change.id} back: {change.reason}",
        origin=f"undo:{plan.id}",
        undo=undo,
        undo_note=note,
        warnings=(_STAYS[change.kind],) if change.kind in _STAYS else (),
        details=_details(change, user),
    )
    return _of_team(change, back, teams) if change.subject_kind == "team" else back


def _details(change: Change, user: User | None) -> dict[str, str]:
    """The same particulars with before and after exchanged, and the route the way back takes."""
    kept = {
        key: value
        for key, value in change.details.items()
        if key not in ("before_shown", "after_shown", "rung", "route")
    }
    for old, new in (("before_shown", "after_shown"), ("after_shown", "before_shown")):
        if old in change.details:
            kept[new] = change.details[old]
    if route := _route_back(change, user):
        kept["route"] = route
    if change.kind is ChangeKind.CREATE_USER and user is not None and user.seat_names:
        kept["frees_seats"] = ", ".join(user.seat_names)
    return kept


def _route_back(change: Change, user: User | None) -> str:
    """Several sets, or a main team to be cleared, need the Teams API on the way back too."""
    team_kinds = (ChangeKind.ADD_EXTRA_TEAM, ChangeKind.DROP_EXTRA_TEAM)
    is_main = change.kind is ChangeKind.SET_MAIN_TEAM
    if not is_main and change.kind not in team_kinds:
        return ""
    several = user is not None and len(user.permission_set_ids) > 1
    if not several and not (is_main and change.before is None):
        return ""
    return Route.LEAVE_TEAM.value if change.before is None else Route.JOIN_TEAM.value


def _of_team(change: Change, back: Change, teams: Mapping[str, str]) -> Change:
    key = change.details["key"]
    details = dict(back.details)
    if change.kind is ChangeKind.CREATE_TEAM:
        ident = teams[key]
        details["key"] = ident
        return replace(back, subject_id=ident, before=change.details["name"], details=details)
    if change.kind is ChangeKind.DELETE_TEAM:
        details["name"] = str(change.before)
        details["depth"] = "1"
        return replace(back, subject_id=None, before=None, after=change.subject, details=details)
    return back


def _resolved(
    value: str | tuple[str, ...] | None, teams: Mapping[str, str]
) -> str | tuple[str, ...] | None:
    return teams.get(value, value) if isinstance(value, str) else value
