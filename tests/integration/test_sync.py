"""Sync over the real store and client, against the emulator in process."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import delete

from hubspot_emulator import lifecycle
from rolecall.domain.snapshot import UserState
from rolecall.kit.clock import HandClock
from rolecall.kit.errors import NeedsPerson, Retryable
from rolecall.services.connections.portals import list_portals
from rolecall.store.syncs import SYNC_PAGES
from rolecall.sync import capturing
from rolecall.sync.invariants import violations
from tests.support.emulator import DOORS, a_token
from tests.support.hubspot import START
from tests.support.installation import (
    Installation,
    a_served_installation,
    a_world,
    an_installation,
)


@pytest.fixture
def clock() -> HandClock:
    """One clock for the portal and for us, so waiting costs nothing."""
    return HandClock(START)


@pytest.fixture(params=DOORS)
async def acme(
    request: pytest.FixtureRequest, tmp_path: Path, clock: HandClock
) -> AsyncIterator[Installation]:
    """The acme portal, connected through each door of the emulator."""
    opened = an_installation if request.param == "asgi" else a_served_installation
    async with opened(a_world(clock, seed="acme"), tmp_path, clock=clock) as one:
        await one.connect()
        yield one


@pytest.fixture
async def tiny(tmp_path: Path, clock: HandClock) -> AsyncIterator[Installation]:
    """The tiny portal, connected."""
    async with an_installation(a_world(clock, seed="tiny"), tmp_path, clock=clock) as one:
        await one.connect()
        yield one


async def test_every_user_is_classified_as_the_portal_knows(acme: Installation) -> None:
    """States of the snapshot are those of the portal, though no API tells them."""
    await acme.sync()
    portal = next(iter(acme.world.portals.values()))
    expected = {}
    for user_id, member in portal.members.items():
        email = acme.world.identities[user_id].email
        state = UserState.ACTIVE
        if member.service_user:
            state = UserState.SERVICE
        elif member.deactivated_at is not None:
            state = UserState.DEACTIVATED
        elif member.activated_at is None:
            state = UserState.INVITED
        expected[email] = state

    snapshot = await acme.snapshot()

    assert expected == {user.email: user.state for user in snapshot.users}
    assert snapshot.complete
    assert () == violations(snapshot)


async def test_access_is_joined_from_every_list(acme: Installation) -> None:
    """Sets, teams, seats, owner and last activity of each user are what the portal holds."""
    await acme.sync()
    portal = next(iter(acme.world.portals.values()))
    snapshot = await acme.snapshot()

    for user in snapshot.users:
        member = portal.members[int(user.id)]
        assert sorted(map(str, member.permission_set_ids)) == sorted(user.permission_set_ids)
        assert (str(member.main_team_id) if member.main_team_id else None) == user.main_team_id
        assert sorted(member.seat_names) == sorted(user.seat_names or ())
        assert member.super_admin == user.super_admin
    parents = {team.id: team.parent_id for team in snapshot.teams}
    told = {str(t.id): str(t.parent_id) if t.parent_id else None for t in portal.teams.values()}
    assert told == parents


async def test_fewest_requests(tmp_path: Path, clock: HandClock) -> None:
    """A full sync asks for each page once and for little else; nobody is asked for alone."""
    world = a_world(clock, users=600)
    async with an_installation(world, tmp_path, clock=clock) as one:
        await one.connect()
        one.asked()
        await one.sync()
        asked = one.asked()

    assert 6 == asked["users.list"]
    assert not any(name.startswith("users.read") for name in asked)
    pages = sum(asked.get(name, 0) for name in ("users.list", "crm.users.list", "owners.list"))
    others = sum(asked.values()) - pages - asked["feeds.logins"]
    assert others <= 26


async def test_an_unchanged_portal_is_sealed_without_writing(acme: Installation) -> None:
    """The second sync finds the same pages and writes no fact."""
    await acme.sync()
    await acme.sync()
    report = await acme.sync()

    assert (True, 0) == (report.unchanged, report.run.changes)


async def test_a_change_shows_in_the_next_snapshot(tiny: Installation) -> None:
    """What changed in the portal is what the next sync writes."""
    await tiny.sync()
    world, portal = tiny.world, next(iter(tiny.world.portals.values()))
    user_id = next(one for one, member in portal.members.items() if not member.super_admin)
    lifecycle.make_super_admin(world, portal, user_id, 1, world.clock.now())

    report = await tiny.sync()

    assert (0, 1) == (report.added, report.changed)
    found = (await tiny.snapshot()).user(str(user_id))
    assert found is not None
    assert found.super_admin


async def test_removal_is_proved_by_404(tiny: Installation) -> None:
    """Somebody who left the list is asked for by id and by e-mail, and kept as removed."""
    await tiny.sync()
    portal = next(iter(tiny.world.portals.values()))
    user_id = next(one for one, member in portal.members.items() if not member.super_admin)
    lifecycle.remove(portal, user_id, 1, tiny.world.clock.now())
    tiny.asked()

    report = await tiny.sync()

    found = (await tiny.snapshot()).user(str(user_id))
    assert found is not None
    assert (UserState.REMOVED, ()) == (found.state, found.permission_set_ids)
    assert (True, 1) == (report.run.complete, report.removed)
    assert 2 == tiny.asked()["users.read"]
    await tiny.sync()
    assert "users.read" not in tiny.asked()


async def test_a_truncated_list_makes_the_snapshot_incomplete(acme: Installation) -> None:
    """Users a cut list leaves out are found by asking, and no removal can come of it."""
    await acme.sync()
    acme.world.faults.schedule(kind="truncated_list", operation="users.list", times=1)

    report = await acme.sync()

    snapshot = await acme.snapshot()
    assert not report.run.complete
    assert 149 == sum(user.present for user in snapshot.users)
    assert any("left out" in gap for gap in report.run.gaps)


async def test_a_shrunken_list_beyond_the_bound_waits_for_a_word(
    tmp_path: Path, clock: HandClock
) -> None:
    """More than the bound disappear: incomplete, nobody gone, until --accept-shrink proves all."""
    world = a_world(clock, users=40)
    async with an_installation(world, tmp_path, clock=clock, absence_proofs=5) as one:
        await one.connect()
        await one.sync()
        portal = next(iter(world.portals.values()))
        leaving = [user for user, member in portal.members.items() if not member.super_admin][:9]
        for user_id in leaving:
            lifecycle.remove(portal, user_id, 1, world.clock.now())

        shrunk = await one.sync()
        held = sum(user.present for user in (await one.snapshot()).users)
        accepted = await one.sync(accept_shrink=True)
        left = sum(user.present for user in (await one.snapshot()).users)

    assert (False, 40) == (shrunk.run.complete, held)
    assert (True, 31, 9) == (accepted.run.complete, left, accepted.removed)


async def test_feeds_are_read_once(acme: Installation) -> None:
    """The first read is bounded; the next one asks for one page per feed."""
    await acme.sync()
    acme.asked()
    await acme.sync()
    asked = acme.asked()

    feeds = {name: count for name, count in asked.items() if name.startswith("feeds.")}
    assert {"feeds.logins": 1, "feeds.security": 1, "feeds.audit": 1} == feeds


async def test_what_gone_owners_left_is_counted(acme: Installation) -> None:
    """Records of archived owners are counted by few searches, other user properties included."""
    await acme.sync()
    left = {
        one.email.partition("@")[0]: (one.records, one.named_in)
        for one in (await acme.snapshot()).owners
        if one.archived
    }

    assert (14, 0) == left["carla.ricci"]
    assert (0, 2) == left["hanna.virtanen"]
    assert (0, 0) == left["aisha.bello"]


async def test_a_poor_token_reads_what_it_may(tmp_path: Path, clock: HandClock) -> None:
    """Missing scopes leave parts unread, said with what that costs; the users are whole."""
    world = a_world(clock, seed="tiny")
    poor = a_token(world, scopes=frozenset({"oauth", "settings.users.read"}))
    async with an_installation(world, tmp_path, clock=clock) as one:
        report = await one.connect(poor.value)
        synced = await one.sync()

    assert {"teams", "record-owners", "profiles"} <= {f.id for f, _ in report.scopes.missing}
    assert (True, 5) == (synced.run.complete, synced.run.counts["users"])
    gaps = "\n".join(synced.run.gaps)
    assert "scope settings.users.teams.read; without it teams have no names" in gaps
    assert "scope crm.objects.users.read; without it deactivated and invited users" in gaps


async def test_a_part_that_is_down_is_answered_from_before(acme: Installation) -> None:
    """Owners cannot be read: the former ones stay, and the snapshot says what is missing."""
    await acme.sync()
    before = await acme.snapshot()
    acme.world.faults.schedule(kind="502_html", operation="owners.list")

    report = await acme.sync()

    assert not report.run.complete
    assert len(before.owners) == len((await acme.snapshot()).owners)


async def test_a_list_of_users_that_is_down_makes_nobody_a_suspect(acme: Installation) -> None:
    """Everybody stays as before, nobody is asked for one by one, and nothing can be removed."""
    await acme.sync()
    before = await acme.snapshot()
    acme.world.faults.schedule(kind="502_html", operation="users.list")
    acme.asked()

    report = await acme.sync()

    assert "users.read" not in acme.asked()
    assert (False, 0) == (report.run.complete, report.run.changes)
    assert before.users == (await acme.snapshot()).users
    assert any("users: HubSpot cannot answer now" in gap for gap in report.run.gaps)


async def test_without_users_there_is_no_first_picture(acme: Installation) -> None:
    """The first sync says why, and goes on where it was once the list answers again."""
    acme.world.faults.schedule(kind="502_html", operation="users.list")
    with pytest.raises(Retryable, match="cannot answer now"):
        await acme.sync()
    acme.world.faults.drop()
    acme.asked()

    report = await acme.sync()

    assert (True, True) == (report.resumed, report.run.complete)
    assert "teams.flat" not in acme.asked()


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"kind": "502_html", "operation": "*"}, Retryable),
        ({"kind": "lose_scope", "scope": None}, NeedsPerson),
    ],
)
async def test_what_reads_nothing_seals_nothing(
    tiny: Installation, fault: dict[str, str | None], error: type[Exception]
) -> None:
    """HubSpot down as a whole, or a token that lost its scopes: an error, no empty picture."""
    await tiny.sync()
    [before] = await list_portals(tiny.app, tiny.actor)
    tiny.world.faults.schedule(**fault)

    with pytest.raises(error):
        await tiny.sync()

    [after] = await list_portals(tiny.app, tiny.actor)
    assert before.head == after.head


async def test_last_activity_is_kept_while_crm_users_are_down(acme: Installation) -> None:
    """The log-in feed knows less than HubSpot's own column; it does not overwrite it."""
    await acme.sync()
    acme.world.faults.schedule(kind="502_html", operation="crm.users.list")

    report = await acme.sync()

    assert (False, 0) == (report.run.complete, report.run.changes)


