"""The ports for a single process, in memory: quota ledger, OAuth tokens, API versions.

Forget everything at exit; a store takes their place where several processes share a portal.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field

from rolecall.hubspot.ports import OAuthTokens, Slot, TokenSlot, VersionFact
from rolecall.kit.clock import Clock


@dataclass(slots=True)
class _Grants:
    times: deque[float] = field(default_factory=deque)
    held_until: float = 0.0
    holder: str = ""
    shared_until: float = 0.0


@dataclass(slots=True)
class MemoryLedger:
    """A QuotaLedger on a clock; share one object between the clients of a process."""

    clock: Clock
    _keys: dict[str, _Grants] = field(default_factory=dict)

    async def reserve(
        self, key: str, *, limit: int, window: float, guard: float, holder: str
    ) -> Slot:
        """The next free moment of this key."""
        grants = self._keys.setdefault(key, _Grants())
        now = self.clock.now().timestamp()
        times = grants.times
        if times and holder != grants.holder:
            grants.shared_until = times[-1] + window + guard
        grants.holder = holder
        at = max(now, grants.held_until)
        if times:
            at = max(at, times[-1])
        if len(times) >= limit:
            at = max(at, times[-limit] + window)
            if at < grants.shared_until:
                at = max(at, times[-limit] + window + guard)
        times.append(at)
        while times[0] <= at - window - guard:
            times.popleft()
        return Slot(at - now, sum(1 for grant in times if grant > at - window))

    async def hold(self, key: str, seconds: float) -> None:
        """Nothing before now + `seconds`."""
        grants = self._keys.setdefault(key, _Grants())
        grants.held_until = max(grants.held_until, self.clock.now().timestamp() + seconds)


@dataclass(slots=True)
class _HeldTokens:
    store: MemoryCredentials
    hub_id: int

    @property
    def tokens(self) -> OAuthTokens:
        return self.store.tokens[self.hub_id]

    async def save(self, tokens: OAuthTokens) -> None:
        self.store.tokens[self.hub_id] = tokens


@dataclass(slots=True)
class MemoryCredentials:
    """A CredentialStore in memory."""

    tokens: dict[int, OAuthTokens] = field(default_factory=dict, repr=False)
    _locks: dict[int, asyncio.Lock] = field(default_factory=dict)

    async def load(self, hub_id: int) -> OAuthTokens:
        """As last saved."""
        return self.tokens[hub_id]

    def exclusively(self, hub_id: int) -> AbstractAsyncContextManager[TokenSlot]:
        """One holder at a time."""
        return self._held(hub_id)

    @asynccontextmanager
    async def _held(self, hub_id: int) -> AsyncIterator[TokenSlot]:
        async with self._locks.setdefault(hub_id, asyncio.Lock()):
            yield _HeldTokens(self, hub_id)


@dataclass(slots=True)
class MemoryVersions:
    """A VersionMemory in memory."""

    _facts: dict[tuple[int, str], VersionFact] = field(default_factory=dict)

    async def recall(self, hub_id: int) -> tuple[VersionFact, ...]:
        """Everything remembered of a portal."""
        return tuple(fact for (hub, _), fact in self._facts.items() if hub == hub_id)

    async def remember(self, hub_id: int, fact: VersionFact) -> None:
        """Replace the family's fact."""
        self._facts[hub_id, fact.family] = fact
