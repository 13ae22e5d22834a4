"""Named starting portals: what is in them when the emulator starts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hubspot_emulator.portals import add_portal, add_token
from hubspot_emulator.seeds.acme import plant_acme, plant_sandbox
from hubspot_emulator.seeds.generated import generate
from hubspot_emulator.seeds.planting import Plan, Planter
from hubspot_emulator.seeds.sample_apps import plant_apps
from hubspot_emulator.seeds.tiny import plant_tiny

if TYPE_CHECKING:
    from hubspot_emulator.world import Portal, World

__all__ = ["SEEDS", "generate", "plant"]

SEEDS = ("tiny", "acme", "enterprise", "blank")
ENTERPRISE_USERS = 5_000


def plant(world: World, seed: str, *, tier: str = "enterprise", users: int | None = None) -> Portal:
    """Fill an empty world with a seed, or with a portal of exactly `users` users.

    Also issues the fixed token `pat-na1-emulator-SEED` (`...-users` with a number) with every
    scope. ValueError names an unknown seed or an impossible number.
    """
    if users is not None and users < 1:
        raise ValueError(f"a portal has at least one user, not {users}")
    name = "users" if users is not None else seed
    portal = generate(world, users, tier) if users is not None else _named(world, seed, tier)
    creator = next(iter(portal.members), None)
    add_token(world, portal, f"pat-na1-emulator-{name}", creator)
    plant_apps(world, portal)
    return portal


def _named(world: World, seed: str, tier: str) -> Portal:
    if seed == "tiny":
        return plant_tiny(world, tier)
    if seed == "acme":
        portal = plant_acme(world, tier)
        plant_sandbox(world)
        return portal
    if seed == "enterprise":
        return generate(world, ENTERPRISE_USERS, tier)
    if seed == "blank":
        return _blank(world, tier)
    raise ValueError(f"no seed {seed!r}; there are: {', '.join(SEEDS)}")


def _blank(world: World, tier: str) -> Portal:
    """One Super Admin and nothing else: even an empty portal was opened by somebody."""
    portal = add_portal(world, "Blank", tier=tier, age_days=1)
    planter = Planter(world, portal, world.clock.now())
    planter.add_person(
        Plan(
            "founder@blank.test",
            ("Fay", "Founder"),
            super_admin=True,
            made=1,
            login=0.1,
            seat="core",
        )
    )
    return portal
