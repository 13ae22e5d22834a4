"""Makings of a world: an empty one, a portal, a member, a token. Asks no rules, plants no seed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Literal

from hubspot_emulator.clock import EmulatorClock
from hubspot_emulator.crm.store import CrmStore
from hubspot_emulator.faults import Faults
from hubspot_emulator.feeds.store import FeedStore
from hubspot_emulator.limits import Limits
from hubspot_emulator.recorder import Recorder
from hubspot_emulator.switches import Switches
from hubspot_emulator.tokens import Token, TokenStore
from hubspot_emulator.world import Identity, Membership, Portal, SeatStock, World

FIRST_PORTAL = 147_000_001


def empty_world(
    *,
    limits: Literal["real", "off"] = "real",
    switches: dict[str, str] | None = None,
    clock: EmulatorClock | None = None,
) -> World:
    """A world without any portal."""
    return World(
        clock=clock or EmulatorClock(),
        switches=Switches(switches),
        tokens=TokenStore(),
        limits=Limits(mode=limits),
        faults=Faults(),
        recorder=Recorder(),
    )


def add_portal(
    world: World, name: str, *, tier: str = "enterprise", age_days: int = 900, **facts: Any
) -> Portal:
    """A portal without users, with the seats its tier sells."""
    portal_id: int = facts.pop("id", None) or world.new_id("portal", FIRST_PORTAL)
    made = Portal(
        id=portal_id,
        name=name,
        tier=tier,
        created_at=world.clock.now() - timedelta(days=age_days),
        crm=CrmStore(portal_id),
        feeds=FeedStore(),
        **facts,
    )
    made.seats = {stock.name: stock for stock in default_seats(tier)}
    world.portals[made.id] = made
    return made


def default_seats(tier: str) -> tuple[SeatStock, ...]:
    """The seats a portal of this tier starts with; names as HUBSPOT's screens show them."""
    if tier == "free":
        return (SeatStock("Core", "Free tools", total=2, paid=False),)
    view_only = SeatStock("View-Only", "Look, no change", paid=False)
    core = SeatStock("Core", "Edit access to the Smart CRM", total=50)
    if tier == "starter":
        return (core, view_only)
    hub = tier.capitalize()
    return (
        core,
        SeatStock(f"Sales Hub {hub}", "Core and the sales tools", total=25),
        SeatStock(f"Service Hub {hub}", "Core and the service tools", total=15),
        view_only,
        SeatStock("Partner", "Partner employees in a client's portal", paid=False),
    )


def add_member(
    world: World,
    portal: Portal,
    email: str,
    *,
    names: tuple[str, str] = ("", ""),
    created_at: datetime | None = None,
    active: bool = True,
    **facts: Any,
) -> tuple[Identity, Membership]:
    """Put somebody into a portal as a seed does: no rules asked, no feed rows, no CRM record."""
    identity = world.identity_of(email, *names)
    at = created_at or portal.created_at
    member = Membership(identity.id, at, activated_at=at if active else None, **facts)
    if active and identity.activated_at is None:
        identity.activated_at = at
    portal.members[identity.id] = member
    return identity, member


def add_token(world: World, portal: Portal, value: str, user_id: int | None) -> Token:
    """The fixed token of a seed: a private app with every scope."""
    app_id = world.new_id("app", 3_000_001)
    return world.tokens.issue(Token(value, "private_app", portal.id, app_id, None, user_id))
