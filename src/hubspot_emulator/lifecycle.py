"""What becomes of a membership: invited, active, deactivated, removed, Super Admin or not.

Every step writes its feed rows and tells the CRM (user record, owner). It asks no permission:
the rules of the API are in `users.model`, those of HubSpot's screens in `acts`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from hubspot_emulator.crm.store import add_owner, add_user_record, archive_owner, touch_user
from hubspot_emulator.feeds.store import HUBSPOT_ITSELF
from hubspot_emulator.granular.access import stored
from hubspot_emulator.world import Membership

if TYPE_CHECKING:
    from hubspot_emulator.world import Identity, Portal, World

EFFECT_DELAY = timedelta(minutes=5)
INACTIVE_AFTER = timedelta(days=90)
# Access fields of a membership; a change of any of them starts the delay of its effect.
ACCESS = ("permission_set_ids", "super_admin", "main_team_id", "extra_team_ids", "seat_names")


def invite(
    world: World, portal: Portal, identity: Identity, actor: int, now: datetime
) -> Membership:
    """A new membership; a human HubSpot knows already is active in it at once.

    A returning user keeps the settings id, and nothing else of the former membership.
    """
    member = Membership(identity.id, now, invited_by=actor)
    portal.former.pop(identity.id, None)
    portal.members[identity.id] = member
    portal.feeds.record_security("ADD_USER", now, actor, identity.id)
    if identity.activated_at is not None:
        member.activated_at = now
        _await_record(world, portal, identity.id, now)
    return member


def activate(world: World, portal: Portal, user_id: int, now: datetime) -> None:
    """The user accepts the invitation: from now on there is a CRM record and an owner."""
    identity, member = world.identities[user_id], portal.members[user_id]
    if member.activated_at is not None:
        return
    member.activated_at = now
    identity.activated_at = identity.activated_at or now
    _await_record(world, portal, user_id, now)
    log_in(world, portal, user_id, now)


def log_in(
    world: World, portal: Portal, user_id: int, now: datetime, *, mobile: bool = False
) -> None:
    """A successful log-in; access stored before it works from here on."""
    member = portal.members[user_id]
    member.last_login_at = now
    if member.effective_at is not None and member.effective_at <= now:
        member.effective_at = None
    portal.feeds.record_login(now, user_id, world.identities[user_id].email, mobile=mobile)
    touch_user(portal, user_id, now)


def fail_log_in(world: World, portal: Portal, user_id: int, now: datetime) -> None:
    """A log-in that did not succeed."""
    email = world.identities[user_id].email
    portal.feeds.record_login(now, user_id, email, succeeded=False)


def deactivate(
    portal: Portal, user_id: int, actor: int, now: datetime, *, keep_seat: bool = True
) -> None:
    """Stop a user from working: no log-in, owner archived; records and assets stay."""
    member = portal.members[user_id]
    if member.deactivated_at is not None:
        return
    member.deactivated_at = now
    if not keep_seat:
        member.seat_names = []
    archive_owner(portal, user_id, now)
    touch_user(portal, user_id, now)
    portal.feeds.record_security("DEACTIVATE_USER", now, actor, user_id)


def reactivate(world: World, portal: Portal, user_id: int, actor: int, now: datetime) -> None:
    """Undo a deactivation: log-in, owner and assets are back."""
    member = portal.members[user_id]
    if member.deactivated_at is None:
        return
    member.deactivated_at = None
    add_owner(portal, world.identities[user_id], now)
    touch_user(portal, user_id, now)
    portal.feeds.record_security("REACTIVATE_USER", now, actor, user_id)


def remove(portal: Portal, user_id: int, actor: int, now: datetime) -> Membership:
    """End a membership; identity and CRM record survive, the owner is archived."""
    member = portal.members.take_out(user_id)
    portal.former[user_id] = member
    portal.removed_at[user_id] = now
    portal.awaiting_record.pop(user_id, None)
    if portal.billing_contact == user_id:
        portal.billing_contact = None
    archive_owner(portal, user_id, now)
    touch_user(portal, user_id, now)
    portal.feeds.record_security("REMOVE_USER", now, actor, user_id)
    return member


def make_super_admin(world: World, portal: Portal, user_id: int, actor: int, now: datetime) -> None:
    """Give a user everything, as only HubSpot's screens can."""
    with permissions_told(portal, user_id, actor, now):
        portal.members[user_id].super_admin = True
    portal.feeds.record_security("ADD_ADMIN_PERMISSIONS", now, actor, user_id)
    changed_access(world, portal, user_id, now)


