"""Attacks on the use cases, each as somebody with a foot in the door would try it."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pyotp
import pytest
from sqlalchemy import text

from rolecall.bootstrap import open_app
from rolecall.domain.actor import Actor, Role, local_actor
from rolecall.domain.operator import ALL_PORTALS, TokenScope
from rolecall.domain.person import Person
from rolecall.domain.webhook import DeliveryState
from rolecall.kit.errors import Refused
from rolecall.plan.wishes import Ask
from rolecall.services.app import App
from rolecall.services.drafts.orders import AddUser, RemoveUsers
from rolecall.services.evidence.auditing import export_audit, verify_audit, write_verifier
from rolecall.services.operators import operators, second_factor, sign_in, tokens
from rolecall.services.people.people import (
    correlate_portal,
    link_person,
    list_people,
    people_page,
)
from rolecall.services.plans.drafting import propose
from rolecall.services.plans.fixing import fix_finding
from rolecall.services.plans.plans import approve_plan, replan, undo_plan
from rolecall.services.requests import requests, views
from rolecall.services.requests.requests import RequestForm
from rolecall.services.rights import NotAllowed
from rolecall.services.structure import preview_access
from rolecall.services.telling.webhooks import add_webhook, deliver_due, list_deliveries
from rolecall.settings import Settings
from rolecall.store.errors import NotThere
from tests.support.governed import HUB, OTHER, PASSWORD, POLICY, Governed, a_user, governed

PLANS = (TokenScope.PLAN_PROPOSE, TokenScope.PLAN_APPROVE)


@pytest.fixture
async def room(database_url: str, tmp_path: Path) -> AsyncIterator[Governed]:
    """Two portals, nobody signed in."""
    async with governed(database_url, tmp_path) as opened:
        yield opened


async def by_token(app: App, actor: Actor, *scopes: TokenScope) -> Actor:
    """The same person, coming by a token of their own."""
    made = await tokens.create_token(app, actor, "t", scopes, [HUB])
    found = await tokens.authenticate(app, made.secret)
    assert found is not None
    return found


class TestSecondPerson:
    """Where two people are asked for, one person with two names is one."""

    async def strict(self, room: Governed) -> App:
        """The installation with `second_person` set."""
        security = replace(room.app.choices.security, second_person=True)
        return replace(room.app, choices=replace(room.app.choices, security=security))

    async def test_a_token_is_not_a_second_person(self, room: Governed) -> None:
        """Command line and own token, either way round; another user of this machine too."""
        app, local = await self.strict(room), room.local
        token = await by_token(app, local, *PLANS)
        for proposer, approver in ((local, token), (token, local), (token, local_actor("bob"))):
            plan = (await propose(app, proposer, "acme", RemoveUsers(("cas@acme.test",)))).plan
            with pytest.raises(Refused, match="somebody else must approve"):
                await approve_plan(app, approver, plan.id)

    async def test_neither_is_an_operators_own_token(self, room: Governed) -> None:
        """Console and token of one operator are one person; another operator is the second."""
        app = await self.strict(room)
        kim = await room.operator("kim@acme.test", Role.APPROVER)
        token = await by_token(app, kim, *PLANS)
        lou = await room.operator("lou@acme.test", Role.APPROVER)
        plan = (await propose(app, token, "acme", RemoveUsers(("cas@acme.test",)))).plan
        with pytest.raises(Refused, match="somebody else must approve"):
            await approve_plan(app, kim, plan.id)

        assert "approved" == (await approve_plan(app, lou, plan.id)).state.value

    async def test_nor_a_linked_command_line(self, room: Governed) -> None:
        """A UNIX user linked to an operator, and the token made there, are that operator."""
        app = await self.strict(room)
        kim = await room.operator("kim@acme.test", Role.ADMIN, hub_id=ALL_PORTALS)
        token = await by_token(app, room.local, *PLANS)
        await operators.link_local_user(app, room.local, "kim@acme.test")
        plan = (await propose(app, room.local, "acme", RemoveUsers(("cas@acme.test",)))).plan

        for one in (kim, token):
            with pytest.raises(Refused, match="somebody else must approve"):
                await approve_plan(app, one, plan.id)

    async def test_nobody_answers_their_own_request_by_a_token(self, room: Governed) -> None:
        """What the command line filed in somebody's name, its token does not approve."""
        form = RequestForm("sales-rep", "why", "ben@acme.test", 9, requester="ana@acme.test")
        asked = await requests.file_request(room.app, room.local, HUB, form)
        token = await by_token(room.app, room.local, TokenScope.REQUEST_ANSWER)
        with pytest.raises(Refused, match="nobody answers a request of their own"):
            await requests.answer(room.app, token, asked.id, yes=True)


