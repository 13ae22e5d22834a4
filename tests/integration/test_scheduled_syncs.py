"""What a schedule does with portals over days: intervals, spent limits, a task for the key."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from rolecall.domain.plan import PlanState
from rolecall.kit.clock import HandClock
from rolecall.kit.errors import Retryable
from rolecall.plan.wishes import Ask
from rolecall.services.connections.credentials import token_from
from rolecall.services.connections.portals import (
    add_portal,
    check_portal,
    portal_named,
    reconnect_portal,
    remove_portal,
)
from rolecall.services.drafts.orders import ChangeUsers
from rolecall.services.findings.findings import catch_up
from rolecall.services.plans.plans import approve_plan
from rolecall.services.tasks import done_task, list_tasks
from rolecall.services.upkeep import go_on, look_at, looks_due
from tests.support.changing import carried, ordered
from tests.support.emulator import a_token
from tests.support.hubspot import START
from tests.support.installation import NAME, Installation, a_key, a_world, an_installation


@pytest.fixture
def clock() -> HandClock:
    """One clock for the portal and for us."""
    return HandClock(START)


@pytest.fixture
async def one(tmp_path: Path, clock: HandClock) -> AsyncIterator[Installation]:
    """An installation beside the tiny portal, connected."""
    async with an_installation(a_world(clock, seed="tiny"), tmp_path, clock=clock) as installed:
        await installed.connect()
        yield installed


async def notices(one: Installation, clock: HandClock) -> list[dict[str, str]]:
    """Payloads of the notices about spent limits."""
    async with one.app.database.read() as view:
        found = await view.outbox.due(clock.now())
    return [dict(notice.payload) for notice in found if notice.topic == "portal.quota_spent"]


async def looked(one: Installation) -> int:
    """A turn of the schedule; how many portals were read."""
    return sum([await look_at(one.app, int(hub_id)) for hub_id in await looks_due(one.app)])


async def test_a_portal_is_read_when_its_interval_is_over(
    one: Installation, clock: HandClock
) -> None:
    """The first turn reads it, the next one waits for the interval."""
    first = await looked(one)
    second = await looked(one)
    await clock.sleep(61 * 60)
    third = await looked(one)

    assert [1, 0, 1] == [first, second, third]


async def test_a_spent_day_is_waited_out_and_the_run_resumed(
    one: Installation, clock: HandClock
) -> None:
    """Stopped by the shared limit, nothing is asked until the portal's midnight; then it goes on."""
    one.world.faults.schedule(kind="429_daily", operation="crm.users.list")
    await looked(one)
    waiting = await portal_named(one.app, one.actor, NAME)
    one.asked()
    await clock.sleep(3600)
    early = await looked(one)
    asked = one.asked()
    one.world.faults.drop()
    assert waiting.retry_at is not None
    await clock.sleep((waiting.retry_at - clock.now()).total_seconds() + 1)
    late = await looked(one)

    assert (0, {}, 1) == (early, asked, late)
    assert one.asked().get("users.list", 0) < 2
    healthy = await portal_named(one.app, one.actor, NAME)
    assert (None, None) == (healthy.retry_at, healthy.quota_wait)


async def test_days_of_a_spent_limit_tell_somebody_once(
    one: Installation, clock: HandClock
) -> None:
    """After three days there is one notice with the advice; the portal is never disabled."""
    await one.sync()
    one.world.faults.schedule(kind="429_daily")
    told = []
    for _ in range(5):
        with pytest.raises(Retryable, match="HubSpot API shared rate limit reached") as caught:
            await one.sync()
        told.append(len(await notices(one, clock)))
        await clock.sleep(timedelta(days=1).total_seconds())

    assert [0, 0, 0, 1, 1] == told
    [notice] = await notices(one, clock)
    assert "adjust your other private apps" in notice["advice"]
    for words in ("of them by Rolecall", "last complete snapshot is"):
        assert words in caught.value.message
    assert "waiting" == (await portal_named(one.app, one.actor, NAME)).state


async def test_a_check_on_a_spent_day_tells_the_same(one: Installation) -> None:
    """`portal check` uses HubSpot's words too, and leaves the portal waiting."""
    one.world.faults.schedule(kind="429_daily")

    with pytest.raises(Retryable, match="HubSpot API shared rate limit reached in acme"):
        await check_portal(one.app, one.actor, NAME)


