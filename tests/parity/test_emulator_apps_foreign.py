"""The emulator's OAuth and account APIs against HubSpot's own clients and recorded answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import hubspot_sdk
import pytest
from hubspot.oauth import AccessTokensApi, ApiClient, Configuration, RefreshTokensApi, TokensApi
from hubspot.oauth.exceptions import ApiException

from hubspot_emulator.app import create_world
from tests.support.emulator import Emulator, running


@pytest.fixture
async def served() -> AsyncIterator[Emulator]:
    """The acme seed as a real server: foreign clients open sockets."""
    async with running(create_world(seed="acme"), "server") as started:
        yield started


class TestOfficialClient:
    async def test_refresh_tell_and_revoke(self, served: Emulator) -> None:
        """hubspot-api-client 12: refresh, both infos, revocation, and the refusal after it."""
        made = await served.control("POST", "tokens", {"kind": "oauth"})
        client = ApiClient(Configuration(host=served.base_url))
        form = {key: made[key] for key in ("client_id", "client_secret", "refresh_token")}

        def journey() -> tuple[Any, Any, Any]:
            tokens = TokensApi(client).create(grant_type="refresh_token", **form)
            access = AccessTokensApi(client).get(tokens.access_token)
            refresh = RefreshTokensApi(client).get(tokens.refresh_token)
            RefreshTokensApi(client).archive(tokens.refresh_token)
            again = {**form, "refresh_token": tokens.refresh_token}
            with pytest.raises(ApiException) as refused:
                TokensApi(client).create(grant_type="refresh_token", **again)
            return access, refresh, refused.value

        access, refresh, refused = await asyncio.to_thread(journey)

        assert access.hub_id == refresh.hub_id == served.portal.id
        assert access.user == "lars.lindqvist@acme.test"
        assert refused.status == 400
        assert "BAD_REFRESH_TOKEN" in refused.body

    async def test_feeds_by_the_generated_sdk(self, served: Emulator) -> None:
        """hubspot-sdk pages through the feeds by itself and finds each row once."""
        async with hubspot_sdk.AsyncHubSpot(
            access_token=served.token, base_url=served.base_url
        ) as client:
            security = [row async for row in client.account.activity.list_security_activities()]
            logins = [row async for row in client.account.activity.list_login_activities(limit=50)]
            audit = [row async for row in client.account.activity.list_audit_logs()]

        assert len({row.id for row in security}) == len(security) > 100
        assert len({row.id for row in logins}) == len(logins) > 100
        assert audit[0].acting_user.user_email


class TestRecorded:
    async def test_details_have_the_recorded_shape(self, served: Emulator) -> None:
        """Keys and types of an answer recorded in March 2026; an offset like -04:00."""
        recorded = {
            "portalId": 147893286,
            "accountType": "STANDARD",
            "timeZone": "US/Eastern",
            "companyCurrency": "USD",
            "additionalCurrencies": [],
            "utcOffset": "-04:00",
            "utcOffsetMilliseconds": -14400000,
            "uiDomain": "app-eu1.hubspot.com",
            "dataHostingLocation": "eu1",
        }
        served.portal.time_zone = "US/Eastern"
        body = (await served.get("/account-info/v3/details")).json()

        assert {key: type(value) for key, value in recorded.items()} == {
            key: type(value) for key, value in body.items()
        }
        assert body["utcOffset"] in ("-04:00", "-05:00")

    async def test_refused_refresh_in_the_seen_words(self, served: Emulator) -> None:
        """Word for word as several clients reported it of v3, under the switch for it."""
        served.world.switches.choose("oauth_error_body", "bare")
        made = await served.control("POST", "tokens", {"kind": "oauth"})
        form = {key: made[key] for key in ("client_id", "client_secret")}
        form |= {"grant_type": "refresh_token", "refresh_token": "dead"}
        answer = await served.client.post("/oauth/v3/token", data=form)

        assert answer.json() == {
            "error": "invalid_grant",
            "error_description": "refresh token is invalid, expired or revoked",
            "status": "BAD_REFRESH_TOKEN",
            "message": "refresh token is invalid, expired or revoked",
        }
