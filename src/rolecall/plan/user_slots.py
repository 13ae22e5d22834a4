"""Slot by slot: what one present user should have against what the user has."""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.domain.assignment import Origin, Slot
from rolecall.domain.plan import Change, ChangeKind
from rolecall.domain.snapshot import User, UserState
from rolecall.plan.context import Context, manual, user_change
from rolecall.plan.routes import team_route, writable
from rolecall.plan.seats import is_free, is_upgrade
from rolecall.policy.desired import BY_NAME, DesiredUser, Source, Wanted
from rolecall.policy.document import PROFILE_FIELDS, Mode, Section
from rolecall.policy.hours import same_hours

_UNCLAIMED = Source(Origin.PEOPLE, "nothing in access.yaml gives it")
_NOTHING = Wanted((), _UNCLAIMED)
_ADMIN = "HubSpot's API does not change Super Admins"
_SEVERAL = "the user holds several permission sets, and a write through the API would drop them"
_NO_SETS = "permission sets need HubSpot Enterprise"
_NO_SEATS = "the connection cannot write seats"
_NO_TEAMS = "the connection may not write teams"
OUTSIDE = "deactivated in HubSpot; access.yaml expects the user to work, and says nothing of it"


def slot_changes(ctx: Context, user: User, want: DesiredUser) -> None:
    """Put every difference of one user into the proposal."""
    if _as_wanted(user, want):
        return
    _facts(ctx, user, want)
    _permission_set(ctx, user, want)
    _main_team(ctx, user, want)
    _extra_teams(ctx, user, want)
    _seats(ctx, user, want)
    if want.fields:
        _profile(ctx, user, want)


def _as_wanted(user: User, want: DesiredUser) -> bool:
    """A quick look that most users pass: plain users who have exactly what they should."""
    if user.super_admin or want.super_admin or want.fields or want.deactivated is not None:
        return False
    if user.state is UserState.DEACTIVATED:
        return False
    main = want.main_team.values if want.main_team else ()
    return (
        (want.permission_sets.values if want.permission_sets else ()) == user.permission_set_ids
        and (want.seats.values if want.seats else ()) == user.seat_names
        and main == ((user.main_team_id,) if user.main_team_id else ())
        and tuple(want.extra_teams or ()) == user.extra_team_ids
    )


def _claimed(
    ctx: Context, want: DesiredUser, slot: Slot, section: Section, wanted: Wanted | None
) -> Wanted | None:
    """The claim to compare with; under exact, what nobody claims is nothing."""
    if slot in want.disputed:
        return None
    if wanted is None and ctx.desired.whole and want.named and not want.super_admin:
        return _NOTHING if ctx.mode(section) in (Mode.EXACT, Mode.REPORT) else None
    return wanted


def _facts(ctx: Context, user: User, want: DesiredUser) -> None:
    """Super Admin and deactivation: seen by the API, changed by people only."""
    source = want.presence.source if want.presence else _UNCLAIMED
    if want.super_admin is not None and want.super_admin != user.super_admin:
        task = "super_admin.add" if want.super_admin else "super_admin.remove"
        before, after = _word(user.super_admin), _word(want.super_admin)
        slot = ChangeKind.SET_PERMISSION_SET
        change = manual(ctx, task, user, before, after, source, slot, _ADMIN)
        ctx.put(Section.PERMISSION_SETS, change, gives=want.super_admin)
    off = user.state is UserState.DEACTIVATED
    if want.deactivated is None:
        if off and ctx.desired.whole:
            # HubSpot deactivates idle users by a rule of its own: told, never planned unasked.
            change = _activation(ctx, user, source, deactivate=False)
            ctx.report(Section.USERS, change, OUTSIDE)
    elif want.deactivated != off:
        change = _activation(ctx, user, source, deactivate=want.deactivated)
        ctx.put(Section.USERS, change, gives=not want.deactivated)


def _activation(ctx: Context, user: User, source: Source, *, deactivate: bool) -> Change:
    task = "user.deactivate" if deactivate else "user.reactivate"
    why = "HubSpot has no API to deactivate or reactivate a user"
    after = "deactivated" if deactivate else "active"
    return manual(ctx, task, user, user.state.value, after, source, ChangeKind.PARK, why)


