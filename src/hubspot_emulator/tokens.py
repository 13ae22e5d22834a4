"""Bearer tokens of the emulator: who may call which portal, with which scopes, until when."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
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


@dataclass(frozen=True, slots=True)
class AuthorizationCode:
    """What an authorize page gave an app, to be changed for tokens once."""

    value: str
    client_id: str
    portal_id: int
    user_id: int
    scopes: frozenset[str]
    redirect_uri: str
    expires_at: datetime
    challenge: str | None = None  # PKCE
    challenge_method: str = "plain"


@dataclass(frozen=True, slots=True)
class RefreshGrant:
    """What a refresh token stands for; dies by revocation and uninstall, never by time."""

    value: str
    client_id: str
    app_id: int
    portal_id: int
    user_id: int | None
    scopes: frozenset[str] | None


class TokenStore:
    """Every token the emulator gave out, by value; codes and refresh tokens of OAuth too."""

    __slots__ = ("_by_value", "codes", "grants")

    def __init__(self) -> None:
        self._by_value: dict[str, Token] = {}
        self.codes: dict[str, AuthorizationCode] = {}
        self.grants: dict[str, RefreshGrant] = {}

    def issue(self, token: Token) -> Token:
        """Remember a token; an older one of the same value is replaced."""
        self._by_value[token.value] = token
        return token

    def find(self, value: str) -> Token | None:
        """The token with this value, expired or not; None when unknown or revoked."""
        return self._by_value.get(value)

    def revoke(self, value: str) -> bool:
        """Forget a token and what would renew it; says whether there was one."""
        token = self._by_value.pop(value, None)
        if token is not None and token.refresh_token is not None:
            self.grants.pop(token.refresh_token, None)
        return token is not None

    def revoke_app(self, app_id: int, portal_id: int) -> None:
        """Forget everything one app holds of one portal, as an uninstall does."""
        for token in [*self.of_portal(portal_id)]:
            if token.app_id == app_id:
                self.revoke(token.value)
        self.grants = {
            value: grant
            for value, grant in self.grants.items()
            if (grant.app_id, grant.portal_id) != (app_id, portal_id)
        }

    def renew(self, old: str, new: str) -> None:
        """Let a refresh token go on under another value; tokens that named it name the new one."""
        self.grants[new] = replace(self.grants.pop(old), value=new)
        for token in self._by_value.values():
            if token.refresh_token == old:
                token.refresh_token = new

    def of_portal(self, portal_id: int) -> Iterator[Token]:
        """Every token of one portal."""
        return (token for token in self._by_value.values() if token.portal_id == portal_id)

    def __len__(self) -> int:
        return len(self._by_value)
