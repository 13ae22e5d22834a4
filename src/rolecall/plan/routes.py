"""Which HTTP write carries a change; decided with the diff, so that effects need no snapshot."""

from __future__ import annotations

from collections.abc import Mapping

from rolecall.domain.plan import Change, ChangeKind, Route
from rolecall.domain.snapshot import User
from rolecall.plan.context import Context

_BY_KIND: Mapping[ChangeKind, Route] = {
    ChangeKind.CREATE_USER: Route.CREATE_USER,
    ChangeKind.REMOVE_USER: Route.REMOVE_USER,
    ChangeKind.PARK: Route.NOTHING,  # our own state; its rungs are lines of their own
    ChangeKind.SET_PROFILE: Route.PATCH_PROFILE,
    ChangeKind.CREATE_TEAM: Route.CREATE_TEAM,
    ChangeKind.RENAME_TEAM: Route.PATCH_TEAM,
    ChangeKind.MOVE_TEAM: Route.PATCH_TEAM,
    ChangeKind.DELETE_TEAM: Route.DELETE_TEAM,
    ChangeKind.HAND_OVER: Route.HAND_OVER,
    ChangeKind.MANUAL: Route.MANUAL,
    ChangeKind.NO_OP: Route.NOTHING,
}


def writable(ctx: Context, user: User) -> bool:
    """Whether the user's access may be written whole: no Super Admin, no several sets."""
    several = len(user.permission_set_ids) > 1
    return not user.super_admin and (
        not several or user.email.casefold() in ctx.options.overwrite_sets
    )


def team_route(ctx: Context, user: User, kind: ChangeKind, after: str | None) -> dict[str, str]:
    """The Teams API where writing the user whole would drop sets or cannot clear a main team."""
    clears_main = kind is ChangeKind.SET_MAIN_TEAM and after is None
    if not clears_main and writable(ctx, user):
        return {}
    return {"route": Route.LEAVE_TEAM.value if after is None else Route.JOIN_TEAM.value}


def route_of(change: Change) -> Route:
    """The write that carries a change; access of a user still to be created goes with the POST."""
    if change.kind in _BY_KIND:
        return _BY_KIND[change.kind]
    if change.subject_id is None:
        return Route.CREATE_USER
    return Route(change.details.get("route", Route.PUT_USER))