async def test_a_feed_that_is_down_is_asked_again(acme: Installation) -> None:
    """A feed that does not answer now is no feed the edition lacks; users are whole without it."""
    acme.world.faults.schedule(kind="502_html", operation="feeds.audit")
    report = await acme.sync()
    acme.world.faults.drop()
    acme.asked()
    again = await acme.sync()

    assert report.run.complete
    assert any(gap.startswith("audit feed: HubSpot cannot") for gap in report.run.gaps)
    assert (1, ()) == (acme.asked()["feeds.audit"], again.run.gaps)
    assert "enterprise" == (await acme.snapshot()).tier


async def test_a_spent_day_answers_with_the_last_picture(acme: Installation) -> None:
    """The shared limit is told in HubSpot's words, with the age of the last complete snapshot."""
    await acme.sync()
    acme.world.faults.schedule(kind="429_daily")

    with pytest.raises(Retryable, match="HubSpot API shared rate limit reached") as caught:
        await acme.sync()

    assert "last complete snapshot is" in caught.value.message
    [line] = await list_portals(acme.app, acme.actor)
    assert "waiting" == line.portal.state


async def test_an_ended_run_is_continued(acme: Installation) -> None:
    """What was read before HubSpot stopped answering is not asked for again."""
    acme.world.faults.schedule(kind="429_daily", operation="crm.users.list")
    with pytest.raises(Retryable):
        await acme.sync()
    acme.world.faults.drop()
    acme.asked()

    report = await acme.sync()

    assert (True, True) == (report.resumed, report.run.complete)
    assert acme.asked().get("users.list", 0) < 2


