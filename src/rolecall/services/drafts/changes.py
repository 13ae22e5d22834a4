"""One-person commands as drafts: add, change, remove; and how a file under exact learns of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime

from rolecall.domain.assignment import Assignment, Origin, Slot
from rolecall.domain.plan import Change
from rolecall.kit.errors import Refused
from rolecall.plan.context import DiffOptions
from rolecall.plan.diff import diff
from rolecall.plan.wishes import (
    Ask,
    add_user,
    assignments_of,
    change_user,
    desired_of,
    directory_of,
    remove_user,
)
from rolecall.policy.desired import DesiredUser, Source
from rolecall.policy.document import Grants, Mode, Ref, Section
from rolecall.policy.dump import quoted
from rolecall.policy.moments import end_of_day, zone_named
from rolecall.policy.people_nodes import looks_like_email
from rolecall.policy.problems import did_you_mean
from rolecall.services.drafts.ground import Ground
from rolecall.services.drafts.orders import AddUser, ChangeUsers, Draft, KeptWishes, RemoveUsers

CONTRACTOR_PROFILE = "contractor"  # a profile of this name, or beginning so, is the minimal set
FREE_SEAT = "View-Only"
NEXT_SEAT = "Core"
SECTIONS = {
    Slot.USER: Section.USERS,
    Slot.PERMISSION_SET: Section.PERMISSION_SETS,
    Slot.MAIN_TEAM: Section.TEAMS,
    Slot.EXTRA_TEAM: Section.TEAMS,
    Slot.SEAT: Section.SEATS,
}


def draft_add(ground: Ground, order: AddUser) -> Draft:
    """A new user; Refused when the user is there already, or a name is not known."""
    if not looks_like_email(order.email):
        raise Refused(f"{order.email!r} is not an e-mail address", hint="such as kim@acme.test")
    until = end_of(ground, order.until)
    _refuse_contractor(order)
    ask = asked(ground, order.ask, order.profile)
    if order.contractor:
        ask = _cheapest(ground, ask)
    reason = _reason(order)
    source = Source(Origin.OPERATOR, reason, "user add")
    wish = add_user(order.email, ask, ground.snapshot, source, order.like)
    # A foreign e-mail domain needs somebody's own words, not a reason we made up.
    wish = replace(wish, reason=order.reason)
    changes, reported = differences(ground, (wish,))
    notes = (*where_to_write(ground, (wish,)), *_no_seat(ground, wish))
    return Draft(
        f"Add {order.email}", "user add", changes, reported, (wish,), until, notes
    )  # fmt: skip


def draft_change(ground: Ground, order: ChangeUsers) -> Draft:
    """One change over all the users named; a user who is not there refuses the whole order."""
    if not order.emails:
        raise Refused("nobody is selected", hint="name users, or widen the selection")
    ask = asked(ground, order.ask, order.profile)
    if ask == Ask() and not order.like:
        raise Refused("nothing to change is named", hint="see `rolecall user change --help`")
    source = Source(Origin.OPERATOR, order.reason or "user change", "user change")
    there = directory_of(ground.snapshot)
    wishes = tuple(
        change_user(email, ask, there, source, order.like) for email in dict.fromkeys(order.emails)
    )
    changes, reported = differences(ground, wishes, order.overwrite_sets)
    who = order.emails[0] if len(wishes) == 1 else f"{len(wishes)} users"
    notes = where_to_write(ground, wishes)
    until = end_of(ground, order.until)
    return Draft(f"Change {who}", "user change", changes, reported, wishes, until, notes)


def draft_remove(ground: Ground, order: RemoveUsers) -> Draft:
    """Users removed at once; what they own stays behind, which the notes say."""
    source = Source(Origin.OPERATOR, order.reason or "user remove", "user remove")
    wishes = tuple(remove_user(email, ground.snapshot, source) for email in order.emails)
    changes, reported = differences(ground, wishes)
    who = order.emails[0] if len(wishes) == 1 else f"{len(wishes)} users"
    left = (
        "records, meeting links and workflows of a removed user stay behind;"
        " `rolecall user offboard` hands records over and parks first"
    )
    notes = (left, *where_to_write(ground, wishes))
    return Draft(f"Remove {who}", "user remove", changes, reported, wishes, None, notes)


def draft_kept(ground: Ground, order: KeptWishes) -> Draft:
    """Wishes that are claims already: nothing more is kept of them."""
    changes, reported = differences(ground, order.wishes)
    return Draft(order.title, order.source, changes, reported)


def differences(
    ground: Ground, wishes: Iterable[DesiredUser], overwrite_sets: Iterable[str] = ()
) -> tuple[tuple[Change, ...], tuple[Change, ...]]:
    """What the wishes change, and what is only told."""
    desired = desired_of(wishes, ground.parking, ground.no_access_set)
    options = DiffOptions(
        ground.now, ground.parked, frozenset(email.casefold() for email in overwrite_sets)
    )
    found = diff(desired, ground.snapshot, options)
    return tuple(found.changes), tuple(found.reported)


def claims_to_keep(
    ground: Ground, wishes: Sequence[DesiredUser], until: datetime | None
) -> tuple[Assignment, ...]:
    """What the store must remember of a command: whatever ends, and what an exact file would undo."""
    made = [
        one
        for wish in wishes
        for one in assignments_of(wish, ground.portal.hub_id, ground.now, until)
    ]
    return tuple(one for one in made if until is not None or owned(ground, one.slot))


def owned(ground: Ground, slot: Slot) -> bool:
    """Whether the policy in force takes away what it does not know of in this slot."""
    return ground.stored is not None and ground.policy.mode(SECTIONS[slot]) is Mode.EXACT


def where_to_write(ground: Ground, wishes: Sequence[DesiredUser]) -> tuple[str, ...]:
    """How the change gets into access.yaml, where the file in force owns what it touches."""
    if ground.stored is None or not any(owned(ground, slot) for slot in SECTIONS):
        return ()
    notes = []
    for wish in wishes[:5]:
        entry = ground.policy.people.get(wish.email.casefold())
        line = file_line(ground, wish)
        if entry is not None:
            notes.append(
                f"access.yaml line {entry.line} speaks of {wish.email} and wins; change it to: {line}"
            )
        else:
            notes.append(f"to keep it in access.yaml, add below people: {line}")
    if len(wishes) > 5:
        notes.append(f"and so for {len(wishes) - 5} more")
    return tuple(notes)


def file_line(ground: Ground, wish: DesiredUser) -> str:
    """The people: entry that says the same as a wish."""
    sets = {one.id: one.name for one in ground.snapshot.permission_sets}
    teams = {one.id: one.name for one in ground.snapshot.teams}
    parts = []
    if wish.presence is not None and wish.presence.values[0] != "present":
        parts.append(f"state: {wish.presence.values[0]}")
    if wish.permission_sets is not None:
        parts.append(_entry("permission_set", wish.permission_sets.values, sets))
    if wish.seats is not None:
        parts.append(_entry("seat", wish.seats.values, {}))
    if wish.main_team is not None:
        parts.append(_entry("main_team", wish.main_team.values, teams))
    if wish.extra_teams:
        named = ", ".join(quoted(teams.get(team, team)) for team in wish.extra_teams)
        parts.append(f"extra_teams: [{named}]")
    if wish.reason:
        parts.append(f"reason: {quoted(wish.reason)}")
    return f"{quoted(wish.email)}: {{{', '.join(part for part in parts if part)}}}"


def _entry(key: str, values: Sequence[str], names: dict[str, str]) -> str:
    shown = [quoted(names.get(one, one)) for one in values]
    if not shown:
        return f"{key}: null"
    return f"{key}: {shown[0]}" if len(shown) == 1 else f"{key}s: [{', '.join(shown)}]"


def asked(ground: Ground, ask: Ask, profile: str) -> Ask:
    """The ask over an access profile of the policy in force; what is asked stands above it."""
    if not profile:
        return ask
    grants = ground.policy.profiles.get(profile)
    if grants is None:
        known = ground.policy.profiles
        hint = did_you_mean(profile, known) or _known_profiles(known)
        raise Refused(f"There is no access profile {profile!r}", hint=hint)
    return _over(ask, _from_grants(grants, profile))


def _known_profiles(known: Iterable[str]) -> str:
    names = ", ".join(sorted(known))
    return f"profiles: {names}" if names else "profiles come from access.yaml, once applied"


def _from_grants(grants: Grants, profile: str) -> Ask:
    return Ask(
        permission_set=_single(grants.permission_sets, profile, "permission sets"),
        seat=_single(grants.seats, profile, "seats"),
        main_team=_single(grants.main_team, profile, "main teams"),
        extra_teams=None if grants.extra_teams is None else tuple(map(_named, grants.extra_teams)),
        fields=dict(grants.fields),
    )


def _single(refs: tuple[Ref, ...] | None, profile: str, what: str) -> str | None:
    if refs is None:
        return None
    if len(refs) > 1:
        raise Refused(
            f"profile {profile} gives several {what}, which HubSpot's API cannot write",
            hint="give one of them by name",
        )
    return _named(refs[0]) if refs else ""


def _named(ref: Ref) -> str:
    return ref.id or ref.name


def _over(ask: Ask, base: Ask) -> Ask:
    """What is asked, filled up from the base."""
    return replace(
        ask,
        permission_set=base.permission_set if ask.permission_set is None else ask.permission_set,
        seat=base.seat if ask.seat is None else ask.seat,
        main_team=base.main_team if ask.main_team is None else ask.main_team,
        extra_teams=base.extra_teams if ask.extra_teams is None else ask.extra_teams,
        fields={**base.fields, **ask.fields},
    )


def end_of(ground: Ground, until: date | None) -> datetime | None:
    """The end of a day in the portal's zone; Refused when it is over already."""
    if until is None:
        return None
    end = end_of_day(until, zone_named(ground.snapshot.time_zone))
    if end <= ground.now:
        raise Refused(f"until {until} is over already", hint="give a day to come")
    return end