def _word(super_admin: bool) -> str | None:
    return "super_admin" if super_admin else None


def _permission_set(ctx: Context, user: User, want: DesiredUser) -> None:
    wanted = _claimed(ctx, want, Slot.PERMISSION_SET, Section.PERMISSION_SETS, want.permission_sets)
    held = user.permission_set_ids
    if wanted is None or set(wanted.values) == set(held):
        return
    if user.super_admin and want.super_admin is not True:
        return  # a Super Admin's sets mean nothing until the Super Admin is gone
    before = _one(held)
    gives = not held
    after = _one(wanted.values)
    why = _set_obstacle(ctx, user, wanted)
    if why:
        slot = ChangeKind.SET_PERMISSION_SET
        task = "permission_set.change"
        change = manual(ctx, task, user, before, after, wanted.source, slot, why)
    else:
        kind = ChangeKind.SET_PERMISSION_SET
        change = user_change(ctx, kind, user, before, after, wanted.source)
    ctx.put(Section.PERMISSION_SETS, change, gives=gives)


def _set_obstacle(ctx: Context, user: User, wanted: Wanted) -> str:
    """Why the API cannot bring the wanted sets, or the empty text."""
    if user.super_admin:
        return _ADMIN
    if not ctx.can.permission_sets or any(one.startswith(BY_NAME) for one in wanted.values):
        return _NO_SETS
    if len(wanted.values) > 1:
        return "the API writes one permission set per user"
    if not wanted.values:
        return "the API cannot leave a user without any permission set"
    return "" if writable(ctx, user) else _SEVERAL


def _main_team(ctx: Context, user: User, want: DesiredUser) -> None:
    wanted = _claimed(ctx, want, Slot.MAIN_TEAM, Section.TEAMS, want.main_team)
    if wanted is None:
        return
    after = wanted.values[0] if wanted.values else None
    before = user.main_team_id
    if before == after:
        return
    gives = before is None
    for step_before, step_after in _team_steps(ctx, user, before, after):
        change = _team_change(
            ctx, user, ChangeKind.SET_MAIN_TEAM, step_before, step_after, wanted.source
        )
        ctx.put(Section.TEAMS, change, gives=gives)


def _team_steps(
    ctx: Context, user: User, before: str | None, after: str | None
) -> Iterator[tuple[str | None, str | None]]:
    """One step where the user is written whole; off and on again through the Teams API."""
    moves = before is not None and after is not None and ctx.can.teams
    if moves and not writable(ctx, user) and not user.super_admin:
        yield before, None
        yield None, after
        return
    yield before, after


def _extra_teams(ctx: Context, user: User, want: DesiredUser) -> None:
    if Slot.EXTRA_TEAM in want.disputed:
        return
    wanted = want.extra_teams
    if wanted is None:
        nothing = _claimed(ctx, want, Slot.EXTRA_TEAM, Section.TEAMS, None)
        if nothing is None or not user.extra_team_ids:
            return
        wanted = {}
    elif not wanted and not user.extra_team_ids:
        return
    held = set(user.extra_team_ids)
    if _main_stays(ctx, user, want):  # being in a team as main team, one is no extra member too
        held.discard(user.main_team_id or "")
        wanted = {team: why for team, why in wanted.items() if team != user.main_team_id}
    source = next(iter(wanted.values()), _UNCLAIMED)
    dropped = source if wanted and not (ctx.desired.whole) else _UNCLAIMED
    kind = ChangeKind.DROP_EXTRA_TEAM
    for team in sorted(held - wanted.keys()):
        change = _team_change(ctx, user, kind, team, None, dropped)
        ctx.put(Section.TEAMS, change, gives=False)
    kind = ChangeKind.ADD_EXTRA_TEAM
    for team in sorted(wanted.keys() - held):
        change = _team_change(ctx, user, kind, None, team, wanted[team])
        ctx.put(Section.TEAMS, change, gives=True)


