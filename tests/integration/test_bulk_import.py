"""Bulk files: each row its own access and verdict, one plan, results per row, resumable."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from rolecall.domain.plan import ChangeKind, Outcome, PlanState
from rolecall.kit.clock import HandClock
from rolecall.kit.errors import Refused
from rolecall.plan.hubspot_import import import_files
from rolecall.services.drafts.bulk import results, results_csv, rows_of
from rolecall.services.plans.drafting import stored_draft
from rolecall.services.plans.plans import approve_plan
from tests.support.changing import applied, carried, of_kind, ordered
from tests.support.hubspot import START
from tests.support.installation import Installation, a_world, an_installation

GOOD = """\
E-Mail;Action;Permission set;Seat;Team;Job title;Reason
eva@tiny.test;add;Read Only;View-Only;Office;;joins
BEN@tiny.test;change;;;Office;;moves
dee@tiny.test;;;;;;
"""


@pytest.fixture
async def tiny(tmp_path: Path) -> AsyncIterator[Installation]:
    """Five people, read."""
    clock = HandClock(START)
    async with an_installation(a_world(clock, seed="tiny"), tmp_path, clock=clock) as one:
        await one.connect()
        await one.sync()
        yield one


async def test_every_row_has_its_own_access_and_verdict(tiny: Installation) -> None:
    """Headers in any dress; one plan; a row that changes nothing says so."""
    drafted = await ordered(tiny, rows_of(GOOD.encode(), "joiners.csv"))
    verdicts = {row.email.casefold(): row.verdict for row in drafted.rows}

    assert {
        "eva@tiny.test": "planned",
        "ben@tiny.test": "planned",
        "dee@tiny.test": "no change",
    } == verdicts
    assert ["eva@tiny.test"] == [one.subject for one in of_kind(drafted, ChangeKind.CREATE_USER)]


async def test_the_result_file_tells_every_row(tiny: Installation) -> None:
    """After apply: done, no change, refused, each with its line and message."""
    text = GOOD + "nobody;add;;;;;\n"
    drafted = await ordered(tiny, rows_of(text.encode()))
    run = await applied(tiny, drafted)
    rows = results(drafted.rows, drafted.plan, run.receipts)
    told = [(row.line, row.verdict, row.result) for row in rows]

    assert [
        (2, "planned", "done"),
        (3, "planned", "done"),
        (4, "no change", ""),
        (5, "refused", ""),
    ] == told
    assert drafted.plan.id in results_csv(rows, drafted.plan.id)


async def test_a_stopped_import_is_taken_up_again(tiny: Installation) -> None:
    """Paused by a lost scope, the same plan goes on, and the result file is whole."""
    drafted = await ordered(tiny, rows_of(GOOD.encode()))
    await approve_plan(tiny.app, tiny.actor, drafted.plan.id)
    token = next(iter(tiny.world.tokens.of_portal(next(iter(tiny.world.portals)))))
    token.lost_scopes |= {"settings.users.write", "crm.objects.users.write"}
    paused = await carried(tiny, drafted.plan.id)
    token.lost_scopes.clear()
    again = await stored_draft(tiny.app, tiny.actor, drafted.plan.id)
    run = await carried(tiny, again.plan.id)
    rows = results(again.rows, again.plan, run.receipts)

    assert PlanState.PAUSED is paused.state
    assert PlanState.DONE is run.state
    assert drafted.rows == again.rows
    assert {"done"} == {row.result for row in rows if row.verdict == "planned"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
async def test_any_encoding_is_read(tiny: Installation, encoding: str) -> None:
    """What spreadsheet programs write is read, umlauts included."""
    text = "email,first name\njörg@tiny.test,Jörg\n"
    drafted = await ordered(tiny, rows_of(text.encode(encoding)))

    (create,) = of_kind(drafted, ChangeKind.CREATE_USER)
    assert "Jörg" == create.details["first_name"]


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("eva@tiny.test,,=cmd()", "formula"),
        ("ben@tiny.test,Nowhere,", "Nowhere"),
        ("not an address,,", "not an e-mail"),
        ("eva@tiny.test,,\neva@tiny.test,,", "already on line"),
    ],
)
async def test_a_bad_row_is_refused_alone(tiny: Installation, row: str, why: str) -> None:
    """Formulas, unknown teams, no address, duplicates: that row is refused, others go on."""
    text = f"email,team,seat\ncid@tiny.test,Office,\n{row}\n"
    drafted = await ordered(tiny, rows_of(text.encode()))
    refused = [one for one in drafted.rows if one.verdict == "refused"]

    assert 1 == len(refused)
    assert why in refused[0].message
    assert "cid@tiny.test" in {one.subject for one in drafted.plan.changes}


async def test_half_a_file_is_no_file(tiny: Installation) -> None:
    """A quote left open, no e-mail column, no table: refused before anything is planned."""
    with pytest.raises(Refused, match="middle of a row"):
        rows_of(b'email,reason\neva@tiny.test,"joins')
    with pytest.raises(Refused, match="no e-mail column"):
        await ordered(tiny, rows_of(b"name,team\nEva,Office\n"))
    with pytest.raises(Refused, match="empty"):
        rows_of(b"")


def test_a_hundred_thousand_rows_are_the_limit() -> None:
    """100,000 rows are read; one more is refused with the way out."""
    row = "u@tiny.test\n"
    most = rows_of(("email\n" + row * 100_000).encode())

    assert 100_000 == len(most.rows)
    with pytest.raises(Refused, match="100,001") as caught:
        rows_of(("email\n" + row * 100_001).encode())
    assert "split" in (caught.value.hint or "")


async def test_a_foreign_address_needs_a_reason_in_its_row(tiny: Installation) -> None:
    """A personal address without the row's own reason stops that row, with one it passes."""
    bare = await ordered(tiny, rows_of(b"email\neva@gmail.com\n"))
    said = await ordered(tiny, rows_of(b"email,reason\neva@gmail.com,freelancer\n"))

    assert ["refused"] == [row.verdict for row in bare.rows]
    assert said.plan.applyable


