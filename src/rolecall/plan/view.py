"""A plan as people look at it: one structure that terminal, JSON, Markdown and console share."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rolecall.domain.plan import Change, ChangeKind, GuardrailVerdict, Plan, Undo

_TITLES = {
    ChangeKind.CREATE_USER: "create user",
    ChangeKind.REMOVE_USER: "remove user",
    ChangeKind.PARK: "park",
    ChangeKind.SET_PROFILE: "profile",
    ChangeKind.SET_PERMISSION_SET: "permission set",
    ChangeKind.SET_MAIN_TEAM: "main team",
    ChangeKind.ADD_EXTRA_TEAM: "extra team",
    ChangeKind.DROP_EXTRA_TEAM: "extra team",
    ChangeKind.SET_SEATS: "seat",
    ChangeKind.CREATE_TEAM: "create team",
    ChangeKind.RENAME_TEAM: "rename team",
    ChangeKind.MOVE_TEAM: "move team below",
    ChangeKind.DELETE_TEAM: "delete team",
    ChangeKind.HAND_OVER: "hand over records",
    ChangeKind.MANUAL: "by hand",
    ChangeKind.NO_OP: "no change",
}
_TASKS = {"super_admin.add": "make Super Admin", "super_admin.remove": "no Super Admin any more"}
_REMOVES = (ChangeKind.REMOVE_USER, ChangeKind.DELETE_TEAM, ChangeKind.DROP_EXTRA_TEAM)
_ADDS = (ChangeKind.CREATE_USER, ChangeKind.CREATE_TEAM, ChangeKind.ADD_EXTRA_TEAM)


@dataclass(frozen=True, slots=True)
class Line:
    """One change; `sign` is + given, - taken, ~ changed, ! by hand, = none."""

    id: str
    sign: str
    what: str
    before: str
    after: str
    reason: str
    origin: str
    phase: str
    undo: Undo
    undo_note: str
    warnings: tuple[str, ...] = ()
    why: str = ""  # a person must do it


@dataclass(frozen=True, slots=True)
class Group:
    """All lines of one user or team, in the order of work."""

    kind: str
    subject: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class PlanView:
    """Everything a person needs to decide about a plan."""

    id: str
    title: str
    portal: str
    reason: str
    created_by: str
    digest: str
    applyable: bool
    summary: str
    groups: tuple[Group, ...]
    reported: tuple[Group, ...]
    guardrails: tuple[GuardrailVerdict, ...]
    cost: str
    effort: str
    cannot_undo: tuple[Line, ...]
    by_hand: int


def view(plan: Plan) -> PlanView:
    """The plan grouped by whom it touches, with its sentences ready to print."""
    groups = grouped(plan.changes)
    lines = [line for group in groups for line in group.lines]
    return PlanView(
        id=plan.id,
        title=plan.title,
        portal=plan.portal,
        reason=plan.reason,
        created_by=plan.created_by,
        digest=plan.digest,
        applyable=plan.applyable,
        summary=summary_of(plan),
        groups=groups,
        reported=grouped(plan.reported),
        guardrails=plan.guardrails,
        cost=_cost(plan),
        effort=f"{plan.requests} requests, {_duration(plan.seconds)}",
        cannot_undo=tuple(line for line in lines if line.undo is Undo.NONE and line.sign != "!"),
        by_hand=sum(line.sign == "!" for line in lines),
    )


def grouped(changes: Iterable[Change]) -> tuple[Group, ...]:
    """Changes by subject, teams and users in the order they first appear."""
    found: dict[tuple[str, str], list[Line]] = {}
    shown: dict[tuple[str, str], str] = {}
    for change in changes:
        key = (change.subject_kind, change.subject.casefold())
        shown.setdefault(key, change.subject)
        found.setdefault(key, []).append(line_of(change))
    return tuple(Group(key[0], shown[key], tuple(lines)) for key, lines in found.items())


def line_of(change: Change) -> Line:
    """One change in words."""
    return Line(
        id=change.id,
        sign=_sign(change),
        what=_what(change),
        before=_shown(change, "before"),
        after=_shown(change, "after"),
        reason=change.reason,
        origin=change.origin,
        phase=change.phase.value,
        undo=change.undo,
        undo_note=change.undo_note,
        warnings=change.warnings,
        why=change.details.get("why", "") if change.kind is ChangeKind.MANUAL else "",
    )


def summary_of(plan: Plan) -> str:
    """`2 users created, 1 parked, 14 changed; 1 task by hand`, or that there is nothing to do."""
    kinds = [change.kind for change in plan.changes]
    parked = {c.subject for c in plan.changes if c.kind is ChangeKind.PARK and c.after == "parked"}
    created = {c.subject for c in plan.changes if c.kind is ChangeKind.CREATE_USER}
    removed = {c.subject for c in plan.changes if c.kind is ChangeKind.REMOVE_USER}
    quiet = (ChangeKind.MANUAL, ChangeKind.NO_OP)
    touched = {c.subject for c in plan.changes if c.subject_kind == "user" and c.kind not in quiet}
    teams = sum(c.subject_kind == "team" and c.kind not in quiet for c in plan.changes)
    counts = (
        (len(created), "created"),
        (len(removed), "removed"),
        (len(parked), "parked"),
        (len(touched - created - removed - parked), "changed"),
    )
    parts = [f"{_count(number, 'user')} {word}" for number, word in counts if number]
    parts += [f"{_count(teams, 'team change')}"] if teams else []
    by_hand = kinds.count(ChangeKind.MANUAL)
    parts += [f"{_count(by_hand, 'task')} by hand"] if by_hand else []
    return ", ".join(parts) or "nothing to change"


def _sign(change: Change) -> str:
    if change.kind is ChangeKind.MANUAL:
        return "!"
    if change.kind is ChangeKind.NO_OP:
        return "="
    if change.kind in _REMOVES or change.after in (None, (), "parked"):
        return "-"
    return "+" if change.kind in _ADDS or change.before in (None, ()) else "~"


def _what(change: Change) -> str:
    title = _TITLES[change.kind]
    if change.kind is ChangeKind.SET_PROFILE:
        return change.details.get("field", title).replace("_", " ")
    if change.kind is ChangeKind.MANUAL:
        slot = change.details.get("slot", "")
        task = change.details.get("task", "")
        about = _TASKS.get(task) or task.replace("_", " ").replace(".", ": ")
        return f"{title} ({about or slot})"
    if change.kind is ChangeKind.PARK and change.after == "present":
        return "call back"
    return title


def _shown(change: Change, side: str) -> str:
    named = change.details.get(f"{side}_shown")
    if named is not None:
        return "Super Admin" if named == "super_admin" else named
    value = change.before if side == "before" else change.after
    if value is None:
        return ""
    words = (value,) if isinstance(value, str) else value
    return ", ".join("Super Admin" if one == "super_admin" else one for one in words)


def _cost(plan: Plan) -> str:
    cost = plan.cost
    if not cost.seats:
        return "no seats move"
    seats = ", ".join(f"{count:+d} {seat}" for seat, count in cost.seats.items())
    if cost.monthly is None:
        return f"{seats}; price unknown ({cost.source})"
    money = f"{cost.monthly:+,.2f}"
    if cost.monthly_high is not None and cost.monthly_high != cost.monthly:
        money += f" to {cost.monthly_high:+,.2f}"
    return f"{seats}; {money} {cost.currency} a month ({cost.source})"


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"about {max(1, round(seconds))} s"
    if seconds < 5400:
        return f"about {round(seconds / 60)} min"
    if seconds < 172_800:
        return f"about {round(seconds / 3600)} h"
    return f"about {round(seconds / 86_400)} days"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
