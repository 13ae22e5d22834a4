"""OAuth of the emulator: consent, tokens in every version, introspection, the end of tokens."""

from __future__ import annotations

import base64
import hashlib
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from hubspot_emulator.app import create_world
from hubspot_emulator.seeds.sample_apps import OAUTH_APP, OAUTH_CLIENT
from tests.support.emulator import Emulator, running

REDIRECT = "http://localhost:8000/oauth/callback"
CLIENT = {"client_id": OAUTH_CLIENT[0], "client_secret": OAUTH_CLIENT[1]}
ASKED = {
    "client_id": OAUTH_CLIENT[0],
    "redirect_uri": REDIRECT,
    "scope": "oauth settings.users.read",
    "state": "s/1 ü",
}
NEWER = ("v3", "2026-03", "2026-09", "2026-09-beta")
USERS = "/settings/v3/users"


async def _grant(emulator: Emulator, **more: str) -> httpx2.Response:
    fields = {**ASKED, "decision": "grant", **more}
    return await emulator.client.post("/oauth/authorize", data=fields)


def _answer(response: httpx2.Response) -> dict[str, str]:
    assert response.status_code == 302, response.text
    return {k: v[0] for k, v in parse_qs(urlsplit(response.headers["location"]).query).items()}


async def _token(emulator: Emulator, version: str = "2026-03", **form: str) -> httpx2.Response:
    return await emulator.client.post(f"/oauth/{version}/token", data={**CLIENT, **form})


async def _connected(emulator: Emulator, version: str = "2026-03") -> dict[str, Any]:
    code = _answer(await _grant(emulator))["code"]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT}
    answer = await _token(emulator, version, **form)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def _status(emulator: Emulator, token: str) -> int:
    headers = {"Authorization": f"Bearer {token}"}
    return (await emulator.get(USERS, headers=headers)).status_code


class TestConsent:
    async def test_grant_brings_a_code_and_the_state_back(self, emulator: Emulator) -> None:
        """The browser goes back to the registered address with code and state."""
        page = await emulator.get("/oauth/authorize", params=ASKED)
        back = _answer(await _grant(emulator))

        assert page.status_code == 200
        assert "Sample OAuth App" in page.text
        assert back["state"] == ASKED["state"]
        assert back["code"]

    async def test_denial_is_told_to_the_app(self, emulator: Emulator) -> None:
        """Cancel sends error=access_denied, with the state."""
        back = _answer(await _grant(emulator, decision="deny"))

        assert (back["error"], back["state"]) == ("access_denied", ASKED["state"])

    @pytest.mark.parametrize(
        "wrong",
        [
            {"client_id": "nobody"},
            {"redirect_uri": "https://evil.example/steal"},
            {"scope": "oauth crm.lists.read"},
            {"scope": "settings.users.read"},
            {"code_challenge": "x", "code_challenge_method": "S512"},
        ],
    )
    async def test_wrong_links_never_redirect(
        self, emulator: Emulator, wrong: dict[str, str]
    ) -> None:
        """Unknown app, foreign address, or scopes other than in the settings: a page of refusal."""
        shown = await emulator.get("/oauth/authorize", params={**ASKED, **wrong})
        sent = await _grant(emulator, **wrong)

        assert (shown.status_code, sent.status_code) == (400, 400)
        assert "location" not in sent.headers

    async def test_only_those_who_may_install(self, emulator: Emulator) -> None:
        """A user without Super Admin stays on the page, which says who may."""
        answer = await _grant(emulator, user="ben@tiny.test")

        assert answer.status_code == 403
        assert "Super Admin" in answer.text

    async def test_markup_in_parameters_is_text(self, emulator: Emulator) -> None:
        """A script in the state does not become one."""
        answer = await emulator.get(
            "/oauth/authorize", params={**ASKED, "state": '"><script>alert(1)</script>'}
        )

        assert "<script>" not in answer.text
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")

    async def test_choice_of_portals(self) -> None:
        """The token belongs to the account chosen on the page."""
        async with running(create_world(seed="acme")) as emulator:
            first, second = emulator.world.portals
            page = await emulator.get("/oauth/authorize", params=ASKED)
            code = _answer(await _grant(emulator, portal_id=str(second)))["code"]
            form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT}
            token = (await _token(emulator, **form)).json()

            assert str(first) in page.text
            assert token["hub_id"] == second


