"""The four access fields of a user: what a body makes of them, and which rules they must pass."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

from hubspot_emulator import auth, lifecycle
from hubspot_emulator.crm.ids import as_id
from hubspot_emulator.granular.access import stored, union
from hubspot_emulator.refusals import invalid
from hubspot_emulator.seats import model as seats
from hubspot_emulator.wire import ApiError

if TYPE_CHECKING:
    from hubspot_emulator.routing import Call
    from hubspot_emulator.users.wire import Wish
    from hubspot_emulator.world import Membership, PermissionSet, Portal

One = TypeVar("One")
BILLING = "settings.billing.write"


@dataclass(frozen=True, slots=True)
class Access:
    """What somebody holds, as far as the API can write it."""

    set_ids: tuple[int, ...] = ()
    main_team_id: int | None = None
    extra_team_ids: tuple[int, ...] = ()
    seat_names: tuple[str, ...] = ()


def access_of(member: Membership) -> Access:
    """The access fields of a membership."""
    return Access(
        tuple(member.permission_set_ids),
        member.main_team_id,
        tuple(member.extra_team_ids),
        tuple(member.seat_names),
    )


def wished_access(
    portal: Portal, held: Access, wish: Wish, omission: str, *, seats_known: bool
) -> Access:
    """What a PUT makes of the access held, under one answer of the switch put_omission.

    ApiError 400 when the body names a set, team or seat the portal does not have.
    """
    keep_role, keep_rest = omission == "preserve", omission != "clear_all"
    main = _team_id(portal, wish.main_team_id, "primaryTeamId")
    extra = [_team_id(portal, one, "secondaryTeamIds") for one in wish.extra_team_ids or ()]
    return Access(
        set_ids=_chosen(_set_ids(portal, wish.role_id), held.set_ids, keep=keep_role),
        main_team_id=main if main is not None else (held.main_team_id if keep_rest else None),
        extra_team_ids=_chosen(
            None if wish.extra_team_ids is None else tuple(one for one in extra if one is not None),
            held.extra_team_ids,
            keep=keep_rest,
        ),
        seat_names=_chosen(
            _known_seats(portal, wish.seat_names),
            held.seat_names,
            keep=keep_rest or not seats_known,
        ),
    )


def check(call: Call, held: Access, wanted: Access) -> None:
    """Every rule a change of access must pass; ApiError names the first it breaks."""
    portal = call.portal
    if wanted.set_ids and portal.tier != "enterprise":
        raise invalid("Account doesn't have access to roles.")
    if (wanted.main_team_id or wanted.extra_team_ids) and portal.tier in ("free", "starter"):
        raise invalid("Account doesn't have access to teams.")
    if wanted.set_ids != held.set_ids:
        _check_sets(call, held, wanted)
    if (wanted.set_ids, wanted.seat_names) != (held.set_ids, held.seat_names):
        _check_pairs(call, wanted)
    if wanted.seat_names != held.seat_names:
        _check_seats(call, held, wanted)


def store(call: Call, member: Membership, wanted: Access, now: datetime) -> bool:
    """Write access fields into a membership and the feeds; False when nothing changed."""
    held = access_of(member)
    if wanted == held:
        return False
    portal, actor = call.portal, call.token.user_id or 0
    before = {held.main_team_id, *held.extra_team_ids} - {None}
    after = {wanted.main_team_id, *wanted.extra_team_ids} - {None}
    with lifecycle.permissions_told(portal, member.user_id, actor, now):
        member.permission_set_ids = list(wanted.set_ids)
        if wanted.set_ids:
            member.granular = None  # a set overrides what was ticked by hand
    member.main_team_id = wanted.main_team_id
    member.extra_team_ids = list(wanted.extra_team_ids)
    member.seat_names = list(wanted.seat_names)
    for team_id in sorted(one for one in after - before if one is not None):
        lifecycle.joined_team(portal, member.user_id, team_id, actor, now)
    for team_id in sorted(one for one in before - after if one is not None):
        lifecycle.left_team(portal, member.user_id, team_id, actor, now)
    kinds = _changed_kinds(held, wanted)
    lifecycle.note_in_audit_log(portal, member.user_id, kinds, actor, now)
    lifecycle.changed_access(call.world, portal, member.user_id, now)
    return True


def _changed_kinds(held: Access, wanted: Access) -> Iterator[str]:
    """In the audit log's words, what a write changed."""
    if held.set_ids != wanted.set_ids:
        yield "PERMISSION_SET"
    if held.seat_names != wanted.seat_names:
        yield "SEAT"
    teams = (held.main_team_id, held.extra_team_ids)
    if teams != (wanted.main_team_id, wanted.extra_team_ids):
        yield "TEAM"


