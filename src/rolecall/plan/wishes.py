"""One-person commands as wishes: add, change, off-board, remove; they end in the same diff."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from rolecall.domain.assignment import Assignment, Origin, Slot
from rolecall.domain.snapshot import Snapshot, User
from rolecall.kit.errors import Refused
from rolecall.policy.desired import EXACT_EVERYWHERE, Desired, DesiredUser, Source, Wanted
from rolecall.policy.document import PROFILE_FIELDS, ParkingSettings, Presence, Ref
from rolecall.policy.grants_nodes import known_zone
from rolecall.policy.names import Index, Names, names_of
from rolecall.policy.problems import FIND_USERS, did_you_mean

GUESSED = 5_000  # users among whom a misspelt one is guessed; beyond, guessing takes too long


@dataclass(frozen=True, slots=True)
class Ask:
    """What a command or a row asks for one user; None = leave alone, "" = take away.

    Names are names or ids as people write them.
    """

    permission_set: str | None = None
    seat: str | None = None
    main_team: str | None = None
    extra_teams: tuple[str, ...] | None = None  # the whole list
    add_teams: tuple[str, ...] = ()
    drop_teams: tuple[str, ...] = ()
    fields: Mapping[str, str] = field(default_factory=dict)
    first_name: str = ""
    last_name: str = ""
    send_welcome_email: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Directory:
    """One snapshot looked up once for many wishes: present users by e-mail and id, and names."""

    users: Mapping[str, User]
    names: Names


def directory_of(snapshot: Snapshot) -> Directory:
    """The lookups of a snapshot; a hundred thousand rows of a file share them."""
    present = [user for user in snapshot.users if user.present]
    users = {user.id: user for user in present}
    users.update({user.email.casefold(): user for user in reversed(present)})
    return Directory(users, names_of(snapshot))


Where = Snapshot | Directory


def _directory(where: Where) -> Directory:
    return where if isinstance(where, Directory) else directory_of(where)


def desired_of(
    users: Iterable[DesiredUser],
    parking: ParkingSettings | None = None,
    no_access_set: str | None = None,
) -> Desired:
    """Wishes about these users alone; everything they do not mention is left alone."""
    return Desired(
        users={user.email.casefold(): user for user in users},
        manage=EXACT_EVERYWHERE,
        parking=parking or ParkingSettings(),
        no_access_set=no_access_set,
        whole=False,
    )


def add_user(email: str, ask: Ask, where: Where, source: Source, like: str = "") -> DesiredUser:
    """A new user with what is asked, over what `like` (an e-mail) has; Refused when there already."""
    there = _directory(where)
    if email.casefold() in there.users:
        hint = f"to change access: rolecall user change PORTAL {email}"
        raise Refused(f"{email} is in the portal already", hint=hint)
    wish = _asked(email, None, ask, there, source)
    if like:
        wish = _over(wish, copy_of(_there(there, like), source))
    return replace(wish, presence=Wanted((Presence.PRESENT.value,), source))


def change_user(email: str, ask: Ask, where: Where, source: Source, like: str = "") -> DesiredUser:
    """A present user with what is asked; `like` (an e-mail) fills in what is not."""
    there = _directory(where)
    user = _there(there, email)
    wish = _asked(user.email, user, ask, there, source)
    if like:
        wish = _over(wish, copy_of(_there(there, like), source))
    return replace(wish, presence=Wanted((Presence.PRESENT.value,), source))


def offboard_user(email: str, where: Where, source: Source) -> DesiredUser:
    """A present user to be parked."""
    user = _there(_directory(where), email)
    return DesiredUser(user.email, Wanted((Presence.PARKED.value,), source), reason=source.reason)


def remove_user(email: str, where: Where, source: Source) -> DesiredUser:
    """A present user to be removed at once."""
    user = _there(_directory(where), email)
    return DesiredUser(user.email, Wanted((Presence.ABSENT.value,), source), reason=source.reason)


def copy_of(user: User, source: Source) -> DesiredUser:
    """The access of a user as a wish; Super Admin cannot be copied."""
    if user.super_admin:
        raise Refused(
            f"{user.email} is Super Admin, which no API gives", hint="copy from somebody else"
        )
    return DesiredUser(
        email=user.email,
        permission_sets=Wanted(tuple(sorted(user.permission_set_ids)), source),
        seats=None if user.seat_names is None else Wanted(tuple(sorted(user.seat_names)), source),
        main_team=Wanted((user.main_team_id,) if user.main_team_id else (), source),
        extra_teams=dict.fromkeys(user.extra_team_ids, source),
    )


def assignments_of(
    wish: DesiredUser, hub_id: int, now: datetime, until: datetime | None = None
) -> tuple[Assignment, ...]:
    """What a one-person command leaves in the store, so that a file under exact knows of it."""
    pairs: list[tuple[Slot, str, Source]] = []
    for slot, wanted in (
        (Slot.USER, wish.presence),
        (Slot.PERMISSION_SET, wish.permission_sets),
        (Slot.MAIN_TEAM, wish.main_team),
        (Slot.SEAT, wish.seats),
    ):
        if wanted is not None:
            pairs += [(slot, value, wanted.source) for value in wanted.values or ("",)]
    pairs += [(Slot.EXTRA_TEAM, team, source) for team, source in (wish.extra_teams or {}).items()]
    return tuple(
        Assignment(
            subject=wish.email.casefold(),
            hub_id=hub_id,
            slot=slot,
            value=value,
            origin=source.origin if source.origin is not Origin.PEOPLE else Origin.OPERATOR,
            starts_at=now,
            ends_at=until,
            reason=source.reason,
            reference=source.reference,
        )
        for slot, value, source in pairs
    )


def _there(there: Directory, email: str) -> User:
    user = there.users.get(email.casefold())
    if user is None:
        hint = did_you_mean(email, there.users) if len(there.users) <= GUESSED else ""
        raise Refused(f"{email} is not in the portal", hint=hint or FIND_USERS)
    return user


def _over(wish: DesiredUser, base: DesiredUser) -> DesiredUser:
    """What is asked stands above what is copied; extra teams add up."""
    extra = {**(base.extra_teams or {}), **(wish.extra_teams or {})}
    return replace(
        wish,
        permission_sets=wish.permission_sets or base.permission_sets,
        seats=wish.seats or base.seats,
        main_team=wish.main_team or base.main_team,
        extra_teams=extra,
    )


def _asked(
    email: str, user: User | None, ask: Ask, there: Directory, source: Source
) -> DesiredUser:
    known = there.names
    names = Names(known.sets, known.seats, known.teams, known.tier)
    wish = DesiredUser(
        email=email,
        permission_sets=_wanted(names, names.sets, ask.permission_set, source),
        seats=_wanted(names, names.seats, ask.seat, source),
        main_team=_wanted(names, names.teams, ask.main_team, source),
        extra_teams=_extra(names, user, ask, source),
        fields={key: Wanted((value,), source) for key, value in ask.fields.items()},
        first_name=ask.first_name,
        last_name=ask.last_name,
        send_welcome_email=ask.send_welcome_email,
        reason=ask.reason or source.reason,
    )
    unknown = [key for key in ask.fields if key not in PROFILE_FIELDS]
    if unknown:
        hint = did_you_mean(unknown[0], PROFILE_FIELDS)
        raise Refused(f"{unknown[0]!r} is no profile field", hint=hint or ", ".join(PROFILE_FIELDS))
    zone = ask.fields.get("time_zone")
    if zone and not known_zone(zone):
        raise Refused(f"unknown time zone {zone!r}", hint="write it as Europe/Berlin")
    if names.problems:
        first = names.problems[0]
        raise Refused(first.message, hint=first.hint or None)
    return wish


def _wanted(names: Names, among: Index, name: str | None, source: Source) -> Wanted | None:
    if name is None:
        return None
    if not name.strip():
        return Wanted((), source)
    found = _resolved(names, among, name)
    return Wanted((found,) if found else (), source)


def _resolved(names: Names, among: Index, name: str) -> str | None:
    name = name.strip()
    by_id = name in among.ids and not among.find(name)
    ref = Ref("", name) if by_id else Ref(name)
    if among is names.sets:
        return names.permission_set(ref)
    return names.seat(ref) if among is names.seats else names.team(ref)


def _extra(names: Names, user: User | None, ask: Ask, source: Source) -> dict[str, Source] | None:
    if ask.extra_teams is None and not ask.add_teams and not ask.drop_teams:
        return None
    held = user.extra_team_ids if user is not None else ()
    if ask.extra_teams is not None:
        held = tuple(t for t in (_resolved(names, names.teams, n) for n in ask.extra_teams) if t)
    teams = dict.fromkeys(held, source)
    for name in ask.add_teams:
        if found := _resolved(names, names.teams, name):
            teams[found] = source
    for name in ask.drop_teams:
        if found := _resolved(names, names.teams, name):
            teams.pop(found, None)
    return teams
