"""Does a user have what a pack asks for? Missing, unknown, over-privileged or ready; no guesses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from rolecall.domain.snapshot import User
from rolecall.permissions import clicks
from rolecall.permissions.access import Access, Resolver
from rolecall.permissions.catalogue import SUPER_ADMIN, Permission
from rolecall.permissions.levels import NONE, UNASSIGNED, Range, at_least, holds, split_level
from rolecall.permissions.pack import Need, Pack, Requirement, When
from rolecall.permissions.toggles import given_toggle


class Verdict(StrEnum):
    """The first that applies counts."""

    MISSING = "missing"
    UNKNOWN = "unknown"
    OVER = "over-privileged"
    READY = "ready"


class Status(StrEnum):
    """What one line of a pack comes to for one user."""

    MET = "met"
    MISSING = "missing"
    UNKNOWN = "unknown"
    NOT_ASKED = "not asked"  # its condition does not hold


@dataclass(frozen=True, slots=True)
class LineResult:
    """One line: what is held, what it comes to, and where to click when it is missing."""

    requirement: Requirement
    status: Status
    held: tuple[Range, ...]
    message: str = ""
    clicks: tuple[str, ...] = ()
    by_seat: bool = False  # given, and closed by the seat


@dataclass(frozen=True, slots=True)
class PackResult:
    """The verdict on one subject, with what it rests on.

    `excess` are permissions beyond the pack, by id; `doubtful` those nobody knows of.
    """

    subject: str
    subject_id: str
    verdict: Verdict
    lines: tuple[LineResult, ...]
    excess: tuple[str, ...] = ()
    doubtful: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    as_of: datetime | None = None

    @property
    def missing(self) -> tuple[LineResult, ...]:
        """The lines that are not met."""
        return tuple(one for one in self.lines if one.status is Status.MISSING)


def check_user(
    resolver: Resolver, pack: Pack, user: User, *, connected: bool = False
) -> PackResult:
    """One user against a pack; `connected` leaves out what is needed for setting up alone."""
    access = resolver.access_of(user)
    clicked = _where_to_click(resolver, user)
    return _judged(resolver, pack, access, user.email, user.id, clicked, connected=connected)


def check_users(
    resolver: Resolver, pack: Pack, users: Iterable[User], *, connected: bool = False
) -> Iterator[PackResult]:
    """Many users; the order is theirs, and equal access is judged once."""
    judged: dict[tuple[int, str], PackResult] = {}
    for user in users:
        key = (id(resolver.access_of(user)), _where_to_click(resolver, user))
        known = judged.get(key)
        if known is None:
            known = judged[key] = check_user(resolver, pack, user, connected=connected)
        yield replace(known, subject=user.email, subject_id=user.id)


def verdicts_of(resolver: Resolver, pack: Pack, users: Iterable[User]) -> Iterator[Verdict]:
    """The verdicts alone, in the order of the users: nothing is made that nobody looks at."""
    judged: dict[int, Verdict] = {}
    for user in users:
        access = id(resolver.access_of(user))
        known = judged.get(access)
        if known is None:
            known = judged[access] = check_user(resolver, pack, user).verdict
        yield known


def check_set(
    resolver: Resolver, pack: Pack, set_id: str, seats: tuple[str, ...] | None = ("Core",)
) -> PackResult:
    """Whether holders of a permission set and these seats would be ready."""
    access = resolver.access_of_set(set_id, seats)
    name = resolver.names.get(set_id, set_id)
    return _judged(resolver, pack, access, name, set_id, clicks.set_path(name), connected=False)


def _where_to_click(resolver: Resolver, user: User) -> str:
    sets = user.permission_set_ids
    if not sets:
        return clicks.user_path(user.email)
    names = " or ".join(resolver.names.get(one, one) for one in sets)
    others = ", ".join(filter(None, (resolver.others_in(one, user) for one in sets)))
    return clicks.set_path(names) + (f" (for {others} too)" if others else "")


def _judged(
    resolver: Resolver,
    pack: Pack,
    access: Access,
    subject: str,
    subject_id: str,
    clicked: str,
    *,
    connected: bool,
) -> PackResult:
    asked = pack.lines(connected=connected)
    lines = [_line(resolver, access, one, clicked) for one in asked]
    if pack.seats:
        lines.append(_seat_line(pack, access))
    excess, doubtful = _beyond(resolver, pack, access, asked)
    return PackResult(
        subject=subject,
        subject_id=subject_id,
        verdict=_verdict(lines, excess, doubtful),
        lines=tuple(lines),
        excess=excess,
        doubtful=doubtful,
        evidence=access.given.sources or (str(access.given.ground),),
        as_of=access.given.as_of,
    )


def _verdict(
    lines: list[LineResult], excess: tuple[str, ...], doubtful: tuple[str, ...]
) -> Verdict:
    found = {line.status for line in lines}
    if Status.MISSING in found:
        return Verdict.MISSING
    if Status.UNKNOWN in found:
        return Verdict.UNKNOWN
    if excess:
        return Verdict.OVER
    return Verdict.UNKNOWN if doubtful else Verdict.READY


def _line(resolver: Resolver, access: Access, line: Requirement, clicked: str) -> LineResult:
    asked = _asked(access, line.when)
    held = tuple(access.of(need.permission) for need in line.any_of)
    if asked is False:
        return LineResult(line, Status.NOT_ASKED, held)
    answers = [_met(resolver, need, got) for need, got in zip(line.any_of, held, strict=True)]
    if True in answers:
        return LineResult(line, Status.MET, held)
    if None in answers or asked is None:
        note = "; ".join(access.given.notes) or "no evidence"
        return LineResult(line, Status.UNKNOWN, held, f"{line.title}: {note}")
    return _missing(resolver, access, line, held, clicked)


def _asked(access: Access, conditions: tuple[When, ...]) -> bool | None:
    """Some condition holds; with none, the line always counts."""
    if not conditions:
        return True
    answers = [_in_scope(access.of(one.permission), one.scopes) for one in conditions]
    if True in answers:
        return True
    return None if None in answers else False


def _in_scope(held: Range, scopes: tuple[str, ...]) -> bool | None:
    if held.known:
        return split_level(held.low)[0] in scopes
    return None


def _met(resolver: Resolver, need: Need, held: Range) -> bool | None:
    one = resolver.catalogue.permissions[need.permission]
    if not need.unassigned:
        return holds(one.levels, held, need.at_least)
    wanted = need.at_least or one.levels[0]
    boxed = wanted if wanted == one.highest else wanted + UNASSIGNED
    return holds(one.levels, held, boxed)


def _missing(
    resolver: Resolver, access: Access, line: Requirement, held: tuple[Range, ...], clicked: str
) -> LineResult:
    by_seat = any(
        _met(resolver, need, access.given.of(resolver.catalogue.permissions[need.permission]))
        for need in line.any_of
    )
    if by_seat:
        seats = ", ".join(access.seats or ()) or "no paid seat"
        message = f"{line.title}: given, but the seat ({seats}) does not open it"
        path = ("Settings (gear) > Account Setup > Users & Teams > the user > Edit seat",)
        return LineResult(line, Status.MISSING, held, message, path, by_seat=True)
    message = f"{line.title}: {_held_only(line, held)}"
    return LineResult(line, Status.MISSING, held, message, _path(resolver, line, held, clicked))


def _held_only(line: Requirement, held: tuple[Range, ...]) -> str:
    if all(one == (NONE, NONE) for one in held):
        return "not held"
    if all(need.unassigned and not need.at_least for need in line.any_of):
        return f"held at {held[0].high}, without the Unassigned box"
    return f"held only at {' / '.join(one.high or 'none' for one in held)}"


def _path(
    resolver: Resolver, line: Requirement, held: tuple[Range, ...], clicked: str
) -> tuple[str, ...]:
    need = line.any_of[0]
    one = resolver.catalogue.permissions[need.permission]
    level = _level_to_choose(one, need, held[0])
    where = line.clicks or clicks.toggle_path(resolver.catalogue, one, level)
    before = f" (older screens: {line.formerly})" if line.formerly else ""
    return (f"{clicked} > {where}{before}",)


def toggle_of(resolver: Resolver, line: LineResult) -> str:
    """What evidence shows of a line once it is met: any of its needs at the level to choose."""
    permissions = resolver.catalogue.permissions
    pairs = zip(line.requirement.any_of, line.held, strict=False)
    return given_toggle(
        (need.permission, _level_to_choose(permissions[need.permission], need, held))
        for need, held in pairs
    )


def _level_to_choose(one: Permission, need: Need, held: Range) -> str:
    level = need.at_least or split_level(held.low)[0] or one.levels[0]
    return level + UNASSIGNED if need.unassigned and level != one.highest else level


def _seat_line(pack: Pack, access: Access) -> LineResult:
    shown = " or ".join(pack.seats)
    line = Requirement("seat", f"a seat of kind {shown}", ())
    if access.seats is None:
        return LineResult(line, Status.UNKNOWN, (), "the API version in use does not tell seats")
    names = tuple(one.casefold() for one in pack.seats)
    if any(seat.casefold().startswith(names) for seat in access.seats):
        return LineResult(line, Status.MET, ())
    held = ", ".join(access.seats) or "none"
    path = "Settings (gear) > Account Setup > Users & Teams > the user > Edit seat"
    return LineResult(line, Status.MISSING, (), f"seat is {held}, needed is {shown}", (path,))


def _beyond(
    resolver: Resolver, pack: Pack, access: Access, asked: tuple[Requirement, ...]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Permissions surely held beyond the pack, and those that may be."""
    needed = {need.permission for line in asked for need in line.any_of}
    needed |= {other for one in needed for other in pack.implies.get(one, ())}
    catalogue = resolver.catalogue
    risky = catalogue.permissions.keys() if pack.upper_bound == "exact" else catalogue.critical
    watched = (risky | set(pack.forbids)) - needed
    sure = [one for one in catalogue.permissions if one in watched and access.of(one).low != NONE]
    doubt = [
        one
        for one in catalogue.permissions
        if one in watched and access.of(one).low == NONE and access.of(one).high != NONE
    ]
    if SUPER_ADMIN in sure:
        sure = [SUPER_ADMIN]
    return tuple(sure), tuple(doubt)


def would_cover(resolver: Resolver, pack: Pack, access: Access) -> bool:
    """Every line is surely met by this access."""
    lines = (_line(resolver, access, one, "") for one in pack.requires)
    return all(one.status in (Status.MET, Status.NOT_ASKED) for one in lines)


def covers(resolver: Resolver, more: Access, less: Access) -> bool:
    """Access that surely includes all another access may be."""
    permissions = resolver.catalogue.permissions
    return all(
        at_least(permissions[one].levels, more.of(one).low, held.high)
        for one, held in less.levels.items()
    )
