"""`acme`: about 150 people of an Enterprise portal, messy on purpose (see docs/seed-acme.md)."""

from __future__ import annotations

from random import Random

from hubspot_emulator.crm.generate import add_records
from hubspot_emulator.crm.store import add_queue_owner
from hubspot_emulator.portals import add_portal
from hubspot_emulator.seeds.account_managers import ACCOUNT_MANAGER, define_account_manager
from hubspot_emulator.seeds.acme_cast import CastMember, cast_of_acme
from hubspot_emulator.seeds.acme_events import PLACES, plant_events
from hubspot_emulator.seeds.bundles import permission_sets
from hubspot_emulator.seeds.names import GROUPS, local_part
from hubspot_emulator.seeds.planting import Plan, Planter, settle_stock
from hubspot_emulator.world import Identity, Portal, World

ACME_PORTAL = 147_200_001
SANDBOX_PORTAL = 147_200_002
SPARE = {"Core": 3, "Sales": 1, "Service": 2}

# name, parent, key where a name is used twice
TEAMS: tuple[tuple[str, str | None, str], ...] = (
    ("Leadership", None, ""),
    ("Sales", None, ""),
    ("EMEA Sales", "Sales", ""),
    ("DACH Sales", "EMEA Sales", ""),
    ("France Sales", "EMEA Sales", ""),
    ("Americas Sales", "Sales", ""),
    ("APAC Sales", "Sales", ""),
    ("Deal Desk", "Sales", ""),
    ("Marketing", None, ""),
    ("Content", "Marketing", ""),
    ("Demand Generation", "Marketing", ""),
    ("Customer Success", None, ""),
    ("Support L1", "Customer Success", ""),
    ("Support L2", "Customer Success", ""),
    ("Onboarding", "Customer Success", "Onboarding CS"),
    ("Operations", None, ""),
    ("RevOps", "Operations", ""),
    ("IT", "Operations", ""),
    ("Finance", None, ""),
    ("HR", None, ""),
    ("Onboarding", "HR", "Onboarding HR"),
    ("Project Phoenix", None, ""),  # nobody in it
)
# title, team, set, seat, how many: the ordinary staff
STAFF: tuple[tuple[str, str, str, str, int], ...] = (
    ("Sales Rep", "DACH Sales", "Sales Rep", "core", 7),
    ("Sales Rep", "France Sales", "Sales Rep", "sales", 5),
    ("Sales Rep", "Americas Sales", "Sales Rep", "core", 6),
    ("Account Executive", "APAC Sales", "Sales Rep", "core", 5),
    ("Content Writer", "Content", "Content Author", "core", 4),
    ("Campaign Manager", "Demand Generation", "Marketing Editor", "core", 5),
    ("Support Agent", "Support L1", "Service Agent", "service", 8),
    ("Onboarding Specialist", "Onboarding CS", "Service Agent", "core", 4),
    ("HR Specialist", "Onboarding HR", "Read Only", "view", 2),
    ("Accountant", "Finance", "Read Only", "view", 3),
    ("System Engineer", "IT", "Read Only", "view", 2),
)


def plant_acme(world: World, tier: str) -> Portal:
    """The portal with everybody; a Free one has the two people Free allows."""
    portal = add_portal(world, "Acme Instruments", tier=tier, id=ACME_PORTAL, age_days=900)
    planter = Planter(world, portal, world.clock.now())
    planter.add_sets(permission_sets())
    for name, parent, key in TEAMS:
        planter.add_team(name, parent, key=key)
    define_account_manager(portal)
    _plant_cast(planter)
    if tier != "free":
        _plant_staff(planter)
        add_queue_owner(portal, "Support queue", planter.ago(300))
    settle_stock(portal, SPARE)
    plant_events(planter)
    return portal


