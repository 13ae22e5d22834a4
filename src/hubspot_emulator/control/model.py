"""What the control surface does to a world: seeds, clock, other apps' traffic."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from hubspot_emulator.building import rebuild
from hubspot_emulator.clock import EmulatorClock
from hubspot_emulator.limits import Traffic
from hubspot_emulator.seeds import plant
from hubspot_emulator.wire import timestamp
from hubspot_emulator.world import Portal, World

_SEED_FIELDS = ("seed", "users", "tier", "limits", "keep")
_CLOCK_FIELDS = ("freeze", "advance", "run")
_TRAFFIC_FIELDS = (
    "portal",
    "calls",
    "calls_per_day",
    "at_midnight",
    "searches_per_second",
    "from",
    "days",
)


def described(world: World) -> dict[str, Any]:
    """Portals of a world with their tokens, as reset and seed answer."""
    portals = [
        {
            "id": portal.id,
            "name": portal.name,
            "tier": portal.tier,
            "users": len(portal.members),
            "tokens": [token.value for token in world.tokens.of_portal(portal.id)],
        }
        for portal in world.portals.values()
    ]
    return {"seed": world.seed, "portals": portals}


def plant_seed(world: World, fields: dict[str, Any]) -> dict[str, Any]:
    """Replace the world by that of a seed, or plant it beside what there is (`keep`)."""
    _only(fields, _SEED_FIELDS)
    if fields.get("keep"):
        seed, tier = fields.get("seed", "tiny"), fields.get("tier", "enterprise")
        plant(world, seed, tier=tier, users=fields.get("users"))
        return described(world)
    asked = {key: value for key, value in fields.items() if key != "keep"}
    return described(rebuild(world, **{**world.built_with, "users": None, **asked}))


def wind(clock: EmulatorClock, fields: dict[str, Any]) -> None:
    """Freeze (true or an ISO time), advance by seconds, let it run; in that order."""
    _only(fields, _CLOCK_FIELDS)
    freeze = fields.get("freeze")
    if freeze is True:
        clock.freeze(clock.now())
    elif freeze:
        clock.freeze(_aware(str(freeze)))
    if "advance" in fields:
        clock.advance(timedelta(seconds=float(fields["advance"])))
    if fields.get("run"):
        clock.run()


def script_traffic(
    world: World, portal: Portal, now: datetime, fields: dict[str, Any]
) -> dict[str, Any]:
    """Calls of other apps: `calls` at once, and more per day or second from a time on."""
    _only(fields, _TRAFFIC_FIELDS)
    if named := fields.get("portal"):
        portal = world.portals[int(named)]
    world.limits.spend(portal, int(fields.get("calls", 0)), now)
    if "calls_per_day" in fields or "searches_per_second" in fields:
        starts = _aware(fields["from"]) if "from" in fields else now
        days = fields.get("days")
        script = Traffic(
            portal.id,
            starts,
            None if days is None else starts + timedelta(days=float(days)),
            int(fields.get("calls_per_day", 0)),
            bool(fields.get("at_midnight", True)),
            int(fields.get("searches_per_second", 0)),
        )
        world.limits.traffic.append(script)
    usage = world.limits.usage(portal, now)
    return {"used": usage.used, "limit": usage.limit, "resets_at": timestamp(usage.resets_at)}


def _aware(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(f"{text!r} needs a time zone, such as 2026-11-22T09:00:00Z")
    return at


def _only(fields: dict[str, Any], known: tuple[str, ...]) -> None:
    unknown = sorted(set(fields) - set(known))
    if unknown:
        raise ValueError(f"unknown: {', '.join(unknown)}; known: {', '.join(known)}")
