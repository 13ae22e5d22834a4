"""Raise, connect, return: whether a user can be elevated for a pack, and the proof of the return.

Decides and proves; the plan, its end and the writes are other rooms' work.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from rolecall.domain.assignment import Slot
from rolecall.domain.snapshot import FeedEvent, User, UserState
from rolecall.permissions import clicks
from rolecall.permissions.access import Resolver
from rolecall.permissions.pack import Pack
from rolecall.permissions.pack_check import PackResult, Verdict, check_user, toggle_of
from rolecall.permissions.pack_wishes import Wish, wishes_for
from rolecall.permissions.toggles import former_toggle

INSTALLED, UNINSTALLED = "INSTALL_INTEGRATION", "UNINSTALL_INTEGRATION"


class Way(StrEnum):
    """What an elevation comes to."""

    CONNECTED = "connected"  # the feed shows the app installed by this user: nothing to do
    READY = "ready"  # holds enough already: connect, nothing to raise
    PLAN = "plan"  # by API, with exact return
    MANUAL = "manual"  # by a person's clicks there and back
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Former:
    """The access to fall back to, exactly: one set, teams and seats by id and name."""

    permission_set_ids: tuple[str, ...]
    main_team_id: str | None
    extra_team_ids: tuple[str, ...]
    seat_names: tuple[str, ...] | None
    super_admin: bool


@dataclass(frozen=True, slots=True)
class Elevation:
    """How to elevate one user for one pack, and why that way."""

    way: Way
    reason: str
    former: Former
    check: PackResult
    wishes: tuple[Wish, ...] = ()
    clicks: tuple[str, ...] = ()  # of the raise
    return_clicks: tuple[str, ...] = ()  # of the way back
    toggles: tuple[str, ...] = ()  # what evidence shows once raised by clicks, and once returned
    return_toggles: tuple[str, ...] = ()
    installed: FeedEvent | None = None


def elevation_of(
    resolver: Resolver, pack: Pack, user: User, events: Iterable[FeedEvent] = ()
) -> Elevation:
    """The way to elevate a user, refused or manual where no API could restore the former access.

    A user with several sets, or with permissions granted individually, is never put on another
    set: the API could not bring the former access back.
    """
    result = check_user(resolver, pack, user)
    former = former_of(user)
    gone = user.state in (UserState.DEACTIVATED, UserState.REMOVED)
    if gone:
        return Elevation(Way.REFUSED, f"the user is {user.state.value}", former, result)
    installed = installation(events, pack, user.id)
    if installed is not None:
        reason = f"{pack.name} was connected by this user on {installed.at:%Y-%m-%d}"
        return Elevation(Way.CONNECTED, reason, former, result, installed=installed)
    if result.verdict in (Verdict.READY, Verdict.OVER):
        reason = "holds everything the pack asks for; connect now"
        return Elevation(Way.READY, reason, former, result)
    if result.verdict is Verdict.UNKNOWN:
        reason = "nobody knows what the user holds; import a users export first"
        return Elevation(Way.REFUSED, reason, former, result)
    return _raised(resolver, pack, user, result, former)


def _raised(
    resolver: Resolver, pack: Pack, user: User, result: PackResult, former: Former
) -> Elevation:
    wishes = wishes_for(resolver, pack, user, for_good=False)
    only_seat = bool(wishes) and all(one.slot is Slot.SEAT for one in wishes)
    by_api = bool(wishes) and all(one.slot is not None for one in wishes)
    if by_api and (only_seat or len(user.permission_set_ids) == 1):
        reason = "the former access is one permission set, teams and seat; it comes back exactly"
        return Elevation(Way.PLAN, reason, former, result, wishes)
    there, back = _toggles(resolver, user, result)
    if not user.permission_set_ids:
        reason = "access was granted individually, which no API can restore"
    elif len(user.permission_set_ids) > 1:
        reason = "the user holds several permission sets, which no API can restore"
    else:
        reason = "no permission set of the portal is known to meet the pack"
    asked = tuple(toggle_of(resolver, one) for one in result.missing if one.requirement.any_of)
    held = tuple(dict.fromkeys(_former_toggles(result)))
    return Elevation(
        *(Way.MANUAL, reason, former, result),
        clicks=there,
        return_clicks=back,
        toggles=asked,
        return_toggles=held,
    )


def _former_toggles(result: PackResult) -> Iterator[str]:
    for line in result.missing:
        for need, held in zip(line.requirement.any_of[:1], line.held, strict=False):
            yield former_toggle(need.permission, held)


def _toggles(
    resolver: Resolver, user: User, result: PackResult
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Each toggle there, and each back to the level held before."""
    back = []
    for line in result.missing:
        for need, held in zip(line.requirement.any_of[:1], line.held, strict=False):
            one = resolver.catalogue.permissions[need.permission]
            was = clicks.level_words(one, held.low)
            back.append(f"{clicks.user_path(user.email)} > {one.shown}: back to {was} > Save")
    there = tuple(path for line in result.missing for path in line.clicks)
    return there, tuple(dict.fromkeys(back))


def former_of(user: User) -> Former:
    """What a user holds now, to be restored later."""
    return Former(
        tuple(sorted(user.permission_set_ids)),
        user.main_team_id,
        tuple(sorted(user.extra_team_ids)),
        None if user.seat_names is None else tuple(sorted(user.seat_names)),
        user.super_admin,
    )


def installation(
    events: Iterable[FeedEvent], pack: Pack, user_id: str, since: datetime | None = None
) -> FeedEvent | None:
    """The newest installation of the pack's app by this user that was not undone since.

    A pack that names no app id matches only events after `since`: while an elevation runs, an
    installation by its user is taken for the pack's app, and otherwise nothing is claimed.
    """
    found: FeedEvent | None = None
    undone: datetime | None = None
    for event in events:
        named = event.object_id in pack.app_ids if pack.app_ids else since is not None
        if not named or (since is not None and event.at < since):
            continue
        if event.type == INSTALLED and event.actor_id == user_id:
            found = event if found is None or event.at > found.at else found
        elif event.type == UNINSTALLED:
            undone = event.at if undone is None else max(undone, event.at)
    if found is None or (undone is not None and undone > found.at):
        return None
    return found


@dataclass(frozen=True, slots=True)
class Proof:
    """Whether the former access is back and the connection stands, with what differs."""

    restored: bool
    connected: bool
    differences: tuple[str, ...]
    installed: FeedEvent | None


def proof_of(
    former: Former, user: User, pack: Pack, events: Iterable[FeedEvent], since: datetime
) -> Proof:
    """Compare the user of a later snapshot with the former access, slot by slot."""
    now = former_of(user)
    pairs = (
        ("permission set", former.permission_set_ids, now.permission_set_ids),
        ("main team", former.main_team_id, now.main_team_id),
        ("extra teams", former.extra_team_ids, now.extra_team_ids),
        ("seat", former.seat_names, now.seat_names),
        ("Super Admin", former.super_admin, now.super_admin),
    )
    differences = tuple(
        f"{name}: {_shown(then)} before, {_shown(after)} now"
        for name, then, after in pairs
        if then != after
    )
    installed = installation(events, pack, user.id, since)
    return Proof(not differences, installed is not None, differences, installed)


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(value) or "none"
    return str(value) if value is not None else "none"