def demote(world: World, portal: Portal, user_id: int, actor: int, now: datetime) -> None:
    """Take Super Admin away; the app he installed may stop (switch app_after_demotion)."""
    with permissions_told(portal, user_id, actor, now):
        portal.members[user_id].super_admin = False
    portal.feeds.record_security("REMOVE_ADMIN_PERMISSIONS", now, actor, user_id)
    changed_access(world, portal, user_id, now)
    if world.switches["app_after_demotion"] == "stops":
        revoke_tokens(world, portal, user_id)


def revoke_tokens(world: World, portal: Portal, user_id: int) -> None:
    """Every token of the portal this user created stops working."""
    for token in tuple(world.tokens.of_portal(portal.id)):
        if token.user_id == user_id:
            world.tokens.revoke(token.value)


@contextmanager
def permissions_told(portal: Portal, user_id: int, actor: int, now: datetime) -> Iterator[None]:
    """Write into the permission history what the block gives to a user, and what it takes.

    A changed level is the old one taken and the new one given.
    """
    member = portal.members[user_id]
    before = stored(portal, member)
    yield
    after = stored(portal, member)
    for one in sorted(before.keys() | after.keys()):
        if before.get(one) == after.get(one):
            continue
        for held, action in ((before, "delete"), (after, "create")):
            if one in held:
                portal.feeds.record_permission(user_id, one, action, now, actor)


def changed_access(world: World, portal: Portal, user_id: int, now: datetime) -> None:
    """Stored now; effective after up to five minutes and a new log-in."""
    delayed = world.switches["effect_delay"] == "five_minutes"
    portal.members[user_id].effective_at = now + EFFECT_DELAY if delayed else None
    touch_user(portal, user_id, now)


def note_in_audit_log(
    portal: Portal, user_id: int, kinds: Iterable[str], actor: int, now: datetime
) -> None:
    """One line of the central audit log per kind of access that changed; whoever changed it."""
    for kind in kinds:
        portal.feeds.record_audit(
            "USER", "UPDATE", now, actor, sub_category=kind, target_id=str(user_id)
        )


def joined_team(portal: Portal, user_id: int, team_id: int, actor: int, now: datetime) -> None:
    """Feed row of a user who became a member of a team."""
    portal.feeds.record_security("TEAM_USER_ADDED", now, actor, user_id, object_id=str(team_id))


def left_team(portal: Portal, user_id: int, team_id: int, actor: int, now: datetime) -> None:
    """Feed row of a user who ceased to be a member of a team."""
    portal.feeds.record_security("TEAM_USER_DELETED", now, actor, user_id, object_id=str(team_id))


def settle(world: World, portal: Portal, now: datetime) -> None:
    """Bring about what was due by now: late CRM records, the monthly inactivity rule."""
    for user_id, due in tuple(portal.awaiting_record.items()):
        if due <= now:
            del portal.awaiting_record[user_id]
            member = portal.members[user_id]
            add_user_record(portal, world.identities[user_id], member, now)
    if portal.next_inactivity_run is None:
        portal.next_inactivity_run = _first_of_next_month(now)
    while portal.next_inactivity_run <= now:
        if portal.auto_deactivate and portal.tier != "free":
            deactivate_inactive(portal, portal.next_inactivity_run)
        portal.next_inactivity_run = _first_of_next_month(portal.next_inactivity_run)


def deactivate_inactive(portal: Portal, now: datetime) -> list[int]:
    """HubSpot's own rule: who was active and has not logged in for 90 days is deactivated.

    Super Admins are spared so that a wound clock never locks a portal; users marked exempt,
    service users and those who never came are no candidates.
    """
    stale = [user_id for user_id, member in portal.members.items() if _is_stale(member, now)]
    for user_id in stale:
        deactivate(portal, user_id, HUBSPOT_ITSELF, now)
    return stale


def _is_stale(member: Membership, now: datetime) -> bool:
    if member.activated_at is None or member.deactivated_at is not None:
        return False
    if member.deactivation_exempt or member.service_user or member.super_admin:
        return False
    return (member.last_login_at or member.activated_at) < now - INACTIVE_AFTER


def _await_record(world: World, portal: Portal, user_id: int, now: datetime) -> None:
    seconds = world.faults.longest("crm_record_delay", portal.id)
    if seconds > 0:
        portal.awaiting_record[user_id] = now + timedelta(seconds=seconds)
        return
    add_user_record(portal, world.identities[user_id], portal.members[user_id], now)


def _first_of_next_month(now: datetime) -> datetime:
    year, month = (now.year + 1, 1) if now.month == 12 else (now.year, now.month + 1)
    return datetime(year, month, 1, 3, tzinfo=UTC)