async def test_joiners_go_out_as_hubspots_own_file(tiny: Installation) -> None:
    """At most 100 people a file, one file per permission set, no formulas."""
    rows = "".join(f"u{number}@tiny.test,Read Only\n" for number in range(101))
    drafted = await ordered(tiny, rows_of(f"email,permission set\n{rows}".encode()))
    files = import_files(drafted.plan)

    assert [100, 1] == [len(one.emails) for one in files]
    assert {"Read Only"} == {one.permission_set for one in files}


async def test_a_row_nobody_can_carry_out_does_not_hold_the_others(tiny: Installation) -> None:
    """One refused by HubSpot is told in its row; the other rows are done."""
    order = rows_of(b"email,seat\neva@tiny.test,View-Only\nfay@tiny.test,View-Only\n")
    drafted = await ordered(tiny, replace(order, reason="joiners"))
    tiny.world.faults.schedule(kind="no_seat", operation="users.create", subject="fay@tiny.test")
    run = await applied(tiny, drafted)
    rows = {row.email: row.result for row in results(drafted.rows, drafted.plan, run.receipts)}

    assert "done" == rows["eva@tiny.test"]
    assert rows["fay@tiny.test"] in {Outcome.REFUSED.value, Outcome.FAILED.value}


async def test_a_column_nobody_understands_adds_nobody(tiny: Installation) -> None:
    """It might have said remove; named or left out, the row is carried out."""
    text = "Adresse;Was tun\neva@tiny.test;add\ncid@tiny.test;remove\n".encode("latin-1")
    words = {"Adresse": "email"}
    refused = await ordered(tiny, rows_of(text, mapping=words))
    named = await ordered(tiny, rows_of(text, mapping={**words, "Was tun": "action"}))
    ignored = await ordered(tiny, rows_of(text, mapping={**words, "Was tun": ""}))
    kinds = [{change.kind for change in one.plan.changes} for one in (refused, named, ignored)]

    assert "no column says add" in refused.rows[0].message
    assert [
        set(),
        {ChangeKind.CREATE_USER, ChangeKind.REMOVE_USER},
        {ChangeKind.CREATE_USER},
    ] == kinds


async def test_headers_in_other_languages(tiny: Installation) -> None:
    """As spreadsheets of a German or French office have them."""
    german = "E-Mail;Aktion;Hauptteam;Grund\ncid@tiny.test;change;Office;Umzug\n"
    french = "Adresse e-mail;Équipe principale;Motif\ncid@tiny.test;Office;déménagement\n"
    for text in (german, french):
        drafted = await ordered(tiny, rows_of(text.encode("cp1252")))

        assert ((), ["planned"]) == (
            drafted.unknown_headers,
            [row.verdict for row in drafted.rows],
        )


@pytest.mark.parametrize(
    ("mapping", "why"), [({"Nix": "seat"}, "no column 'Nix'"), ({"email": "mood"}, "'mood'")]
)
def test_a_mapping_that_fits_nothing_is_refused(mapping: dict[str, str], why: str) -> None:
    """Of a column that is not there, or to a meaning that is none."""
    with pytest.raises(Refused, match=why):
        rows_of(b"email,team\neva@tiny.test,Office\n", mapping=mapping)


async def test_a_profile_that_must_wait_is_told(tiny: Installation) -> None:
    """Of a joiner as a warning, of somebody who never signed in as the row's message."""
    text = "email,action,job title,reason\neva@tiny.test,add,Analyst,joins\n"
    text += "cid@tiny.test,change,Analyst,\n"
    drafted = await ordered(tiny, rows_of(text.encode()))
    [made] = of_kind(drafted, ChangeKind.CREATE_USER)

    assert any(warning.startswith("job title: not before") for warning in made.warnings)
    assert ["", "waits until the user has signed in once"] == [
        row.message.removeprefix("create_user") for row in drafted.rows
    ]
