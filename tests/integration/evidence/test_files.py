"""HubSpot's files become dated evidence: what was understood, what was not, whose file it is."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from hubspot_emulator.granular.catalogue import catalogue as emulated_catalogue
from hubspot_emulator.granular.history import history_export
from rolecall.kit.errors import NeedsPerson, Refused
from rolecall.permissions.evidence import Ground
from rolecall.permissions.pack import Pack
from rolecall.permissions.pack_check import Verdict
from rolecall.services.drafts.orders import GivePack
from rolecall.services.permissions.answers import why_can
from rolecall.services.permissions.book import resolver_of
from rolecall.services.permissions.files import (
    ExportFile,
    attest_sets,
    attestation_draft,
    diff_exports,
    import_export,
    import_history,
    list_imports,
)
from rolecall.services.permissions.packs import Asked, check_pack, find_pack
from rolecall.services.plans.drafting import propose
from rolecall.services.plans.plans import approve_plan
from rolecall.services.structure import set_contents
from rolecall.services.tasks import done_task, list_tasks
from tests.integration.evidence.test_elevating import act
from tests.support.emulated import true_access
from tests.support.evidence import a_blind_house, an_informed_house, bring, export_of
from tests.support.house import House


async def wrong_and_unknown(house: House) -> tuple[int, int]:
    """Answers that contradict the emulator's truth, and answers that are unknown."""
    snapshot = await house.snapshot()
    async with house.app.database.read() as view:
        resolver = await resolver_of(house.app, view, snapshot, house.app.clock.now())
    true, wrong, unknown = true_access(house.world, house.portal), 0, 0
    for user in snapshot.users:
        if user.id not in true:
            continue
        access = resolver.access_of(user)
        for one in emulated_catalogue():
            held = access.of(one)
            unknown += not held.known
            wrong += held.known and held.low != true[user.id].get(one, "")
    return wrong, unknown


async def test_an_export_answers_everything(tmp_path: Path) -> None:
    """Before the import nearly nothing is known, afterwards everything, and nothing is wrong."""
    async with a_blind_house(tmp_path) as house:
        before = await wrong_and_unknown(house)
        told = await bring(house)
        after = await wrong_and_unknown(house)

    assert 0 == before[0]
    assert before[1] > 1000
    assert (0, 0) == after
    assert (told.users, ()) == (told.covered, told.warnings)


@pytest.mark.parametrize(
    "variant",
    [
        {"language": "de", "separator": "semicolon", "encoding": "bom"},
        {"spreadsheet": True, "encoding": "cp1252", "unknown_columns": 200},
        {"layout": "wide", "seats": True, "order": "shuffled"},
    ],
    ids=["german", "spreadsheet", "wide"],
)
async def test_variants_are_understood(tmp_path: Path, variant: dict[str, object]) -> None:
    """Another language, a spreadsheet program, 200 unknown columns: the answers stay right."""
    async with a_blind_house(tmp_path) as house:
        told = await bring(house, **variant)
        found = await wrong_and_unknown(house)
        (kept,) = await list_imports(house.app, house.actor, house.name)

    assert (0, 0) == found
    assert variant.get("unknown_columns", 0) == len(told.reading.unknown_columns)
    assert told.reading.unknown_columns == kept.note.unknown_columns


async def test_a_cut_file_is_told_and_never_wrong(tmp_path: Path) -> None:
    """What lies behind the cut stays unknown; an older whole file fills it up."""
    async with a_blind_house(tmp_path) as house:
        cut = await bring(house, truncated=True)
        poor = await wrong_and_unknown(house)
        await bring(house, as_of=house.app.clock.now() - timedelta(days=1))
        filled = await wrong_and_unknown(house)

    assert cut.reading.problems
    assert any("cut off" in one for one in cut.warnings)
    assert any("not in the file" in one for one in cut.warnings)
    assert (0, True) == (poor[0], poor[1] > 0)
    assert 0 == filled[0]
    assert filled[1] < poor[1]


async def test_another_portals_file_is_refused(tmp_path: Path) -> None:
    """Nothing of it is kept."""
    async with a_blind_house(tmp_path) as house:
        with pytest.raises(Refused, match="another portal"):
            await bring(house, foreign=True)
        kept = await list_imports(house.app, house.actor, house.name)

    assert () == kept


