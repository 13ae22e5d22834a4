"""HubSpot's own Python clients against a running emulator: they must not notice."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

hubspot_sdk = pytest.importorskip("hubspot_sdk")
hubspot = pytest.importorskip("hubspot")

from hubspot.settings.users import ApiException, PublicUserUpdate, UserProvisionRequest  # noqa: E402

from tests.support.processes import emulator_process  # noqa: E402


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[str, str]]:
    """One emulator of 230 people for the module."""
    with emulator_process("--users", "230", "--limits", "off") as started:
        yield started


@pytest.fixture(autouse=True)
def _fresh(served: tuple[str, str]) -> None:
    httpx2.post(f"{served[0]}/_emulator/reset").raise_for_status()


class TestApiClient:
    """hubspot-api-client 12, generated from the v3 documents."""

    @pytest.fixture
    def users(self, served: tuple[str, str]) -> Any:
        client = hubspot.HubSpot(access_token=served[1])
        api = client.settings.users.users_api
        api.api_client.configuration.host = served[0]
        return api

    def test_pages_through_everybody(self, users: Any) -> None:
        """Its paging sees each user once."""
        seen: list[str] = []
        after = None
        while True:
            page = users.get_page(limit=100, after=after)
            seen += [row.id for row in page.results]
            if page.paging is None:
                break
            after = page.paging.next.after

        assert len(seen) == len(set(seen)) == 230

    def test_creates_changes_and_removes(self, users: Any) -> None:
        """The whole life of a user through typed models."""
        made = users.create(
            user_provision_request=UserProvisionRequest(
                email="sdk@acme.test", send_welcome_email=False
            )
        )
        read = users.get_by_id("sdk@acme.test", id_property="EMAIL")
        changed = users.replace(made.id, public_user_update=PublicUserUpdate())
        users.archive(made.id)

        assert made.id == read.id == changed.id
        with pytest.raises(ApiException) as gone:
            users.get_by_id(made.id)
        assert gone.value.status == 404

    def test_roles_and_teams(self, served: tuple[str, str]) -> None:
        """Sets and teams come as its models."""
        client = hubspot.HubSpot(access_token=served[1])
        roles, teams = client.settings.users.roles_api, client.settings.users.teams_api
        for api in (roles, teams):
            api.api_client.configuration.host = served[0]

        assert all(one.id and one.name for one in roles.get_all().results)
        assert any(one.user_ids for one in teams.get_all().results)

    def test_wrong_token(self, served: tuple[str, str]) -> None:
        """Its exception carries HubSpot's 401."""
        api = hubspot.HubSpot(access_token="nonsense").settings.users.users_api
        api.api_client.configuration.host = served[0]

        with pytest.raises(ApiException) as refused:
            api.get_page()
        assert refused.value.status == 401
        assert "EXPIRED_AUTHENTICATION" in refused.value.body


class TestNewSdk:
    """hubspot-sdk 0.1.0a9, generated from the 2026-03 documents."""

    @pytest.fixture
    def client(self, served: tuple[str, str]) -> Any:
        return hubspot_sdk.HubSpot(
            access_token=served[1],
            base_url=served[0],
            max_retries=0,
            _strict_response_validation=True,
        )

    def test_pages_by_itself(self, client: Any) -> None:
        """Iterating follows the cursors to the end."""
        seen = [user.id for user in client.settings.users.list(limit=100)]

        assert len(seen) == len(set(seen)) == 230

    def test_creates_changes_and_removes(self, client: Any) -> None:
        """The whole life of a user, answers validated strictly by the SDK."""
        users = client.settings.users
        made = users.create(email="sdk@acme.test", send_welcome_email=True)
        team = users.list_teams().results[0].id
        changed = users.update("sdk@acme.test", id_property="EMAIL", primary_team_id=team)
        users.delete(made.id)

        assert made.send_welcome_email is True
        assert changed.primary_team_id == team
        with pytest.raises(hubspot_sdk.NotFoundError):
            users.get(made.id)

    def test_roles_refused_by_tier(self, client: Any, served: tuple[str, str]) -> None:
        """HubSpot's 400 arrives as the SDK's own error."""
        act = {"act": "set_tier", "tier": "starter"}
        httpx2.post(f"{served[0]}/_emulator/acts", json=act).raise_for_status()

        with pytest.raises(hubspot_sdk.BadRequestError, match="access to roles"):
            client.settings.users.list_roles()
