"""The parking ladder: everything the API can take away reversibly, before anybody is removed.

Rungs, each where the portal allows it: teams off, seat to View-Only, the operator's no-access
set, and by hand: deactivate. After the grace days the user is removed.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from rolecall.domain.plan import Change, ChangeKind
from rolecall.domain.snapshot import User, UserState
from rolecall.plan.context import Context, manual, user_change
from rolecall.plan.routes import team_route
from rolecall.policy.desired import Desired, Source

RUNGS = ("teams", "seat", "set", "deactivate")


def grace_over(desired: Desired, since: datetime | None, now: datetime) -> bool:
    """Whether a user parked `since` has been parked for the grace days."""
    return since is not None and since + timedelta(days=desired.parking.grace_days) <= now


def ladder(ctx: Context, user: User, source: Source) -> list[Change]:
    """What is still to do until the user is parked; empty when every rung is reached."""
    if user.super_admin:
        return list(_super_admin(ctx, user, source))
    key = user.email.casefold()
    marker = []
    if key not in ctx.options.parked:
        marker = [user_change(ctx, ChangeKind.PARK, user, "present", "parked", source)]
    return [*marker, *_rungs(ctx, user, source)]


def rungs_reached(ctx: Context, user: User) -> tuple[str, ...]:
    """The rungs a user stands on now, in the ladder's order."""
    wanted = _parked_seats(ctx, user)
    reached = {
        "teams": not (user.main_team_id or user.extra_team_ids),
        "seat": user.seat_names is not None and wanted is None,
        "set": ctx.desired.no_access_set in user.permission_set_ids,
        "deactivate": user.state is UserState.DEACTIVATED,
    }
    return tuple(rung for rung in RUNGS if reached[rung])


def _super_admin(ctx: Context, user: User, source: Source) -> Iterator[Change]:
    why = "HubSpot's API does not change Super Admins"
    slot = ChangeKind.PARK
    yield manual(ctx, "super_admin.remove", user, "super_admin", None, source, slot, why)
    if user.state is not UserState.DEACTIVATED:
        yield _deactivate(ctx, user, source)


def _rungs(ctx: Context, user: User, source: Source) -> Iterator[Change]:
    yield from _teams_off(ctx, user, source)
    yield from _seat_off(ctx, user, source)
    yield from _set_off(ctx, user, source)
    if user.state is not UserState.DEACTIVATED:
        yield _deactivate(ctx, user, source)


def _teams_off(ctx: Context, user: User, source: Source) -> Iterator[Change]:
    rung = {"rung": "teams"}
    if not ctx.can.teams:
        if user.main_team_id or user.extra_team_ids:
            teams = tuple(sorted({*user.extra_team_ids, user.main_team_id or ""} - {""}))
            why = "the connection may not write teams"
            slot = ChangeKind.SET_MAIN_TEAM
            yield manual(ctx, "team.remove_member", user, teams, None, source, slot, why)
        return
    drop, main = ChangeKind.DROP_EXTRA_TEAM, ChangeKind.SET_MAIN_TEAM
    extra = sorted(set(user.extra_team_ids))
    memberships = [(drop, team) for team in extra]
    memberships += [(main, user.main_team_id)] if user.main_team_id else []
    for kind, team in memberships:
        details = {**rung, **team_route(ctx, user, kind, None)}
        yield user_change(ctx, kind, user, team, None, source, details)


def _parked_seats(ctx: Context, user: User) -> tuple[str, ...] | None:
    """The seats a parked user should hold, or None where that is so or cannot be told."""
    offered = {seat.name.casefold(): seat.name for seat in ctx.snapshot.seats}
    held = user.seat_names
    wanted = offered.get(ctx.desired.parking.seat.casefold())
    if held is None or not held or wanted is None or held == (wanted,):
        return None
    return (wanted,)


def _seat_off(ctx: Context, user: User, source: Source) -> Iterator[Change]:
    after = _parked_seats(ctx, user)
    if after is None or user.seat_names is None:
        return
    before = tuple(sorted(user.seat_names))
    if ctx.can.seats and ctx.can.billing and len(user.permission_set_ids) < 2:
        rung = {"rung": "seat"}
        yield user_change(ctx, ChangeKind.SET_SEATS, user, before, after, source, rung)
        return
    why = "the connection cannot write this user's seat"
    slot = ChangeKind.SET_SEATS
    yield manual(ctx, "seat.change", user, before, after, source, slot, why)


def _set_off(ctx: Context, user: User, source: Source) -> Iterator[Change]:
    """Only one set for one set: individual permissions could never be given back."""
    no_access = ctx.desired.no_access_set
    held = user.permission_set_ids
    if no_access is None or not held or held == (no_access,):
        return
    if len(held) > 1:
        why = "the user holds several permission sets, which are never overwritten silently"
        slot, before = ChangeKind.SET_PERMISSION_SET, tuple(sorted(held))
        yield manual(ctx, "permission_set.change", user, before, no_access, source, slot, why)
        return
    kind, rung = ChangeKind.SET_PERMISSION_SET, {"rung": "set"}
    yield user_change(ctx, kind, user, held[0], no_access, source, rung)


def _deactivate(ctx: Context, user: User, source: Source) -> Change:
    why = "HubSpot has no API to deactivate a user"
    state = user.state.value
    slot = ChangeKind.PARK
    return manual(ctx, "user.deactivate", user, state, "deactivated", source, slot, why)
