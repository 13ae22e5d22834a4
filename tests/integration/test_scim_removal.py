"""An identity provider's connection ends: its token and its claims, nobody's access at HubSpot."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from rolecall.domain.assignment import Origin
from rolecall.domain.operator import TokenScope
from rolecall.domain.person import Person
from rolecall.domain.plan import PlanState
from rolecall.kit.errors import NotThere
from rolecall.scim.face import create_face
from rolecall.services.people.people import import_people
from rolecall.services.rights import NotAllowed
from rolecall.services.scim.clients import change_client, list_clients, pusher_of
from rolecall.services.scim.pushing import push_user
from rolecall.services.scim.removing import Removal, preview_removal, remove_client
from rolecall.services.scim.wishes import PushedUser
from rolecall.store import AuditQuery
from tests.support.faces import a_token, calling
from tests.support.pushing import CORE, ENTERPRISE, V2, Idp, a_user, an_idp

JOY = "joy@tiny.test"


@pytest.fixture
async def idp(tmp_path: Path, database_url: str) -> AsyncIterator[Idp]:
    """A provider that pushed a user and a group, on each kind of database."""
    async with an_idp(tmp_path, database_url=database_url) as made:
        bakery = {ENTERPRISE: {"department": "Bakery"}}
        joy = await made.send("POST", "/Users", a_user(JOY, **bakery), 201)
        group = {"displayName": "Office", "members": [{"value": joy["id"]}]}
        await made.send("POST", "/Groups", {"schemas": [f"{CORE}:Group"], **group}, 201)
        await made.settled()
        yield made


async def remove(idp: Idp) -> Removal:
    """Removed by the operator of the house."""
    (client,) = await list_clients(idp.house.app, idp.house.actor)
    return await remove_client(idp.house.app, idp.house.actor, client.id, "moved to another")


async def person(idp: Idp) -> Person:
    """Joy, of whom there is one."""
    async with idp.house.app.database.read() as view:
        (found,) = await view.people.by_email(JOY)
    return found


class TestRemoval:
    async def test_the_token_ends_and_the_portal_stays_as_it_is(self, idp: Idp) -> None:
        """401 at once; the user keeps all they hold, and HubSpot is not called at all."""
        member = idp.house.member(JOY)
        assert member is not None
        held, called = replace(member), idp.house.world.recorder.total
        seen = await preview_removal(idp.house.app, idp.house.actor, "idp")
        gone = await remove(idp)
        for method, path in (("GET", "/Users"), ("POST", "/Users"), ("GET", "/Schemas")):
            await idp.send(method, path, a_user("max@tiny.test"), 401)
        async with idp.house.app.database.read() as view:
            claims = await view.assignments.find(idp.house.portal.id, origin=Origin.SCIM)
            pages = [await view.scim.page(gone.client.id, (kind,), 0, 9) for kind in ("User",)]
            lines = await view.audit.lines(AuditQuery(limit=2))
            verdict = await view.audit.verify()

        assert seen == gone
        assert (1, 1, 2, 0) == (gone.users, gone.groups, gone.claims, gone.plans)
        assert held == idp.house.member(JOY)
        assert called == idp.house.world.recorder.total
        assert ((), [(0, ())]) == (claims, pages)
        assert ["scim:client:removed", "api:token:revoked"] == [one.event.event for one in lines]
        assert {"moved to another"} == {one.event.reason for one in lines}
        assert verdict.valid

    async def test_what_waits_for_approval_is_cancelled(self, idp: Idp) -> None:
        """Nobody can say yes any more to what a removed provider wanted."""
        (client,) = await list_clients(idp.house.app, idp.house.actor)
        await change_client(idp.house.app, idp.house.actor, replace(client, most_people=0))
        await idp.send("POST", "/Users", a_user("max@tiny.test"), 201)
        await idp.settled()
        gone = await remove(idp)
        async with idp.house.app.database.read() as view:
            newest = (await view.plans.find(idp.house.portal.id, limit=1))[0]
            unplanned = await view.scim.clients_unplanned()

        assert 1 == gone.plans
        assert (PlanState.CANCELLED, "moved to another") == (newest.state, newest.message)
        assert () == unplanned
        assert None is idp.house.member("max@tiny.test")

    async def test_a_push_under_way_comes_too_late(self, idp: Idp) -> None:
        """Authenticated before, written after: refused, and nothing of it stays."""
        secret = idp.client.headers["authorization"].removeprefix("Bearer ")
        pusher = await pusher_of(idp.house.app, secret)
        assert pusher is not None
        gone = await remove(idp)
        late = PushedUser("max@tiny.test", ("max@tiny.test",))
        with pytest.raises(NotAllowed, match="was removed"):
            await push_user(idp.house.app, idp.runner, pusher, late, "{}")
        async with idp.house.app.database.read() as view:
            left = await view.scim.count(gone.client.id, ("User",))
            people = await view.people.by_email("max@tiny.test")

        assert (0, ()) == (left, people)

    async def test_twice_is_not_there(self, idp: Idp) -> None:
        """The second removal finds nothing."""
        gone = await remove(idp)
        with pytest.raises(NotThere):
            await remove_client(idp.house.app, idp.house.actor, gone.client.id)


class TestWhoTakesOver:
    async def test_a_list_that_comes_after_the_push(self, idp: Idp) -> None:
        """HR names somebody the provider brought: one person, kept current by HR from now on."""
        before = await person(idp)
        listed = f"email,first name,department\n{JOY},Joy,Ovens\n".encode()
        await import_people(idp.house.app, idp.house.actor, listed)
        change = {"op": "replace", "path": f"{ENTERPRISE}:department", "value": "Mill"}
        await idp.patch(f"/Users/{before.id}", change)
        after = await person(idp)

        assert (before.id, "hr", "Ovens") == (after.id, after.source, after.department)

    async def test_another_provider(self, idp: Idp) -> None:
        """The next one pushes the same people under the same ids, and keeps them current."""
        before = await person(idp)
        await remove(idp)
        secret = await a_token(idp.house, TokenScope.SCIM, portal=idp.house.portal.id, name="entra")
        async with calling(create_face(idp.house.app, idp.runner), secret) as entra:
            sent = a_user(JOY, **{ENTERPRISE: {"department": "Mill"}})
            answer = await entra.post(f"{V2}/Users", json=sent)
            await idp.settled()
        after = await person(idp)

        assert (201, before.id) == (answer.status_code, answer.json()["id"])
        assert (before.id, "Mill") == (after.id, after.department)
        assert after.source.startswith("scim:")
        assert after.source != before.source

    async def test_a_people_list(self, idp: Idp) -> None:
        """HR names the same e-mail: the same person, not a second one."""
        before = await person(idp)
        await remove(idp)
        listed = f"email,first name,department\n{JOY},Joy,Ovens\n".encode()
        told = await import_people(idp.house.app, idp.house.actor, listed)
        after = await person(idp)

        assert (before.id, "hr", "Ovens") == (after.id, after.source, after.department)
        assert 0 == told.missing
