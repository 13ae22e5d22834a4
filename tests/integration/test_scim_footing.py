"""What a push stands on is read in part, and is the same as read whole; on each database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from rolecall.plan.look import active_users
from rolecall.policy.names import names_of
from rolecall.services.drafts.ground import ground_of
from rolecall.services.scim.clients import Pusher, pusher_of
from rolecall.services.scim.footing import Standings, footing_of, footing_on
from tests.support.pushing import CORE, Idp, a_user, an_idp

JOY, BEN = "joy@tiny.test", "ben@tiny.test"


@pytest.fixture
async def idp(tmp_path: Path, database_url: str) -> AsyncIterator[Idp]:
    """A provider that pushed Joy into the team Office."""
    async with an_idp(tmp_path, database_url=database_url) as made:
        joy = await made.send("POST", "/Users", a_user(JOY), 201)
        group = {"displayName": "Office", "members": [{"value": joy["id"]}]}
        await made.send("POST", "/Groups", {"schemas": [f"{CORE}:Group"], **group}, 201)
        await made.settled()
        yield made


async def pusher(idp: Idp) -> Pusher:
    """The provider, authenticated."""
    secret = idp.client.headers["authorization"].removeprefix("Bearer ")
    found = await pusher_of(idp.house.app, secret)
    assert found is not None
    return found


async def test_in_part_as_whole(idp: Idp) -> None:
    """The people named, their claims, every name of the portal, and how many are active."""
    await idp.house.sync()
    who, app = await pusher(idp), idp.house.app
    part = await footing_of(app, who, Standings(), ["JOY@tiny.test", BEN, "x@y.z"])
    ground = await ground_of(app, who.actor, "acme")
    whole = footing_on(ground)

    for email in (JOY, BEN, "x@y.z"):
        assert set(whole.claims_about(email)) == set(part.claims_about(email))
        assert whole.about([email]) == replace(
            part.about([email]),
            now=ground.now,
            people=ground.people,
            assignments=ground.assignments,
            active_users=None,
        )
    assert names_of(ground.snapshot) == names_of(part.ground.snapshot)
    assert active_users(ground.snapshot) == part.ground.active_users
    assert 2 == len(part.claims_about(JOY))


async def test_a_new_snapshot_is_looked_at_and_an_old_one_forgotten(idp: Idp) -> None:
    """Nobody is judged by a picture that is over; what is kept is bounded."""
    who, standings = await pusher(idp), Standings(most=2)
    seen = []
    for _ in range(3):
        sealed = await idp.house.sync()
        async with idp.house.app.database.read() as view:
            first = await standings.newest(view, who.portal)
            seen.append(
                (sealed.id, first.snapshot.id, first is await standings.newest(view, who.portal))
            )

    assert [(one, one, True) for one, _, _ in seen] == seen
    assert [one for one, _, _ in seen[1:]] == list(standings.standings)
