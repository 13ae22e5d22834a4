"""Operators: the first one, invitations, signing in and its limits, second factors, tokens."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pyotp
import pytest

from rolecall.domain.actor import Role
from rolecall.domain.operator import ALL_PORTALS, TokenScope
from rolecall.kit.errors import Refused
from rolecall.services.operators import operators, second_factor, sign_in, tokens
from rolecall.services.operators.links import LinkUseless
from rolecall.services.operators.tries import TooManyTries
from rolecall.services.rights import NotAllowed, ReadOnly
from rolecall.store.errors import AlreadyThere, NotThere
from tests.support.governed import HUB, OTHER, PASSWORD, Governed, governed

EVERYWHERE = {ALL_PORTALS: frozenset({Role.ADMIN})}


@pytest.fixture
async def room(database_url: str, tmp_path: Path) -> AsyncIterator[Governed]:
    """An installation without operators."""
    async with governed(database_url, tmp_path) as opened:
        yield opened


async def first(room: Governed) -> sign_in.SignedIn:
    """The first operator, signed in."""
    link = await operators.first_operator_link(room.app, room.local)
    assert link is not None
    return await operators.become_first_operator(
        room.app, link.token, email="Root@acme.test", name="Root", password=PASSWORD
    )


async def invited(room: Governed, email: str, hub_id: int = HUB, *roles: Role) -> sign_in.SignedIn:
    """Somebody invited by the first operator, signed in."""
    held = {hub_id: frozenset(roles or {Role.ADMIN})}
    _, link = await operators.invite(room.app, room.local, email, held)
    return await operators.accept_link(room.app, link.token, PASSWORD)


class TestFirstOperator:
    """How an installation gets its first admin."""

    async def test_link_makes_one_admin_once(self, room: Governed) -> None:
        """The link makes an admin of all portals; a second use and a second link do nothing."""
        link = await operators.first_operator_link(room.app, room.local)
        assert link is not None
        signed = await operators.become_first_operator(
            room.app, link.token, email="root@acme.test", name="Root", password=PASSWORD
        )

        assert signed.operator.actor().holds(Role.ADMIN, OTHER)
        assert await operators.first_operator_link(room.app, room.local) is None
        with pytest.raises(LinkUseless):
            await operators.become_first_operator(
                room.app, link.token, email="evil@acme.test", name="E", password=PASSWORD
            )

    async def test_newer_link_ends_the_older(self, room: Governed) -> None:
        """Printed twice, only the last link opens."""
        old = await operators.first_operator_link(room.app, room.local)
        new = await operators.first_operator_link(room.app, room.local)
        assert old is not None
        assert new is not None

        with pytest.raises(LinkUseless):
            await operators.become_first_operator(
                room.app, old.token, email="a@acme.test", name="", password=PASSWORD
            )

    @pytest.mark.parametrize("password", ["short", "root@acme.test", "aaaaaaaaaaaaaaaa", "x" * 300])
    async def test_weak_password_keeps_the_link(self, room: Governed, password: str) -> None:
        """A refused password uses nothing up."""
        link = await operators.first_operator_link(room.app, room.local)
        assert link is not None
        told = {"email": "root@acme.test", "name": ""}

        with pytest.raises(Refused):
            await operators.become_first_operator(room.app, link.token, password=password, **told)
        await operators.become_first_operator(room.app, link.token, password=PASSWORD, **told)


class TestSessions:
    """What a cookie is worth, and how long."""

    async def test_sign_in_gives_a_fresh_token_and_ends_the_former(self, room: Governed) -> None:
        """No session is ever fixed: the browser's old token stops working."""
        before = await first(room)
        after = await sign_in.sign_in(
            room.app, "ROOT@acme.test", PASSWORD, former_token=before.token
        )

        assert before.token != after.token
        assert await sign_in.actor_of_session(room.app, before.token) is None
        found = await sign_in.actor_of_session(room.app, after.token)
        assert found is not None
        assert found[0].email == "Root@acme.test"

    async def test_secrets_are_not_in_the_database_or_a_repr(self, room: Governed) -> None:
        """Only hashes are stored; what is printed by accident holds no token."""
        signed = await first(room)
        async with room.app.database.read() as view:
            rows = [str(row) for row in await view.connection.exec_driver_sql(
                "SELECT token_hash, operator_id, about FROM sessions")]  # fmt: skip

        assert signed.token not in repr(signed)
        assert not any(signed.token in row for row in rows)

    @pytest.mark.parametrize(
        ("wait", "alive"), [(timedelta(minutes=59), True), (timedelta(minutes=60), False)]
    )
    async def test_idle_session_ends(self, room: Governed, wait: timedelta, alive: bool) -> None:
        """A page left open over night is signed out."""
        signed = await first(room)
        room.clock.advance(wait)

        assert (await sign_in.actor_of_session(room.app, signed.token) is not None) is alive

    async def test_busy_session_ends_too(self, room: Governed) -> None:
        """After twelve hours it is over, however busy."""
        signed = await first(room)
        for _ in range(24):
            assert await sign_in.actor_of_session(room.app, signed.token)
            room.clock.advance(timedelta(minutes=30))

        assert await sign_in.actor_of_session(room.app, signed.token) is None

    async def test_sign_out_and_ending_others(self, room: Governed) -> None:
        """Signing out ends one; changing the password ends all the others."""
        one = await first(room)
        two = await sign_in.sign_in(room.app, "root@acme.test", PASSWORD)
        await sign_in.sign_out(room.app, one.token)
        three = await sign_in.sign_in(room.app, "root@acme.test", PASSWORD)
        actor = three.operator.actor()
        await operators.change_password(
            room.app, actor, PASSWORD, "another long sentence", session_id=three.session.id
        )

        alive = [await sign_in.actor_of_session(room.app, s.token) for s in (one, two, three)]
        assert [False, False, True] == [found is not None for found in alive]

    async def test_roles_are_read_anew(self, room: Governed) -> None:
        """What an admin takes away is gone with the next request."""
        await first(room)
        signed = await invited(room, "kim@acme.test")
        await operators.set_roles(room.app, room.local, signed.operator.id, {})

        found = await sign_in.actor_of_session(room.app, signed.token)
        assert found is not None
        assert not found[0].holds(Role.ADMIN, HUB)

    async def test_disabled_is_out_at_once(self, room: Governed) -> None:
        """Sessions, tokens and the password of a disabled operator are worth nothing."""
        await first(room)
        signed = await invited(room, "kim@acme.test")
        actor = signed.operator.actor()
        token = await tokens.create_token(room.app, actor, "t", [TokenScope.READ], [HUB])
        await operators.set_disabled(room.app, room.local, signed.operator.id, True)

        assert await sign_in.actor_of_session(room.app, signed.token) is None
        assert await tokens.authenticate(room.app, token.secret) is None
        with pytest.raises(sign_in.SignInRefused):
            await sign_in.sign_in(room.app, "kim@acme.test", PASSWORD)