def _chosen(sent: tuple[One, ...] | None, held: tuple[One, ...], *, keep: bool) -> tuple[One, ...]:
    if sent is not None:
        return sent
    return held if keep else ()


def _set_ids(portal: Portal, role_id: str | None) -> tuple[int, ...] | None:
    if role_id is None:
        return None
    if portal.tier != "enterprise":
        raise invalid("Account doesn't have access to roles.")
    set_id = as_id(role_id)
    if set_id is None or set_id not in portal.permission_sets:
        raise invalid(f"Role with id {role_id} does not exist", "roleId")
    return (set_id,)


def _team_id(portal: Portal, team_id: str | None, field: str) -> int | None:
    if team_id is None:
        return None
    found = as_id(team_id)
    if found is None or found not in portal.teams:
        raise invalid(f"Team with id {team_id} does not exist", field)
    return found


def _known_seats(portal: Portal, names: tuple[str, ...] | None) -> tuple[str, ...] | None:
    for name in names or ():
        if name not in portal.seats:
            raise invalid(f"Seat {name} does not exist", "seatNames")
    return names


def _check_sets(call: Call, held: Access, wanted: Access) -> None:
    sets = call.portal.permission_sets
    moved = set(held.set_ids) ^ set(wanted.set_ids)
    if any(sets[one].requires_billing_write for one in moved if one in sets):
        _require_billing(call)
    for one in set(wanted.set_ids) - set(held.set_ids):
        _within_actor(call, sets[one])


def _within_actor(call: Call, wanted: PermissionSet) -> None:
    """Nobody can hand out a set holding more than he holds himself (KB on permission sets)."""
    actor = call.portal.members.get(call.token.user_id or 0)
    if actor is None or actor.super_admin or call.world.switches["set_beyond_actor"] == "allow":
        return
    own = stored(call.portal, actor)
    if union((own, wanted.permissions)) != own:
        raise _beyond(call.world.switches["set_beyond_actor_refusal"], wanted.name)


def _beyond(answer: str, name: str) -> ApiError:
    """HubSpot's own words are not known to anybody outside; these are ours."""
    if answer == "bare_400":
        return invalid("Error validating request.")
    message = f"You can't assign {name}: it has permissions you don't have."
    if answer == "field_400":
        return invalid(message, "roleId")
    return ApiError(403, message, category="FORBIDDEN")


def _check_pairs(call: Call, wanted: Access) -> None:
    if call.world.switches["seat_set_pair"] == "allow":
        return
    for one in wanted.set_ids:
        allowed = call.portal.permission_sets[one].seats
        if allowed and not set(allowed) & set(wanted.seat_names):
            name = call.portal.permission_sets[one].name
            raise invalid(f"{name} can't be combined with seat {_listed(wanted.seat_names)}")


def _check_seats(call: Call, held: Access, wanted: Access) -> None:
    portal = call.portal
    moved = set(held.seat_names) ^ set(wanted.seat_names)
    if any(portal.seats[name].paid for name in moved if name in portal.seats):
        _require_billing(call)
    for name in wanted.seat_names:
        if name not in held.seat_names:
            seats.require_free(call.world, portal, name, call.now)


def _require_billing(call: Call) -> None:
    if auth.holds(call.world, call.portal, call.token, BILLING):
        return
    if call.world.switches["billing_write_refusal"] == "bad_request_400":
        # a client of 2021 was told these first words; what followed was not kept
        reason = {"message": f"Assigning paid seats requires the {BILLING} scope."}
        raise ApiError(400, "Error validating request.", errors=[reason])
    raise auth.missing_scopes((BILLING,))


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) or "none"
