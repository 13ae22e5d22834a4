"""The algebra of access: union of permission sets, met by the ceiling of the seat.

Pure functions over `permission id -> level`; an absent id means the permission is not held.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from hubspot_emulator.granular.catalogue import Permission, catalogue

if TYPE_CHECKING:
    from hubspot_emulator.world import Membership, Portal

Grants = Mapping[str, str]
UNASSIGNED = "+unassigned"
# What a user gets who was created with neither a set nor anything ticked ("contacts-base").
MINIMAL: Grants = MappingProxyType({"crm_objects.contacts.view": "own"})
# What somebody with a View-Only seat can still see; the rest of these rooms is closed to him.
VIEW_ONLY_ROOMS = (
    "crm_objects.*",
    "crm_tools.*",
    "marketing.*",
    "content.*",
    "sales.*",
    "service.*",
)
VIEW_ONLY_OPEN = (
    *("marketing.segments", "marketing.ads", "marketing.marketing_email", "marketing.cta"),
    *("marketing.sms", "marketing.buyer_intent", "content.blog", "content.landing_pages"),
    *("content.website_pages", "content.url_redirects"),
)
REPORTS_LOOK_ONLY = ("reporting.dashboards_reports_analytics", "reporting.custom_events")


def split_level(level: str) -> tuple[str, bool]:
    """A level as (scope, with records that have no owner)."""
    return (level.removesuffix(UNASSIGNED), True) if level.endswith(UNASSIGNED) else (level, False)


def _joined(scope: str, unassigned: bool) -> str:
    return scope + UNASSIGNED if unassigned and scope in ("own", "team") else scope


def highest_of(permission: Permission, one: str, other: str) -> str:
    """What somebody has who was given both levels."""
    (first, flag), (second, other_flag) = split_level(one), split_level(other)
    return _joined(max(first, second, key=permission.levels.index), flag or other_flag)


def lowest_of(permission: Permission, one: str, ceiling: str) -> str:
    """What is left of a level under a ceiling."""
    (first, flag), (second, other_flag) = split_level(one), split_level(ceiling)
    both = (flag or first == "all") and (other_flag or second == "all")
    return _joined(min(first, second, key=permission.levels.index), both)


def union(bundles: Iterable[Grants]) -> dict[str, str]:
    """Everything any of the bundles gives, at the highest level any of them gives it."""
    known = catalogue()
    found: dict[str, str] = {}
    for bundle in bundles:
        for permission_id, level in bundle.items():
            held = found.get(permission_id)
            both = level if held is None else highest_of(known[permission_id], held, level)
            found[permission_id] = both
    return found


def meet(grants: Grants, ceiling: Grants) -> dict[str, str]:
    """What the ceiling leaves of the grants."""
    known = catalogue()
    return {
        permission_id: lowest_of(known[permission_id], level, ceiling[permission_id])
        for permission_id, level in grants.items()
        if permission_id in ceiling
    }


@cache
def everything() -> Grants:
    """Every permission at its highest level, Super Admin itself left out."""
    top = {p.id: p.highest for p in catalogue().values() if p.id != "account.super_admin"}
    return MappingProxyType(top)


@cache
def seat_ceiling(seat: str) -> Grants:
    """The most a holder of this seat can do, whatever his permissions say."""
    if seat == "View-Only":
        return MappingProxyType(_view_only())
    families = _families(seat)
    return MappingProxyType(
        {
            p.id: p.highest
            for p in catalogue().values()
            if not p.seats or not families.isdisjoint(p.seats)
        }
    )


def _families(seat: str) -> frozenset[str]:
    if seat in ("Partner", "Front Office"):
        return frozenset({"sales", "service"})
    return frozenset(word for word in ("sales", "service") if word in seat.casefold())


def _view_only() -> dict[str, str]:
    ceilings = ((p.id, _view_only_level(p)) for p in catalogue().values())
    return {permission_id: level for permission_id, level in ceilings if level is not None}


def _view_only_level(permission: Permission) -> str | None:
    one = permission.id
    if fnmatchcase(one, "crm_objects.*.view"):
        return permission.highest
    if one in VIEW_ONLY_OPEN or one in REPORTS_LOOK_ONLY:
        return "view"
    closed = any(fnmatchcase(one, room) for room in VIEW_ONLY_ROOMS)
    return None if closed else permission.highest


def ceiling_of(portal: Portal, member: Membership) -> Grants:
    """The ceiling of all seats a user holds; a free portal has none, a paid one View-Only."""
    if member.seat_names:
        return union(seat_ceiling(seat) for seat in member.seat_names)
    return seat_ceiling("Core" if portal.tier == "free" else "View-Only")


def stored(portal: Portal, member: Membership) -> dict[str, str]:
    """What the user was given, before any seat: sets win over what was ticked by hand."""
    if member.super_admin:
        return {**everything(), "account.super_admin": "on"}
    sets = [
        portal.permission_sets[i] for i in member.permission_set_ids if i in portal.permission_sets
    ]
    if sets:
        return union(one.permissions for one in sets)
    return dict(MINIMAL if member.granular is None else member.granular)


def effective(portal: Portal, member: Membership) -> dict[str, str]:
    """What the user can really do: what was given, as far as the seat opens it."""
    if member.deactivated_at is not None:
        return {}
    return meet(stored(portal, member), ceiling_of(portal, member))


def access_key(member: Membership) -> tuple[object, ...]:
    """What decides a user's access within a portal: users with equal keys can do the same."""
    ticked = None if member.granular is None else tuple(sorted(member.granular.items()))
    sets, seats = tuple(member.permission_set_ids), tuple(member.seat_names)
    return sets, seats, ticked, member.super_admin, member.deactivated_at is not None