class TestGuessing:
    """What a stranger learns and how often they may try."""

    async def test_unknown_and_wrong_are_told_the_same(self, room: Governed) -> None:
        """Nobody learns who has an account."""
        await first(room)
        said = []
        for email in ("root@acme.test", "nobody@acme.test"):
            with pytest.raises(sign_in.SignInRefused) as caught:
                await sign_in.sign_in(room.app, email, "wrong wrong wrong")
            said.append((caught.value.message, caught.value.hint))

        assert said[0] == said[1]

    async def test_tries_end_even_with_the_right_password(self, room: Governed) -> None:
        """After five tries from one place the sixth is not looked at; elsewhere it is."""
        await first(room)
        here = sign_in.Visitor("10.0.0.1")
        for _ in range(5):
            with pytest.raises(sign_in.SignInRefused):
                await sign_in.sign_in(room.app, "root@acme.test", "wrong wrong", visitor=here)
        with pytest.raises(TooManyTries):
            await sign_in.sign_in(room.app, "root@acme.test", PASSWORD, visitor=here)

        there = sign_in.Visitor("10.0.0.2")
        assert await sign_in.sign_in(room.app, "root@acme.test", PASSWORD, visitor=there)

    async def test_nonsense_is_refused_not_broken(self, room: Governed) -> None:
        """Odd input gets the one answer."""
        await first(room)
        for email, password in (("", ""), ("\ud800\x00@x", "\ud800"), ("x" * 9999, "y" * 9999)):
            with pytest.raises(sign_in.SignInRefused):
                await sign_in.sign_in(room.app, email, password)


