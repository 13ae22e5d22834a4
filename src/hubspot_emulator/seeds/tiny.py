"""`tiny`: five people of one small portal, for reading a whole answer at a glance."""

from __future__ import annotations

from hubspot_emulator.crm.generate import add_records
from hubspot_emulator.portals import add_portal
from hubspot_emulator.seeds.bundles import permission_sets
from hubspot_emulator.seeds.planting import Plan, Planter, settle_stock
from hubspot_emulator.world import Portal, World

TINY_PORTAL = 147_100_001
_SETS = ("Sales Rep", "Sales Manager", "Read Only", "No Access")
_PEOPLE = (
    Plan("root@tiny.test", ("Rita", "Root"), "Founder", super_admin=True, seat="core", login=0.1),
    Plan(
        "ada@tiny.test",
        ("Ada", "Novák"),
        "Head of Sales",
        team="Sales",
        sets=("Sales Manager",),
        seat="sales",
        login=1,
    ),
    Plan(
        "ben@tiny.test",
        ("Ben", "Itō"),
        "Sales Rep",
        team="Inside Sales",
        sets=("Sales Rep",),
        seat="sales",
        login=3,
    ),
    Plan("cid@tiny.test", ("Cid", "Roux"), team="Inside Sales", seat="core", made=3, invited=True),
    Plan(
        "dee@tiny.test",
        ("Dee", "Obi"),
        "Bookkeeper",
        team="Office",
        sets=("Read Only",),
        seat="view",
        login=120,
        made=400,
    ),
)


def plant_tiny(world: World, tier: str) -> Portal:
    """The five of them; on Free the first two."""
    portal = add_portal(world, "Tiny Ltd", tier=tier, id=TINY_PORTAL, age_days=420)
    planter = Planter(world, portal, world.clock.now())
    planter.add_sets(tuple(one for one in permission_sets() if one.name in _SETS))
    planter.add_team("Sales")
    planter.add_team("Inside Sales", "Sales")
    planter.add_team("Office")
    for plan in _PEOPLE[:2] if tier == "free" else _PEOPLE:
        identity, member = planter.add_person(plan)
        planter.inviter = planter.inviter or identity.id
        if plan.login is not None and plan.login < plan.made:
            planter.log_in(identity, plan.login)
        owner = portal.crm.owner_of(identity.id)
        if owner is not None and member.main_team_id is not None:
            add_records(portal, "contacts", 2, planter.ago(50), hubspot_owner_id=str(owner.id))
    settle_stock(portal, {"Core": 1, "Sales": 1, "Service": 1})
    return portal