async def test_last_years_file_is_history(tmp_path: Path) -> None:
    """A file of last year says so and answers nothing about today, named by day or not."""
    async with a_blind_house(tmp_path) as house:
        year_ago = house.app.clock.now() - timedelta(days=365)
        named = await bring(house, as_of=year_ago)
        unnamed = ExportFile(
            export_of(house, as_of=year_ago), "users.csv", house.app.clock.now(), dated=False
        )
        guessed = await import_export(house.app, house.actor, house.name, unnamed)
        _, unknown = await wrong_and_unknown(house)

    assert any("too old" in one for one in named.warnings)
    assert guessed.imported.as_of <= year_ago
    assert any("--as-of" in one for one in guessed.warnings)
    assert unknown > 1000


async def test_a_day_to_come_is_refused(tmp_path: Path) -> None:
    """A file cannot be of next week."""
    async with a_blind_house(tmp_path, "tiny") as house:
        with pytest.raises(Refused, match="still to come"):
            await bring(house, as_of=house.app.clock.now() + timedelta(days=7))


async def test_the_mapping_is_remembered(tmp_path: Path) -> None:
    """A header nobody knows is named once; the next file of this portal needs no mapping."""
    async with a_blind_house(tmp_path, "tiny") as house:
        data = export_of(house).replace(b"Assigned role", b"Bundle of rights", 1)
        file = ExportFile(data, "users.csv", house.app.clock.now())
        first = await import_export(
            house.app, house.actor, house.name, replace(file, mapping={"Bundle of rights": "sets"})
        )
        day = house.app.clock.now() - timedelta(hours=3)
        second = await import_export(house.app, house.actor, house.name, replace(file, as_of=day))
        with pytest.raises(Refused, match="names no column"):
            await bring(house, mapping={"x": "juggling"})

    assert "Bundle of rights" == first.reading.columns["sets"]
    assert first.reading.columns == second.reading.columns


async def test_the_same_file_twice_is_one_import(tmp_path: Path) -> None:
    """Importing again says so and keeps one."""
    async with an_informed_house(tmp_path, "tiny") as house:
        again = await bring(house)
        kept = await list_imports(house.app, house.actor, house.name)

    assert again.known_before
    assert 1 == len(kept)


async def test_the_same_file_says_more_by_a_mapping_or_an_overlay(tmp_path: Path) -> None:
    """Imported again after somebody named a column or a permission, it is read anew."""
    overlay = "items:\n  crm_tools.wizardry: {label: Wizardry, kind: toggle, source: kb}\n"
    async with a_blind_house(tmp_path, "tiny") as house:
        data = export_of(house).replace(b"Assigned role", b"Bundle of rights", 1)
        data = data.replace(b"CRM tools > Export", b"CRM tools > Wizardry")
        file = ExportFile(data, "users.csv", house.app.clock.now())
        first = await import_export(house.app, house.actor, house.name, file)
        named = replace(file, mapping={"Bundle of rights": "sets"})
        second = await import_export(house.app, house.actor, house.name, named)
        (house.app.home / "catalogue").mkdir()
        (house.app.home / "catalogue" / "mine.yaml").write_text(overlay, "utf-8")
        third = await import_export(house.app, house.actor, house.name, file)
        fourth = await import_export(house.app, house.actor, house.name, file)
        kept = await list_imports(house.app, house.actor, house.name)

    assert [False, False, False, True] == [
        one.known_before for one in (first, second, third, fourth)
    ]
    assert "sets" in third.reading.columns
    assert first.reading.unknown_tokens
    assert not third.reading.unknown_tokens
    assert 3 == len({one.imported.id for one in kept})
    assert 2 == len({one.note.catalogue for one in kept})


async def test_two_exports_differ_in_what_changed(tmp_path: Path) -> None:
    """One ticked permission is one line; one export alone cannot be compared."""
    async with an_informed_house(tmp_path) as house:
        with pytest.raises(NeedsPerson):
            await diff_exports(house.app, house.actor, house.name)
        member = house.member("felix.braun@acme.test")
        assert member is not None
        assert member.granular is not None
        del member.granular["crm_tools.export"]
        await house.app.clock.sleep(86_400)
        await bring(house)
        found = await diff_exports(house.app, house.actor, house.name)

    assert ["felix.braun@acme.test"] == [one.email for one in found.users]
    assert {"crm_tools.export": ("on", "")} == found.users[0].lost


async def test_attested_definitions_count(tmp_path: Path) -> None:
    """What an admin signs off answers for every member, dated and by name."""
    async with a_blind_house(tmp_path) as house:
        text = "permission_sets:\n  Exporter: {crm_tools.export: on}\n"
        (signed,) = await attest_sets(house.app, house.actor, house.name, text)
        snapshot = await house.snapshot()
        async with house.app.database.read() as view:
            resolver = await resolver_of(house.app, view, snapshot, house.app.clock.now())
        draft = await attestation_draft(house.app, house.actor, house.name)
        with pytest.raises(Refused, match="2 problems"):
            await attest_sets(
                house.app, house.actor, house.name,
                "permission_sets:\n  Exporterr: {crm_tools.export: on}\n  Exporter: {wings: on}\n",
            )  # fmt: skip

    assert Ground.ATTESTED is resolver.definitions[signed.set_id].ground
    assert "ada" == resolver.definitions[signed.set_id].by
    assert "crm_tools.export: 'on'" in draft


