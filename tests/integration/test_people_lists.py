"""People lists: joiners, movers, leavers, whose user is whose, and the plans that follow."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from rolecall.domain.person import Situation
from rolecall.domain.plan import ChangeKind
from rolecall.kit.clock import HandClock
from rolecall.kit.errors import Refused
from rolecall.services.people.people import (
    PeopleImport,
    PersonLine,
    import_people,
    link_person,
    list_people,
    people_page,
)
from rolecall.services.plans.lifecycle import expire_due, plan_moves
from tests.support.changing import file_of, put_in_force
from tests.support.governed import governed
from tests.support.hubspot import START
from tests.support.installation import NAME, Installation, a_world, an_installation

BEN, ADA, DEE, CID = "ben@tiny.test", "ada@tiny.test", "dee@tiny.test", "cid@tiny.test"
HEADER = "Employee ID,Work email,First name,Last name,Department,Manager,Start date,End date,Status"
LIST = f"""\
{HEADER}
1,root@tiny.test,Rita,Root,Board,,,,active
2,{ADA},Ada,Novák,Sales,root@tiny.test,,,active
3,{BEN},Ben,Itō,Sales,{ADA},,,active
4,d.obi@tiny.test,Dee,Obi,Finance,root@tiny.test,,,active
"""
RULES = """\
rules:
  - {when: {department: Sales}, name: sales, main_team: Sales, seat: Core, permission_set: Read Only}
  - {when: {department: Office}, name: office, main_team: Office, seat: View-Only}
"""


@pytest.fixture
def clock() -> HandClock:
    """One clock for the portal and for us."""
    return HandClock(START)


@pytest.fixture
async def tiny(tmp_path: Path, clock: HandClock) -> AsyncIterator[Installation]:
    """Five people, read."""
    async with an_installation(a_world(clock, seed="tiny"), tmp_path, clock=clock) as one:
        await one.connect()
        await one.sync()
        yield one


async def _listed(one: Installation, text: str, **options: object) -> PeopleImport:
    return await import_people(one.app, one.actor, text.encode(), **options)  # type: ignore[arg-type]


async def test_every_user_is_in_one_situation(tiny: Installation) -> None:
    """Same e-mail is linked, same name is only suggested, nobody's is unmatched."""
    found = await _listed(tiny, LIST)
    lines = await list_people(tiny.app, tiny.actor, NAME)
    by_user = {line.users[0].email: line.situation for line in lines if line.users}

    assert {"linked": 3, "unlinked": 1, "unmatched": 1} == dict(found.situations[NAME])
    assert Situation.UNLINKED is by_user[DEE]
    assert Situation.UNMATCHED is by_user[CID]


async def test_pages_hold_every_line_once(database_url: str, tmp_path: Path) -> None:
    """Page by page the same lines as the whole list; search knows names in any case."""
    async with governed(database_url, tmp_path) as room:
        app, who = room.app, room.local
        listed = (
            b"email,first name,last name\nnova@acme.test,Ada,Nov\xc3\xa1k\nana@acme.test,Ana,A\n"
        )
        await import_people(app, who, listed)
        whole = await list_people(app, who, NAME)
        seen, skip = [], 0
        while True:
            page = await people_page(app, who, NAME, limit=2, skip=skip)
            seen += page.lines
            if page.after is None:
                break
            skip = int(page.after)
        found = await people_page(app, who, NAME, search="NOV\u00c1K")
        disputed = await people_page(app, who, NAME, situation=Situation.DISPUTED)

        def key(line: PersonLine) -> tuple[str, str]:
            return line.person.id if line.person else "", line.users[0].id if line.users else ""

        assert sorted(map(key, whole)) == sorted(map(key, seen))
        assert len(whole) == page.total
        assert ["Ada Nov\u00e1k"] == [one.person.name for one in found.lines if one.person]
        assert ["ana@acme.test"] == [one.users[0].email for one in disputed.lines]


async def test_two_people_of_one_address_are_a_dispute(tiny: Installation) -> None:
    """Nobody is chosen where the list itself contradicts itself."""
    await _listed(tiny, LIST)
    other = f"{HEADER}\n77,{BEN},Benjamin,Other,Ops,,,,active\n"
    await _listed(tiny, other, source="acquired company")
    lines = await list_people(tiny.app, tiny.actor, NAME, Situation.DISPUTED)

    assert [BEN] == [line.users[0].email for line in lines]


async def test_a_confirmed_link_outlives_the_next_list(tiny: Installation) -> None:
    """What a person confirmed is not asked again, and rules see the address as theirs."""
    await _listed(tiny, LIST)
    await link_person(tiny.app, tiny.actor, NAME, DEE, "d.obi@tiny.test")
    again = await _listed(tiny, LIST)

    assert {"linked": 4, "unmatched": 1} == dict(again.situations[NAME])
    assert () == again.moves.movers


