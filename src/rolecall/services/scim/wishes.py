"""What a SCIM push asks for: claims of a person, and the wish they come to among all other claims.

Pure but for its inputs; nothing here reads or writes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

from rolecall.domain.assignment import Assignment, Origin, Slot
from rolecall.domain.person import Person
from rolecall.domain.scim import GroupTarget, Leaving, ScimClient
from rolecall.domain.snapshot import Snapshot, User
from rolecall.kit.errors import Refused
from rolecall.policy.assign import assign
from rolecall.policy.desired import DesiredUser, Source, Wanted
from rolecall.policy.document import Policy, Presence, Ref
from rolecall.policy.names import Names, names_of
from rolecall.services.drafts.ground import Ground

Lost = frozenset[tuple[Slot, str]]
PRESENT, PARKED, ABSENT = (
    one.value for one in (Presence.PRESENT, Presence.PARKED, Presence.ABSENT)
)


class NotAsAsked(Refused):
    """What was pushed cannot be brought about; the message says what stands against it."""

    http_status = 409


class BadValue(Refused):
    """A value names nothing in this portal."""

    http_status = 400


@dataclass(frozen=True, slots=True)
class PushedUser:
    """A SCIM user as far as Rolecall acts on it; None = not said."""

    user_name: str
    emails: tuple[str, ...] = ()
    external_id: str = ""
    active: bool = True
    first_name: str = ""
    last_name: str = ""
    job_title: str = ""
    department: str = ""
    company: str = ""
    country: str = ""
    location: str = ""
    manager_id: str = ""
    roles: tuple[str, ...] | None = None  # permission sets by name
    entitlements: tuple[str, ...] | None = None  # seats by name
    attributes: Mapping[str, str] = field(default_factory=dict)

    @property
    def email(self) -> str:
        """The address of the user at HubSpot; "" where nothing looks like one."""
        return next((one for one in (self.user_name, *self.emails) if _is_email(one)), "")


def _is_email(text: str) -> bool:
    name, at, domain = text.partition("@")
    return bool(name and at and "." in domain and " " not in text)


def user_claims(
    client: ScimClient, snapshot: Snapshot, pushed: PushedUser, subject: str, person_id: str
) -> tuple[Assignment, ...]:
    """Presence, seat and permission set of one pushed user.

    Raises BadValue for a seat or set the portal does not have, or several of one.
    """
    gone = PARKED if client.leaving is Leaving.PARK else ABSENT
    pairs = [(Slot.USER, PRESENT if pushed.active else gone)]
    names = names_of(snapshot)
    for slot, values in ((Slot.PERMISSION_SET, pushed.roles), (Slot.SEAT, pushed.entitlements)):
        if values:
            pairs.append((slot, _single(names, slot, values)))
    return tuple(
        _claim(client, subject, slot, value, f"{client.reference}:user", person_id)
        for slot, value in pairs
    )


def _single(names: Names, slot: Slot, values: tuple[str, ...]) -> str:
    what = "permission set (roles)" if slot is Slot.PERMISSION_SET else "seat (entitlements)"
    unique = tuple(dict.fromkeys(values))
    if len(unique) > 1:
        raise BadValue(f"a user has one {what}, and {len(unique)} were sent: {', '.join(unique)}")
    among = names.sets if slot is Slot.PERMISSION_SET else names.seats
    found = (unique[0],) if unique[0] in among.ids else among.find(unique[0])
    if len(found) != 1:
        raise BadValue(f"the portal has no {what} {unique[0]!r}")
    return str(found[0])


def group_claims(
    client: ScimClient,
    ground: Ground,
    target: str,
    reference: str,
    people: Mapping[str, str],
) -> tuple[Assignment, ...]:
    """What members get of a group that is mapped; `people` are person ids by subject."""
    grants = grants_of(ground, target)
    return tuple(
        _claim(client, subject, slot, value, reference, person_id)
        for subject, person_id in people.items()
        for slot, value in grants
    )


def grants_of(ground: Ground, target: str) -> tuple[tuple[Slot, str], ...]:
    """The slots a target fills; NotAsAsked when what it names is gone."""
    kind, _, value = target.partition(":")
    if not value:
        return ()
    if kind == GroupTarget.PROFILE.value:
        return _of_profile(ground.policy, ground.snapshot, value)
    there = {one.id for one in ground.snapshot.teams}
    if kind == GroupTarget.PERMISSION_SET.value:
        there = {one.id for one in ground.snapshot.permission_sets}
    if value not in there:
        raise NotAsAsked(f"the group is mapped to {kind} {value}, which the portal has no more")
    slots = {
        GroupTarget.TEAM.value: Slot.EXTRA_TEAM,
        GroupTarget.MAIN_TEAM.value: Slot.MAIN_TEAM,
        GroupTarget.PERMISSION_SET.value: Slot.PERMISSION_SET,
    }
    return ((slots[kind], value),)


def _of_profile(policy: Policy, snapshot: Snapshot, name: str) -> tuple[tuple[Slot, str], ...]:
    grants = policy.profiles.get(name)
    if grants is None:
        raise NotAsAsked(f"the group is mapped to the access profile {name!r}, which is gone")
    names = names_of(snapshot)
    found: list[tuple[Slot, str]] = []
    many: tuple[tuple[Slot, tuple[Ref, ...] | None, Callable[[Ref], str | None]], ...] = (
        (Slot.PERMISSION_SET, grants.permission_sets, names.permission_set),
        (Slot.SEAT, grants.seats, names.seat),
        (Slot.MAIN_TEAM, grants.main_team, names.team),
        (Slot.EXTRA_TEAM, grants.extra_teams, names.team),
    )
    for slot, refs, resolve in many:
        for ref in refs or ():
            value = resolve(ref)
            if value is None:
                raise NotAsAsked(f"the access profile {name!r} names {ref.name!r}, which is gone")
            found.append((slot, value))
    return tuple(found)


def target_named(client: ScimClient, ground: Ground, name: str) -> str:
    """What a group of this name stands for, `kind:id`; "" where nothing has exactly this name."""
    if client.groups is GroupTarget.PROFILE:
        return f"profile:{name}" if name in ground.policy.profiles else ""
    names = names_of(ground.snapshot)
    among = names.sets if client.groups is GroupTarget.PERMISSION_SET else names.teams
    found = among.find(name)
    return f"{client.groups.value}:{found[0]}" if len(found) == 1 else ""


def _claim(
    client: ScimClient, subject: str, slot: Slot, value: str, reference: str, person_id: str
) -> Assignment:
    return Assignment(
        subject.casefold(),
        client.hub_id,
        slot,
        value,
        Origin.SCIM,
        person_id=person_id,
        reason=f"pushed by {client.name}",
        reference=reference,
    )


def wish_of(
    client: ScimClient,
    ground: Ground,
    subject: str,
    person: Person | None,
    claims: Iterable[Assignment],
    lost: Lost = frozenset(),
) -> DesiredUser | None:
    """What a plan should bring about for one subject, everybody's claims settled.

    `lost` is what SCIM claimed and claims no more. None where nobody says anything.
    """
    key = subject.casefold()
    entry = ground.policy.people.get(key)
    policy = replace(ground.policy, people={key: entry} if entry else {})
    people = [person] if person is not None else []
    settled = assign(policy, ground.snapshot, people, list(claims), ground.now).users.get(key)
    if settled is None:
        return None
    user = ground.snapshot.user(subject)
    source = Source(Origin.SCIM, f"pushed by {client.name}", client.reference)
    there = user if user is not None and user.present else None
    shown = there.email if there else _sent(subject, person)
    wish = replace(settled, email=shown, named=False, send_welcome_email=client.welcome_email)
    return _without_lost(wish, there, lost, ground, source)


def _sent(subject: str, person: Person | None) -> str:
    emails = person.emails if person else ()
    return next((one for one in emails if one.casefold() == subject.casefold()), subject)


def _without_lost(
    wish: DesiredUser, user: User | None, lost: Lost, ground: Ground, source: Source
) -> DesiredUser:
    """Extra teams as the whole list they are, and nothing where a single claim has ended."""
    if user is None:
        return wish
    held = {team for team in user.extra_team_ids if (Slot.EXTRA_TEAM, team) not in lost}
    if wish.extra_teams is not None or len(held) != len(user.extra_team_ids):
        kept = dict.fromkeys(sorted(held), source)
        wish = replace(wish, extra_teams={**kept, **(wish.extra_teams or {})})
    if wish.main_team is None and (Slot.MAIN_TEAM, user.main_team_id or "") in lost:
        wish = replace(wish, main_team=Wanted((), source))
    sets = user.permission_set_ids
    if wish.permission_sets is None and any((Slot.PERMISSION_SET, one) in lost for one in sets):
        wish = replace(wish, permission_sets=Wanted((), source))
    seats = user.seat_names or ()
    if wish.seats is None and any((Slot.SEAT, one) in lost for one in seats):
        wish = replace(wish, seats=Wanted(_free_seat(ground), source))
    return wish


def _free_seat(ground: Ground) -> tuple[str, ...]:
    free = ground.parking.seat
    return (free,) if free in {seat.name for seat in ground.snapshot.seats} else ()


def refuse_contradiction(wish: DesiredUser | None, wanted: str, subject: str) -> None:
    """Raise NotAsAsked where other claims stand above what was pushed, or contradict it."""
    if wish is None:
        return
    if wish.disputed:
        slots = ", ".join(sorted(slot.value.replace("_", " ") for slot in wish.disputed))
        raise NotAsAsked(f"{subject}: claims of the same rank contradict each other for {slots}")
    presence = wish.presence
    if presence is None or presence.values == (wanted,):
        return
    if {wanted, *presence.values} <= {PARKED, ABSENT}:
        return  # both take the user away
    raise NotAsAsked(
        f"{subject} stays {presence.values[0]}: {presence.source.reason}"
        f" ({presence.source.reference or presence.source.origin.name.lower()})"
    )


def lost_of(ended: Collection[Assignment], still: Iterable[Assignment]) -> Lost:
    """Slots and values that were claimed and are claimed no more."""
    claimed = {(one.slot, one.value) for one in still}
    return frozenset((one.slot, one.value) for one in ended) - claimed
