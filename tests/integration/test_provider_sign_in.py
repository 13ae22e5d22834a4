"""Signing in through an OpenID Connect provider, honest and lying."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from rolecall.domain.actor import Role
from rolecall.kit.errors import Refused
from rolecall.services.operators import operators, sign_in
from rolecall.services.operators import provider as provider_sign_in
from rolecall.services.operators.links import LinkUseless
from rolecall.services.operators.provider import Arrival, Departure, safe_return
from rolecall.services.upkeep import tidy
from rolecall.signin.oidc import IdentityProvider, ProviderRefused
from tests.support.governed import HUB, Governed, governed
from tests.support.identity_provider import CLIENT, SECRET, Provider

ISSUER = "https://id.test"


class Browser:
    """A browser between Rolecall and the provider."""

    def __init__(self, room: Governed) -> None:
        self.room = room
        self.provider = Provider(ISSUER, room.clock.now)
        self.transport = httpx2.ASGITransport(app=self.provider.app())
        registered = IdentityProvider(ISSUER, CLIENT, room.clock, SECRET, self.transport)
        self.app = replace(room.app, provider=registered)

    async def leave(self, return_to: str = "/") -> tuple[Departure, dict[str, str]]:
        """To the provider and back to our door: the cookie, and what is in the address."""
        departure = await provider_sign_in.depart(self.app, return_to)
        async with httpx2.AsyncClient(transport=self.transport) as client:
            answer = await client.get(departure.url)
        told = parse_qs(urlsplit(answer.headers["location"]).query)
        return departure, {"code": told["code"][0], "state": told["state"][0]}

    async def enter(self, return_to: str = "/", **changes: Any) -> Arrival:
        """The whole way."""
        departure, told = await self.leave(return_to)
        given = {**told, "binding": departure.binding, **changes}
        return await provider_sign_in.arrive(self.app, **given)


@pytest.fixture
async def browser(database_url: str, tmp_path: Path) -> AsyncIterator[Browser]:
    """An installation where Kim is invited."""
    async with governed(database_url, tmp_path, public_url="https://rolecall.test") as room:
        roles = {HUB: frozenset({Role.REVIEWER})}
        await operators.invite(room.app, room.local, "Kim@acme.test", roles)
        yield Browser(room)


async def test_invited_person_enters_and_is_known_from_then_on(browser: Browser) -> None:
    """First by the verified e-mail, later by identity alone, whatever the e-mail has become."""
    first = await browser.enter("/reviews?state=open")
    browser.provider.claims |= {"email": "kim.new@acme.test"}
    second = await browser.enter()

    assert "/reviews?state=open" == first.return_to
    assert first.signed_in.operator.id == second.signed_in.operator.id
    assert await sign_in.actor_of_session(browser.app, second.signed_in.token)


@pytest.mark.parametrize(
    "claims",
    [
        {"email_verified": False}, {"email_verified": "true"}, {"email": "eve@acme.test"},
        {"email": ""},
    ],
)  # fmt: skip
async def test_unproved_or_unknown_email_is_nobody(
    browser: Browser, claims: dict[str, Any]
) -> None:
    """An e-mail the provider did not verify joins no operator."""
    browser.provider.claims |= claims

    with pytest.raises(sign_in.SignInRefused):
        await browser.enter()


async def test_second_identity_with_the_same_email_is_refused(browser: Browser) -> None:
    """An e-mail given to somebody else at the provider does not give them the operator."""
    await browser.enter()
    browser.provider.claims |= {"sub": "u-2"}

    with pytest.raises(sign_in.SignInRefused):
        await browser.enter()


@pytest.mark.parametrize(
    "lie",
    [
        {"nonce": "old"}, {"aud": "another"}, {"aud": [CLIENT, "another"]}, {"iss": "https://x"},
        {"exp": 1}, {"sub": None},
    ],
)  # fmt: skip
async def test_lying_tokens_prove_nothing(browser: Browser, lie: dict[str, Any]) -> None:
    """Wrong nonce, audience, issuer, time or no subject."""
    browser.provider.lie = lie

    with pytest.raises(ProviderRefused):
        await browser.enter()


async def test_symmetric_signature_with_the_public_key_is_refused(browser: Browser) -> None:
    """The oldest trick with ID tokens."""
    browser.provider.algorithm = "HS256"

    with pytest.raises(ProviderRefused):
        await browser.enter()


async def test_new_keys_of_the_provider_are_found(browser: Browser) -> None:
    """A provider that turned its keys over lets people in without a restart of ours."""
    await browser.enter()
    browser.provider.key = Provider(ISSUER, browser.room.clock.now).key

    assert await browser.enter()


@pytest.mark.parametrize("changes", [{"state": "another"}, {"binding": "rcl_another"}])
async def test_log_in_of_another_browser_is_refused(
    browser: Browser, changes: dict[str, str]
) -> None:
    """Neither somebody else's state nor a stolen address opens a session here."""
    with pytest.raises(LinkUseless):
        await browser.enter(**changes)


async def test_answer_counts_once_and_not_for_long(browser: Browser) -> None:
    """The same answer twice, or after ten minutes, opens nothing."""
    departure, told = await browser.leave()
    await provider_sign_in.arrive(browser.app, binding=departure.binding, **told)
    with pytest.raises(LinkUseless):
        await provider_sign_in.arrive(browser.app, binding=departure.binding, **told)
    late, told = await browser.leave()
    browser.room.clock.advance(timedelta(minutes=10))

    with pytest.raises(LinkUseless):
        await provider_sign_in.arrive(browser.app, binding=late.binding, **told)


async def test_code_needs_its_verifier(browser: Browser) -> None:
    """A code caught on its way is worth nothing in another log-in (PKCE)."""
    _, stolen = await browser.leave()

    with pytest.raises(ProviderRefused):
        await browser.enter(code=stolen["code"])


async def test_without_provider_it_is_said(browser: Browser) -> None:
    """The way out is in the hint."""
    with pytest.raises(Refused, match="no identity provider"):
        await provider_sign_in.depart(browser.room.app)


@pytest.mark.parametrize(
    "path",
    ["//evil.test", "https://evil.test", "/\\evil.test", "javascript:alert(1)", "", "/a\nb", "x"],
)
def test_nobody_is_sent_away_after_signing_in(path: str) -> None:
    """Only paths of our own are returned to."""
    assert "/" == safe_return(path)


async def test_log_ins_never_finished_leave_nothing(browser: Browser) -> None:
    """What strangers begin is tidied away within the hour; an invitation waits its week."""
    for _ in range(3):
        await provider_sign_in.depart(browser.app)
    browser.room.clock.advance(timedelta(hours=1))
    await tidy(browser.app)
    async with browser.app.database.read() as view:
        left = await view.connection.exec_driver_sql("SELECT purpose FROM one_time_links")

        assert ["invitation"] == [row[0] for row in left]
