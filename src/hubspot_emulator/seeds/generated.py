"""Portals of any size: deterministic, plausible, and built in seconds."""

from __future__ import annotations

from random import Random

from hubspot_emulator.crm.generate import add_records
from hubspot_emulator.portals import add_portal
from hubspot_emulator.seeds.account_managers import define_account_manager
from hubspot_emulator.seeds.bundles import permission_sets
from hubspot_emulator.seeds.names import a_name, local_part
from hubspot_emulator.seeds.planting import Plan, Planter, settle_stock
from hubspot_emulator.world import Identity, Portal, World

GENERATED_PORTAL = 147_300_001
HOME = "northwind.test"
REGIONS = ("EMEA", "Americas", "APAC", "LATAM")
PEOPLE_PER_TEAM = 40
MOST_TEAMS = 300  # HubSpot's cap on Enterprise as commonly quoted
RECORDS_OF_FIRST = 25  # this many users own records; more would only slow the start

# department, title, set, seat, share of the staff
DEPARTMENTS: tuple[tuple[str, str, str, str, float], ...] = (
    ("Sales", "Sales Rep", "Sales Rep", "sales", 0.34),
    ("Account Management", "Account Manager", "Deal Desk", "core", 0.12),
    ("Support", "Support Agent", "Service Agent", "service", 0.22),
    ("Marketing", "Campaign Manager", "Marketing Editor", "core", 0.12),
    ("Content", "Writer", "Content Author", "core", 0.06),
    ("Operations", "Operations Analyst", "RevOps Admin", "core", 0.02),
    ("Finance", "Accountant", "Read Only", "view", 0.07),
    ("Engineering", "Engineer", "Read Only", "view", 0.05),
)
_BOUNDS = tuple(sum(share for *_, share in DEPARTMENTS[: at + 1]) for at in range(len(DEPARTMENTS)))


def generate(world: World, users: int, tier: str = "enterprise") -> Portal:
    """A portal with exactly `users` rows in the settings list; equal arguments, equal portal."""
    portal = add_portal(world, f"Northwind {users}", tier=tier, id=GENERATED_PORTAL, age_days=1500)
    planter = Planter(world, portal, world.clock.now())
    planter.add_sets(permission_sets())
    per_department = _plant_teams(planter, users)
    define_account_manager(portal)
    random = Random(users)  # noqa: S311 - the same number gives the same portal
    taken: dict[str, int] = {}
    for at in range(users):
        plan = _founder() if at == 0 else _plan(at, random, taken, per_department)
        identity, _ = planter.add_person(plan)
        planter.inviter = planter.inviter or identity.id
        if plan.login is not None and plan.login < 90:
            planter.log_in(identity, plan.login)
        if at < RECORDS_OF_FIRST:
            _plant_belongings(planter, identity, at)
    settle_stock(portal, {"Core": users // 50 + 2, "Sales": 3, "Service": 2})
    return portal


def _founder() -> Plan:
    return Plan(
        f"root@{HOME}", ("Robin", "Root"), "Founder", super_admin=True, seat="core", login=0.1
    )


def _plant_teams(planter: Planter, users: int) -> int:
    """A tree of departments and groups; gives back how many groups each department has."""
    wanted = max(1, min(MOST_TEAMS - len(DEPARTMENTS), users // PEOPLE_PER_TEAM))
    groups = max(1, wanted // len(DEPARTMENTS))
    for department, *_ in DEPARTMENTS:
        planter.add_team(department)
        for group in range(groups):
            planter.add_team(_group(department, group), department)
    return groups


def _group(department: str, number: int) -> str:
    return f"{department} {REGIONS[number % len(REGIONS)]} {number // len(REGIONS) + 1}"


def _plan(at: int, random: Random, taken: dict[str, int], groups: int) -> Plan:
    drawn = random.random() * _BOUNDS[-1]
    index = next(i for i, bound in enumerate(_BOUNDS) if drawn <= bound)
    department, title, bundle, seat, _ = DEPARTMENTS[index]
    first, last = a_name(random)
    made = 20 + random.random() * 1300
    login, invited, deactivated = _state(random.random(), random.random(), made)
    return Plan(
        email=_address(first, last, taken),
        name=(first, last),
        title=title,
        team=_group(department, int(random.random() * groups)),
        extra=(department,) if random.random() < 0.08 else (),
        sets=() if at % 211 == 0 else (bundle,),
        seat=seat,
        super_admin=at % 211 == 0 and at < 4_000,
        made=made,
        login=login,
        invited=invited,
        deactivated=deactivated,
    )


def _state(kind: float, spread: float, made: float) -> tuple[float | None, bool, float | None]:
    """Last log-in, invited, deactivated: mostly at work; some dormant, invited, never told, gone."""
    if kind < 0.86:
        return min(spread * spread * 30, made - 1), False, None
    if kind < 0.93:
        return min(91 + spread * 300, made - 1), False, None
    if kind < 0.965:
        return None, kind < 0.955, None
    gone = min(5 + spread * 400, made / 2)
    return gone + 1, False, gone


def _address(first: str, last: str, taken: dict[str, int]) -> str:
    local = local_part(first, last)
    times = taken[local] = taken.get(local, 0) + 1
    return f"{local}{times if times > 1 else ''}@{HOME}"


def _plant_belongings(planter: Planter, who: Identity, at: int) -> None:
    owner = planter.portal.crm.owner_of(who.id)
    if owner is None:
        return
    for kind, count in (("contacts", 12), ("companies", 4), ("deals", 5), ("tickets", 3)):
        owned = {"hubspot_owner_id": str(owner.id)}
        add_records(planter.portal, kind, count + at % 4, planter.ago(60), **owned)