def _main_stays(ctx: Context, user: User, want: DesiredUser) -> bool:
    """Whether the user keeps the main team they have, as far as this plan goes."""
    wanted = _claimed(ctx, want, Slot.MAIN_TEAM, Section.TEAMS, want.main_team)
    return (
        wanted is None
        or wanted.values == (user.main_team_id,)
        or ctx.mode(Section.TEAMS) is Mode.ADD_ONLY
    )


def _team_change(
    ctx: Context,
    user: User,
    kind: ChangeKind,
    before: str | None,
    after: str | None,
    source: Source,
) -> Change:
    why = _team_obstacle(ctx, user, kind, after)
    if not why:
        details = team_route(ctx, user, kind, after)
        return user_change(ctx, kind, user, before, after, source, details)
    task = "team.add_member" if after is not None else "team.remove_member"
    return manual(ctx, task, user, before, after, source, kind, why)


def _team_obstacle(ctx: Context, user: User, kind: ChangeKind, after: str | None) -> str:
    if user.super_admin:
        return _ADMIN
    if not ctx.can.team_fields or (after or "").startswith(BY_NAME):
        return "teams need a higher HubSpot edition"
    if not ctx.can.teams and not writable(ctx, user):
        return _SEVERAL
    if not ctx.can.teams and kind is ChangeKind.SET_MAIN_TEAM and after is None:
        return f"{_NO_TEAMS}, and writing the user cannot clear a main team"
    return ""


def _seats(ctx: Context, user: User, want: DesiredUser) -> None:
    wanted = _claimed(ctx, want, Slot.SEAT, Section.SEATS, want.seats)
    held = user.seat_names
    if wanted is None or (held is None and not wanted.values):
        return
    if held is not None and set(wanted.values) == set(held):
        return
    before = tuple(sorted(held)) if held is not None else None
    after = tuple(sorted(wanted.values))
    change = user_change(ctx, ChangeKind.SET_SEATS, user, before, after, wanted.source)
    if held is None:
        ctx.report(Section.SEATS, change, "HubSpot does not tell seats in this API version")
        return
    why = _seat_obstacle(ctx, user, held, after)
    if why:
        slot = ChangeKind.SET_SEATS
        change = manual(ctx, "seat.change", user, before, after, wanted.source, slot, why)
    ctx.put(Section.SEATS, change, gives=is_upgrade(held, after))


def _seat_obstacle(
    ctx: Context, user: User, before: tuple[str, ...], after: tuple[str, ...]
) -> str:
    if user.super_admin:
        return _ADMIN
    if not writable(ctx, user):
        return _SEVERAL
    if not ctx.can.seats:
        return _NO_SEATS
    touches_paid = any(not is_free(seat) for seat in set(before) ^ set(after))
    if touches_paid and not ctx.can.billing:
        return f"{_NO_SEATS}: the scope settings.billing.write is missing"
    return ""


def _profile(ctx: Context, user: User, want: DesiredUser) -> None:
    for name, wanted in want.fields.items():
        prop = PROFILE_FIELDS[name]
        before, after = user.profile.get(prop, ""), wanted.values[0]
        if _same_field(name, before, after):
            continue
        kind, details = ChangeKind.SET_PROFILE, {"field": name, "property": prop}
        change = user_change(ctx, kind, user, before or None, after or None, wanted.source, details)
        if user.crm_id is None:
            ctx.report(Section.PROFILE, change, "waits until the user has signed in once")
        elif not ctx.can.profile:
            ctx.report(Section.PROFILE, change, "the scope crm.objects.users.write is missing")
        else:
            ctx.put(Section.PROFILE, change, gives=not before)


def _same_field(name: str, before: str, after: str) -> bool:
    if name == "working_hours":
        return same_hours(before, after) if before and after else before == after
    if name == "time_zone":
        return before.casefold() == after.casefold()
    return before == after


def _one(values: tuple[str, ...]) -> str | tuple[str, ...] | None:
    """None, one text, or a sorted tuple of several."""
    if not values:
        return None
    return values[0] if len(values) == 1 else tuple(sorted(values))
