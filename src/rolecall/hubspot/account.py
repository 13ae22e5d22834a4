"""The portal and the token themselves: details, what the token may do, today's calls."""

from __future__ import annotations

from dataclasses import dataclass

from rolecall.hubspot.auth import OAuth
from rolecall.hubspot.bodies import TokenKey
from rolecall.hubspot.connection import Connected
from rolecall.hubspot.operation import Operation
from rolecall.hubspot.versions import ACCOUNT, TOKEN_INFO
from rolecall.hubspot.wire import AccountDetails, DailyUsage, Introspection, Listed, PrivateAppToken

DETAILS = Operation("GET", ACCOUNT, "/details", AccountDetails, collection=True)
USAGE = Operation(
    "GET", ACCOUNT, "/api-usage/daily/private-apps", Listed[DailyUsage], collection=True
)
KEY_INFO = Operation("POST", TOKEN_INFO, "", PrivateAppToken, collection=True, reads=True)


@dataclass(frozen=True, slots=True)
class TokenInfo:
    """What HubSpot says of the credential in use; None = it does not tell."""

    hub_id: int | None
    user_id: int | None  # who created the key or installed the app
    app_id: int | None
    scopes: tuple[str, ...]
    user_email: str | None = None
    expires_in: int | None = None  # seconds; None for keys, which do not expire by time


class AccountReads(Connected):
    """Reads about the portal as a whole."""

    __slots__ = ()

    async def account_details(self) -> AccountDetails:
        """Hub id, time zone, currency, data region; needs no scope beyond a valid token."""
        return await self.connection.call(DETAILS)

    async def token_info(self) -> TokenInfo:
        """Whose token this is and its scopes; private app, service key and OAuth alike."""
        auth = self.connection.auth
        if isinstance(auth, OAuth):
            return _of_grant(await auth.endpoint.introspect(await auth.token()))
        body = TokenKey(await auth.token())
        return _of_key(await self.connection.call(KEY_INFO, body=body))

    async def usage_daily(self) -> tuple[DailyUsage, ...]:
        """Today's calls of all private apps together; empty or BadToken for OAuth apps."""
        return (await self.connection.call(USAGE)).results


def _of_key(told: PrivateAppToken) -> TokenInfo:
    return TokenInfo(told.hub_id, told.user_id, told.app_id, told.scopes)


def _of_grant(told: Introspection) -> TokenInfo:
    return TokenInfo(
        told.hub_id, told.user_id, told.app_id, told.scopes, told.user, told.expires_in
    )