class TestForeignIds:
    """Ids of another portal: plans, findings."""

    async def test_plans_of_others_are_not_there(self, room: Governed) -> None:
        """Neither state nor portal of a foreign plan is told, by any way to it."""
        plan = (await propose(room.app, room.local, "acme", RemoveUsers(("cas@acme.test",)))).plan
        eve = await room.operator("eve@other.test", Role.ADMIN, hub_id=OTHER)
        for act in (replan, undo_plan, approve_plan):
            with pytest.raises(NotThere) as caught:
                await act(room.app, eve, plan.id)
            assert "acme" not in f"{caught.value.message} {caught.value.hint}"
        with pytest.raises(NotThere):
            await fix_finding(room.app, eve, "no-such-finding")

    async def test_looking_at_a_file_keeps_nothing_of_it(self, room: Governed) -> None:
        """An auditor may see what a file would do; their text is not written anywhere."""
        kim = await room.operator("kim@acme.test", Role.AUDITOR)
        shown = await preview_access(room.app, kim, "acme", f"{POLICY}# a note of kim's\n")
        async with room.app.database.read() as view:
            kept = await view.evidence.statement(HUB, "access text", shown.order.digest)  # type: ignore[union-attr]

        assert kept is None


class TestRequesters:
    """Who may ask for access may not look at others by asking."""

    async def test_a_form_tells_nothing_about_others(self, room: Governed) -> None:
        """Of oneself what one holds, of a colleague nothing; an auditor sees both."""
        ana = await room.operator("ana@acme.test", Role.REQUESTER)
        kim = await room.operator("kim@acme.test", Role.AUDITOR)
        own = await views.preview_request(room.app, ana, HUB, "sales-rep")
        other = await views.preview_request(room.app, ana, HUB, "sales-rep", "mia@acme.test")
        seen = await views.preview_request(room.app, kim, HUB, "sales-rep", "mia@acme.test")

        assert own.holds
        assert ((), ()) == (other.holds, other.warnings)
        assert (True, True) == (bool(seen.holds), bool(seen.warnings))


class TestPeopleOfOthers:
    """People are the installation's; the clients of an agency are strangers to each other."""

    async def stranger(self, room: Governed) -> None:
        """Zoe, who has a user in the other portal alone."""
        zoe = Person("p9", ("zoe@other.test",), "Zoe", "Z", department="Legal")
        await room.seal((a_user("9", "zoe@other.test"),), OTHER)
        async with room.app.database.begin(room.local, "test") as work:
            await work.people.put([zoe])
            for hub_id in (HUB, OTHER):
                await correlate_portal(work, hub_id)

    async def test_a_list_shows_whom_one_may_know(self, room: Governed) -> None:
        """An auditor of one portal sees its users' people; one of all portals sees everybody."""
        await self.stranger(room)
        kim = await room.operator("kim@acme.test", Role.AUDITOR)
        root = await room.operator("root@acme.test", Role.AUDITOR, hub_id=ALL_PORTALS)
        for actor, sees in ((kim, False), (root, True)):
            listed = await list_people(room.app, actor, "acme")
            page = await people_page(room.app, actor, "acme")
            assert sees == ("zoe@other.test" in repr(listed)), actor
            assert sees == ("zoe@other.test" in repr(page.lines)), actor
            assert "ana@acme.test" in repr(page.lines)

    async def test_nobody_is_given_an_address_from_another_portal(self, room: Governed) -> None:
        """An admin of one portal does not say that their user is somebody in another one."""
        await self.stranger(room)
        eve = await room.operator("eve@acme.test", Role.ADMIN)
        with pytest.raises(NotAllowed):
            await link_person(room.app, eve, "acme", "ben@acme.test", "zoe@other.test")
        async with room.app.database.read() as view:
            zoe = await view.people.get("p9")

        assert zoe is not None
        assert ("zoe@other.test",) == zoe.emails


