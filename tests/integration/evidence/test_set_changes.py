"""Permission sets made and changed by a person on a plan's word, proved by sync and by files."""

from __future__ import annotations

from pathlib import Path

import pytest

from rolecall.domain.plan import ManualTask
from rolecall.kit.errors import Refused
from rolecall.services.drafts.orders import ChangeSet
from rolecall.services.plans.drafting import Drafted, propose
from rolecall.services.plans.plans import approve_plan
from rolecall.services.tasks import list_tasks
from tests.integration.evidence.test_elevating import act
from tests.support.evidence import an_informed_house, bring
from tests.support.house import House


async def handed_out(house: House, order: ChangeSet) -> Drafted:
    """The plan, approved, its task with somebody."""
    drafted = await propose(house.app, house.actor, house.name, order)
    await approve_plan(house.app, house.actor, drafted.plan.id)
    await house.apply(drafted.plan)
    return drafted


async def tasks(house: House, state: str) -> list[ManualTask]:
    """Tasks about permission sets."""
    found = await list_tasks(house.app, house.actor, house.name, state=state)
    return [one for one in found if "permission set" in one.title]


async def test_a_changed_set(tmp_path: Path) -> None:
    """The notes say who loses it, the task has the click, an export of later closes it."""
    async with an_informed_house(tmp_path) as house:
        drafted = await handed_out(house, ChangeSet("Exporter", {"export": ""}))
        await house.app.clock.sleep(600)
        await bring(house, lists="comma")
        waiting = await tasks(house, "open")
        exporter = next(s for s in house.portal.permission_sets.values() if s.name == "Exporter")
        contents = {k: v for k, v in exporter.permissions.items() if k != "crm_tools.export"}
        act(house, "edit_set", set=exporter.id, permissions=contents)
        act(house, "log_in", user="grace.wanjiru@acme.test")
        await house.app.clock.sleep(600)
        told = await bring(house)

    assert any(
        "grace.wanjiru@acme.test" in note and "lose Export" in note for note in drafted.notes
    )
    assert any("Permission sets > Exporter" in step for step in waiting[0].clicks)
    assert [waiting[0].id] == [one.id for one in told.closed]


async def test_a_new_set(tmp_path: Path) -> None:
    """A task with its name and toggles; the next sync that sees the set closes it."""
    async with an_informed_house(tmp_path) as house:
        await handed_out(
            house, ChangeSet("Dialer", {"edit contacts": "own", "export": "?"}, new=True)
        )
        (waiting,) = await tasks(house, "open")
        await house.app.clock.sleep(600)
        act(house, "create_set", name="Dialer", permissions={"crm_tools.export": "on"})
        await house.sync()
        closed = await tasks(house, "done")

    assert any("name it Dialer" in step for step in waiting.clicks)
    assert any("Contacts > Edit: Their contacts" in step for step in waiting.clicks)
    assert [waiting.id] == [one.id for one in closed]


@pytest.mark.parametrize(
    ("order", "words"),
    [
        (ChangeSet("Exporterr", {"export": ""}), "no permission set is called"),
        (ChangeSet("Sales Rep", {"export": ""}), "several permission sets"),
        (ChangeSet("Exporter", {"export": "always"}), "has no level always"),
        (ChangeSet("Exporter", {}), "no permission is named"),
        (ChangeSet("Exporter", {"export": "", "download contacts": "on"}), "named twice"),
        (ChangeSet("Exporter", {"juggle knives": "on"}), "no permission is called"),
        (ChangeSet("exporter", {"export": "on"}, new=True), "is there already"),
    ],
)
async def test_orders_that_make_no_sense(tmp_path: Path, order: ChangeSet, words: str) -> None:
    """Each mistake is named, and nothing is proposed."""
    async with an_informed_house(tmp_path) as house:
        with pytest.raises(Refused, match=words):
            await propose(house.app, house.actor, house.name, order)
