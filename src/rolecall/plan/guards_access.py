"""Guardrails about access: sets, seats and teams a plan would give or take."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

from rolecall.domain.plan import Change, ChangeKind, GuardrailVerdict
from rolecall.domain.snapshot import Seat
from rolecall.plan.abilities import abilities
from rolecall.plan.look import Look, Verdicts, distinct, is_removal, is_user, some
from rolecall.plan.seats import is_free
from rolecall.plan.simulate import simulate
from rolecall.plan.stock import seat_moves
from rolecall.policy.desired import NEW_TEAM

_TEAM_KINDS = (ChangeKind.SET_MAIN_TEAM, ChangeKind.ADD_EXTRA_TEAM)


def incomplete_snapshot(look: Look) -> Verdicts:
    """A snapshot with gaps produces no removal: who is missing in it may be there."""
    if look.snapshot.complete:
        return
    removing = [c for c in look.changes if is_removal(c) or c.kind is ChangeKind.DELETE_TEAM]
    creating = [c for c in look.changes if c.kind is ChangeKind.CREATE_USER]
    gaps = "; ".join(look.snapshot.gaps) or "no reason told"
    inputs = {"complete": "false"}
    if removing:
        names = distinct(change.subject for change in removing)
        message = f"the snapshot is incomplete ({gaps}), so nobody and no team can be removed"
        hint = "sync again; if people really left: rolecall sync --accept-shrink"
        yield GuardrailVerdict(
            "incomplete_snapshot", True, message, hint, subjects=names, inputs=inputs
        )
    if creating:
        names = distinct(change.subject for change in creating)
        message = f"the snapshot is incomplete ({gaps}); {some(names)} may exist already"
        hint = "each is looked up by e-mail before anything is sent"
        yield GuardrailVerdict(
            "incomplete_snapshot", False, message, hint, subjects=names, inputs=inputs
        )


def seat_stock(look: Look) -> Verdicts:
    """Seats are never bought: every paid seat given must be free or freed by this plan."""
    moves = [seat_moves(change) for change in look.changes]
    freed = Counter(seat for seats, _ in moves for seat in seats)
    taken = Counter(seat for _, seats in moves for seat in seats)
    offered = {seat.name: seat for seat in look.snapshot.seats}
    for name in sorted(taken):
        need = taken[name] - freed[name]
        if need > 0:
            yield _seat_verdict(look, name, need, offered.get(name))


def _seat_verdict(look: Look, name: str, need: int, seat: Seat | None) -> GuardrailVerdict:
    left = seat.remaining if seat is not None else None
    people = distinct(c.subject for c in look.changes if name in seat_moves(c)[1])
    if left is None:
        state, message = "unknown", f"HubSpot does not tell how many {name} seats are free"
        hint = "grant the scope settings.billing.write and sync, or leave the seat out"
    elif need > left:
        state = f"short by {need - left}"
        message = f"needs {need} more {name} seats, {left} are free; Rolecall never buys seats"
        hint = f"free {need - left} first, or leave people out: {some(people)}"
    else:
        state, message, hint = "enough", f"takes {need} of {left} free {name} seats", ""
    stops = state != "enough"
    return GuardrailVerdict(
        "seat_stock",
        stops,
        message,
        hint,
        subjects=people if stops else (),
        inputs={f"seat {name}": state},
    )


def several_sets(look: Look) -> Verdicts:
    """Several permission sets, as HubSpot's screens give them, are never overwritten silently."""
    lines = [
        change
        for change in look.changes
        if change.kind is ChangeKind.SET_PERMISSION_SET and isinstance(change.before, tuple)
    ]
    for allowed in (False, True):
        names = distinct(
            change.subject
            for change in lines
            if (change.subject.casefold() in look.knowledge.overwrite_sets) is allowed
        )
        if names:
            message = f"{some(names)} would lose permission sets given in HubSpot"
            hint = "change them in HubSpot, or name the user: --overwrite-sets E-MAIL"
            yield GuardrailVerdict(
                "several_sets",
                not allowed,
                f"{message}, as the operator asked" if allowed else message,
                "" if allowed else hint,
                subjects=names,
                inputs={"users": ", ".join(name.casefold() for name in names)},
            )


def super_admin_untouched(look: Look) -> Verdicts:
    """The API refuses to write Super Admins; only tasks for a person may name them."""
    quiet = (ChangeKind.MANUAL, ChangeKind.NO_OP, ChangeKind.SET_PROFILE, ChangeKind.HAND_OVER)
    names = []
    for change in look.changes:
        user = look.user(change)
        if user is not None and user.super_admin and change.kind not in quiet:
            names.append(change.subject)
    if names:
        touched = distinct(names)
        yield GuardrailVerdict(
            "super_admin_untouched",
            True,
            f"{some(touched)} is Super Admin, which HubSpot's API does not change",
            "take Super Admin away in HubSpot first, then plan again",
            subjects=touched,
            inputs={"super_admins": ", ".join(name.casefold() for name in touched)},
        )


