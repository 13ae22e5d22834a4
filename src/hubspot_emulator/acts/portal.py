"""Acts on the portal itself: its sets, teams, seats, tier, rules and apps."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import AbstractContextManager, ExitStack

from hubspot_emulator import lifecycle
from hubspot_emulator.acts.scene import Act, Effect, Scene, user_id_of
from hubspot_emulator.world import TIERS, PermissionSet, SeatStock, Team


def create_set(scene: Scene) -> Effect:
    """A Super Admin makes a permission set."""
    one = PermissionSet(_free_id(scene, "set", scene.portal.permission_sets), scene.text("name"))
    scene.portal.permission_sets[one.id] = one
    return _write_set(scene, one)


def edit_set(scene: Scene) -> Effect:
    """The contents of a set change: every holder has them from here on."""
    one = _set(scene)
    one.name = str(scene.fields.get("name", one.name))
    holders = [u for u, m in scene.portal.members.items() if one.id in m.permission_set_ids]
    with ExitStack() as told:
        for user_id in holders:
            told.enter_context(_told(scene, user_id))
        written = _write_set(scene, one)
    for user_id in holders:
        lifecycle.changed_access(scene.world, scene.portal, user_id, scene.now)
    return {**written, "holders": len(holders)}


def _told(scene: Scene, user_id: int) -> AbstractContextManager[None]:
    return lifecycle.permissions_told(scene.portal, user_id, scene.actor, scene.now)


def delete_set(scene: Scene) -> Effect:
    """A set is deleted: its holders lose it."""
    one = _set(scene)
    for user_id, member in scene.portal.members.items():
        if one.id in member.permission_set_ids:
            with _told(scene, user_id):
                member.permission_set_ids.remove(one.id)
            lifecycle.changed_access(scene.world, scene.portal, user_id, scene.now)
    del scene.portal.permission_sets[one.id]
    return {"set": one.id, "deleted": True}


def _set(scene: Scene) -> PermissionSet:
    found = scene.portal.permission_sets.get(int(scene.fields.get("set", 0)))
    if found is None:
        raise ValueError(f"the portal has no set {scene.fields.get('set')!r}")
    return found


def _write_set(scene: Scene, one: PermissionSet) -> Effect:
    one.permissions = dict(scene.fields.get("permissions", one.permissions))
    one.seats = tuple(scene.fields.get("seats", one.seats))
    one.requires_billing_write = scene.flag("requires_billing_write", one.requires_billing_write)
    return {"set": one.id, "name": one.name, "permissions": one.permissions}


def create_team(scene: Scene) -> Effect:
    """Somebody makes a team in the screens."""
    parents = scene.ids("parent", scene.portal.teams)
    parent_id = parents[0] if parents else None
    team = Team(_free_id(scene, "team", scene.portal.teams), scene.text("name"), parent_id)
    scene.portal.teams[team.id] = team
    event = "TEAM_ADDED"
    scene.portal.feeds.record_security(event, scene.now, scene.actor, object_id=str(team.id))
    return {"team": team.id, "name": team.name}


def _free_id(scene: Scene, kind: str, used: Collection[int]) -> int:
    start = {"set": 700_001, "team": 90_001}[kind]
    made = scene.world.new_id(f"{kind}-{scene.portal.id}", start)
    while made in used:
        made = scene.world.new_id(f"{kind}-{scene.portal.id}", start)
    return made


def set_seats(scene: Scene) -> Effect:
    """Seats are bought or dropped; total null means no end of them."""
    name, total = scene.text("seat"), scene.fields.get("total")
    if total is not None and (not isinstance(total, int) or total < 0):
        raise ValueError("'total' must be a number or null")
    known = scene.portal.seats.get(name) or SeatStock(name, paid=scene.flag("paid", True))
    known.total = total
    scene.portal.seats[name] = known
    return {"seat": name, "total": total}


def set_tier(scene: Scene) -> Effect:
    """The subscription changes."""
    tier = scene.text("tier")
    if tier not in TIERS:
        raise ValueError(f"no tier {tier!r}; there are: {', '.join(TIERS)}")
    scene.portal.tier = tier
    return {"tier": tier}


def run_inactivity_rule(scene: Scene) -> Effect:
    """The portal's monthly rule runs now."""
    stale = lifecycle.deactivate_inactive(scene.portal, scene.now)
    return {"deactivated": [str(one) for one in stale]}


def set_inactivity_rule(scene: Scene) -> Effect:
    """The monthly rule is switched on or off."""
    on = scene.portal.auto_deactivate = scene.flag("on", True)
    event = f"AUTOMATED_INACTIVE_USER_DEACTIVATION_{'ENABLED' if on else 'DISABLED'}"
    scene.portal.feeds.record_security(event, scene.now, scene.actor)
    return {"on": on}


def move_billing_contact(scene: Scene) -> Effect:
    """Somebody else becomes the billing point of contact."""
    scene.portal.billing_contact = scene.user()[0].id
    return {"billing_contact": str(scene.portal.billing_contact)}


def export_users(scene: Scene) -> Effect:
    """A Super Admin exports the users; the file itself is GET /_emulator/users-export.csv."""
    event = scene.portal.feeds.record_security("EXPORT_USERS", scene.now, scene.actor)
    return {"event": str(event.id)}


def record_event(scene: Scene) -> Effect:
    """Anything else the security feed can tell, such as INSTALL_INTEGRATION."""
    target = user_id_of(scene.world, scene.fields.get("user")) or None
    object_id = scene.fields.get("object_id")
    event = scene.portal.feeds.record_security(
        scene.text("type"),
        scene.now,
        scene.actor,
        target,
        object_id=None if object_id is None else str(object_id),
    )
    return {"event": str(event.id)}


def connect_app(scene: Scene) -> Effect:
    """App access is switched off or on in the portal; nobody has to authorise anew."""
    token = scene.world.tokens.find(scene.text("token"))
    if token is None:
        raise ValueError("no such token")
    token.disconnected = not scene.flag("on", True)
    return {"app": token.app_id, "connected": not token.disconnected}


_SET = {
    "permissions": "permission id to level",
    "seats": "names it may be combined with, none = any",
    "requires_billing_write": "flag",
}
ACTS: tuple[Act, ...] = (
    Act("create_set", "make a permission set", create_set, {"name": "text", **_SET}),
    Act("edit_set", "change a set's contents", edit_set, {"set": "id", "name": "text", **_SET}),
    Act("delete_set", "delete a set", delete_set, {"set": "id"}),
    Act("create_team", "make a team", create_team, {"name": "text", "parent": "list of one id"}),
    Act("set_seats", "buy or drop seats", set_seats, {"seat": "name", "total": "number or null"}),
    Act("set_tier", "change the subscription", set_tier, {"tier": "text"}),
    Act("run_inactivity_rule", "run the monthly rule now", run_inactivity_rule),
    Act("set_inactivity_rule", "switch the monthly rule", set_inactivity_rule, {"on": "flag"}),
    Act("move_billing_contact", "name the billing contact", move_billing_contact, {"user": "user"}),
    Act("export_users", "export the users by hand", export_users),
    Act(
        "record_event",
        "write any row of the security feed",
        record_event,
        {"type": "HubSpot's enum value", "user": "whom it was done to", "object_id": "text"},
    ),
    Act("connect_app", "switch an app's access", connect_app, {"token": "text", "on": "flag"}),
)