def _refuse_contractor(order: AddUser) -> None:
    if not order.contractor:
        return
    missing = [name for name in ("until", "sponsor") if not getattr(order, name)]
    if missing:
        raise Refused(
            f"a contractor needs {' and '.join(missing)}",
            hint="--contractor --until 2027-03-31 --sponsor anna@acme.test",
        )
    if not looks_like_email(order.sponsor):
        told = f"the sponsor {order.sponsor!r} is not an e-mail address"
        raise Refused(told, hint="such as kim@acme.test")


def _reason(order: AddUser) -> str:
    said = [order.reason] if order.reason else []
    said += [f"contractor until {order.until}, sponsor {order.sponsor}"] if order.contractor else []
    return "; ".join(said) or "user add"


def _cheapest(ground: Ground, ask: Ask) -> Ask:
    """The free seat, or Core where the set carries a paid one; the contractor profile's set."""
    profile = next(
        (name for name in sorted(ground.policy.profiles) if name.startswith(CONTRACTOR_PROFILE)), ""
    )
    if ask.permission_set is None and profile:
        ask = asked(ground, ask, profile)
    if ask.seat is not None:
        return ask
    offered = {seat.name.casefold(): seat.name for seat in ground.snapshot.seats}
    carries_seat = any(
        one.requires_billing_write
        for one in ground.snapshot.permission_sets
        if ask.permission_set in (one.id, one.name)
    )
    wanted = (NEXT_SEAT,) if carries_seat else (FREE_SEAT, NEXT_SEAT)
    seat = next((offered[one.casefold()] for one in wanted if one.casefold() in offered), None)
    return replace(ask, seat=seat)


def _no_seat(ground: Ground, wish: DesiredUser) -> tuple[str, ...]:
    if wish.seats is not None or not ground.snapshot.seats:
        return ()
    return ("no seat is named; HubSpot gives its own default to a new user",)