class TestOpenBrowser:
    """A browser left open is not enough to take an account over."""

    async def test_a_second_factor_is_not_swapped(self, room: Governed) -> None:
        """Without a code of the present one, there is no other one."""
        link = await operators.first_operator_link(room.app, room.local)
        assert link is not None
        told = {"email": "root@acme.test", "name": "", "password": PASSWORD}
        signed = await operators.become_first_operator(room.app, link.token, **told)
        actor = signed.operator.actor()
        pending = await second_factor.begin_second_factor(room.app, actor)
        code = pyotp.TOTP(pending.secret)
        await second_factor.confirm_second_factor(room.app, actor, code.at(room.clock.now()))

        with pytest.raises(Refused, match="second factor already"):
            await second_factor.begin_second_factor(room.app, actor)
        room.clock.advance(timedelta(minutes=1))
        now = code.at(room.clock.now())
        assert await sign_in.sign_in(room.app, "root@acme.test", PASSWORD, code=now)


class TestWebhooks:
    """An admin of one portal types an address; this machine's own network is not reached by it."""

    async def delivered(self, room: Governed, url: str) -> tuple[DeliveryState, str]:
        """What became of one notice for an address."""
        kim = await room.operator("kim@acme.test", Role.ADMIN)
        made = await add_webhook(room.app, kim, url, hub_id=HUB)
        async with room.app.database.begin(room.local, "test") as work:
            work.notify("plan.due", {"portal": "acme", "plan": "1"}, hub_id=HUB)
        await deliver_due(room.app)
        (one,) = (await list_deliveries(room.app, kim, made.webhook.id)).items
        return one.state, one.error

    async def test_a_local_service_is_not_reached(self, room: Governed) -> None:
        """A name that leads here is given up for good, and no connection is made."""
        reached = asyncio.Event()
        server = await asyncio.start_server(lambda *_: reached.set(), "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with server:
            state, error = await self.delivered(room, f"https://localhost:{port}/x")

        assert (DeliveryState.FAILED, False) == (state, reached.is_set())
        assert "private network" in error

    async def test_a_host_that_was_named_is_posted_to(self, room: Governed) -> None:
        """What whoever runs Rolecall named gets the signed notice, by its name."""
        heard: asyncio.Queue[bytes] = asyncio.Queue()

        async def receive(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            heard.put_nowait(await reader.readuntil(b"\r\n\r\n"))
            writer.write(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n")
            await writer.drain()
            writer.close()

        server = await asyncio.start_server(receive, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        outlets = replace(room.app.outlets, webhook_hosts=frozenset({"localhost"}))
        named = replace(room, app=replace(room.app, outlets=outlets))
        async with server:
            state, _ = await self.delivered(named, f"http://localhost:{port}/x")
        head = (await heard.get()).decode().lower()

        assert DeliveryState.DELIVERED == state
        assert f"host: localhost:{port}" in head
        assert "x-rolecall-signature" in head

    @pytest.mark.parametrize(
        "url",
        ["http://hooks.example.com/", "http://127.0.0.1/", "ftp://x.test/", "https://u:p@x.test/",
         "https://x.test:99999/", "https:///x", "https://x.test/\r\nx: y", "https://[::1", "x"],
    )  # fmt: skip
    async def test_what_is_no_address_is_refused(self, room: Governed, url: str) -> None:
        """Plain http, credentials, line breaks and nonsense are refused when typed."""
        with pytest.raises(Refused):
            await add_webhook(room.app, room.local, url)


async def test_a_provider_in_the_clear_is_refused(tmp_path: Path) -> None:
    """Whoever may change what a provider says decides who signs in, so it speaks https."""
    chosen = Settings(home=tmp_path, oidc_issuer="http://id.example.com", oidc_client_id="x")
    with pytest.raises(Refused, match="no https address"):
        async with open_app(chosen):
            pass


DROP = {
    "sqlite": ("DROP TRIGGER audit_no_update", "DROP TRIGGER audit_no_delete"),
    "postgresql": ("DROP TRIGGER audit_no_change ON audit",),
}
FORGERIES = {
    "a word changed": ("UPDATE audit SET reason = 'nothing' WHERE seq = 3",),
    "the actor changed": ("UPDATE audit SET actor = 'operator:eve' WHERE seq = 3",),
    "a line left out": ("DELETE FROM audit WHERE seq = 3",),
    "two lines swapped": (
        "UPDATE audit SET seq = 0 WHERE seq = 3", "UPDATE audit SET seq = 3 WHERE seq = 4",
        "UPDATE audit SET seq = 4 WHERE seq = 0",
    ),
    "the first line gone": ("DELETE FROM audit WHERE seq = 1",),
    "the end cut off": ("DELETE FROM audit WHERE seq = (SELECT max(seq) FROM audit)",),
    "the end cut off and forgotten": (
        "DELETE FROM audit WHERE seq = (SELECT max(seq) FROM audit)", "DELETE FROM audit_head",
    ),
    "everything gone": ("DELETE FROM audit", "DELETE FROM audit_head"),
    "a line added": ((
        "INSERT INTO audit SELECT seq + 1, at, event, actor, reason, hub_id, subject, details, hash,"
        " hash FROM audit WHERE seq = (SELECT max(seq) FROM audit)"
    ),),
}  # fmt: skip


class TestTrail:
    """Somebody with the database open writes the audit trail anew; both verifiers say so."""

    async def written(self, room: Governed) -> None:
        """Five lines of the trail."""
        for name in "abcde":
            order = AddUser(f"{name}@acme.test", Ask(permission_set="Sales Rep"))
            await propose(room.app, room.local, "acme", order)

    async def forged(self, room: Governed, *statements: str) -> str:
        """The fault the installation finds after these statements."""
        await self.written(room)
        engines = room.app.database.engines
        async with engines.writer.begin() as connection:
            for statement in (*DROP[engines.dialect], *statements):
                await connection.execute(text(statement))
        return (await verify_audit(room.app, room.local)).fault

    @pytest.mark.parametrize("forgery", list(FORGERIES))
    async def test_every_forgery_is_found(self, room: Governed, forgery: str) -> None:
        """By the installation itself, while the end it remembers is not forged as well."""
        assert "" != await self.forged(room, *FORGERIES[forgery])

    async def test_the_database_refuses_without_that(self, room: Governed) -> None:
        """While the triggers stand, nobody changes or deletes a line."""
        await self.written(room)
        for statement in ("UPDATE audit SET reason = ''", "DELETE FROM audit"):
            with pytest.raises(Exception, match="append-only"):
                async with room.app.database.engines.writer.begin() as connection:
                    await connection.execute(text(statement))

    @pytest.mark.parametrize(
        "forge",
        [
            lambda lines: [{**lines[0], "reason": "x"}, *lines[1:]],
            lambda lines: [*lines[:2], *lines[3:]],
            lambda lines: [lines[1], lines[0], *lines[2:]],
            lambda lines: lines[:-1],
            lambda lines: [*lines, {**lines[-1], "seq": len(lines) + 1}],
            lambda lines: [*lines[:-1], {**lines[-1], "extra": 1}],
            lambda lines: [*lines[:-1], {key: lines[-1][key] for key in ("seq", "previous", "hash")}],
            lambda lines: [],
        ],
        ids=["changed", "left out", "swapped", "cut off", "added", "widened", "emptied", "nothing"],
    )  # fmt: skip
    async def test_a_strangers_verifier_finds_them_too(
        self, room: Governed, tmp_path: Path, forge: object
    ) -> None:
        """The one file that needs nothing of ours, with the last hash somebody noted down."""
        await self.written(room)
        parts: list[str] = []
        exported = await export_audit(room.app, room.local, parts.append)
        lines = [json.loads(one) for one in parts]
        good, bad = tmp_path / "good.jsonl", tmp_path / "bad.jsonl"
        good.write_text("".join(parts), encoding="utf-8")
        bad.write_text("".join(f"{json.dumps(one)}\n" for one in forge(lines)), encoding="utf-8")  # type: ignore[operator]
        script = str(write_verifier(tmp_path))

        def status(path: Path) -> int:
            command = [sys.executable, "-I", script, str(path), exported.last_hash]
            return subprocess.run(command, check=False, capture_output=True).returncode

        assert (0, 1) == (
            await asyncio.to_thread(status, good),
            await asyncio.to_thread(status, bad),
        )