async def test_history_goes_on_where_the_export_ends(tmp_path: Path) -> None:
    """A permission taken after the export is off, though the export still shows it."""
    async with an_informed_house(tmp_path) as house:
        await house.app.clock.sleep(3600)
        data = history_export(house.world, house.portal, house.app.clock.now(), None)
        line = f"felix.braun@acme.test,CRM > Export,Delete,kwame.mensah@acme.test,{house.app.clock.now():%Y-%m-%d %H:%M}\r\n"
        header = data.split(b"\r\n")[0] + b"\r\n"
        read = await import_history(
            house.app, house.actor, house.name, header + line.encode() + b"who,?,Delete,x,y\r\n"
        )
        snapshot = await house.snapshot()
        async with house.app.database.read() as view:
            resolver = await resolver_of(house.app, view, snapshot, house.app.clock.now())
        felix = snapshot.user("felix.braun@acme.test")
        assert felix is not None

    assert 1 == len(read.lines)
    assert read.problems
    assert "" == resolver.access_of(felix).of("crm_tools.export").high


async def test_members_who_differ_are_told_on_the_page_of_their_set(tmp_path: Path) -> None:
    """One member's line says less than the others': the set's contents name the deviation."""
    async with a_blind_house(tmp_path) as house:
        rows = list(csv.reader(io.StringIO(export_of(house).decode("utf-8-sig"))))
        wanted = next(one for one in rows if one[6] == "Sales Rep")
        wanted[7] = re.sub(r"(Contacts > View): [^;]*", r"\1: Their contacts", wanted[7])
        out = io.StringIO()
        csv.writer(out).writerows(rows)
        file = ExportFile(out.getvalue().encode(), "users.csv", house.app.clock.now())
        await import_export(house.app, house.actor, house.name, file)
        snapshot = await house.snapshot()
        (sales,) = [one for one in snapshot.permission_sets if one.name == "Sales Rep"]
        told = await set_contents(house.app, house.actor, house.name, sales.id)

    assert "members differ in" in told.deviation
    assert "members" in told.known_by


async def test_what_somebody_changed_since_is_unknown(tmp_path: Path) -> None:
    """The audit log tells that permissions changed after the export, and nothing tells how."""
    who = "felix.braun@acme.test"
    async with an_informed_house(tmp_path) as house:
        before = await can_export(house, who)
        await house.app.clock.sleep(600)
        act(house, "edit", user=who, granular={"crm_tools.import": "on"})
        await house.app.clock.sleep(600)
        await house.sync()
        open_ = await can_export(house, who)
        others = await wrong_and_unknown(house)
        await bring(house)
        after = await can_export(house, who)

    assert (True, None, False) == (before, open_, after)
    assert 0 == others[0]


async def test_what_a_person_says_was_done_ends_the_old_evidence(tmp_path: Path) -> None:
    """A task of toggles closed by somebody's word: nobody knows until the next export shows it."""
    who = "felix.braun@acme.test"
    async with an_informed_house(tmp_path) as house:
        pack = find_pack(house.app, "8x8")
        drafted = await propose(house.app, house.actor, house.name, GivePack(pack.text, (who,)))
        await approve_plan(house.app, house.actor, drafted.plan.id)
        await house.apply(drafted.plan)
        await house.app.clock.sleep(600)
        (task,) = [
            one
            for one in await list_tasks(house.app, house.actor, house.name)
            if one.plan_id == drafted.plan.id
        ]
        missing = await verdict(house, pack.pack, who)
        await done_task(house.app, house.actor, task.id, "Lars did it")
        unknown = await verdict(house, pack.pack, who)

    assert (Verdict.MISSING, Verdict.UNKNOWN) == (missing, unknown)


async def can_export(house: House, who: str) -> bool | None:
    """Whether a user can export, as far as anybody knows."""
    told = await why_can(house.app, house.actor, house.name, who, "export contacts")
    return told.why.answer.can


async def verdict(house: House, pack: Pack, who: str) -> Verdict:
    """A user's verdict."""
    told = await check_pack(house.app, house.actor, house.name, pack, Asked(users=(who,)))
    return told.users[0].verdict