class TestTokens:
    @pytest.mark.parametrize("version", ["v1", *NEWER])
    async def test_code_for_tokens(self, emulator: Emulator, version: str) -> None:
        """Every version gives both tokens for half an hour; newer ones tell more."""
        given = await _connected(emulator, version)

        assert given["expires_in"] == 1800
        assert len(given["access_token"]) >= 200
        assert ("token_use" in given) == (version != "v1")
        assert await _status(emulator, given["access_token"]) == 200

    async def test_code_works_once(self, emulator: Emulator) -> None:
        """A code used before is unknown."""
        code = _answer(await _grant(emulator))["code"]
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT}
        await _token(emulator, **form)
        again = await _token(emulator, **form)

        assert again.status_code == 400
        assert again.json()["status"] == "BAD_AUTH_CODE"

    async def test_code_expires(self, emulator: Emulator) -> None:
        """After ten minutes it is too late."""
        code = _answer(await _grant(emulator))["code"]
        await emulator.control("POST", "clock", {"advance": 601})
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT}

        assert (await _token(emulator, **form)).json()["status"] == "EXPIRED_AUTH_CODE"

    @pytest.mark.parametrize(
        ("form", "status", "error"),
        [
            ({"grant_type": "password"}, "BAD_GRANT_TYPE", "unsupported_grant_type"),
            ({"grant_type": "refresh_token", "client_id": "x"}, "BAD_CLIENT_ID", "invalid_client"),
            (
                {"grant_type": "refresh_token", "client_secret": "x"},
                *("BAD_CLIENT_SECRET", "invalid_client"),
            ),
            (
                {"grant_type": "refresh_token", "refresh_token": "x"},
                *("BAD_REFRESH_TOKEN", "invalid_grant"),
            ),
            ({"grant_type": "authorization_code", "code": "x"}, "BAD_AUTH_CODE", "invalid_grant"),
        ],
    )
    async def test_refusals(
        self, emulator: Emulator, form: dict[str, str], status: str, error: str
    ) -> None:
        """HubSpot's status words everywhere, RFC 6749's beside them since v3."""
        classic = (await _token(emulator, "v1", **form)).json()
        newer = (await _token(emulator, "2026-09", **form)).json()

        assert classic["status"] == newer["status"] == status
        assert "error" not in classic
        assert newer["error"] == error

    async def test_secrets_in_the_url_and_json_bodies(self, emulator: Emulator) -> None:
        """v1 takes secrets from the URL, newer versions refuse; nobody takes JSON."""
        given = await _connected(emulator)
        query = {**CLIENT, "grant_type": "refresh_token", "refresh_token": given["refresh_token"]}
        new = await emulator.client.post("/oauth/v3/token", params=query)
        old = await emulator.client.post("/oauth/v1/token", params=query)
        json = await emulator.client.post("/oauth/2026-03/token", json=query)

        assert (new.status_code, old.status_code, json.status_code) == (400, 200, 400)

    @pytest.mark.parametrize("method", ["plain", "S256"])
    async def test_pkce(self, emulator: Emulator, method: str) -> None:
        """The verifier must fit the challenge; a wrong one does not burn the code."""
        verifier = "v" * 50
        digest = hashlib.sha256(verifier.encode()).digest()
        hashed = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        challenge = hashed if method == "S256" else verifier
        sent = await _grant(emulator, code_challenge=challenge, code_challenge_method=method)
        form = {"grant_type": "authorization_code", "redirect_uri": REDIRECT}
        form["code"] = _answer(sent)["code"]
        without = await _token(emulator, **form)
        wrong = await _token(emulator, **form, code_verifier="w" * 50)
        right = await _token(emulator, **form, code_verifier=verifier)

        assert without.status_code == wrong.status_code == 400
        assert right.status_code == 200

    async def test_other_redirect_address_is_refused(self, emulator: Emulator) -> None:
        """The address must be the one of the link."""
        code = _answer(await _grant(emulator))["code"]
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": f"{REDIRECT}/x"}

        assert (await _token(emulator, **form)).json()["status"] == "BAD_REDIRECT_URI"

    async def test_credentials_of_the_app_itself(self, emulator: Emulator) -> None:
        """client_credentials up to 2026-03; such a token opens no portal."""
        form = {"grant_type": "client_credentials", "scope": "oauth"}
        given = await _token(emulator, "2026-03", **form)
        newest = await _token(emulator, "2026-09", **form)

        assert given.json()["token_use"] == "client_credentials"
        assert newest.json()["status"] == "BAD_GRANT_TYPE"
        assert await _status(emulator, given.json()["access_token"]) == 401


