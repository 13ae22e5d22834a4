"""Requests as wishes for a plan: what begins, and what comes back at the end. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rolecall.domain.assignment import Origin, Slot
from rolecall.domain.request import AccessRequest
from rolecall.domain.snapshot import Snapshot, User
from rolecall.policy.desired import DesiredUser, Source, Wanted
from rolecall.policy.document import Presence

SINGLE = (Slot.PERMISSION_SET, Slot.SEAT, Slot.MAIN_TEAM)
PRESENT = (Presence.PRESENT.value,)
PARKED = (Presence.PARKED.value,)


@dataclass(frozen=True, slots=True)
class Wish:
    """What a plan should bring about for one user, and what it leaves alone and why."""

    user: DesiredUser
    notes: tuple[str, ...] = ()


def reference_of(request_id: str) -> str:
    """How assignments and plans name the request they come from."""
    return f"request:{request_id}"


def former_of(request: AccessRequest, snapshot: Snapshot) -> tuple[tuple[Slot, str], ...]:
    """What the subject holds now in the slots the request fills; nothing for a stranger."""
    user = _there(request, snapshot)
    if user is None:
        return ()
    held = _held(user)
    asked = {value for slot, value in request.grants if slot is Slot.EXTRA_TEAM}
    found = [(slot, one) for slot in SINGLE if _asks(request, slot) for one in held[slot]]
    return (*found, *((Slot.EXTRA_TEAM, one) for one in user.extra_team_ids if one in asked))


def begin_wish(
    request: AccessRequest, snapshot: Snapshot, settled: DesiredUser | None = None
) -> Wish:
    """What the request gives, where no higher rank says otherwise.

    `settled` is who wins each slot of the subject, this request's assignments included.
    """
    source = Source(Origin.REQUEST, f"asked for: {request.reason}", reference_of(request.id))
    wants: dict[Slot, Wanted] = {}
    notes = []
    for slot in SINGLE:
        if not _asks(request, slot):
            continue
        above = _above(settled, slot, source.reference)
        if above:
            notes.append(f"{slot.value} is not given: {above}")
        else:
            wants[slot] = Wanted(_asked(request, slot), source)
    user = _there(request, snapshot)
    return Wish(_user(request, wants, _with_teams(request, user, source), source), tuple(notes))


def return_wish(
    request: AccessRequest, snapshot: Snapshot, settled: DesiredUser | None = None
) -> Wish | None:
    """The former access, slot by slot; what somebody changed meanwhile is left alone.

    `settled` is who wins each slot without the request: a claim there stands above what was.
    None when the subject is gone.
    """
    user = _there(request, snapshot)
    if user is None:
        return None
    source = Source(Origin.REQUEST, "the access asked for has ended", reference_of(request.id))
    stays = settled is not None and settled.presence is not None
    if request.creates_user and not stays:
        parked = Wanted(PARKED, source)
        return Wish(DesiredUser(user.email, parked, reason=source.reason, named=False))
    wants, notes = _returned(request, user, snapshot, settled, source)
    teams = _without_teams(request, user, settled, source)
    return Wish(_user(request, wants, teams, source), notes)


def _returned(
    request: AccessRequest,
    user: User,
    snapshot: Snapshot,
    settled: DesiredUser | None,
    source: Source,
) -> tuple[dict[Slot, Wanted], tuple[str, ...]]:
    held, known = _held(user), _known(snapshot)
    wants: dict[Slot, Wanted] = {}
    notes = []
    for slot in SINGLE:
        if not _asks(request, slot):
            continue
        if set(held[slot]) != set(_asked(request, slot)):
            notes.append(f"{slot.value} was changed meanwhile and stays as it is")
            continue
        claimed = _claim(settled, slot)
        former = tuple(v for one, v in request.former if one is slot and v in known[slot])
        wants[slot] = claimed if claimed is not None else Wanted(former, source)
    return wants, tuple(notes)


def _user(
    request: AccessRequest,
    wants: Mapping[Slot, Wanted],
    teams: Mapping[str, Source] | None,
    source: Source,
) -> DesiredUser:
    return DesiredUser(
        email=request.subject,
        presence=Wanted(PRESENT, source),
        permission_sets=wants.get(Slot.PERMISSION_SET),
        seats=wants.get(Slot.SEAT),
        main_team=wants.get(Slot.MAIN_TEAM),
        extra_teams=teams,
        first_name=request.names.get("first_name", ""),
        last_name=request.names.get("last_name", ""),
        send_welcome_email=request.creates_user,
        reason=request.reason,
        named=False,
    )


def _with_teams(
    request: AccessRequest, user: User | None, source: Source
) -> Mapping[str, Source] | None:
    asked = _asked(request, Slot.EXTRA_TEAM)
    if not asked:
        return None
    return dict.fromkeys((*(user.extra_team_ids if user else ()), *asked), source)


def _without_teams(
    request: AccessRequest, user: User, settled: DesiredUser | None, source: Source
) -> Mapping[str, Source] | None:
    asked = set(_asked(request, Slot.EXTRA_TEAM))
    if not asked:
        return None
    before = {value for slot, value in request.former if slot is Slot.EXTRA_TEAM}
    claimed = set(settled.extra_teams or ()) if settled else set()
    gone = asked - before - claimed
    return dict.fromkeys((one for one in user.extra_team_ids if one not in gone), source)


def _above(settled: DesiredUser | None, slot: Slot, reference: str) -> str:
    """Why somebody else wins this slot, or the empty text."""
    if settled is None:
        return ""
    if slot in settled.disputed:
        return "two claims of the same rank contradict each other"
    winner = _claim(settled, slot)
    if winner is None or winner.source.reference == reference:
        return ""
    return f"{winner.source.reason} stands above"


def _claim(settled: DesiredUser | None, slot: Slot) -> Wanted | None:
    if settled is None:
        return None
    return {
        Slot.PERMISSION_SET: settled.permission_sets,
        Slot.SEAT: settled.seats,
        Slot.MAIN_TEAM: settled.main_team,
    }[slot]


def _there(request: AccessRequest, snapshot: Snapshot) -> User | None:
    user = snapshot.user(request.subject)
    return user if user is not None and user.present else None


def _held(user: User) -> dict[Slot, tuple[str, ...]]:
    return {
        Slot.PERMISSION_SET: user.permission_set_ids,
        Slot.SEAT: user.seat_names or (),
        Slot.MAIN_TEAM: (user.main_team_id,) if user.main_team_id else (),
    }


def _known(snapshot: Snapshot) -> dict[Slot, frozenset[str]]:
    """What the portal still has; a set or team deleted meanwhile cannot come back."""
    seats = {seat.name for seat in snapshot.seats}
    seats |= {name for user in snapshot.users for name in user.seat_names or ()}
    return {
        Slot.PERMISSION_SET: frozenset(one.id for one in snapshot.permission_sets),
        Slot.SEAT: frozenset(seats),
        Slot.MAIN_TEAM: frozenset(one.id for one in snapshot.teams),
    }


def _asks(request: AccessRequest, slot: Slot) -> bool:
    return any(one is slot for one, _ in request.grants)


def _asked(request: AccessRequest, slot: Slot) -> tuple[str, ...]:
    return tuple(value for one, value in request.grants if one is slot)
