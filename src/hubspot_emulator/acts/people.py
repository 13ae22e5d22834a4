"""Acts on people: they accept, log in, are deactivated, promoted, edited in HubSpot's screens."""

from __future__ import annotations

from datetime import datetime

from hubspot_emulator import lifecycle
from hubspot_emulator.acts.scene import Act, Effect, Scene
from hubspot_emulator.crm.store import touch_user
from hubspot_emulator.world import Membership

_USER = {"user": "settings id or e-mail"}


def _shown(scene: Scene) -> Effect:
    identity, member = scene.user()
    return {
        "user": str(identity.id),
        "active": member.activated_at is not None,
        "deactivated": member.deactivated_at is not None,
        "super_admin": member.super_admin,
    }


def activate(scene: Scene) -> Effect:
    """The invitation is accepted."""
    lifecycle.activate(scene.world, scene.portal, scene.user()[0].id, scene.now)
    return _shown(scene)


def log_in(scene: Scene) -> Effect:
    """A log-in, now or at a time of the past."""
    at = datetime.fromisoformat(scene.text("at")) if "at" in scene.fields else scene.now
    identity, member = scene.user()
    if member.deactivated_at is not None or not scene.flag("succeeds", True):
        lifecycle.fail_log_in(scene.world, scene.portal, identity.id, at)
        return {**_shown(scene), "succeeded": False}
    mobile = scene.flag("mobile", False)
    lifecycle.log_in(scene.world, scene.portal, identity.id, at, mobile=mobile)
    return {**_shown(scene), "succeeded": True}


def deactivate(scene: Scene) -> Effect:
    """Settings > Users > Deactivate."""
    keep = scene.flag("keep_seat", True)
    user_id = scene.user()[0].id
    lifecycle.deactivate(scene.portal, user_id, scene.actor, scene.now, keep_seat=keep)
    return _shown(scene)


def reactivate(scene: Scene) -> Effect:
    """Settings > Users > Reactivate."""
    lifecycle.reactivate(scene.world, scene.portal, scene.user()[0].id, scene.actor, scene.now)
    return _shown(scene)


def remove(scene: Scene) -> Effect:
    """Somebody removes a user, or himself, in the screens."""
    user_id = scene.user()[0].id
    lifecycle.remove(scene.portal, user_id, scene.actor, scene.now)
    return {"user": str(user_id), "removed": True}


def make_super_admin(scene: Scene) -> Effect:
    """Only a Super Admin can, and only in the screens."""
    user_id = scene.user()[0].id
    lifecycle.make_super_admin(scene.world, scene.portal, user_id, scene.actor, scene.now)
    return _shown(scene)


def demote(scene: Scene) -> Effect:
    """Super Admin is taken away again."""
    lifecycle.demote(scene.world, scene.portal, scene.user()[0].id, scene.actor, scene.now)
    return _shown(scene)


def invite(scene: Scene) -> Effect:
    """Somebody adds a user in the screens."""
    names = str(scene.fields.get("first_name", "")), str(scene.fields.get("last_name", ""))
    identity = scene.world.identity_of(scene.text("email"), *names)
    if identity.id in scene.portal.members:
        raise ValueError(f"{identity.email} is in the portal already")
    lifecycle.invite(scene.world, scene.portal, identity, scene.actor, scene.now)
    scene.fields["user"] = str(identity.id)
    return edit(scene)


def edit(scene: Scene) -> Effect:
    """Access edited in the screens: several sets, single permissions, any team and seat."""
    identity, member = scene.user()
    portal = scene.portal
    sets = scene.ids("permission_sets", portal.permission_sets)
    extra = scene.ids("extra_teams", portal.teams)
    main = scene.ids("main_team", portal.teams)
    before = {member.main_team_id, *member.extra_team_ids}
    held = _audited(member)
    with lifecycle.permissions_told(portal, identity.id, scene.actor, scene.now):
        if sets is not None:
            member.permission_set_ids = sets
            member.granular = None if sets else member.granular
        if "granular" in scene.fields:
            member.granular = dict(scene.fields["granular"])
    if main is not None:
        member.main_team_id = main[0] if main else None
    if extra is not None:
        member.extra_team_ids = extra
    if "seats" in scene.fields:
        member.seat_names = _known_seats(scene)
    _tell_teams(scene, identity.id, before, {member.main_team_id, *member.extra_team_ids})
    now = _audited(member)
    kinds = [kind for kind, value in now.items() if value != held[kind]]
    lifecycle.note_in_audit_log(portal, identity.id, kinds, scene.actor, scene.now)
    lifecycle.changed_access(scene.world, portal, identity.id, scene.now)
    return _shown(scene)