class TestRefresh:
    async def test_after_half_an_hour(self, emulator: Emulator) -> None:
        """The access token ends, the refresh token brings a new one."""
        given = await _connected(emulator)
        await emulator.control("POST", "clock", {"advance": 1801})
        ended = await _status(emulator, given["access_token"])
        form = {"grant_type": "refresh_token", "refresh_token": given["refresh_token"]}
        fresh = (await _token(emulator, **form)).json()

        assert ended == 401
        assert await _status(emulator, fresh["access_token"]) == 200

    @pytest.mark.parametrize(("rotation", "again"), [("rotate", 400), ("same", 200)])
    async def test_rotation(self, emulator: Emulator, rotation: str, again: int) -> None:
        """By switch the refresh token changes with each use, and the old one is dead."""
        await emulator.control("POST", "switches", {"refresh_rotation": rotation})
        given = await _connected(emulator)
        form = {"grant_type": "refresh_token", "refresh_token": given["refresh_token"]}
        fresh = (await _token(emulator, **form)).json()
        repeated = await _token(emulator, **form)

        assert (fresh["refresh_token"] == given["refresh_token"]) == (rotation == "same")
        assert repeated.status_code == again

    async def test_uninstall_ends_everything(self, emulator: Emulator) -> None:
        """The customer takes the app out: both tokens die, and the feed tells."""
        given = await _connected(emulator)
        await emulator.control("DELETE", f"apps/{OAUTH_APP}/installs/{emulator.portal.id}")
        form = {"grant_type": "refresh_token", "refresh_token": given["refresh_token"]}
        feed = emulator.portal.feeds.security.in_order()

        assert await _status(emulator, given["access_token"]) == 401
        assert (await _token(emulator, **form)).json()["status"] == "BAD_REFRESH_TOKEN"
        assert feed[-1].type == "UNINSTALL_INTEGRATION"

    async def test_app_uninstalls_itself(self, emulator: Emulator) -> None:
        """DELETE of the external install ends the token that asked for it."""
        given = await _connected(emulator)
        headers = {"Authorization": f"Bearer {given['access_token']}"}
        path = "/appinstalls/v3/external-install"
        done = await emulator.client.delete(path, headers=headers)
        by_key = await emulator.client.delete(path)

        assert (done.status_code, by_key.status_code) == (204, 403)
        assert await _status(emulator, given["access_token"]) == 401

    async def test_deleted_portal_is_a_bad_hub(self) -> None:
        """Refreshing for a portal that is gone says so."""
        async with running(create_world(seed="acme")) as emulator:
            second = [*emulator.world.portals][1]
            made = await emulator.control("POST", "tokens", {"kind": "oauth", "portal": second})
            await emulator.control("DELETE", f"portals/{second}")
            form = {"grant_type": "refresh_token", "refresh_token": made["refresh_token"]}
            client = {key: made[key] for key in ("client_id", "client_secret")}
            answer = await _token(emulator, **form, **client)

            assert answer.json()["status"] == "BAD_HUB"
            assert await _status(emulator, made["token"]) == 401