class TestSecondFactor:
    """Codes of an authenticator app."""

    async def test_code_is_asked_for_and_taken_once(self, room: Governed) -> None:
        """The password alone is not enough; the same code opens one session."""
        signed = await first(room)
        actor = signed.operator.actor()
        setup = await second_factor.begin_second_factor(room.app, actor)
        code = pyotp.TOTP(setup.secret)
        codes = await second_factor.confirm_second_factor(
            room.app, actor, code.at(room.clock.now())
        )
        room.clock.advance(timedelta(seconds=60))
        now = code.at(room.clock.now())

        with pytest.raises(sign_in.CodeNeeded):
            await sign_in.sign_in(room.app, "root@acme.test", PASSWORD)
        await sign_in.sign_in(room.app, "root@acme.test", PASSWORD, code=now)
        with pytest.raises(sign_in.SignInRefused):
            await sign_in.sign_in(room.app, "root@acme.test", PASSWORD, code=now)
        await sign_in.sign_in(room.app, "root@acme.test", PASSWORD, code=codes[0].upper())
        with pytest.raises(sign_in.SignInRefused):
            await sign_in.sign_in(room.app, "root@acme.test", PASSWORD, code=codes[0])

    async def test_wrong_first_code_sets_nothing_up(self, room: Governed) -> None:
        """A mistyped code leaves the operator without a second factor."""
        signed = await first(room)
        await second_factor.begin_second_factor(room.app, signed.operator.actor())
        with pytest.raises(second_factor.CodeWrong):
            await second_factor.confirm_second_factor(room.app, signed.operator.actor(), "000000")

        assert await sign_in.sign_in(room.app, "root@acme.test", PASSWORD)

    async def test_admin_resets_a_lost_phone(self, room: Governed) -> None:
        """With a reason, and the sessions end."""
        signed = await first(room)
        actor = signed.operator.actor()
        setup = await second_factor.begin_second_factor(room.app, actor)
        await second_factor.confirm_second_factor(
            room.app, actor, pyotp.TOTP(setup.secret).at(room.clock.now())
        )
        await operators.reset_second_factor(room.app, room.local, signed.operator.id, "lost phone")

        assert await sign_in.actor_of_session(room.app, signed.token) is None
        assert await sign_in.sign_in(room.app, "root@acme.test", PASSWORD)


class TestManaging:
    """Who may manage whom."""

    async def test_last_admin_of_all_stays(self, room: Governed) -> None:
        """Nobody locks everybody out."""
        signed = await first(room)
        for act in (
            operators.set_roles(room.app, room.local, signed.operator.id, {}),
            operators.set_disabled(room.app, room.local, signed.operator.id, True),
        ):
            with pytest.raises(Refused):
                await act

    async def test_portal_admin_reaches_no_further(self, room: Governed) -> None:
        """An admin of one portal gives roles there alone, and sees nobody of other portals."""
        root = await first(room)
        mine = (await invited(room, "kim@acme.test", HUB)).operator.actor()
        theirs = await invited(room, "lou@acme.test", OTHER)

        with pytest.raises(NotAllowed):
            await operators.invite(room.app, mine, "new@acme.test", EVERYWHERE)
        with pytest.raises(NotAllowed):
            await operators.set_roles(room.app, mine, mine.id.removeprefix("operator:"), EVERYWHERE)
        with pytest.raises(NotThere):
            await operators.set_disabled(room.app, mine, theirs.operator.id, True)
        with pytest.raises(NotThere):
            await operators.password_link(room.app, mine, root.operator.id)
        listed = await operators.list_operators(room.app, mine)
        assert ["kim@acme.test"] == [one.email for one in listed]

    async def test_invitation_is_for_one_person_once(self, room: Governed) -> None:
        """The link opens once, expires after a week, and the e-mail is taken."""
        await first(room)
        _, link = await operators.invite(room.app, room.local, "kim@acme.test", {})
        with pytest.raises(AlreadyThere):
            await operators.invite(room.app, room.local, "KIM@acme.test", {})
        room.clock.advance(timedelta(days=8))

        with pytest.raises(LinkUseless):
            await operators.accept_link(room.app, link.token, PASSWORD)

    async def test_read_only_invites_nobody(self, room: Governed) -> None:
        """In read-only mode people sign in, and nothing else is written."""
        signed = await first(room)
        security = replace(room.app.choices.security, read_only=True)
        app = replace(room.app, choices=replace(room.app.choices, security=security))

        with pytest.raises(ReadOnly):
            await operators.invite(app, signed.operator.actor(), "x@acme.test", {})
        assert await sign_in.sign_in(app, "root@acme.test", PASSWORD)

    async def test_command_line_links_itself(self, room: Governed) -> None:
        """`local:root` acts as the operator's e-mail from then on."""
        await first(room)
        await operators.link_local_user(room.app, room.local, "root@acme.test")

        assert (await operators.linked_actor(room.app, room.local)).email == "Root@acme.test"


