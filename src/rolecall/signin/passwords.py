"""Passwords by argon2id in threads, few at a time: a storm of log-ins never blocks the loop."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argon2 import PasswordHasher

AT_ONCE = 2  # each takes 64 MiB and about 0.15 s of a core
SHORTEST = 12
LONGEST = 256


def password_problem(password: str, email: str) -> str:
    """Why a password is not taken, or the empty text (NIST SP 800-63B: length, not symbols)."""
    if len(password) < SHORTEST:
        return f"the password has fewer than {SHORTEST} characters"
    if len(password) > LONGEST:
        return f"the password has more than {LONGEST} characters"
    folded = password.casefold()
    own = [part for part in (email.casefold(), email.partition("@")[0].casefold()) if part]
    if folded in own or len(set(folded)) < 5 or folded in _COMMON:
        return "the password is too easy to guess"
    return ""


_COMMON = frozenset(
    {"password1234", "passwordpassword", "123456789012", "qwertyuiop12", "rolecallrolecall"}
)


@dataclass
class Passwords:
    """Makes and checks hashes; checking against no hash takes as long as against one."""

    memory_kib: int | None = None  # None: the library's own choice, RFC 9106's low-memory profile
    _turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    _decoy: str = ""

    async def hash(self, password: str) -> str:
        """The argon2id hash of a password, with its own salt and parameters inside."""
        async with self._turns:
            return await asyncio.to_thread(self._hasher.hash, _bytes(password))

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """Whether the password made this hash; False for None, in the same time."""
        if not self._decoy:
            self._decoy = await self.hash("nobody has this password")
        async with self._turns:
            right = await asyncio.to_thread(self._check, password_hash or self._decoy, password)
        return right and password_hash is not None

    def outdated(self, password_hash: str) -> bool:
        """Made with weaker parameters than today's."""
        return self._hasher.check_needs_rehash(password_hash)

    @cached_property
    def _hasher(self) -> PasswordHasher:
        from argon2 import PasswordHasher  # 50 ms that commands without a password need not pay

        if self.memory_kib is None:
            return PasswordHasher()
        return PasswordHasher(memory_cost=self.memory_kib)

    def _check(self, password_hash: str, password: str) -> bool:
        from argon2.exceptions import InvalidHashError, VerificationError

        try:
            return self._hasher.verify(password_hash, _bytes(password[: LONGEST + 1]))
        except (VerificationError, InvalidHashError):
            return False


def _bytes(password: str) -> bytes:
    """Whatever a form sends is some bytes; half a surrogate is a wrong password, not an error."""
    return password.encode("utf-8", "surrogatepass")
