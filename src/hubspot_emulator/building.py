"""Builds a world with the portals of a seed, and builds it anew on reset. Knows no HTTP."""

from __future__ import annotations

from dataclasses import fields
from datetime import timedelta
from typing import Any, Literal

from hubspot_emulator.clock import EmulatorClock
from hubspot_emulator.portals import empty_world
from hubspot_emulator.seeds import plant
from hubspot_emulator.world import TIERS, World


def create_world(
    *,
    seed: str = "acme",
    users: int | None = None,
    tier: str = "enterprise",
    limits: Literal["real", "off"] = "real",
    switches: dict[str, str] | None = None,
    clock: EmulatorClock | None = None,
) -> World:
    """A world with the portals of a seed, or one portal of exactly `users` users.

    ValueError names an unknown seed or tier. The same arguments give the same world.
    """
    if tier not in TIERS:
        raise ValueError(f"no tier {tier!r}; there are: {', '.join(TIERS)}")
    world = empty_world(limits=limits, switches=switches, clock=clock)
    world.seed = "users" if users is not None else seed
    arguments = {"seed": seed, "users": users, "tier": tier, "limits": limits}
    world.built_with = {**arguments, "switches": switches}
    plant(world, seed, tier=tier, users=users)
    return world


def rebuild(world: World, **arguments: Any) -> World:
    """Turn a world into a fresh one in place: whoever holds it sees the new one.

    The clock stays the same object, wound back to the time of its source.
    """
    clock = world.clock
    clock.frozen, clock.offset = None, timedelta()
    fresh = create_world(**arguments, clock=clock)
    for part in fields(World):
        setattr(world, part.name, getattr(fresh, part.name))
    return world
