"""What OAuth endpoints tell about tokens: token answers, introspection in each form."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from hubspot_emulator.oauth.model import ACCESS_SECONDS
from hubspot_emulator.registry import all_routes
from hubspot_emulator.wire import without_nulls

if TYPE_CHECKING:
    from hubspot_emulator.tokens import RefreshGrant, Token
    from hubspot_emulator.world import World

EVERY_SCOPE = ("oauth",)  # what a token with all scopes tells beside those asked for


def token_answer(token: Token, now: datetime, version: str) -> dict[str, Any]:
    """The body of a token request that worked."""
    classic = {
        "token_type": "bearer",
        "refresh_token": token.refresh_token,
        "access_token": token.value,
        "expires_in": _seconds_left(token, now),
    }
    if version == "v1":
        return classic
    more = {"hub_id": token.portal_id, "user_id": token.user_id, "scopes": scopes_of(token.scopes)}
    return without_nulls({**classic, "token_use": "access_token", **more})


def client_answer(value: str, scopes: list[str], version: str) -> dict[str, Any]:
    """The body of a client_credentials request: a token of the app, not of any portal."""
    classic = {"token_type": "bearer", "access_token": value, "expires_in": ACCESS_SECONDS}
    if version == "v1":
        return classic
    return {**classic, "token_use": "client_credentials", "scopes": scopes}


def access_info_v1(world: World, token: Token, now: datetime) -> dict[str, Any]:
    """`GET /oauth/v1/access-tokens/{token}`."""
    return without_nulls(
        {
            "token": token.value,
            "user": _email(world, token.user_id),
            "hub_domain": _domain(world, token.portal_id),
            "scopes": scopes_of(token.scopes),
            "signed_access_token": _signed(world, token),
            "hub_id": token.portal_id,
            "app_id": token.app_id,
            "expires_in": _seconds_left(token, now),
            "user_id": token.user_id,
            "token_type": "access",
            "is_private_distribution": False,
        }
    )


def refresh_info_v1(world: World, grant: RefreshGrant) -> dict[str, Any]:
    """`GET /oauth/v1/refresh-tokens/{token}`."""
    return without_nulls({**_grant_facts(world, grant), "token_type": "refresh"})


def access_info(world: World, token: Token, now: datetime) -> dict[str, Any]:
    """Introspection of an access token since v3."""
    facts = access_info_v1(world, token, now)
    more = {"active": True, "token_use": "access_token", "client_id": token.client_id}
    return without_nulls({**facts, **more})


def refresh_info(world: World, grant: RefreshGrant) -> dict[str, Any]:
    """Introspection of a refresh token since v3."""
    facts = {**_grant_facts(world, grant), "app_id": grant.app_id, "active": True}
    return without_nulls({**facts, "token_type": "refresh", "token_use": "refresh_token"})


def key_info(token: Token) -> dict[str, Any]:
    """Token info of private apps and service keys."""
    return without_nulls(
        {
            "userId": token.user_id,
            "hubId": token.portal_id,
            "appId": token.app_id,
            "scopes": scopes_of(token.scopes),
            "isUserToken": False,
        }
    )


def scopes_of(scopes: frozenset[str] | None) -> list[str]:
    """Scopes as a sorted list; a token with every scope names every one that opens a route."""
    if scopes is not None:
        return sorted(scopes)
    opened = {scope for route in all_routes() for scope in route.scopes}
    return sorted(opened | set(EVERY_SCOPE))


def _grant_facts(world: World, grant: RefreshGrant) -> dict[str, Any]:
    return {
        "token": grant.value,
        "user": _email(world, grant.user_id),
        "hub_domain": _domain(world, grant.portal_id),
        "scopes": scopes_of(grant.scopes),
        "hub_id": grant.portal_id,
        "client_id": grant.client_id,
        "user_id": grant.user_id,
    }


def _signed(world: World, token: Token) -> dict[str, Any]:
    portal = world.portals[token.portal_id]
    scopes = ",".join(scopes_of(token.scopes))
    ends = token.expires_at
    return {
        "expiresAt": 0 if ends is None else int(ends.timestamp() * 1000),
        "scopes": scopes,
        "hubId": token.portal_id,
        "userId": token.user_id or 0,
        "appId": token.app_id,
        "appInstallId": f"{token.app_id}-{token.portal_id}",
        "audience": "api",
        "signature": "emulated",
        "scopeToScopeGroupPks": "",
        "newSignature": "emulated",
        "hublet": portal.hosting,
        "trialScopes": "",
        "trialScopeToScopeGroupPks": "",
        "isUserLevel": False,
        "installingUserId": token.user_id or 0,
        "isServiceAccount": False,
        "isPrivateDistribution": False,
    }


def _seconds_left(token: Token, now: datetime) -> int:
    ends = token.expires_at
    return ACCESS_SECONDS if ends is None else max(int((ends - now).total_seconds()), 0)


def _email(world: World, user_id: int | None) -> str | None:
    identity = world.identities.get(user_id or 0)
    return None if identity is None else identity.email


def _domain(world: World, portal_id: int) -> str:
    portal = world.portals[portal_id]
    return f"{portal.name.lower().replace(' ', '-')}.hubspot-emulator.test"
