"""Settings users: listing, finding, creating, changing, removing, with HubSpot's rules for each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from heapq import merge
from itertools import islice
from typing import TYPE_CHECKING

from hubspot_emulator import lifecycle
from hubspot_emulator.crm.store import touch_user
from hubspot_emulator.refusals import invalid, no_seat, not_on_any_hubs
from hubspot_emulator.seats import model as seats
from hubspot_emulator.users import access
from hubspot_emulator.users.wire import Invitation, Wish, has_seats
from hubspot_emulator.wire import ApiError, not_found

if TYPE_CHECKING:
    from hubspot_emulator.routing import Call
    from hubspot_emulator.world import Identity, Membership, Portal, World

FREE_USERS = 2  # in all, on a free portal
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")

Found = tuple["Identity", "Membership"]


def page(call: Call, after: int, limit: int) -> tuple[list[Found], int | None]:
    """Users with ids beyond `after`, ascending, and the cursor of the next page."""
    world, portal = call.world, call.portal
    ids = list(islice(_listed(world, portal, after, call.now), limit + 1))
    rows = [(world.identities[one], _member(portal, one)) for one in ids[:limit]]
    return rows, ids[limit - 1] if len(ids) > limit else None


def _listed(world: World, portal: Portal, after: int, now: datetime) -> Iterator[int]:
    ids = portal.members.following(after)
    if world.switches["deactivated_in_list"] == "hidden":
        ids = (one for one in ids if portal.members[one].deactivated_at is None)
    lag = world.faults.longest("list_lag", portal.id)
    if not lag:
        return ids
    since = now - timedelta(seconds=lag)
    gone = sorted(
        one for one in portal.former if one > after and portal.removed_at.get(one, since) > since
    )
    return merge(ids, gone)


def _member(portal: Portal, user_id: int) -> Membership:
    return portal.members.get(user_id) or portal.former[user_id]


def find(call: Call, word: str, by: str) -> Found:
    """The user an id or e-mail names; ApiError 404 when nobody in the portal has it."""
    user_id = _id_of(call.world, word, by)
    member = call.portal.members.get(user_id)
    if member is None:
        raise not_found()
    return call.world.identities[user_id], member


def _id_of(world: World, word: str, by: str) -> int:
    if by != "EMAIL":
        return int(word)
    identity = world.identity(word)
    return 0 if identity is None else identity.id


def create(call: Call, asked: Invitation) -> Found:
    """Put somebody into the portal; the same e-mail always gets the same global id."""
    world, portal, now = call.world, call.portal, call.now
    if not _EMAIL.fullmatch(asked.email):
        raise invalid(f"Email address {asked.email} is invalid", "email")
    known = world.identity(asked.email)
    if known is not None and known.id in portal.members:
        raise _already_there(world, known)
    _check_room(call)
    wish = _with_default_seat(call, asked.wish)
    wanted = access.wished_access(
        portal, access.Access(), wish, "clear_all", seats_known=has_seats(call.version)
    )
    access.check(call, access.Access(), wanted)
    identity = world.identity_of(asked.email, wish.first_name or "", wish.last_name or "")
    member = lifecycle.invite(world, portal, identity, call.token.user_id or 0, now)
    access.store(call, member, wanted, now)
    member.welcome_email_sent = asked.welcome_email
    return identity, member


def _already_there(world: World, known: Identity) -> ApiError:
    style = world.switches["duplicate_create"]
    if style == "bad_request_400":
        return invalid(f"User {known.email} already exists", "email")
    if style == "conflict_bare":
        return ApiError(409, "User already exists", category=None)
    return ApiError(409, f"User already exists. Existing ID: {known.id}", category="CONFLICT")


def _check_room(call: Call) -> None:
    portal = call.portal
    if portal.tier != "free":
        return
    leaving = seats.just_removed(call.world, portal, call.now)
    if len(portal.members) + len(leaving) >= FREE_USERS:
        raise no_seat()


def _with_default_seat(call: Call, wish: Wish) -> Wish:
    chosen = {"view_only": "View-Only", "core": "Core"}.get(call.world.switches["default_seat"])
    if wish.seat_names is not None or chosen not in call.portal.seats:
        return wish
    return replace(wish, seat_names=(chosen,))


def update(call: Call, word: str, by: str, wish: Wish) -> Found:
    """Change names and access fields; what a body leaves out is up to switch put_omission."""
    identity, member = find(call, word, by)
    if member.super_admin and (answer := call.world.switches["super_admin_put"]) != "allow":
        if answer == "ignore":
            return identity, member
        raise invalid("Super Admin users can only be updated in HubSpot.")
    if wish.names and identity.activated_at is None:
        raise not_on_any_hubs()
    held = access.access_of(member)
    omission = call.world.switches["put_omission"]
    wanted = access.wished_access(
        call.portal, held, wish, omission, seats_known=has_seats(call.version)
    )
    access.check(call, held, wanted)
    access.store(call, member, wanted, call.now)
    _rename(call, identity, wish)
    return identity, member


def _rename(call: Call, identity: Identity, wish: Wish) -> None:
    """Names belong to the person's global identity: other portals see the new ones too."""
    if not wish.names:
        return
    identity.first_name = wish.first_name if wish.first_name is not None else identity.first_name
    identity.last_name = wish.last_name if wish.last_name is not None else identity.last_name
    for portal in call.world.portals.values():
        touch_user(portal, identity.id, call.now)


def remove(call: Call, word: str, by: str) -> None:
    """End a membership; saying it twice is fine, for a stranger it is a 404."""
    world, portal = call.world, call.portal
    user_id = _id_of(world, word, by)
    member = portal.members.get(user_id)
    if member is None:
        if user_id in portal.former:
            return
        raise not_found()
    _check_removable(call, member)
    lifecycle.remove(portal, user_id, call.token.user_id or 0, call.now)
    if user_id == call.token.user_id and world.switches["installer_delete"] == "token_dies":
        lifecycle.revoke_tokens(world, portal, user_id)


def _check_removable(call: Call, member: Membership) -> None:
    answer = call.world.switches["super_admin_delete"]
    if member.super_admin and answer != "allow":
        others = sum(one.super_admin for one in call.portal.members.values())
        if answer == "refuse" or others == 1:
            raise invalid("A Super Admin can't be removed by the API.")
    own = member.user_id == call.token.user_id
    if own and call.world.switches["installer_delete"] == "refuse":
        raise invalid("The user who installed this app can't be removed by it.")
