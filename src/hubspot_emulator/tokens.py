"""Bearer tokens of the emulator: who may call which portal, with which scopes, until when."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

TokenKind = Literal["private_app", "service_key", "oauth"]


@dataclass(slots=True)
class Token:
    """One bearer token; `scopes` None means every scope there is."""

    value: str
    kind: TokenKind
    portal_id: int
    app_id: int
    scopes: frozenset[str] | None = None
    user_id: int | None = None  # who created the key or installed the app
    expires_at: datetime | None = None
    limits: Literal["real", "off"] = "real"
    refresh_token: str | None = None
    client_id: str | None = None
    lost_scopes: set[str] = field(default_factory=set)
    disconnected: bool = False  # access switched off in the portal; no new authorisation to undo

    def grants(self, scope: str) -> bool:
        """Whether this one scope was granted and not taken away since."""
        if scope in self.lost_scopes:
            return False
        return self.scopes is None or scope in self.scopes

    def grants_any(self, scopes: Iterable[str]) -> bool:
        """Whether any one of the scopes is held; an empty list asks for nothing."""
        wanted = tuple(scopes)
        return not wanted or any(self.grants(scope) for scope in wanted)

    def expired(self, now: datetime) -> bool:
        """Whether the token's time is over."""
        return self.expires_at is not None and self.expires_at <= now


class TokenStore:
    """Every token the emulator gave out, by value."""

    __slots__ = ("_by_value",)

    def __init__(self) -> None:
        self._by_value: dict[str, Token] = {}

    def issue(self, token: Token) -> Token:
        """Remember a token; an older one of the same value is replaced."""
        self._by_value[token.value] = token
        return token

    def find(self, value: str) -> Token | None:
        """The token with this value, expired or not; None when unknown or revoked."""
        return self._by_value.get(value)

    def revoke(self, value: str) -> bool:
        """Forget a token; says whether there was one."""
        return self._by_value.pop(value, None) is not None

    def of_portal(self, portal_id: int) -> Iterator[Token]:
        """Every token of one portal."""
        return (token for token in self._by_value.values() if token.portal_id == portal_id)

    def __len__(self) -> int:
        return len(self._by_value)
