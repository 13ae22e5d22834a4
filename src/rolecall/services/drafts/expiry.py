"""What time alone brings about: ended access, leavers, joiners whose day has come, grace days over.

A draft like any other; `expire_due` in services.lifecycle makes and keeps it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from rolecall.domain.assignment import Origin
from rolecall.domain.person import Person
from rolecall.domain.plan import Change
from rolecall.domain.snapshot import User
from rolecall.plan.context import DiffOptions
from rolecall.plan.diff import diff, governed
from rolecall.plan.parking import grace_over
from rolecall.plan.wishes import desired_of
from rolecall.policy.desired import Desired, DesiredUser, Source, Wanted, wants
from rolecall.policy.document import PersonEntry, Presence
from rolecall.policy.expiry import expired
from rolecall.policy.moments import end_of_day, start_of_day, zone_named
from rolecall.services.drafts.access_file import desired_by
from rolecall.services.drafts.ground import Ground, folded
from rolecall.services.drafts.orders import Draft, WhatIsDue

_PARKED = (Presence.PARKED.value,)
_ABSENT = (Presence.ABSENT.value,)


def draft_due(ground: Ground, order: WhatIsDue) -> Draft:
    """Every change that is due by date or by a move; empty when there is none."""
    desired = desired_by(ground) if ground.stored is not None else None
    named = folded(order.emails)
    changes = list(_by_file(ground, desired, named)) if desired is not None else []
    told = {change.subject.casefold() for change in changes}
    wishes = [one for one in _wishes(ground, desired) if one.email.casefold() not in told]
    changes += _carried_out(ground, wishes)
    return Draft("What is due by date", "due", tuple(changes))


def _by_file(ground: Ground, desired: Desired, named: frozenset[str]) -> Iterable[Change]:
    """What the policy in force wants of those whose date has come, and of those named."""
    subjects = _due_subjects(ground, named)
    if not subjects:
        return ()
    found = diff(desired, ground.snapshot, DiffOptions(ground.now, ground.parked))
    return [
        one
        for one in found.changes
        if one.subject_kind == "user" and one.subject.casefold() in subjects
    ]


def _due_subjects(ground: Ground, named: frozenset[str]) -> frozenset[str]:
    """Whom a date of the file, of the people list or of parking touches now, case-folded."""
    users = {user.email.casefold(): user for user in ground.snapshot.users if user.present}
    found = {key for key, entry in ground.policy.people.items() if _entry_due(ground, entry, users)}
    for person in ground.people:
        if is_leaver(ground, person) or _has_begun(ground, person):
            found.update(email.casefold() for email in person.emails)
    waiting = {
        key
        for key, since in ground.parked.items()
        if not grace_over(desired_of((), ground.parking), since, ground.now)
    }
    over = ground.parked.keys() - waiting
    return frozenset((found | over) - waiting) | named


def _entry_due(ground: Ground, entry: PersonEntry, users: dict[str, User]) -> bool:
    zone = zone_named(ground.snapshot.time_zone)
    over = entry.until is not None and end_of_day(entry.until, zone) <= ground.now
    begun = entry.starts is not None and start_of_day(entry.starts, zone) <= ground.now
    return over or (begun and entry.email.casefold() not in users)


def is_leaver(ground: Ground, person: Person) -> bool:
    """Left, or the last day is over in the portal's zone."""
    zone = zone_named(ground.snapshot.time_zone)
    over = person.ends_on is not None and end_of_day(person.ends_on, zone) <= ground.now
    return person.left or over


def _has_begun(ground: Ground, person: Person) -> bool:
    """The first day was told and has come."""
    zone = zone_named(ground.snapshot.time_zone)
    return person.starts_on is not None and start_of_day(person.starts_on, zone) <= ground.now


def _wishes(ground: Ground, desired: Desired | None) -> list[DesiredUser]:
    """What ended claims, leavers and grace days ask for, where no file speaks of it."""
    ended = expired(
        ground.snapshot, ground.assignments, ground.now, ground.parking, ground.no_access_set
    )
    leavers = dict(_leavers(ground)) if desired is None else {}
    wishes = {**ended.users, **leavers, **dict(_grace_over(ground))}
    waiting = ground.parked.keys() - {key for key, _ in _grace_over(ground)}
    kept = {key: wish for key, wish in wishes.items() if key not in waiting}
    if desired is None:
        return list(kept.values())
    return [_next_rank(wish, desired.users.get(key)) for key, wish in kept.items()]


def _leavers(ground: Ground) -> Iterable[tuple[str, DesiredUser]]:
    users = {user.email.casefold(): user for user in ground.snapshot.users if governed(user)}
    for person in ground.people:
        if not is_leaver(ground, person):
            continue
        said = "has left" if person.left else f"had the last day on {person.ends_on}"
        source = Source(Origin.LEAVER, f"{person.name} {said}", person.id)
        for email in person.emails:
            if user := users.get(email.casefold()):
                yield email.casefold(), DesiredUser(user.email, Wanted(_PARKED, source))


def _grace_over(ground: Ground) -> Iterable[tuple[str, DesiredUser]]:
    """Parked long enough, still there, and nobody was told to keep them."""
    if not ground.parking.remove:
        return
    users = {user.email.casefold(): user for user in ground.snapshot.users if governed(user)}
    for key, since in ground.parked.items():
        if key in users and grace_over(desired_of((), ground.parking), since, ground.now):
            said = f"parked since {since:%Y-%m-%d}, {ground.parking.grace_days} grace days are over"
            source = Source(Origin.LEAVER, said, "parking")
            yield key, DesiredUser(users[key].email, Wanted(_ABSENT, source))


def _next_rank(wish: DesiredUser, want: DesiredUser | None) -> DesiredUser:
    """What ended falls to whoever comes next: the file's or a rule's claim, where there is one."""
    if want is None:
        return wish
    stays = wants(want, Presence.PRESENT) or want.presence is None
    return replace(
        wish,
        presence=None if stays and want.named else wish.presence,
        permission_sets=_falls_to(wish.permission_sets, want.permission_sets),
        seats=_falls_to(wish.seats, want.seats),
        main_team=_falls_to(wish.main_team, want.main_team),
        extra_teams=None
        if wish.extra_teams is None
        else {**wish.extra_teams, **(want.extra_teams or {})},
    )


def _falls_to(ended: Wanted | None, following: Wanted | None) -> Wanted | None:
    return None if ended is None else following or ended


def _carried_out(ground: Ground, wishes: list[DesiredUser]) -> tuple[Change, ...]:
    desired = desired_of(wishes, ground.parking, ground.no_access_set)
    return tuple(diff(desired, ground.snapshot, DiffOptions(ground.now, ground.parked)).changes)
