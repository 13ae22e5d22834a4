"""Plans carried out at an emulated portal: done once, proved, undone."""

from __future__ import annotations

from pathlib import Path

import pytest

from rolecall.domain.plan import Outcome, PlanState
from rolecall.provision.ports import Moment
from rolecall.services.plans.applying import Watching
from rolecall.services.upkeep import go_on
from tests.integration.test_apply_faults import a_week
from tests.support.changing import by_hand
from tests.support.house import QUICK, a_house


async def test_a_dumped_portal_has_nothing_to_do(tmp_path: Path) -> None:
    """dump, then plan: empty, on the messy portal too."""
    async with a_house(tmp_path, seed="acme") as house:
        plan = await house.plan(await house.file(), store=False)

        assert () == plan.changes


async def test_a_mover_is_moved_and_moved_back(tmp_path: Path) -> None:
    """An edited line is carried out, the next plan is empty, and undo restores the file."""
    async with a_house(tmp_path, seed="acme") as house:
        before = await house.file()
        edited = _edited(before)
        plan = await house.plan(edited)
        applied = await house.apply(plan)

        assert {Outcome.DONE} == {receipt.outcome for receipt in applied.receipts}
        assert PlanState.DONE is applied.state
        await house.sync()
        assert () == (await house.plan(edited, store=False)).changes

        back = await house.undo(plan)
        await house.apply(back)
        await house.sync()
        assert before == await house.file()


async def test_a_run_cut_off_before_its_last_word_is_closed(tmp_path: Path) -> None:
    """Every effect has its receipt, but the run never said so: the wake-up does."""

    class Gone(Exception):
        """Stands for the end of the process."""

    def gone(moment: Moment) -> None:
        if moment.name == "settled":
            raise Gone

    async with a_house(tmp_path, seed="acme") as house:
        plan = await house.plan(_edited(await house.file()))
        with pytest.raises(Gone):
            await house.apply(plan, watching=Watching(moment=gone, patience=QUICK))
        [closed] = await go_on(house.app)

        assert PlanState.DONE is closed.state
        assert () == await go_on(house.app)


async def test_gone_between_look_and_removal(tmp_path: Path) -> None:
    """Somebody else was faster by a moment: gone is what was wanted, not a refusal."""
    async with a_house(tmp_path, seed="acme") as house:
        text, leaver = a_week(await house.file())
        plan = await house.plan(text, parked=(leaver,))

        def faster(moment: Moment) -> None:
            if (moment.name, moment.subject) == ("journaled", leaver) and house.member(leaver):
                by_hand(house, "remove", leaver)

        watching = Watching(moment=faster, patience=QUICK)
        applied = await house.apply(plan, watching=watching)

        assert None is house.member(leaver)
        assert {Outcome.DONE} == {receipt.outcome for receipt in applied.receipts}


def _edited(text: str) -> str:
    """The file with the main team of one ordinary user changed to another user's."""
    lines = text.splitlines()
    mine = [
        at for at, line in enumerate(lines) if "main_team:" in line and "permission_set:" in line
    ]
    team_of = {at: lines[at].split("main_team: ")[1].split(",")[0].rstrip("}") for at in mine}
    first = mine[0]
    other = next(team for team in team_of.values() if team != team_of[first])
    lines[first] = lines[first].replace(f"main_team: {team_of[first]}", f"main_team: {other}")
    return "\n".join(lines) + "\n"