def beyond_rights(look: Look) -> Verdicts:
    """Permission sets this connection may not give, where HubSpot says so."""
    billing = abilities(look.snapshot).billing
    needs = {one.id for one in look.snapshot.permission_sets if one.requires_billing_write}
    people: dict[str, list[str]] = defaultdict(list)
    for change in look.changes:
        if change.kind is not ChangeKind.SET_PERMISSION_SET or not isinstance(change.after, str):
            continue
        if change.after in look.knowledge.refused_sets:
            people["refused"].append(change.subject)
        elif change.after in needs and not billing:
            people["billing"].append(change.subject)
    told = {
        "refused": "HubSpot refused this connection the permission set before",
        "billing": "the permission set carries a paid seat, which needs settings.billing.write",
    }
    remedy = {
        "refused": "the token's creator must hold every permission of the set himself",
        "billing": "grant the scope settings.billing.write and reconnect",
    }
    for why, names in people.items():
        subjects = distinct(names)
        yield GuardrailVerdict(
            "beyond_rights",
            True,
            f"{told[why]}: {some(subjects)}",
            remedy[why],
            overridable=why == "refused",
            subjects=subjects,
            inputs={why: ", ".join(name.casefold() for name in subjects)},
        )


def seat_and_set(look: Look) -> Verdicts:
    """Seat and permission set must go together; says which seats would."""
    touched = {
        change.subject.casefold()
        for change in look.changes
        if change.kind in (ChangeKind.SET_PERMISSION_SET, ChangeKind.SET_SEATS)
    }
    if not touched:
        return
    after = simulate(look.changes, look.snapshot, look.now).snapshot
    for user in after.users:
        if user.email.casefold() not in touched or not user.seat_names:
            continue
        for one in user.permission_set_ids:
            if not any(_go_together(look, seat, one) for seat in user.seat_names):
                yield _pair_verdict(look, user.email, ", ".join(user.seat_names), one)


def _go_together(look: Look, seat: str, permission_set: str) -> bool:
    """Refused pairs as learned; a set that carries a paid seat does not go with a free one."""
    if (seat.casefold(), permission_set) in look.knowledge.invalid_pairs:
        return False
    known = {one.id: one for one in look.snapshot.permission_sets}
    one = known.get(permission_set)
    return not (one is not None and one.requires_billing_write and is_free(seat))


def _pair_verdict(look: Look, email: str, seat: str, permission_set: str) -> GuardrailVerdict:
    names = {one.id: one.name for one in look.snapshot.permission_sets}
    offered = [one.name for one in look.snapshot.seats]
    valid = tuple(name for name in offered if _go_together(look, name, permission_set))
    called = names.get(permission_set, permission_set)
    return GuardrailVerdict(
        "seat_and_set",
        True,
        f"{email}: permission set {called} does not go with seat {seat}",
        f"seats it goes with: {some(valid)}" if valid else "no seat of this portal goes with it",
        overridable=True,
        subjects=(email,),
        inputs={f"pair {email.casefold()}": f"{seat} x {permission_set}"},
    )


def known_values(look: Look) -> Verdicts:
    """Sets, teams and seats a plan gives must exist, or be created by it before."""
    sets = {one.id for one in look.snapshot.permission_sets}
    teams = {team.id for team in look.snapshot.teams}
    teams |= {c.details["key"] for c in look.changes if c.kind is ChangeKind.CREATE_TEAM}
    gone: dict[str, list[str]] = defaultdict(list)
    for change in look.changes:
        if not isinstance(change.after, str) or not is_user(change):
            continue
        if change.kind is ChangeKind.SET_PERMISSION_SET and change.after not in sets:
            gone[f"permission set {change.after}"].append(change.subject)
        if change.kind in _TEAM_KINDS and change.after not in teams:
            gone[f"team {change.after.removeprefix(NEW_TEAM)}"].append(change.subject)
    for what, names in sorted(gone.items()):
        subjects = distinct(names)
        yield GuardrailVerdict(
            "known_values",
            True,
            f"{what} does not exist in the portal, needed by {some(subjects)}",
            "create it first, or give something else",
            subjects=subjects,
            inputs={what: "missing"},
        )


def teams_empty(look: Look) -> Verdicts:
    """A team is deleted only when nobody and no team is left in it."""
    deleted = [c for c in look.changes if c.kind is ChangeKind.DELETE_TEAM and c.subject_id]
    if not deleted:
        return
    after = simulate(look.changes, look.snapshot, look.now).snapshot
    held = Counter(team for user in after.users for team in user.extra_team_ids)
    held.update(user.main_team_id for user in after.users if user.main_team_id)
    parents = {team.parent_id for team in after.teams}
    yield from _team_verdicts(deleted, held, parents)


def _team_verdicts(
    deleted: Iterable[Change], held: Counter[str], parents: set[str | None]
) -> Verdicts:
    for change in deleted:
        ident = change.subject_id or ""
        left = f"{held[ident]} members" if held[ident] else ""
        left = left or ("teams below it" if ident in parents else "")
        if left:
            yield GuardrailVerdict(
                "teams_empty",
                True,
                f"team {change.subject} still has {left}",
                "let the file own membership too (manage.teams: exact), or keep the team",
                subjects=(change.subject,),
                inputs={f"team {ident}": left},
            )
