"""Who calls: bearer tokens and their scopes, with HubSpot's 401 and 403 bodies as recorded."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from hubspot_emulator.wire import ApiError, timestamp

if TYPE_CHECKING:
    from hubspot_emulator.exchange import Exchange
    from hubspot_emulator.tokens import Token
    from hubspot_emulator.world import Portal, World

_UNITS = ((86_400, "day(s)"), (3_600, "hour(s)"), (60, "minute(s)"), (1, "second(s)"))
_SCOPES_PAGE = "https://developers.hubspot.com/scopes"
_KEY_PAGE = "https://app.hubspot.com/l/api-key/"


def bearer_of(headers: dict[str, str]) -> str | None:
    """The token of an Authorization header; None when there is none of that form."""
    scheme, _, value = headers.get("authorization", "").partition(" ")
    return value.strip() or None if scheme.lower() == "bearer" else None


def identify(exchange: Exchange) -> Token:
    """The valid token of a request; ApiError 401 in HubSpot's words otherwise."""
    if "hapikey" in exchange.query:
        raise retired_key()
    value = bearer_of(exchange.headers)
    if value is None:
        raise no_credentials()
    token = exchange.world.tokens.find(value)
    if token is None or token.disconnected:
        raise undecodable(exchange.now)
    if token.expires_at is not None and token.expired(exchange.now):
        raise expired(token.expires_at, exchange.now)
    return token


def check_scopes(exchange: Exchange) -> None:
    """Let a request pass that holds any one of its operation's scopes; else ApiError 403."""
    route, token, portal = exchange.route, exchange.token, exchange.portal
    if route is None or token is None or portal is None or not route.scopes:
        return
    if not any(holds(exchange.world, portal, token, scope) for scope in route.scopes):
        raise missing_scopes(route.scopes)


def holds(world: World, portal: Portal, token: Token, scope: str) -> bool:
    """Whether the token has this scope, and no standing fault took it away."""
    faults = world.faults.standing("lose_scope", portal.id)
    lost = {fault.parameters["scope"] for fault in faults}
    return token.grants(scope) and not lost & {scope, None}


def no_credentials() -> ApiError:
    """401 without a token (recorded, several clients)."""
    return ApiError(
        401,
        "Authentication credentials not found. This API supports OAuth 2.0 authentication and"
        " you can find more details at https://developers.hubspot.com/docs/methods/auth/oauth-overview",
        category="INVALID_AUTHENTICATION",
    )


def retired_key() -> ApiError:
    """401 for `?hapikey=`: API keys ended on 30 November 2022."""
    return ApiError(
        401,
        f"The API key provided is invalid. View or manage your API key here: {_KEY_PAGE}",
        category="INVALID_AUTHENTICATION",
        links={"api key": _KEY_PAGE},
    )


def undecodable(now: datetime) -> ApiError:
    """401 for a token HubSpot cannot decode: it speaks of 1970 (three reports)."""
    days = int(now.timestamp()) // 86_400
    return _expired_body(f"{days} day(s)", "1970-01-01T00:00:00Z")


def expired(at: datetime, now: datetime) -> ApiError:
    """401 for a token whose time is over; the unit of the age varies (recorded)."""
    seconds = max(int((now - at).total_seconds()), 0)
    size, unit = next((u for u in _UNITS if seconds >= u[0]), _UNITS[-1])
    return _expired_body(f"{seconds // size} {unit}", timestamp(at))


def _expired_body(age: str, at: str) -> ApiError:
    return ApiError(
        401,
        f"The OAuth token used to make this call expired {age} ago.",
        category="EXPIRED_AUTHENTICATION",
        context={"expire time": [at]},
    )


def missing_scopes(scopes: tuple[str, ...]) -> ApiError:
    """403 naming scopes of which any one suffices (recorded)."""
    return ApiError(
        403,
        "This app hasn't been granted all required scopes to make this call. Read more about"
        f" required scopes here: {_SCOPES_PAGE}.",
        category="MISSING_SCOPES",
        errors=[
            {
                "message": "One or more of the following scopes are required.",
                "context": {"requiredGranularScopes": list(scopes)},
            }
        ],
        links={"scopes": _SCOPES_PAGE},
    )