class TestIntrospection:
    async def test_v1(self, emulator: Emulator) -> None:
        """Access and refresh token tell portal, app, user and scopes; unknown ones are 404."""
        given = await _connected(emulator)
        access = await emulator.get(f"/oauth/v1/access-tokens/{given['access_token']}")
        refresh = await emulator.get(f"/oauth/v1/refresh-tokens/{given['refresh_token']}")
        unknown = await emulator.get("/oauth/v1/access-tokens/nothing")

        assert access.json()["hub_id"] == refresh.json()["hub_id"] == emulator.portal.id
        assert access.json()["signed_access_token"]["isUserLevel"] is False
        assert refresh.json()["token_type"] == "refresh"
        assert unknown.status_code == 404

    @pytest.mark.parametrize("version", ["v3", "2026-03"])
    async def test_newer_forms(self, emulator: Emulator, version: str) -> None:
        """active, use and scopes; whatever is dead is only inactive."""
        given = await _connected(emulator)
        path = f"/oauth/{version}/token/introspect"
        read = [
            (await emulator.client.post(path, data={**CLIENT, "token": token})).json()
            for token in (given["access_token"], given["refresh_token"], "nothing")
        ]

        assert [one.get("token_use") for one in read] == ["access_token", "refresh_token", None]
        assert read[0]["scopes"] == ["oauth", "settings.users.read"]
        assert read[2] == {"active": False}

    async def test_2026_09_promises_active_only(self, emulator: Emulator) -> None:
        """By default no more than that; by switch everything."""
        given = await _connected(emulator)
        form = {**CLIENT, "token": given["access_token"]}
        bare = await emulator.client.post("/oauth/2026-09/token/introspect", data=form)
        await emulator.control("POST", "switches", {"introspect_2026_09": "full"})
        full = await emulator.client.post("/oauth/2026-09/token/introspect", data=form)

        assert bare.json() == {"active": True}
        assert full.json()["hub_id"] == emulator.portal.id

    async def test_revocation(self, emulator: Emulator) -> None:
        """POST and DELETE end a refresh token; doing it twice is no error."""
        one, two = await _connected(emulator), await _connected(emulator)
        form = {**CLIENT, "token": one["refresh_token"]}
        posted = [await emulator.client.post("/oauth/v3/token/revoke", data=form) for _ in "ab"]
        deleted = await emulator.client.delete(f"/oauth/v1/refresh-tokens/{two['refresh_token']}")
        again = {"grant_type": "refresh_token", "refresh_token": one["refresh_token"]}

        assert [answer.status_code for answer in posted] == [200, 200]
        assert deleted.status_code == 204
        assert (await _token(emulator, **again)).json()["status"] == "BAD_REFRESH_TOKEN"

    @pytest.mark.parametrize("verb", ["introspect", "revoke"])
    async def test_a_form_without_a_token(self, emulator: Emulator, verb: str) -> None:
        """The RFCs require the token; without one the request is no request."""
        answer = await emulator.client.post(f"/oauth/v3/token/{verb}", data=CLIENT)

        assert answer.status_code == 400
        assert answer.json()["error"] == "invalid_request"

    async def test_private_app_token_info(self, emulator: Emulator) -> None:
        """Portal, app, creator and scopes of a key, without any scope of its own."""
        path = "/oauth/v2/private-apps/get/access-token-info"
        body = {"kind": "service_key", "scopes": []}
        made = await emulator.control("POST", "tokens", body)
        told = await emulator.send("POST", path, {"tokenKey": made["token"]})
        unknown = await emulator.send("POST", path, {"tokenKey": "pat-na1-nobody"})
        bare = {"Authorization": ""}
        home = await emulator.send("POST", path, {"tokenKey": emulator.token}, headers=bare)
        abroad = await emulator.send("POST", path, {"tokenKey": made["token"]}, headers=bare)
        emulator.world.switches.choose("unknown_key_info", "unauthorized_401")
        refused = await emulator.send("POST", path, {"tokenKey": "pat-na1-nobody"})

        assert told.json()["hubId"] == emulator.portal.id
        assert told.json()["scopes"] == []
        assert (unknown.status_code, unknown.headers["content-type"][:9]) == (404, "text/html")
        assert refused.status_code == 401
        assert (home.status_code, abroad.status_code) == (200, 404)  # pat-na1-... and pat-eu1-...


class TestMinting:
    async def test_expired_and_poor_tokens(self, emulator: Emulator) -> None:
        """A negative expires_in is expired already; scopes are those asked for."""
        dead = await emulator.control("POST", "tokens", {"kind": "oauth", "expires_in": -60})
        poor = await emulator.control(
            "POST", "tokens", {"kind": "private_app", "scopes": ["oauth"]}
        )

        assert set(dead) == {
            *("token", "refresh_token", "client_id", "client_secret", "app_id", "portal_id"),
        }
        assert set(poor) == {"token", "app_id", "portal_id"}
        assert await _status(emulator, dead["token"]) == 401
        assert await _status(emulator, poor["token"]) == 403

    async def test_refresh_token_of_a_minted_app_works(self, emulator: Emulator) -> None:
        """Everything a client needs is in the answer."""
        made = await emulator.control("POST", "tokens", {"kind": "oauth", "scopes": "all"})
        client = {key: made[key] for key in ("client_id", "client_secret", "refresh_token")}
        fresh = await _token(emulator, grant_type="refresh_token", **client)

        assert await _status(emulator, fresh.json()["access_token"]) == 200

    @pytest.mark.parametrize(
        "body",
        [
            {"kind": "magic"},
            {"portal": 1},
            {"scopes": "some"},
            {"limits": "none"},
            {"colour": "red"},
        ],
    )
    async def test_nonsense_is_named(self, emulator: Emulator, body: dict[str, Any]) -> None:
        """400 with what would have been right."""
        answer = await emulator.send("POST", "/_emulator/tokens", body)

        assert answer.status_code == 400
        assert answer.json()["message"]
