"""Record permissions: who may view a record, from effective access, ownership and teams."""

from __future__ import annotations

import pytest

from hubspot_emulator.crm.generate import define_user_property, give_records
from hubspot_emulator.world import Team
from tests.support.crm import NOW, CrmWorld, a_crm_world, talking_to

PATH = "/resource-permissions/v3/permitted-users"
VIEW = "crm-object:VIEW"


def _scoped(level: str, *, second: bool = False) -> tuple[CrmWorld, str]:
    """Anna owns a deal; Ben shares her team, Chiara sits above it, Dmitri elsewhere."""
    made = a_crm_world()
    made.portal.teams.update({7: Team(7, "EMEA"), 8: Team(8, "DACH", 7), 9: Team(9, "Ops")})
    for user_id, team in zip(made.user_ids, (8, 8, 7, 9), strict=True):
        member = made.portal.members[user_id]
        member.seat_names, member.main_team_id = ["Core"], team
        member.granular = {} if level == "none" else {"crm_objects.deals.view": level}
    deal = give_records(made.portal, "deals", made.owner_id(0), 1, until=NOW)[0]
    if second:
        define_user_property(made.portal, "deals")
        store = made.portal.crm.objects["deals"]
        store.change(store.records[deal], {"second_owner": str(made.owner_id(3))}, NOW)
    return made, f"hcrn:{made.portal.id}:crm-object:0-3:{deal}"


@pytest.mark.parametrize(
    ("level", "places"), [("all", [0, 1, 2, 3]), ("team", [0, 1, 2]), ("own", [0]), ("none", [])]
)
async def test_scopes_decide_who_sees(level: str, places: list[int]) -> None:
    """All, team (a parent team sees its child's records), own and none differ as in the screens."""
    made, resource = _scoped(level)
    async with talking_to(made) as client:
        answer = await client.get(PATH, params={"resource": resource})

    shown = answer.json()["resources"][resource]
    assert shown[VIEW] == {"permittedUsers": [made.user_ids[place] for place in places]}
    assert shown["crm-object:EDIT"] == {"permittedUsers": []}


async def test_a_second_owner_owns_too() -> None:
    """Custom user-type properties count as ownership."""
    made, resource = _scoped("own", second=True)
    async with talking_to(made) as client:
        answer = await client.get(PATH, params={"resource": resource})

    users = answer.json()["resources"][resource][VIEW]["permittedUsers"]
    assert users == [made.user_ids[0], made.user_ids[3]]


@pytest.mark.parametrize(("level", "sees"), [("own+unassigned", True), ("own", False)])
async def test_unassigned_records_need_the_box(level: str, sees: bool) -> None:
    """A record without owner is seen in team and own scopes only with Unassigned."""
    made, resource = _scoped(level)
    store = made.portal.crm.objects["deals"]
    store.change(store.records[int(resource.rsplit(":", 1)[1])], {"hubspot_owner_id": None}, NOW)
    async with talking_to(made) as client:
        answer = await client.get(PATH, params={"resource": resource})

    assert bool(answer.json()["resources"][resource][VIEW]["permittedUsers"]) == sees


async def test_pages_hold_every_user_once() -> None:
    """The paged form walks through the users of one record."""
    made, resource = _scoped("all")
    met: list[int] = []
    after = "0"
    async with talking_to(made) as client:
        while after:
            query = {"resource": resource, "limit": "3", "after": after}
            body = (await client.get(f"{PATH}/paged", params=query)).json()
            met.extend(body["resources"][resource][VIEW]["permittedUsers"])
            after = body.get("paging", {}).get("next", {}).get("after", "")

    assert met == made.user_ids


@pytest.mark.parametrize("resource", ["x", "hcrn:1:crm-object:0-3:1", "hcrn:{}:crm-object:0-115:1"])
async def test_bad_resources_are_refused(resource: str) -> None:
    """Malformed names, other portals and other object types are 400."""
    made = a_crm_world()
    async with talking_to(made) as client:
        name = resource.format(made.portal.id)
        answer = await client.get(PATH, params={"resource": name})
        many = await client.get(PATH, params={"resource": [name] * 21})

    assert answer.status_code == many.status_code == 400
