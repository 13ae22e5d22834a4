"""Who we are to HubSpot: a bearer key, or an OAuth app whose tokens are refreshed in time.

Tokens appear in no repr, no error and no log.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal, Protocol

from rolecall.hubspot.oauth import TokenEndpoint
from rolecall.hubspot.ports import CredentialStore, OAuthTokens
from rolecall.kit.clock import Clock

# Access tokens live 30 minutes; a minute covers a slow request and clocks that disagree.
EARLY = timedelta(seconds=60)


class Auth(Protocol):
    """Gives the token for the next request."""

    @property
    def renews(self) -> bool:
        """Whether `renew` can get another token at all."""
        ...

    async def token(self) -> str:
        """A token that is good now, as far as one can know."""
        ...

    async def renew(self, refused: str) -> str:
        """Another token than the one HubSpot refused."""
        ...


@dataclass(frozen=True, slots=True)
class Bearer:
    """A service key or private-app token: fixed until somebody rotates it."""

    value: str = field(repr=False)
    kind: Literal["service_key", "private_app"] = "service_key"

    @property
    def renews(self) -> bool:
        """Never: a person must give a new key."""
        return False

    async def token(self) -> str:
        """The key itself."""
        return self.value

    async def renew(self, refused: str) -> str:  # noqa: ARG002  (Auth's signature)
        """The same key; there is no other."""
        return self.value


class OAuth:
    """An installed OAuth app; two processes refreshing at once yield one refresh."""

    def __init__(
        self, hub_id: int, store: CredentialStore, endpoint: TokenEndpoint, clock: Clock
    ) -> None:
        self.hub_id = hub_id
        self.endpoint = endpoint
        self._store = store
        self._clock = clock
        self._known: OAuthTokens | None = None
        self._one_at_a_time = asyncio.Lock()

    @property
    def renews(self) -> bool:
        """Always, with the refresh token."""
        return True

    async def token(self) -> str:
        """The access token, refreshed a minute before its end."""
        known = self._known
        if known is None:
            known = self._known = await self._store.load(self.hub_id)
        if self._fresh(known):
            return known.access_token
        return await self._refreshed(known.access_token)

    async def renew(self, refused: str) -> str:
        """Refresh, unless somebody else already did."""
        return await self._refreshed(refused)

    async def _refreshed(self, stale: str) -> str:
        """A token other than `stale`: from our own last refresh, the store, or HubSpot."""
        async with self._one_at_a_time:
            if self._known and self._known.access_token != stale and self._fresh(self._known):
                return self._known.access_token
            async with self._store.exclusively(self.hub_id) as slot:
                tokens = slot.tokens
                if tokens.access_token == stale or not self._fresh(tokens):
                    tokens = await self.endpoint.refresh(tokens.refresh_token, self._clock.now())
                    await slot.save(tokens)
            self._known = tokens
            return tokens.access_token

    def _fresh(self, tokens: OAuthTokens) -> bool:
        return tokens.expires_at - self._clock.now() > EARLY