def _audited(member: Membership) -> dict[str, object]:
    """What the central audit log tells of, by its own words."""
    return {
        "PERMISSION_SET": (list(member.permission_set_ids), member.granular),
        "SEAT": list(member.seat_names),
        "TEAM": (member.main_team_id, list(member.extra_team_ids)),
    }


def _known_seats(scene: Scene) -> list[str]:
    unknown = [one for one in scene.fields["seats"] if one not in scene.portal.seats]
    if unknown:
        raise ValueError(f"the portal sells no seat {unknown}")
    return list(scene.fields["seats"])


def _tell_teams(
    scene: Scene, user_id: int, before: set[int | None], after: set[int | None]
) -> None:
    for team_id in after - before - {None}:
        if team_id is not None:
            lifecycle.joined_team(scene.portal, user_id, team_id, scene.actor, scene.now)
    for team_id in before - after - {None}:
        if team_id is not None:
            lifecycle.left_team(scene.portal, user_id, team_id, scene.actor, scene.now)


def rename(scene: Scene) -> Effect:
    """The person changes the own name; every portal sees it."""
    identity, _ = scene.user()
    identity.first_name = str(scene.fields.get("first_name", identity.first_name))
    identity.last_name = str(scene.fields.get("last_name", identity.last_name))
    touch_user(scene.portal, identity.id, scene.now)
    return _shown(scene)


def change_email(scene: Scene) -> Effect:
    """The person's e-mail changes, by SCIM or in the screens; the settings id stays."""
    identity, _ = scene.user()
    email = scene.text("email")
    if scene.world.identity(email) is not None:
        raise ValueError(f"{email} belongs to somebody already")
    world, old = scene.world, identity.email.casefold()
    world.identity_by_email.pop(old, None)
    world.identity_by_email[email.casefold()] = identity.id
    identity.email = email
    for portal in world.portals.values():
        if portal.crm.user_id_by_email.pop(old, None) is not None:
            portal.crm.user_id_by_email[email.casefold()] = identity.id
        touch_user(portal, identity.id, scene.now)
    return _shown(scene)


def exempt(scene: Scene) -> Effect:
    """The switch that spares a user from the portal's inactivity rule."""
    scene.user()[1].deactivation_exempt = scene.flag("on", True)
    return _shown(scene)


ACTS: tuple[Act, ...] = (
    Act("activate", "the user accepts the invitation", activate, _USER),
    Act(
        "log_in",
        "the user logs in; fails when deactivated",
        log_in,
        {**_USER, "at": "ISO time", "mobile": "flag", "succeeds": "flag"},
    ),
    Act("deactivate", "deactivate a user", deactivate, {**_USER, "keep_seat": "flag"}),
    Act("reactivate", "reactivate a user", reactivate, _USER),
    Act("remove", "remove a user in the screens", remove, _USER),
    Act("make_super_admin", "give Super Admin", make_super_admin, _USER),
    Act("demote", "take Super Admin away", demote, _USER),
    Act(
        "invite",
        "add a user in the screens",
        invite,
        {"email": "text", "first_name": "text", "last_name": "text", "...": "fields of edit"},
    ),
    Act(
        "edit",
        "edit access in the screens, several sets included",
        edit,
        {
            **_USER,
            "permission_sets": "ids",
            "main_team": "list of no or one id",
            "extra_teams": "ids",
            "seats": "names",
            "granular": "permission id to level",
        },
    ),
    Act("rename", "the person changes the name", rename, {**_USER, "first_name": "text"}),
    Act("change_email", "the person's e-mail changes", change_email, {**_USER, "email": "text"}),
    Act("exempt", "spare a user from the inactivity rule", exempt, {**_USER, "on": "flag"}),
)
