"""One-time links by the hash of their token; using one up happens in one statement."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, Index, RowMapping, Table, Text, delete, insert, select, update
from sqlalchemy.sql.elements import ColumnElement

from rolecall.domain.operator import LinkPurpose, OneTimeLink
from rolecall.store.encoding import from_json, to_json
from rolecall.store.rows import Repository
from rolecall.store.schema import metadata, moment, text

LINKS = Table(
    "one_time_links",
    metadata,
    Column("token_hash", Text, primary_key=True),
    text("purpose"),
    text("subject"),
    moment("expires_at"),
    moment("used_at", nullable=True),
    text("body"),
    Index("ix_one_time_links_subject", "subject", "purpose"),
)


class Links(Repository):
    """One-time links; a used or expired one is as good as none."""

    async def add(self, link: OneTimeLink, token_hash: str) -> None:
        """Keep a link by the hash of its token."""
        row = {
            "token_hash": token_hash,
            "purpose": link.purpose.value,
            "subject": link.subject,
            "expires_at": link.expires_at,
            "used_at": None,
            "body": to_json(link),
        }
        await self.connection.execute(insert(LINKS).values(**row))

    async def peek(self, token_hash: str, now: datetime) -> OneTimeLink | None:
        """What a link would open, without using it up."""
        row = await self.one(select(LINKS).where(*_usable(token_hash, now)))
        return _link(row) if row else None

    async def use(self, token_hash: str, purpose: LinkPurpose, now: datetime) -> OneTimeLink | None:
        """Use a link up; None when it is unknown, expired, used, or for something else.

        Of two at once one gets it.
        """
        mine = (*_usable(token_hash, now), LINKS.c.purpose == purpose.value)
        if await self.touched(update(LINKS).where(*mine).values(used_at=now)) != 1:
            return None
        row = await self.one(select(LINKS).where(LINKS.c.token_hash == token_hash))
        return _link(row) if row else None

    async def withdraw(
        self, subject: str, now: datetime, purposes: tuple[LinkPurpose, ...] = ()
    ) -> int:
        """Make every open link about a subject useless; how many."""
        mine = [LINKS.c.subject == subject, LINKS.c.used_at.is_(None)]
        if purposes:
            mine.append(LINKS.c.purpose.in_([one.value for one in purposes]))
        return await self.touched(update(LINKS).where(*mine).values(used_at=now))

    async def forget(self, before: datetime, purposes: tuple[LinkPurpose, ...] = ()) -> int:
        """Drop links (of these purposes) that expired before a time; how many."""
        old = delete(LINKS).where(LINKS.c.expires_at < before)
        if purposes:
            old = old.where(LINKS.c.purpose.in_([one.value for one in purposes]))
        return await self.touched(old)


def _usable(token_hash: str, now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (LINKS.c.token_hash == token_hash, LINKS.c.used_at.is_(None), LINKS.c.expires_at > now)


def _link(row: RowMapping) -> OneTimeLink:
    return from_json(row["body"], OneTimeLink)
