"""A leaver with many records, and what the portal and our books say of each of them afterwards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping

from hubspot_emulator.app import create_world
from hubspot_emulator.clock import EmulatorClock
from hubspot_emulator.crm.generate import generate_records
from hubspot_emulator.world import World
from rolecall.domain.plan import ChangeKind, Outcome, Plan
from rolecall.kit.clock import HandClock
from rolecall.services.drafts.orders import OffboardUser, Order, UndoPlan
from rolecall.services.plans.applying import Applied
from rolecall.services.plans.drafting import propose
from rolecall.services.plans.plans import approve_plan
from rolecall.services.plans.rollback import rollback_file
from rolecall.services.tasks import list_tasks
from tests.support.dying import carried_through
from tests.support.house import House
from tests.support.hubspot import START

LEAVER, HEIR, OTHER_HEIR = "stefan.wolf@acme.test", "kim.lee@acme.test", "lee.kim@acme.test"
TYPES, OWNER = ("contacts", "deals"), "hubspot_owner_id"
DEALS = 250  # two pages of a search, three batches
GOOD = (Outcome.DONE, Outcome.ALREADY, Outcome.WAITING)
Owners = Mapping[tuple[str, str], str | None]


def a_world_with_records(clock: HandClock, **switches: str) -> World:
    """The messy portal, its leaver the owner of many deals more."""
    world = create_world(
        seed="acme", limits="off", clock=EmulatorClock(source=clock.now), switches=switches
    )
    portal = next(iter(world.portals.values()))
    identity = world.identity(LEAVER)
    assert identity is not None
    owner = portal.crm.owner_of(identity.id)
    assert owner is not None
    generate_records(
        portal, "deals", DEALS, owner_ids=[owner.id], unowned_share=0.0, until=clock.now()
    )
    return world


def the_leaving() -> OffboardUser:
    """Deals go to two in turn, the rest to one; then parking and what only a person can do."""
    return OffboardUser(LEAVER, {"deals": HEIR, "": OTHER_HEIR}, reason="left")


async def ordered(house: House, order: Order) -> Plan:
    """An order proposed and approved."""
    drafted = await propose(house.app, house.actor, house.name, order)
    await approve_plan(house.app, house.actor, drafted.plan.id, digest=drafted.plan.digest)
    return drafted.plan


async def finished(house: House, plan: Plan, die_at: int = 0) -> Applied:
    """Carried out by one who dies on the way, then by others until it is done."""
    return await carried_through(house.app, house.actor, plan.id, (die_at,))


def owners(house: House) -> dict[tuple[str, str], str | None]:
    """Who owns each record of the portal."""
    return {
        (kind, str(record.id)): record.properties.get(OWNER)
        for kind in TYPES
        for record in house.portal.crm.objects[kind].records.values()
    }


def moves(house: House) -> Counter[tuple[str, str]]:
    """How often each record changed hands since the seed was planted."""
    return Counter(
        (kind, str(record.id))
        for kind in TYPES
        for record in house.portal.crm.objects[kind].records.values()
        for at, _ in (record.history or {}).get(OWNER, ())
        if at >= START and at > record.created_at
    )


async def given(house: House, plan: Plan, state: str = "done") -> dict[tuple[str, str], str | None]:
    """What our books say became of the records: the new owner of each in this state."""
    rows = await rollback_file(house.app, house.actor, plan.id)
    told = {(row.object_type, row.record_id): row.after for row in rows if row.state == state}
    assert len(rows) == len({(row.object_type, row.record_id) for row in rows})
    return told


async def asked(house: House, plan: Plan, wanted: Callable[[str], bool]) -> list[str | None]:
    """The changes of a plan a person was given a task for, once per task in such a state."""
    tasks = await list_tasks(house.app, house.actor, house.name, state=None)
    return sorted(
        one.change_id or "" for one in tasks if one.plan_id == plan.id and wanted(one.state)
    )


def manual(plan: Plan) -> list[str]:
    """The lines of a plan that are a person's work."""
    return sorted(one.id for one in plan.changes if one.kind is ChangeKind.MANUAL)


async def back(house: House, plan: Plan) -> Plan:
    """The approved way back of a plan."""
    return await ordered(house, UndoPlan(plan.id))
