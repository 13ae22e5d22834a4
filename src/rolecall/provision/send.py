"""Builds the one write of an effect and sends it: whole access fields, merged over what is."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec
from msgspec import UNSET

from rolecall.domain.plan import Change, ChangeKind, Effect, Route
from rolecall.hubspot.bodies import Member, MemberType, NewTeam, NewUser, TeamUpdate, UserUpdate
from rolecall.hubspot.writer import Writer
from rolecall.kit.errors import Broken
from rolecall.provision.aspects import NAME_FIELDS, aspect_of
from rolecall.provision.observe import Look


@dataclass(frozen=True, slots=True)
class Write:
    """A write ready to be sent; `fingerprint` names it in the journal without its contents."""

    route: Route
    target: str
    body: object
    fingerprint: str


# How a team is taken to the top of the tree HubSpot does not say: null first, then empty text.
_TO_TOP = (None, "")


def write_of(effect: Effect, changes: Sequence[Change], look: Look) -> Write:
    """The write that brings these changes about, given what was just seen."""
    body = _body(effect, changes, look)
    target = look.subject_id or effect.subject
    raw = msgspec.json.encode([effect.route.value, target, body])
    return Write(effect.route, target, body, hashlib.sha256(raw).hexdigest()[:16])


def ways_of(changes: Sequence[Change]) -> int:
    """In how many ways the write of these changes can be said, tried one after another."""
    to_top = any(c.kind is ChangeKind.MOVE_TEAM and c.after is None for c in changes)
    return len(_TO_TOP) if to_top else 1


def _body(effect: Effect, changes: Sequence[Change], look: Look) -> object:
    route = effect.route
    if route is Route.CREATE_USER:
        return new_user(changes)
    if route is Route.PUT_USER:
        return merged_user(changes, look)
    if route is Route.PATCH_PROFILE:
        return {aspect_of(c).removeprefix("profile:"): _one(c.after) or "" for c in changes}
    if route is Route.CREATE_TEAM:
        made = changes[0].details
        return NewTeam(made["name"], parent_team_id=made.get("parent") or UNSET)
    if route is Route.PATCH_TEAM:
        return _team_update(changes, _TO_TOP[effect.attempt % len(_TO_TOP)])
    return _steps(changes, look)


def new_user(changes: Sequence[Change]) -> NewUser:
    """The creation of a user with all the access the plan gives."""
    made = next(c for c in changes if c.kind is ChangeKind.CREATE_USER)
    after = {c.kind: c for c in changes}
    extra = tuple(_one(c.after) or "" for c in changes if c.kind is ChangeKind.ADD_EXTRA_TEAM)
    return NewUser(
        email=made.subject,
        send_welcome_email=made.details.get("send_welcome_email") == "true",
        first_name=made.details.get("first_name") or UNSET,
        last_name=made.details.get("last_name") or UNSET,
        role_id=_after(after, ChangeKind.SET_PERMISSION_SET) or UNSET,
        primary_team_id=_after(after, ChangeKind.SET_MAIN_TEAM) or UNSET,
        secondary_team_ids=extra or UNSET,
        seat_names=_many(after, ChangeKind.SET_SEATS) or UNSET,
    )


def merged_user(changes: Sequence[Change], look: Look) -> UserUpdate:
    """A PUT with all four access fields: as just seen, with the changes over them.

    HubSpot does not say what an omitted field means, so none is omitted that was seen.
    """
    if look.user is None:
        raise Broken("a user that was not seen cannot be changed")
    user, after = look.user, {c.kind: c for c in changes}
    sets = user.role_ids if user.role_ids is not None else tuple(filter(None, [user.role_id]))
    if len(sets) > 1 and ChangeKind.SET_PERMISSION_SET not in after:
        raise Broken("a user with several permission sets is never replaced without an override")
    names = {c.details["property"]: _one(c.after) or "" for c in changes if _is_name(c)}
    return UserUpdate(
        role_id=_chosen(after, ChangeKind.SET_PERMISSION_SET, next(iter(sets), None)),
        primary_team_id=_chosen(after, ChangeKind.SET_MAIN_TEAM, user.primary_team_id),
        secondary_team_ids=_extra_teams(user.secondary_team_ids or (), changes),
        seat_names=_seats(after, look),
        first_name=names.get("first_name", UNSET),
        last_name=names.get("last_name", UNSET),
    )


def _is_name(change: Change) -> bool:
    return change.kind is ChangeKind.SET_PROFILE and aspect_of(change) in NAME_FIELDS


def _chosen(
    after: Mapping[ChangeKind, Change], kind: ChangeKind, current: str | None
) -> str | None:
    return _one(after[kind].after) if kind in after else current


def _extra_teams(current: tuple[str, ...], changes: Sequence[Change]) -> tuple[str, ...]:
    teams = set(current)
    for change in changes:
        if change.kind is ChangeKind.ADD_EXTRA_TEAM:
            teams.add(_one(change.after) or "")
        elif change.kind is ChangeKind.DROP_EXTRA_TEAM:
            teams.discard(_one(change.before) or "")
    return tuple(sorted(teams))


def _seats(after: Mapping[ChangeKind, Change], look: Look) -> tuple[str, ...] | msgspec.UnsetType:
    """Seats as seen unless changed; where the version does not tell them they are not sent."""
    if ChangeKind.SET_SEATS in after:
        return _many(after, ChangeKind.SET_SEATS)
    if "seats" not in look.seen or look.user is None:
        return UNSET
    return look.user.seat_names or ()


def _team_update(changes: Sequence[Change], top: str | None) -> TeamUpdate:
    after = {c.kind: c for c in changes}
    parent = _after(after, ChangeKind.MOVE_TEAM) or top
    return TeamUpdate(
        name=_after(after, ChangeKind.RENAME_TEAM) or UNSET,
        parent_team_id=parent if ChangeKind.MOVE_TEAM in after else UNSET,
    )


@dataclass(frozen=True, slots=True)
class Step:
    """One membership that goes or comes through the teams API."""

    joins: bool
    team: str
    user: str
    kind: MemberType


def _steps(changes: Sequence[Change], look: Look) -> tuple[Step, ...]:
    """Leave before joining: what HubSpot does with a second main team is not known."""
    user = look.subject_id or ""
    leaving = [Step(False, t, user, _kind(c)) for c in changes if (t := _one(c.before))]
    joining = [Step(True, t, user, _kind(c)) for c in changes if (t := _one(c.after))]
    still = [step for step in leaving if _is_member(step, look)]
    return (*still, *joining)


def _kind(change: Change) -> MemberType:
    return "DEFAULT" if change.kind is ChangeKind.SET_MAIN_TEAM else "EXTRA"


def _is_member(step: Step, look: Look) -> bool:
    if look.user is None:
        return False
    if step.kind == "DEFAULT":
        return look.user.primary_team_id == step.team
    return step.team in (look.user.secondary_team_ids or ())


def _one(value: str | tuple[str, ...] | None) -> str | None:
    if isinstance(value, tuple):
        raise Broken(f"one value expected, not {value!r}")
    return value


def _after(after: Mapping[ChangeKind, Change], kind: ChangeKind) -> str | None:
    return _one(after[kind].after) if kind in after else None


def _many(after: Mapping[ChangeKind, Change], kind: ChangeKind) -> tuple[str, ...]:
    value = after[kind].after if kind in after else ()
    return value if isinstance(value, tuple) else tuple(filter(None, [value]))


async def send(writer: Writer, write: Write) -> str | None:
    """Send it once; gives the id of what was created, if anything was."""
    body = write.body
    if isinstance(body, NewUser):
        return (await writer.create_user(body)).id
    if isinstance(body, UserUpdate):
        await writer.put_user(write.target, body)
    elif isinstance(body, NewTeam):
        return (await writer.create_team(body)).id
    elif isinstance(body, TeamUpdate):
        await writer.patch_team(write.target, body)
    elif isinstance(body, dict):
        await writer.patch_crm_user(write.target, body)
    elif write.route is Route.REMOVE_USER:
        await writer.delete_user(write.target)
    elif write.route is Route.DELETE_TEAM:
        await writer.delete_team(write.target)
    else:
        await _memberships(writer, body)
    return None


async def _memberships(writer: Writer, steps: object) -> None:
    if not isinstance(steps, tuple):
        raise Broken(f"no write is known for {type(steps).__name__}")
    for step in steps:
        if step.joins:
            await writer.add_member(step.team, Member(step.user, step.kind))
        else:
            await writer.remove_member(step.team, step.user, step.kind)
