"""Puts people, teams, sets and seats into a portal the way years of use would have.

Follows the portal's tier: sets only on Enterprise, teams from Professional, nested on Enterprise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from hubspot_emulator.crm.store import add_user_record, archive_owner
from hubspot_emulator.feeds.store import ELSEWHERE, HUBSPOT_ITSELF, Place
from hubspot_emulator.granular.access import union
from hubspot_emulator.portals import add_member
from hubspot_emulator.seeds.bundles import Bundle
from hubspot_emulator.world import Identity, Membership, PermissionSet, Portal, Team, World

FIRST_SET = 1_100_001
FIRST_TEAM = 52_000_001
FEED_DAYS = 365  # how far back a seed's security feed tells of arrivals


@dataclass(frozen=True, slots=True)
class Plan:
    """One person to plant; days count back from now, None means it never happened."""

    email: str
    name: tuple[str, str] = ("", "")
    title: str = ""
    phone: str = ""
    team: str | None = None
    extra: tuple[str, ...] = ()
    sets: tuple[str, ...] = ()
    ticked: Mapping[str, str] | None = None
    seat: str | None = None  # core | sales | service | view | partner
    super_admin: bool = False
    service: bool = False
    made: float = 100
    login: float | None = None
    invited: bool = False
    silent: bool = False  # came without an invitation
    mobile: bool = False
    deactivated: float | None = None
    auto: bool = False  # deactivated by the portal's own rule
    removed: float | None = None

    @property
    def arrived(self) -> bool:
        """Whether this person ever signed in (an app counts as arrived)."""
        return self.service or self.login is not None


@dataclass(slots=True)
class Planter:
    """One portal being filled; teams and sets are found by name."""

    world: World
    portal: Portal
    now: datetime
    teams: dict[str, int] = field(default_factory=dict)
    sets: dict[str, int] = field(default_factory=dict)
    bundles: dict[str, Bundle] = field(default_factory=dict)
    inviter: int = HUBSPOT_ITSELF

    def ago(self, days: float) -> datetime:
        """The instant that many days back."""
        return self.now - timedelta(days=days)

    def add_sets(self, bundles: tuple[Bundle, ...]) -> None:
        """Permission sets, on Enterprise; other tiers remember them for ticking by hand."""
        for bundle in bundles:
            self.bundles[bundle.name] = bundle
            if self.portal.tier == "enterprise":
                self._add_set(bundle)

    def _add_set(self, bundle: Bundle) -> None:
        made = PermissionSet(
            self.world.new_id("permission_set", FIRST_SET),
            bundle.name,
            bundle.requires_billing_write,
            dict(bundle.permissions),
        )
        self.portal.permission_sets[made.id] = made
        self.sets[bundle.name] = made.id

    def add_team(self, name: str, parent: str | None = None, *, key: str = "") -> None:
        """A team; `key` tells apart teams of one name. Nothing on tiers without teams."""
        if self.portal.tier in ("free", "starter"):
            return
        nested = parent is not None and self.portal.tier == "enterprise"
        parent_id = self.teams[parent] if nested and parent is not None else None
        made = Team(self.world.new_id("team", FIRST_TEAM), name, parent_id)
        self.portal.teams[made.id] = made
        self.teams[key or name] = made.id

    def add_person(self, plan: Plan) -> tuple[Identity, Membership]:
        """Everything one person left in the portal: membership, record, owner, traces."""
        identity, member = add_member(
            self.world,
            self.portal,
            plan.email,
            names=plan.name,
            created_at=self.ago(plan.made),
            active=plan.arrived,
            **self._access(plan),
        )
        member.last_login_at = None if plan.login is None else self.ago(plan.login)
        member.service_user = plan.service
        member.welcome_email_sent = plan.invited or (plan.arrived and not plan.silent)
        member.invited_by = self.inviter or None
        if plan.arrived:
            self._record(plan, identity, member)
        self._arrive(plan, member)
        self._end(plan, identity, member)
        return identity, member

    def _access(self, plan: Plan) -> dict[str, Any]:
        sets = [self.sets[name] for name in plan.sets if name in self.sets]
        by_hand = plan.ticked
        if plan.sets and not sets:  # a tier without permission sets
            by_hand = union(self.bundles[name].permissions for name in plan.sets)
        return {
            "super_admin": plan.super_admin,
            "permission_set_ids": sets,
            "granular": None if by_hand is None else dict(by_hand),
            "main_team_id": self.teams.get(plan.team or ""),
            "extra_team_ids": [self.teams[name] for name in plan.extra if name in self.teams],
            "seat_names": seat_names(self.portal, plan.seat),
        }

    def _record(self, plan: Plan, identity: Identity, member: Membership) -> None:
        record = add_user_record(self.portal, identity, member, member.created_at)
        facts = {"hs_job_title": plan.title, "hs_main_phone": plan.phone}
        record.properties.update({name: value for name, value in facts.items() if value})

    def _arrive(self, plan: Plan, member: Membership) -> None:
        if plan.made > FEED_DAYS:
            return
        self.remember("ADD_USER", plan.made, self.inviter, member.user_id)
        if member.welcome_email_sent:
            self.remember("MANUAL_REGISTRATION_EMAIL_SEND", plan.made, self.inviter, member.user_id)

    def _end(self, plan: Plan, identity: Identity, member: Membership) -> None:
        if plan.deactivated is not None:
            member.deactivated_at = self.ago(plan.deactivated)
            archive_owner(self.portal, identity.id, member.deactivated_at)
            by = HUBSPOT_ITSELF if plan.auto else self.inviter
            self.remember("DEACTIVATE_USER", plan.deactivated, by, identity.id)
        if plan.removed is not None:
            at = self.portal.removed_at[identity.id] = self.ago(plan.removed)
            self.portal.former[identity.id] = member
            del self.portal.members[identity.id]
            archive_owner(self.portal, identity.id, at)
            self.remember("REMOVE_USER", plan.removed, self.inviter, identity.id)

    def log_in(self, identity: Identity, days: float, **how: Any) -> None:
        """One successful log-in that many days ago."""
        self.portal.feeds.record_login(self.ago(days), identity.id, identity.email, **how)

    def remember(
        self,
        event: str,
        days: float,
        actor: int,
        target: int | None = None,
        *,
        object_id: str | None = None,
        place: Place = ELSEWHERE,
    ) -> None:
        """One line of the security feed that many days ago."""
        self.portal.feeds.record_security(
            event, self.ago(days), actor, target, object_id=object_id, place=place
        )


def seat_names(portal: Portal, seat: str | None) -> list[str]:
    """The seat a plan asks for as this portal sells it; the nearest where it has none."""
    if seat is None or portal.tier == "free":
        return []
    wanted = {
        "core": "Core",
        "view": "View-Only",
        "partner": "Partner",
        "sales": f"Sales Hub {portal.tier.capitalize()}",
        "service": f"Service Hub {portal.tier.capitalize()}",
    }[seat]
    if wanted in portal.seats:
        return [wanted]
    return ["View-Only" if seat == "partner" else "Core"]


def settle_stock(portal: Portal, spare: Mapping[str, int]) -> None:
    """Buy exactly as many seats as are in use, and a few more: a stock nearly exhausted.

    `spare` is by the first word of a seat's name (Core, Sales, Service).
    """
    used = dict.fromkeys(portal.seats, 0)
    for member in portal.members.values():
        if member.deactivated_at is None:
            for name in member.seat_names:
                used[name] += 1
    for name, stock in portal.seats.items():
        if stock.total is not None:
            stock.total = used[name] + spare.get(name.split()[0], 2)