async def test_another_key_makes_it_due_again(one: Installation) -> None:
    """Reconnected, a portal that needed a person is read at the next turn."""
    await one.sync()
    hub_id = next(iter(one.world.portals))
    for token in tuple(one.world.tokens.of_portal(hub_id)):
        one.world.tokens.revoke(token.value)
    with pytest.raises(Exception, match="token"):
        await one.sync()
    idle = await looked(one)
    await reconnect_portal(one.app, one.actor, NAME, a_key(a_token(one.world).value))
    due = await looked(one)

    assert (0, 1) == (idle, due)
    assert "connected" == (await portal_named(one.app, one.actor, NAME)).state


async def test_a_key_of_a_person_opens_a_task(one: Installation, clock: HandClock) -> None:
    """The warning comes with the clicks; a key of an integration user closes it."""
    [task] = await list_tasks(one.app, one.actor, NAME)
    await check_portal(one.app, one.actor, NAME)
    portal = one.world.portals[task.hub_id]
    robot = next(user_id for user_id, member in portal.members.items() if not member.super_admin)
    one.world.identities[robot].email = "rolecall.integration@tiny.test"
    await reconnect_portal(one.app, one.actor, NAME, a_key(a_token(one.world, user_id=robot).value))

    assert "root@tiny.test" == task.subject
    assert any("Create user" in click for click in task.clicks)
    assert () == await list_tasks(one.app, one.actor, NAME)


async def test_a_dropped_task_stays_dropped(one: Installation) -> None:
    """Who decided to live with it is not asked again for the same owner."""
    [task] = await list_tasks(one.app, one.actor, NAME)
    await done_task(one.app, one.actor, task.id, drop=True)
    await check_portal(one.app, one.actor, NAME)

    assert () == await list_tasks(one.app, one.actor, NAME)


async def test_the_kind_of_a_token_is_not_guessed(one: Installation, tmp_path: Path) -> None:
    """Service keys and private-app tokens look alike; both are taken as what they are: a token."""
    file = tmp_path / "token.txt"
    file.write_text(a_token(one.world).value, encoding="utf-8")
    await remove_portal(one.app, one.actor, NAME)
    report = await add_portal(one.app, one.actor, NAME, token_from(file))

    assert "token" == report.portal.credential_kind
    assert report.portal.app_id


async def test_findings_follow_a_snapshot(one: Installation) -> None:
    """Whoever asks about a user after a sync sees the findings of that sync, looked up once."""
    await one.sync()
    portal = await portal_named(one.app, one.actor, NAME)

    assert [True, False] == [await catch_up(one.app, portal) for _ in range(2)]


async def test_another_key_wakes_stopped_plans(tmp_path: Path, clock: HandClock) -> None:
    """A plan that stopped because the key was revoked goes on by itself with the new one."""
    world = a_world(clock, seed="tiny")
    async with an_installation(world, tmp_path, clock=clock) as one:
        await one.connect()
        await one.sync()
        drafted = await ordered(one, ChangeUsers(("ben@tiny.test",), Ask(main_team="Office")))
        await approve_plan(one.app, one.actor, drafted.plan.id, digest=drafted.plan.digest)
        for token in tuple(world.tokens.of_portal(next(iter(world.portals)))):
            world.tokens.revoke(token.value)
        stopped = await carried(one, drafted.plan.id)
        idle = await go_on(one.app)
        await reconnect_portal(one.app, one.actor, NAME, a_key(a_token(world).value))
        (done,) = await go_on(one.app)

    assert (PlanState.PAUSED, ()) == (stopped.state, idle)
    assert PlanState.DONE is done.state


async def test_a_run_waits_for_midnight_and_says_so(one: Installation, clock: HandClock) -> None:
    """Whoever watches reads why and until when; the run then goes on by itself."""
    await one.sync()
    drafted = await ordered(one, ChangeUsers(("ben@tiny.test",), Ask(main_team="Office")))
    await approve_plan(one.app, one.actor, drafted.plan.id, digest=drafted.plan.digest)
    one.world.faults.schedule(kind="429_daily")
    told: list[tuple[str, datetime]] = []

    def put_off(why: str, until: datetime) -> None:
        told.append((why, until))
        one.world.faults.drop()

    run = await carried(one, drafted.plan.id, wait=True, put_off=put_off)
    [(why, until)] = told

    assert PlanState.DONE is run.state
    assert "HubSpot API shared rate limit reached" in why
    assert until <= clock.now()
