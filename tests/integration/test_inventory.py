"""Asking about users over the real store: earlier days, guides' names, portals side by side."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from hubspot_emulator.seeds import plant
from rolecall.kit.clock import HandClock
from rolecall.kit.errors import Refused
from rolecall.services.connections.portals import add_portal
from rolecall.services.findings.findings import list_findings
from rolecall.services.inventory.cards import show_user
from rolecall.services.inventory.users import Wanted, checked_columns, list_users
from rolecall.services.syncs.syncing import sync_all
from tests.support.hubspot import START, token_of
from tests.support.installation import (
    BASE,
    NAME,
    Installation,
    a_key,
    a_world,
    an_installation,
)


@pytest.fixture
def clock() -> HandClock:
    """One clock for the portal and for us."""
    return HandClock(START)


@pytest.fixture
async def tiny(tmp_path: Path, clock: HandClock) -> AsyncIterator[Installation]:
    """The tiny portal, connected and synced."""
    async with an_installation(a_world(clock, seed="tiny"), tmp_path, clock=clock) as one:
        await one.connect()
        await one.sync()
        yield one


async def names_at(one: Installation, at: date | datetime | None) -> set[str]:
    """First names as of a time."""
    page = await list_users(one.app, one.actor, NAME, Wanted(at=at))
    return {row.user.first_name for row in page.rows}


async def test_users_as_of_an_earlier_day(tiny: Installation, clock: HandClock) -> None:
    """A day is its end in the portal's zone; before the first sync nobody can tell."""
    identity = next(one for one in tiny.world.identities.values() if one.first_name == "Ben")
    await clock.sleep(timedelta(days=1).total_seconds())
    identity.first_name = "Benjamin"
    await tiny.sync()

    assert "Ben" in await names_at(tiny, START.date())
    assert "Benjamin" in await names_at(tiny, START.date() + timedelta(days=1))
    assert "Ben" in await names_at(tiny, START + timedelta(hours=20))
    assert await names_at(tiny, None) == await names_at(tiny, START.date() + timedelta(days=9))
    with pytest.raises(Refused, match="not connected yet"):
        await names_at(tiny, START.date() - timedelta(days=1))


async def test_names_of_the_guide_are_understood(tiny: Installation) -> None:
    """jobtitle, firstname and the like filter and show what HubSpot calls otherwise."""
    everybody = await list_users(tiny.app, tiny.actor, NAME)
    [titled] = [row for row in everybody.rows if row.user.first_name == "Ada"]
    title = str(titled.value("jobtitle"))
    found = await list_users(
        tiny.app, tiny.actor, NAME, Wanted(where={"jobtitle": title, "firstname": "ada"})
    )
    columns = ("email", "firstname", "lastname", "jobtitle", "timezone")

    assert title
    assert [titled.user.id] == [row.user.id for row in found.rows]
    assert columns == checked_columns(columns, found.properties)
    with pytest.raises(Refused, match="jobtitel") as caught:
        await list_users(tiny.app, tiny.actor, NAME, Wanted(where={"jobtitel": "x"}))
    assert "jobtitle" in (caught.value.hint or "")


async def test_a_team_made_between_two_requests_tears_nothing(
    tmp_path: Path, clock: HandClock
) -> None:
    """Users name a team the list did not have yet: teams are read once more, all is whole."""
    world = a_world(clock, seed="tiny")
    async with an_installation(world, tmp_path, clock=clock) as one:
        await one.connect()
        one.asked()
        world.faults.schedule(kind="truncated_list", operation="teams.flat", times=1, keep=0)
        report = await one.sync()

    assert 2 == one.asked()["teams.flat"]
    assert report.run.complete, report.run.gaps
    assert len(next(iter(world.portals.values())).teams) == report.run.counts["teams"]


async def test_two_portals_in_one_installation(tiny: Installation) -> None:
    """Each portal has its own users, findings and troubles; one that fails stops no other."""
    first = token_of(tiny.world)
    blank = plant(tiny.world, "blank")
    key = next(iter(tiny.world.tokens.of_portal(blank.id))).value
    await add_portal(tiny.app, tiny.actor, "other", a_key(key), BASE)
    tiny.world.tokens.revoke(first)
    reports, failed = await sync_all(tiny.app, tiny.actor)
    theirs = await list_users(tiny.app, tiny.actor, "other")
    ours = await list_users(tiny.app, tiny.actor, NAME)

    assert (["other"], [NAME]) == ([one.portal for one in reports], [name for name, _ in failed])
    assert theirs.total
    assert theirs.total != ours.total
    assert {"other"} == {(await list_findings(tiny.app, tiny.actor, "other")).portal.name}


async def test_a_name_with_nul_is_kept_readable(
    tmp_path: Path, clock: HandClock, database_url: str
) -> None:
    """No database keeps NUL in a text; the rest of the name is kept, and the sync whole."""
    world = a_world(clock, seed="tiny")
    next(one for one in world.identities.values() if one.first_name == "Ben").first_name = "B\0n"
    async with an_installation(world, tmp_path, clock=clock, database_url=database_url) as one:
        await one.connect()
        report = await one.sync()

        assert report.run.complete
        assert "B\ufffdn" in await names_at(one, None)


async def test_hubspots_own_names_and_properties(tmp_path: Path, clock: HandClock) -> None:
    """hs_email and the like are the facts we know; others of HubSpot's are read once named."""
    world = a_world(clock, seed="tiny")
    wanted = ("hs_searchable_calculated_name", "hs_lastmodifieddate")
    asked = Wanted(where={"hs_email": "ADA@tiny.test", "hs_given_name": "Ada"})
    async with an_installation(world, tmp_path, clock=clock, user_properties=wanted) as one:
        await one.connect()
        await one.sync()
        page = await list_users(one.app, one.actor, NAME, asked)
        [row] = page.rows
        with pytest.raises(Refused) as caught:
            checked_columns(("hs_quiet_hours_of_somebody",), page.properties)

    assert "Ada" in str(row.value("hs_searchable_calculated_name"))
    assert str(row.value("hs_object_id")) == row.user.crm_id
    assert "ROLECALL_USER_PROPERTIES" in (caught.value.hint or "")


async def test_each_fact_tells_when_it_was_read(tiny: Installation, clock: HandClock) -> None:
    """What could not be read lately keeps the age of the snapshot it is from."""
    before = clock.now()
    await clock.sleep(timedelta(days=2).total_seconds())
    tiny.world.faults.schedule(kind="502_html", operation="crm.users.list")
    await tiny.sync()
    card = await show_user(tiny.app, tiny.actor, NAME, "ada@tiny.test")
    at = {fact.name: fact.observed_at for fact in card.facts}

    assert at["hs_job_title"] is not None
    assert at["hs_job_title"] - before < timedelta(hours=1)
    assert at["permission sets"] is not None
    assert at["permission sets"] - before > timedelta(days=1)


async def test_a_finding_is_known_by_the_end_of_its_id(tiny: Installation) -> None:
    """What a narrow terminal shows of an id is enough; less than that, or nonsense, is not."""
    [found, *_] = (await list_findings(tiny.app, tiny.actor, NAME)).findings
    async with tiny.app.database.read() as view:
        assert found == await view.findings.get(found.id[-10:])
        assert found == await view.findings.get(found.id)
        for wrong in (found.id[-5:], "%" * 8, "0" * 10):
            with pytest.raises(Refused, match="has the id"):
                await view.findings.get(wrong)
