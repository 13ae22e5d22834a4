"""What the client needs of a store, as Protocols: shared quota, OAuth tokens, API versions.

`store` satisfies them, `bootstrap` joins them; `hubspot.memory` has them for one process.
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

# HubSpot counts arrivals, a ledger counts departures: requests of several clients that overtake
# each other by up to this many seconds still stay inside the window.
GUARD = 0.25


@dataclass(frozen=True, slots=True)
class Slot:
    """A reserved moment to send: in `wait` seconds, as the `used`-th request of the window."""

    wait: float
    used: int


class QuotaLedger(Protocol):
    """One row per key with the times of the last grants, in the store's own time."""

    async def reserve(
        self, key: str, *, limit: int, window: float, guard: float, holder: str
    ) -> Slot:
        """Take the next free moment, so that no `window` seconds ever hold more than `limit`.

        Atomic over processes and machines. A new grant is at max(now, held until, last grant,
        the limit-th last grant + window), and is remembered; grants are never given back. `guard`
        is added to the window while any grant in it went to another `holder`: each knows when its
        own requests were answered, and nothing of anybody else's. `used` counts the grants of the
        `window` that ends with this one, itself included.
        """
        ...

    async def hold(self, key: str, seconds: float) -> None:
        """Give no new grant of this key before now + `seconds` (HubSpot said 429)."""
        ...


@dataclass(frozen=True, slots=True)
class OAuthTokens:
    """The tokens of one installed OAuth app; never shown in a repr."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_at: datetime


class TokenSlot(Protocol):
    """Tokens read under a lock that only one process on any machine can hold."""

    @property
    def tokens(self) -> OAuthTokens:
        """As stored now; somebody may have refreshed them while we waited for the lock."""
        ...

    async def save(self, tokens: OAuthTokens) -> None:
        """Store the new tokens, durable when this returns."""
        ...


class CredentialStore(Protocol):
    """OAuth tokens by hub id, encrypted at rest."""

    async def load(self, hub_id: int) -> OAuthTokens:
        """The stored tokens, without waiting for a refresh under way."""
        ...

    def exclusively(self, hub_id: int) -> AbstractAsyncContextManager[TokenSlot]:
        """Wait for the lock of this portal's tokens, read them, release on leaving."""
        ...


@dataclass(frozen=True, slots=True)
class VersionFact:
    """Which version of one API family answered in a portal, and when that was seen."""

    family: str  # users | seats | teams | owners | objects | properties | account
    version: str  # v3 | 2026-03 | 2026-09-beta | 2026-09
    seen_at: datetime


class VersionMemory(Protocol):
    """API versions by hub id and family."""

    async def recall(self, hub_id: int) -> tuple[VersionFact, ...]:
        """Everything remembered of a portal."""
        ...

    async def remember(self, hub_id: int, fact: VersionFact) -> None:
        """Keep one fact; replaces the family's former one."""
        ...