async def test_a_bad_token_marks_the_portal(tiny: Installation) -> None:
    """A revoked token needs a person, and says so until somebody reconnects."""
    for token in tuple(tiny.world.tokens.of_portal(next(iter(tiny.world.portals)))):
        tiny.world.tokens.revoke(token.value)

    with pytest.raises(NeedsPerson, match="token"):
        await tiny.sync()

    [line] = await list_portals(tiny.app, tiny.actor)
    assert "needs_person" == line.portal.state


@pytest.mark.parametrize("tier", ["free", "starter", "professional"])
async def test_lower_tiers_are_read_as_far_as_they_go(
    tmp_path: Path, clock: HandClock, tier: str
) -> None:
    """Without permission sets the rest is read, and the edition is probed right."""
    world = a_world(clock, seed="tiny", tier=tier, limits="real")
    async with an_installation(world, tmp_path, clock=clock) as one:
        report = await one.connect()
        synced = await one.sync()

    assert tier == report.capabilities.tier
    assert synced.run.complete
    assert any("permission sets" in gap for gap in synced.run.gaps)


async def test_carried_parts_do_not_hide_a_return(tiny: Installation) -> None:
    """Somebody proved gone who comes back is active again."""
    await tiny.sync()
    world, portal = tiny.world, next(iter(tiny.world.portals.values()))
    user_id = next(one for one, m in portal.members.items() if m.activated_at and not m.super_admin)
    identity = world.identities[user_id]
    lifecycle.remove(portal, user_id, 1, world.clock.now())
    await tiny.sync()
    lifecycle.invite(world, portal, identity, 1, world.clock.now())
    await tiny.sync()

    found = (await tiny.snapshot()).user(str(user_id))

    assert found is not None
    assert found.state is not UserState.REMOVED
    assert found.present


async def test_pages_are_kept_without_holes(
    tmp_path: Path, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page that could not be written is not skipped over: the run goes on from before it."""
    monkeypatch.setattr(capturing, "KEPT_EVERY", 0.0)
    world = a_world(clock, users=1_000)
    async with an_installation(world, tmp_path, clock=clock) as one:
        portal = (await one.connect()).portal
        async with one.app.doors.reader(portal) as reader:
            cursors = [page.after async for page in reader.users()]
        world.faults.schedule(kind="429_daily", operation="users.list", subject=cursors[6])
        with pytest.raises(Retryable):
            await one.sync()
        async with one.app.database.work() as work:
            run = await work.syncs.running(next(iter(world.portals)))
            assert run is not None
            kept = await work.syncs.reached(run.id)
            hole = delete(SYNC_PAGES).where(SYNC_PAGES.c.run_id == run.id, SYNC_PAGES.c.number == 1)
            await work.connection.execute(hole)
        world.faults.drop()
        report = await one.sync()
        users = (await one.snapshot()).users

    assert max(reached.pages for reached in kept.values()) > 2
    assert (True, True, 1_000) == (report.resumed, report.run.complete, len(users))
