"""OAuth end to end: installing, refreshing in time, two processes at once, losing the grant."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx2
import pytest

from hubspot_emulator.accounts import ImportApp, register_app
from hubspot_emulator.app import create_app, create_world
from hubspot_emulator.clock import EmulatorClock
from hubspot_emulator.world import World
from rolecall.hubspot import (
    Challenge,
    MemoryCredentials,
    OAuth,
    OAuthApp,
    OAuthTokens,
    Sender,
    TokenEndpoint,
    authorize_url,
    errors,
)
from rolecall.kit.clock import HandClock
from tests.support.emulator import InProcess
from tests.support.hubspot import BASE, START, Bench, Hiding, a_bench

BACK = "https://rolecall.test/oauth/back"
SCOPES = ("crm.objects.users.read", "settings.users.read")


class Installed:
    """An OAuth app, installed in a portal by the journey a person makes."""

    def __init__(self) -> None:
        self.clock = HandClock(START)
        self.world: World = create_world(seed="tiny", clock=EmulatorClock(source=self.clock.now))
        self.registered: ImportApp = register_app(self.world, "Rolecall")
        self.registered.redirect_uris = [BACK]  # type: ignore[assignment]
        self.registered.scopes = list(SCOPES)  # type: ignore[assignment]
        self.app = OAuthApp(self.registered.client_id, self.registered.client_secret, BACK, SCOPES)
        self.transport = Hiding(InProcess(create_app(self.world)))
        self.store = MemoryCredentials()
        self.hub_id = next(iter(self.world.portals))

    def endpoint(self) -> TokenEndpoint:
        """A token endpoint, as one process has it."""
        return TokenEndpoint(Sender(self.transport), self.app, BASE)

    async def code(self, challenge: Challenge) -> str:
        """What HubSpot sends back after the admin said yes."""
        asked = parse_qs(urlsplit(authorize_url(self.app, challenge, BASE)).query)
        form = {name: values[0] for name, values in asked.items()}
        form |= {"decision": "grant", "portal_id": str(self.hub_id)}
        async with httpx2.AsyncClient(transport=self.transport, base_url=BASE) as browser:
            answer = await browser.post(
                "/oauth/authorize",
                content=urlencode(form),
                headers={"content-type": "application/x-www-form-urlencoded"},
            )
        back = parse_qs(urlsplit(answer.headers["location"]).query)
        assert back["state"] == [challenge.state]
        return back["code"][0]

    async def install(self) -> OAuthTokens:
        """The whole journey; the tokens are stored."""
        challenge = Challenge.new()
        code = await self.code(challenge)
        made = await self.endpoint().exchange(code, challenge.verifier, self.clock.now())
        self.store.tokens[self.hub_id] = made.tokens
        return made.tokens

    def bench(self) -> Bench:
        """One process that speaks as the app."""
        auth = OAuth(self.hub_id, self.store, self.endpoint(), self.clock)
        return a_bench(world=self.world, clock=self.clock, auth=auth)

    def refreshes(self) -> int:
        """How many token requests the portal saw since the installation."""
        seen = self.world.recorder.seen
        return sum(1 for one in seen if one.path.endswith("/token")) - 1


class TestInstalling:
    async def test_the_journey_ends_with_a_token_that_reads(self) -> None:
        """Authorize with PKCE and state, exchange, read, introspect."""
        installed = Installed()
        await installed.install()
        bench = installed.bench()
        info = await bench.reader.token_info()
        users = [user async for page in bench.reader.users() for user in page.items]

        assert users
        assert info.hub_id == installed.hub_id
        assert set(SCOPES) <= set(info.scopes)
        assert info.app_id == installed.registered.id

    async def test_a_wrong_verifier_gets_nothing(self) -> None:
        """PKCE: a stolen code is worthless."""
        installed = Installed()
        code = await installed.code(Challenge.new())

        with pytest.raises(errors.HubSpotError):
            await installed.endpoint().exchange(code, "another verifier", installed.clock.now())

    @pytest.mark.parametrize("hidden", [("2026-09",), ("2026",), ("2026", "/v3/")])
    async def test_older_token_endpoints_are_used_where_newer_are_missing(
        self, hidden: tuple[str, ...]
    ) -> None:
        """Dated, then v3, then v1: installing, telling and revoking all work."""
        installed = Installed()
        installed.transport.words = list(hidden)
        tokens = await installed.install()
        told = await installed.endpoint().introspect(tokens.access_token)
        await installed.endpoint().revoke(tokens.refresh_token)

        assert told.hub_id == installed.hub_id
        with pytest.raises(errors.GrantLost):
            await installed.endpoint().refresh(tokens.refresh_token, installed.clock.now())

    def test_the_address_for_the_admin_holds_no_secret(self) -> None:
        """Client id, scopes, state and challenge; neither secret nor verifier."""
        app = OAuthApp("id-1", "top-secret", BACK, SCOPES, ("oauth",))
        challenge = Challenge.new()
        url = authorize_url(app, challenge)

        assert "top-secret" not in url
        assert challenge.verifier not in url
        assert challenge.code_challenge in url
        assert "top-secret" not in repr(app)
        assert challenge.verifier not in repr(challenge)


class TestRefreshing:
    async def test_a_token_is_refreshed_before_it_ends(self) -> None:
        """No request ever goes out with a token about to end."""
        installed = Installed()
        await installed.install()
        bench = installed.bench()
        await bench.reader.account_details()
        installed.clock.advance(timedelta(minutes=29, seconds=30))
        await bench.reader.account_details()

        assert bench.paths(401) == []
        assert installed.refreshes() == 1

    async def test_a_401_is_answered_by_one_refresh(self) -> None:
        """A token ended early is replaced, and the request repeated once."""
        installed = Installed()
        await installed.install()
        bench = installed.bench()
        bench.fault("401_expired", "account.*", times=1)
        await bench.reader.account_details()

        assert len(bench.paths(401)) == 1
        assert len(bench.paths(200)) == 1
        assert installed.refreshes() == 1

    async def test_a_401_that_stays_is_an_error(self) -> None:
        """One refresh, one more try, then a person must look."""
        installed = Installed()
        await installed.install()
        bench = installed.bench()
        bench.fault("401_expired", "account.*")

        with pytest.raises(errors.TokenExpired):
            await bench.reader.account_details()
        assert installed.refreshes() == 1

    async def test_two_processes_refreshing_at_once_yield_one_refresh(self) -> None:
        """Both go on with the same new token."""
        installed = Installed()
        await installed.install()
        first, second = installed.bench(), installed.bench()
        await asyncio.gather(first.reader.account_details(), second.reader.account_details())
        installed.clock.advance(timedelta(minutes=40))
        await asyncio.gather(
            *(bench.reader.account_details() for bench in (first, second) for _ in range(5))
        )

        assert installed.refreshes() == 1
        assert first.paths(401) == second.paths(401) == []

    async def test_a_refresh_survives_trouble_at_the_token_endpoint(self) -> None:
        """The token endpoint may be down for a moment, like anything else."""
        installed = Installed()
        await installed.install()
        installed.clock.advance(timedelta(minutes=40))
        bench = installed.bench()
        bench.fault("502_html", "oauth.token", times=2)

        assert (await bench.reader.account_details()).portal_id == installed.hub_id

    async def test_an_uninstalled_app_needs_a_person(self) -> None:
        """The refresh token is gone: GrantLost, without retries."""
        installed = Installed()
        tokens = await installed.install()
        await installed.endpoint().revoke(tokens.refresh_token)
        installed.clock.advance(timedelta(hours=1))
        bench = installed.bench()

        with pytest.raises(errors.GrantLost) as caught:
            await bench.reader.account_details()
        assert tokens.refresh_token not in str(caught.value)
        assert bench.paths() == []