def plant_sandbox(world: World) -> Portal:
    """A second portal of the same company, with people who are in the first one too."""
    portal = add_portal(
        world, "Acme Sandbox", age_days=200, id=SANDBOX_PORTAL, account_type="SANDBOX", sandbox=True
    )
    planter = Planter(world, portal, world.clock.now())
    planter.add_sets(permission_sets()[:3])
    people = ("lars.lindqvist@acme.test", "priya.raman@acme.test", "ben.osei@acme.test")
    for at, email in enumerate(people):
        admin, seat = at < 2, "core"
        planter.add_person(Plan(email, super_admin=admin, seat=seat, made=190, login=at + 1))
    return portal


def _plant_cast(planter: Planter) -> None:
    cast = cast_of_acme()
    if planter.portal.tier == "free":
        cast = tuple(one for one in cast if one.plan.title in ("Head of IT", "IT Administrator"))
    random = Random(150)  # noqa: S311 - a seed must repeat itself
    for one in sorted(cast, key=lambda one: one.plan.title != "Head of IT"):
        identity, _ = planter.add_person(one.plan)
        planter.inviter = planter.inviter or identity.id
        _plant_log_ins(planter, one, identity, random)
        _plant_belongings(planter, one, identity)


def _plant_log_ins(planter: Planter, one: CastMember, who: Identity, random: Random) -> None:
    last = one.plan.login
    if last is None:
        return
    for place in one.places:
        spread = 0.1 if "shared-login" in one.cases else 6
        last_here = last + spread * one.places.index(place)
        planter.log_in(who, last_here, place=PLACES[place])
    traveller = one.places and "shared-login" not in one.cases
    settled = [] if traveller else [last, *([] if one.back_after else _habits(last, random))]
    for days in settled:
        if days < one.plan.made:
            planter.log_in(who, days, mobile=one.plan.mobile)
    if one.back_after:
        planter.log_in(who, last + one.back_after)


def _habits(last: float, random: Random) -> list[float]:
    return [last + random.random() * 3 + at * 4 for at in range(1, 4)]


def _plant_belongings(planter: Planter, one: CastMember, who: Identity) -> None:
    owner = planter.portal.crm.owner_of(who.id)
    if owner is None:
        return
    at = planter.ago(min(one.plan.made, 250))
    for kind, count in one.owns.items():
        add_records(planter.portal, kind, count, at, hubspot_owner_id=str(owner.id))
    for kind, count in one.named_in.items():
        add_records(planter.portal, kind, count, at, **{ACCOUNT_MANAGER: str(owner.id)})


def _plant_staff(planter: Planter) -> None:
    """Ordinary people: nothing about them is a finding, and nothing looks like one."""
    random = Random(7)  # noqa: S311 - a seed must repeat itself
    number = 0
    for title, team, bundle, seat, count in STAFF:
        for _ in range(count):
            first, last = _unused_name(number)
            number += 1
            plan = Plan(
                f"{local_part(first, last)}@acme.test",
                (first, last),
                title,
                team=team,
                sets=(bundle,),
                seat=seat,
                made=120 + random.random() * 500,
                login=random.random() * 12,
            )
            identity, _ = planter.add_person(plan)
            _staff_traces(planter, plan, identity, number)


def _unused_name(number: int) -> tuple[str, str]:
    """Every first and every last name once, so nobody looks like somebody else."""
    first, last = GROUPS[number % len(GROUPS)]
    turn = number // len(GROUPS)
    return first[turn], last[-1 - turn]


def _staff_traces(planter: Planter, plan: Plan, who: Identity, number: int) -> None:
    assert plan.login is not None
    planter.log_in(who, plan.login)
    planter.log_in(who, plan.login + 2.5)
    owner = planter.portal.crm.owner_of(who.id)
    if owner is None or "Sales" not in (plan.team or ""):
        return
    for kind, count in (("contacts", 9), ("companies", 3), ("deals", 4)):
        owned = {"hubspot_owner_id": str(owner.id)}
        add_records(planter.portal, kind, count + number % 3, planter.ago(90), **owned)
