"""Puts changes in the order of work: prepare, revoke, move, grant, clean; numbers them.

Teams exist before anybody joins them and are empty before they go; a seat is freed before
somebody else gets it, even where two people swap the last ones.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from rolecall.domain.plan import Change, ChangeKind, Phase, Route
from rolecall.domain.snapshot import Snapshot
from rolecall.plan.routes import route_of
from rolecall.plan.seats import is_free
from rolecall.plan.stock import Stock, seat_moves, stock_of

_STRUCTURE = (ChangeKind.CREATE_TEAM, ChangeKind.RENAME_TEAM, ChangeKind.MOVE_TEAM)
_PHASES = tuple(Phase)
Unit = tuple[Change, ...]  # what one write carries together


def in_order(changes: Iterable[Change], snapshot: Snapshot) -> tuple[Change, ...]:
    """The changes with phases and ids, in the order apply works through them."""
    structure: list[Change] = []
    deletions: list[Change] = []
    others: list[Change] = []
    for change in changes:
        if change.kind in _STRUCTURE:
            structure.append(change)
        elif change.kind is ChangeKind.DELETE_TEAM:
            deletions.append(replace(change, phase=Phase.CLEAN))
        else:
            others.append(change)
    ordered = [*_structure(structure), *_users(others, snapshot), *deletions]
    width = max(4, len(str(len(ordered))))
    return tuple(replace(one, id=str(n).zfill(width)) for n, one in enumerate(ordered, 1))


def _structure(changes: list[Change]) -> list[Change]:
    """Renames first, so names are free; then parents before children, which breaks circles."""
    renames = [one for one in changes if one.kind is ChangeKind.RENAME_TEAM]
    places = [one for one in changes if one.kind is not ChangeKind.RENAME_TEAM]
    places.sort(key=lambda one: (int(one.details.get("depth", "1")), one.kind.value))
    return [replace(one, phase=Phase.PREPARE) for one in (*_renames(renames), *places)]


def _renames(pending: list[Change]) -> list[Change]:
    """A name is given up before another team takes it, unless they swap."""
    done: list[Change] = []
    while pending:
        taken = {one.before for one in pending}
        free = next((one for one in pending if one.after not in taken), pending[0])
        pending = [one for one in pending if one is not free]
        done.append(free)
    return done


def _users(changes: list[Change], snapshot: Snapshot) -> list[Change]:
    phases: dict[Phase, list[Unit]] = defaultdict(list)
    for unit in _units(changes):
        phase = _phase(unit)
        phases[phase].append(tuple(replace(one, phase=phase) for one in unit))
    stock = stock_of(snapshot)
    for unit in phases[Phase.REVOKE]:
        stock.take_all(unit)
    early, moves = _moves(phases[Phase.MOVE], stock, snapshot)
    phases[Phase.REVOKE] += early
    phases[Phase.MOVE] = moves
    return [one for phase in _PHASES for unit in phases[phase] for one in unit]


def _units(changes: list[Change]) -> list[Unit]:
    """Changes one write carries, by person; a person who is parked or removed is one group."""
    by_person: dict[str, list[Change]] = defaultdict(list)
    for change in changes:
        by_person[change.subject.casefold()].append(change)
    found: list[Unit] = []
    for person in sorted(by_person):
        lines = by_person[person]
        together: dict[str, list[Change]] = defaultdict(list)
        for place, change in enumerate(lines):
            route = route_of(change)
            key = (
                route.value if route in (Route.CREATE_USER, Route.PUT_USER) else f"{route}:{place}"
            )
            together[key].append(change)
        found.extend(tuple(unit) for unit in together.values())
    return found


def _phase(unit: Unit) -> Phase:
    """Revoke where everything is taken, grant where everything is given, move otherwise."""
    first = unit[0]
    if first.kind is ChangeKind.HAND_OVER:
        return Phase.PREPARE
    if first.kind is ChangeKind.REMOVE_USER or any("rung" in one.details for one in unit):
        return Phase.REVOKE
    if first.kind is ChangeKind.CREATE_USER or route_of(first) is Route.CREATE_USER:
        return Phase.GRANT
    if first.kind is ChangeKind.PARK:
        return Phase.REVOKE if first.after == "parked" else Phase.GRANT
    if first.kind in (ChangeKind.SET_PROFILE, ChangeKind.NO_OP):
        return Phase.MOVE
    if all(_takes(one) for one in unit):
        return Phase.REVOKE
    return Phase.GRANT if all(_gives(one) for one in unit) else Phase.MOVE


def _takes(change: Change) -> bool:
    if change.kind is ChangeKind.SET_SEATS:
        return all(is_free(seat) for seat in set(change.after or ()) - set(change.before or ()))
    return not change.after


def _gives(change: Change) -> bool:
    if change.kind is ChangeKind.SET_SEATS:
        return all(is_free(seat) for seat in set(change.before or ()) - set(change.after or ()))
    return not change.before


def _moves(
    units: Sequence[Unit], stock: Stock, snapshot: Snapshot
) -> tuple[list[Unit], list[Unit]]:
    """Units in an order the stock of seats allows; a circle is opened by freeing one seat first."""
    early: list[Unit] = []
    done: list[Unit] = []
    pending = list(units)
    while pending:
        fits = [unit for unit in pending if stock.allows(unit)]
        if fits:
            chosen = {id(unit) for unit in _taken(fits, stock)}
            done += [unit for unit in pending if id(unit) in chosen]
            pending = [unit for unit in pending if id(unit) not in chosen]
            continue
        place = next((n for n, unit in enumerate(pending) if _can_free(unit)), None)
        if place is None:
            return early, [*done, *pending]  # no seat left at all: the guardrail says so
        freed, rest = _split(pending[place], snapshot)
        stock.take_all((freed,))
        early.append((freed,))
        pending[place] = rest
    return early, done


def _taken(fits: list[Unit], stock: Stock) -> list[Unit]:
    """Those of the fitting units that still fit one after the other."""
    taken = []
    for unit in fits:
        if stock.allows(unit):
            stock.take_all(unit)
            taken.append(unit)
    return taken


def _can_free(unit: Unit) -> bool:
    """Whether the unit holds a paid seat it is going to give back."""
    return any(seat_moves(one)[0] for one in unit)


def _split(unit: Unit, snapshot: Snapshot) -> tuple[Change, Unit]:
    """The seat line in two steps: free the seat now, take the new one when it is there."""
    line = next(one for one in unit if seat_moves(one)[0])
    offered = (seat.name for seat in snapshot.seats)
    free = next((name for name in offered if name.casefold() == "view-only"), None)
    between = (free,) if free else ()
    if line.kind is not ChangeKind.SET_SEATS or route_of(line) is Route.MANUAL:
        return line, tuple(one for one in unit if one is not line)
    freed = _reworded(line, line.before, between, Phase.REVOKE)
    taken = _reworded(line, between, line.after, line.phase)
    return freed, tuple(taken if one is line else one for one in unit)


def _reworded(
    line: Change,
    before: str | tuple[str, ...] | None,
    after: str | tuple[str, ...] | None,
    phase: Phase,
) -> Change:
    details = {
        **line.details,
        "before_shown": ", ".join(before or ()),
        "after_shown": ", ".join(after or ()),
    }
    told = {key: value for key, value in details.items() if value}
    return replace(line, before=before, after=after, phase=phase, details=told)
