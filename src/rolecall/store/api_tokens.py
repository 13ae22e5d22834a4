"""API tokens by the hash of their secret; the secret itself is never here."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Column, Index, RowMapping, Table, Text, insert, select, update

from rolecall.domain.operator import ApiToken
from rolecall.store.encoding import from_json, to_json
from rolecall.store.rows import Repository
from rolecall.store.schema import metadata, moment, text

API_TOKENS = Table(
    "api_tokens",
    metadata,
    Column("token_hash", Text, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    text("owner_id"),
    moment("expires_at", nullable=True),
    moment("revoked_at", nullable=True),
    moment("last_used_at", nullable=True),
    text("body"),
    Index("ix_api_tokens_owner_id", "owner_id"),
)


class ApiTokens(Repository):
    """API tokens; times are columns, the rest is the token as it was made."""

    async def add(self, token: ApiToken, token_hash: str) -> None:
        """Keep a token by the hash of its secret."""
        row = {
            "token_hash": token_hash,
            "id": token.id,
            "owner_id": token.owner_id,
            "expires_at": token.expires_at,
            "revoked_at": None,
            "last_used_at": None,
            "body": to_json(token),
        }
        await self.connection.execute(insert(API_TOKENS).values(**row))

    async def by_hash(self, token_hash: str) -> ApiToken | None:
        """The token with this secret, revoked and expired ones included."""
        row = await self.one(select(API_TOKENS).where(API_TOKENS.c.token_hash == token_hash))
        return _token(row) if row else None

    async def get(self, token_id: str) -> ApiToken | None:
        """The token with this id."""
        row = await self.one(select(API_TOKENS).where(API_TOKENS.c.id == token_id))
        return _token(row) if row else None

    async def all(self) -> tuple[ApiToken, ...]:
        """Every token, newest first (ids sort by time)."""
        rows = await self.rows(select(API_TOKENS).order_by(API_TOKENS.c.id.desc()))
        return tuple(_token(row) for row in rows)

    async def replace(self, token: ApiToken, token_hash: str) -> None:
        """Give a token another secret; what is known by its id stays known."""
        row = {"token_hash": token_hash, "expires_at": token.expires_at, "body": to_json(token)}
        await self.connection.execute(
            update(API_TOKENS).where(API_TOKENS.c.id == token.id).values(**row)
        )

    async def used(self, token_id: str, at: datetime) -> None:
        """It was used."""
        await self.connection.execute(
            update(API_TOKENS).where(API_TOKENS.c.id == token_id).values(last_used_at=at)
        )

    async def revoke(self, token_id: str, at: datetime) -> bool:
        """End a token for good; False when it had ended."""
        mine = (API_TOKENS.c.id == token_id, API_TOKENS.c.revoked_at.is_(None))
        return await self.touched(update(API_TOKENS).where(*mine).values(revoked_at=at)) == 1

    async def revoke_all(self, owner_id: str, at: datetime) -> int:
        """End every token of an owner; how many."""
        mine = (API_TOKENS.c.owner_id == owner_id, API_TOKENS.c.revoked_at.is_(None))
        return await self.touched(update(API_TOKENS).where(*mine).values(revoked_at=at))


def _token(row: RowMapping) -> ApiToken:
    token = from_json(row["body"], ApiToken)
    return replace(token, last_used_at=row["last_used_at"], revoked_at=row["revoked_at"])
