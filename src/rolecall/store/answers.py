"""Answers given to requests with an idempotency key, so that a repeated request is not a second act."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, Index, Integer, Table, Text, delete, select, update

from rolecall.store.rows import Repository
from rolecall.store.schema import Document, metadata, moment, text

ANSWERS = Table(
    "api_answers", metadata,
    Column("owner", Text, primary_key=True),  # hash of the token that asked
    Column("key", Text, primary_key=True),
    text("fingerprint"),
    Column("status", Integer, nullable=False),  # 0 while it is being answered
    Column("headers", Document, nullable=False),
    text("body"),
    moment("at"),
    Index("ix_api_answers_at", "at"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """What was answered; status 0 = not yet."""

    fingerprint: str
    status: int
    headers: tuple[tuple[str, str], ...]
    body: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Answers(Repository):
    """Answers by who asked and the key they chose."""

    async def claim(
        self, owner: str, key: str, fingerprint: str, at: datetime
    ) -> KeptAnswer | None:
        """Take a key for a request; what was answered before when it is taken."""
        here = (ANSWERS.c.owner == owner, ANSWERS.c.key == key)
        row = await self.one(select(ANSWERS).where(*here))
        if row is not None:
            headers = tuple((name, value) for name, value in row["headers"])
            return KeptAnswer(row["fingerprint"], row["status"], headers, row["body"], row["at"])
        claimed = {
            "owner": owner, "key": key, "fingerprint": fingerprint, "status": 0,
            "headers": [], "body": "", "at": at,
        }  # fmt: skip
        await self.upsert(ANSWERS, [claimed])
        return None

    async def keep(
        self, owner: str, key: str, status: int, headers: list[tuple[str, str]], body: str
    ) -> None:
        """Remember what was answered."""
        here = (ANSWERS.c.owner == owner, ANSWERS.c.key == key)
        values = {"status": status, "headers": headers, "body": body}
        await self.connection.execute(update(ANSWERS).where(*here).values(**values))

    async def release(self, owner: str, key: str) -> None:
        """Give a key free: nothing was done under it."""
        here = (ANSWERS.c.owner == owner, ANSWERS.c.key == key)
        await self.connection.execute(delete(ANSWERS).where(*here))

    async def forget(self, before: datetime) -> None:
        """Drop answers older than a time."""
        await self.connection.execute(delete(ANSWERS).where(ANSWERS.c.at < before))