class TestTokens:
    """API tokens."""

    async def test_token_holds_no_more_than_its_scopes_and_owner(self, room: Governed) -> None:
        """A reading token of an admin cannot act as one; nor in another portal."""
        signed = await first(room)
        made = await tokens.create_token(
            room.app, signed.operator.actor(), "ci", [TokenScope.READ], [HUB]
        )
        actor = await tokens.authenticate(room.app, made.secret)

        assert actor is not None
        assert made.secret not in repr(made)
        assert (True, False, False) == (
            actor.holds(Role.AUDITOR, HUB),
            actor.holds(Role.ADMIN, HUB),
            actor.holds(Role.AUDITOR, OTHER),
        )
        with pytest.raises(NotAllowed):
            await operators.list_operators(room.app, actor)

    async def test_nobody_gives_what_they_do_not_hold(self, room: Governed) -> None:
        """A reviewer's token cannot manage; a token makes no tokens."""
        await first(room)
        kim = (await invited(room, "kim@acme.test", HUB, Role.REVIEWER)).operator.actor()
        with pytest.raises(NotAllowed):
            await tokens.create_token(room.app, kim, "t", [TokenScope.MANAGE], [HUB])
        made = await tokens.create_token(room.app, room.local, "t", [TokenScope.MANAGE], [0])
        actor = await tokens.authenticate(room.app, made.secret)

        assert actor is not None
        with pytest.raises(NotAllowed):
            await tokens.create_token(room.app, actor, "t2", [TokenScope.MANAGE], [0])

    async def test_expired_revoked_and_foreign_are_nobody(self, room: Governed) -> None:
        """A token ends with its date, its revocation, or never existed."""
        signed = await first(room)
        actor = signed.operator.actor()
        ends = room.clock.now() + timedelta(days=1)
        one = await tokens.create_token(
            room.app, actor, "a", [TokenScope.READ], [HUB], expires_at=ends
        )
        two = await tokens.create_token(room.app, actor, "b", [TokenScope.READ], [HUB])
        await tokens.revoke_token(room.app, actor, two.token.id)
        room.clock.advance(timedelta(days=1))

        for secret in (one.secret, two.secret, "rct_nonsense", "", signed.token):
            assert await tokens.authenticate(room.app, secret) is None

    async def test_tokens_of_others_are_not_there(self, room: Governed) -> None:
        """Nobody but an admin of all portals sees or ends somebody else's token."""
        signed = await first(room)
        made = await tokens.create_token(
            room.app, signed.operator.actor(), "a", [TokenScope.READ], [HUB]
        )
        kim = (await invited(room, "kim@acme.test", HUB)).operator.actor()

        assert () == await tokens.list_tokens(room.app, kim)
        with pytest.raises(NotThere):
            await tokens.revoke_token(room.app, kim, made.token.id)
