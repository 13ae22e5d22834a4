"""Packs checked against a connected portal, and what they lack turned into plans."""

from __future__ import annotations

from pathlib import Path

import pytest

from hubspot_emulator.seeds.acme_cast import emails_of
from rolecall.domain.plan import ChangeKind
from rolecall.kit.errors import Refused
from rolecall.permissions.pack_check import Verdict
from rolecall.permissions.pack_file import PackProblems
from rolecall.permissions.pack_template import pack_template
from rolecall.services.drafts.orders import GivePack
from rolecall.services.permissions.packs import Asked, check_pack, find_pack, list_packs
from rolecall.services.plans.drafting import propose
from tests.support.evidence import a_blind_house, an_informed_house

CYCLE = """\
pack: odd
name: Odd
vendor: Nobody
version: 1
source: {title: nowhere}
implies:
  crm_tools.export: [crm_tools.import]
  crm_tools.import: [crm_tools.export]
requires:
  - {permission: crm_tools.juggle}
  - any_of:
      - {permission: crm_objects.contacts.view, at_least: own}
      - {permission: crm_objects.contacts.view, at_least: all}
"""


async def test_8x8_of_everybody(tmp_path: Path) -> None:
    """One export makes every verdict; exactly the people acme planted are ready."""
    async with an_informed_house(tmp_path) as house:
        pack = find_pack(house.app, "8x8").pack
        told = await check_pack(house.app, house.actor, house.name, pack, Asked())
        one = Asked(users=("agent.boxless@acme.test",), sets=("8x8 Caller",))
        named = await check_pack(house.app, house.actor, house.name, pack, one)
        team = await check_pack(house.app, house.actor, house.name, pack, Asked(teams=("RevOps",)))
    ready = {one.subject for one in told.users if one.verdict is Verdict.READY}

    assert emails_of("8x8-ready") == ready
    assert not told.ready
    assert [Verdict.MISSING] == [one.verdict for one in named.users]
    assert all(line.clicks for line in named.users[0].missing)
    assert [Verdict.READY] == [one.verdict for one in named.sets]
    assert 0 < len(team.users) < len(told.users)


async def test_without_evidence_unknown(tmp_path: Path) -> None:
    """No file, no claim."""
    async with a_blind_house(tmp_path) as house:
        pack = find_pack(house.app, "8x8").pack
        asked = Asked(users=("agent.ready@acme.test",))
        told = await check_pack(house.app, house.actor, house.name, pack, asked)

        with pytest.raises(Refused, match="no user"):
            await check_pack(
                house.app, house.actor, house.name, pack, Asked(users=("nobody@acme.test",))
            )
        with pytest.raises(Refused, match="no team"):
            await check_pack(house.app, house.actor, house.name, pack, Asked(teams=("Nobodies",)))

    assert [Verdict.UNKNOWN] == [one.verdict for one in told.users]


async def test_packs_of_files_and_folders(tmp_path: Path) -> None:
    """A file by its path, a folder beside the shipped ones, a broken one told with every mistake."""
    folder = tmp_path / "mine"
    folder.mkdir()
    mine = folder / "dialer.yaml"
    mine.write_text(pack_template("dialer", "Dialer", "Ring Ltd", "2026-11-22"), "utf-8")
    (folder / "odd.yaml").write_text(CYCLE, "utf-8")
    async with a_blind_house(tmp_path / "home", "tiny") as house:
        listed = list_packs(house.app, [folder])
        by_path = find_pack(house.app, str(mine))
        with pytest.raises(PackProblems, match="juggle"):
            find_pack(house.app, str(folder / "odd.yaml"))
        with pytest.raises(PackProblems, match=r"odd\.yaml"):
            find_pack(house.app, "odd", [folder])
        with pytest.raises(Refused, match="no pack"):
            find_pack(house.app, str(folder / "gone.yaml"))
        with pytest.raises(Refused, match="8x7"):
            find_pack(house.app, "8x7")

    assert {"8x8", "dialer"} <= {one.pack.id for one in listed.packs}
    assert 1 == len(listed.broken)
    assert "dialer" == by_path.pack.id


async def test_what_lacks_becomes_a_plan(tmp_path: Path) -> None:
    """A set by API, a seat by API, toggles by hand; whoever is ready gets nothing."""
    async with an_informed_house(tmp_path) as house:
        text = find_pack(house.app, "8x8").text

        async def kinds(name: str) -> list[ChangeKind]:
            order = GivePack(text, (f"{name}@acme.test",))
            drafted = await propose(house.app, house.actor, house.name, order)
            return [one.kind for one in drafted.plan.changes]

        boxless = await kinds("agent.boxless")
        seat = await kinds("agent.viewonly")
        ready = await kinds("agent.ready")

    assert [ChangeKind.SET_PERMISSION_SET] == boxless
    assert [ChangeKind.SET_SEATS] == seat
    assert [] == ready


async def test_a_pack_for_good_takes_nothing_away(tmp_path: Path) -> None:
    """Access granted individually is never replaced by a set: the toggles go to a person."""
    async with an_informed_house(tmp_path) as house:
        text = find_pack(house.app, "8x8").text
        order = GivePack(text, ("felix.braun@acme.test", "marta.horvat@acme.test"))
        drafted = await propose(house.app, house.actor, house.name, order)

    assert [ChangeKind.MANUAL] * 2 == [one.kind for one in drafted.plan.changes]
    clicks = {one.subject: one.details["clicks"] for one in drafted.plan.changes}
    assert "felix.braun@acme.test > Edit" in clicks["felix.braun@acme.test"]
    assert "other members too" in clicks["marta.horvat@acme.test"]