async def test_joiners_movers_and_leavers_are_told(tiny: Installation) -> None:
    """Compared with the list before: who came, who moved from where to where, who is gone."""
    await _listed(tiny, LIST)
    text = LIST.replace("Ben,Itō,Sales", "Ben,Itō,Office").replace(
        f"2,{ADA},Ada,Novák,Sales,root@tiny.test,,,active\n", ""
    )
    found = await _listed(tiny, text + "9,eva@tiny.test,Eva,New,Sales,,,,active\n")
    moves = found.moves

    assert ["Eva New"] == [one.name for one in moves.joiners]
    assert [("department", "Sales", "Office")] == list(moves.movers[0].fields)
    assert ["Ada Novák"] == [one.name for one in moves.leavers]
    assert 1 == found.missing


async def test_half_a_list_is_refused(tiny: Installation) -> None:
    """A broken export off-boards nobody; believing it takes a word of its own."""
    await _listed(tiny, LIST)
    half = "\n".join(LIST.splitlines()[:2]) + "\n"
    with pytest.raises(Refused, match="before it were 4"):
        await _listed(tiny, half)
    accepted = await _listed(tiny, half, accept_shrink=True)

    assert 3 == len(accepted.moves.leavers)


async def test_columns_can_be_named(tiny: Installation) -> None:
    """A mapping tells what a column means that nobody could guess."""
    text = "Kontakt,Bereich X\nben@tiny.test,Sales\n"
    found = await _listed(tiny, text, mapping={"Bereich X": "department"})

    assert "Sales" == found.reading.people[0].department


async def test_a_mover_becomes_a_plan(tiny: Installation) -> None:
    """The rule of the new department decides, and only for who moved."""
    await _listed(tiny, LIST)
    await put_in_force(tiny, _with_rules(await file_of(tiny)))
    found = await _listed(tiny, LIST.replace("Ben,Itō,Sales", "Ben,Itō,Office"))
    (drafted,) = await plan_moves(tiny.app, tiny.actor, found.moves.emails())

    assert {BEN} == {change.subject for change in drafted.plan.changes}
    assert any("Office" in change.details.get("after_shown", "")
               for change in drafted.plan.changes)  # fmt: skip


def _with_rules(text: str) -> str:
    """The file with rules, and Ben left to them."""
    lines = [line for line in text.splitlines() if not line.startswith(f"  {BEN}:")]
    return "\n".join(lines) + "\n" + RULES


async def test_a_joiner_is_planned_on_the_day(tiny: Installation, clock: HandClock) -> None:
    """A future start date waits; on the day the plan makes itself."""
    await _listed(tiny, LIST)
    await put_in_force(tiny, _with_rules(await file_of(tiny)))
    day = (START + timedelta(days=5)).date()
    await _listed(tiny, LIST + f"9,eva@tiny.test,Eva,New,Office,,{day},,active\n")
    assert () == await expire_due(tiny.app)
    clock.advance(timedelta(days=6))
    (plan,) = await expire_due(tiny.app)
    created = [one.subject for one in plan.changes if one.kind is ChangeKind.CREATE_USER]

    assert ["eva@tiny.test"] == created


async def test_a_leaver_is_parked_even_without_a_file(tiny: Installation, clock: HandClock) -> None:
    """The last day ends at midnight of the portal; then a plan parks, once."""
    day = START.date()
    await _listed(tiny, LIST.replace(f"{ADA},,,active", f"{ADA},,{day},active"))
    assert () == await expire_due(tiny.app)
    clock.advance(timedelta(days=1))
    (plan,) = await expire_due(tiny.app)

    assert {BEN} == {one.subject for one in plan.changes}
    assert ChangeKind.PARK in {one.kind for one in plan.changes}
    assert () == await expire_due(tiny.app)


async def test_an_until_of_the_file_expires_by_itself(tiny: Installation, clock: HandClock) -> None:
    """A people: entry with an end falls to the next rank; nothing left parks."""
    until = (START + timedelta(days=3)).date()
    text = await file_of(tiny)
    text = text.replace(f"  {CID}: {{", f"  {CID}: {{until: {until}, ")
    await put_in_force(tiny, text)
    assert () == await expire_due(tiny.app)
    clock.advance(timedelta(days=4))
    (plan,) = await expire_due(tiny.app)

    assert {CID} == {one.subject for one in plan.changes}
    assert ChangeKind.PARK in {one.kind for one in plan.changes}


async def test_the_profile_follows_the_list(tiny: Installation) -> None:
    """profile: exact and profile_from keep the job title equal to HR's."""
    text = (await file_of(tiny)).replace("  profile: ignore", "  profile: exact")
    rows = LIST.replace("Status\n", "Status,Job title\n")
    rows = "\n".join(
        line if line.startswith("Employee") else f"{line},Seller" if BEN in line else f"{line},"
        for line in rows.splitlines()
    )
    await _listed(tiny, rows + "\n")
    await put_in_force(tiny, text + "profile_from: {job_title: job_title}\n")
    await tiny.sync()
    ben = (await tiny.snapshot()).user(BEN)

    assert ben is not None
    assert "Seller" == ben.profile["hs_job_title"]


async def test_nobody_is_changed_by_a_list_alone(tiny: Installation) -> None:
    """Importing people sends nothing to HubSpot."""
    tiny.asked()
    await _listed(tiny, LIST)

    assert {} == tiny.asked()
