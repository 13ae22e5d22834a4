"""OAuth tokens for the client: encrypted at rest, refreshed under a lock only one process holds."""

from __future__ import annotations

import os
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from rolecall.kit.ids import uuid7
from rolecall.store.database import Database

# A refresh is one HTTP request; a process killed while refreshing blocks others for at most this.
REFRESH_SECONDS = 60.0
ACCESS, REFRESH, EXPIRES = "access_token", "refresh_token", "expires_at"


class Tokens(Protocol):
    """What tokens look like, whoever declares them."""

    @property
    def access_token(self) -> str:
        """Goes into the Authorization header."""
        ...

    @property
    def refresh_token(self) -> str:
        """Buys the next access token."""
        ...

    @property
    def expires_at(self) -> datetime:
        """When the access token ends."""
        ...


TokensT = TypeVar("TokensT", bound=Tokens)


@dataclass(slots=True)
class StoredTokens(Generic[TokensT]):
    """`hubspot.ports.TokenSlot`: tokens read under the lock."""

    tokens: TokensT
    hub_id: int
    store: OAuthCredentials[TokensT]

    async def save(self, tokens: TokensT) -> None:
        """Store the new tokens, durable when this returns."""
        await self.store.save(self.hub_id, tokens)
        self.tokens = tokens


@dataclass(frozen=True, slots=True)
class OAuthCredentials(Generic[TokensT]):
    """`hubspot.ports.CredentialStore` over the store; `make` makes the client's own value."""

    database: Database
    make: Callable[[str, str, datetime], TokensT]

    async def load(self, hub_id: int) -> TokensT:
        """The stored tokens, without waiting for a refresh under way."""
        async with self.database.read() as view:
            held = await view.credentials.load(hub_id)
        return self.make(held[ACCESS], held[REFRESH], datetime.fromisoformat(held[EXPIRES]))

    @asynccontextmanager
    async def exclusively(self, hub_id: int) -> AsyncIterator[StoredTokens[TokensT]]:
        """Wait for the lock of this portal's tokens, read them, release on leaving."""
        holder = f"{socket.gethostname()}:{os.getpid()}:{uuid7()}"
        async with self.database.leases.held(
            f"oauth:{hub_id}", holder, seconds=REFRESH_SECONDS, wait=REFRESH_SECONDS + 5
        ):
            yield StoredTokens(await self.load(hub_id), hub_id, self)

    async def save(self, hub_id: int, tokens: TokensT) -> None:
        """Replace the tokens; other fields of the credential (client id and secret) stay."""
        async with self.database.work() as work:
            held = await work.credentials.load(hub_id)
            fresh = {
                ACCESS: tokens.access_token,
                REFRESH: tokens.refresh_token,
                EXPIRES: tokens.expires_at.isoformat(),
            }
            # A refresh is not another credential: it was entered when it was entered.
            await work.credentials.save(hub_id, {**held.fields, **fresh}, held.saved_at)
