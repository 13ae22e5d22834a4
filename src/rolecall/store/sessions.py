"""Sessions by the hash of their token, and failed sign-ins by the database's own time."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    RowMapping,
    Table,
    Text,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.sql.elements import ColumnElement

from rolecall.domain.operator import Session
from rolecall.store.rows import Repository
from rolecall.store.schema import database_now, metadata, moment, text

SESSIONS = Table(
    "sessions",
    metadata,
    Column("token_hash", Text, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    text("operator_id"),
    moment("created_at"),
    moment("seen_at"),
    moment("ends_at"),
    moment("ended_at", nullable=True),
    text("about"),
    Index("ix_sessions_operator_id", "operator_id"),
)
SIGN_IN_TRIES = Table(
    "sign_in_tries",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    text("key"),
    Column("at", BigInteger, nullable=False),  # database time, microseconds
    Index("ix_sign_in_tries_key_at", "key", "at"),
)
MICROS = 1_000_000


class Sessions(Repository):
    """Who is signed in; only hashes of tokens are here."""

    async def add(self, session: Session, token_hash: str) -> None:
        """Begin a session."""
        row = {
            "token_hash": token_hash,
            "id": session.id,
            "operator_id": session.operator_id,
            "created_at": session.created_at,
            "seen_at": session.seen_at,
            "ends_at": session.ends_at,
            "ended_at": None,
            "about": session.about,
        }
        await self.connection.execute(insert(SESSIONS).values(**row))

    async def find(self, token_hash: str) -> Session | None:
        """The session of a token, unless somebody ended it; its times are the caller's to judge."""
        mine = (SESSIONS.c.token_hash == token_hash, SESSIONS.c.ended_at.is_(None))
        row = await self.one(select(SESSIONS).where(*mine))
        return _session(row) if row else None

    async def saw(self, session_id: str, at: datetime) -> None:
        """The browser was here."""
        await self.connection.execute(
            update(SESSIONS).where(SESSIONS.c.id == session_id).values(seen_at=at)
        )

    async def of(self, operator_id: str, now: datetime) -> tuple[Session, ...]:
        """An operator's sessions that could still be used, newest first."""
        mine = (
            SESSIONS.c.operator_id == operator_id,
            SESSIONS.c.ended_at.is_(None),
            SESSIONS.c.ends_at > now,
        )
        rows = await self.rows(
            select(SESSIONS).where(*mine).order_by(SESSIONS.c.created_at.desc(), SESSIONS.c.id)
        )
        return tuple(_session(row) for row in rows)

    async def end(self, session_id: str, at: datetime) -> bool:
        """End one; False when it had ended."""
        return await self._end(SESSIONS.c.id == session_id, at) == 1

    async def end_all(self, operator_id: str, at: datetime, but: str = "") -> int:
        """End every session of an operator, but perhaps one; how many."""
        mine = (SESSIONS.c.operator_id == operator_id) & (SESSIONS.c.id != but)
        return await self._end(mine, at)

    async def _end(self, which: ColumnElement[bool], at: datetime) -> int:
        return await self.touched(
            update(SESSIONS).where(which, SESSIONS.c.ended_at.is_(None)).values(ended_at=at)
        )


class SignInTries(Repository):
    """Tries to sign in, counted before they are judged, so that many at once count as many."""

    async def note(self, keys: Collection[str]) -> None:
        """One more try for each key."""
        for key in keys:
            row = {"key": key, "at": database_now()}
            await self.connection.execute(insert(SIGN_IN_TRIES).values(**row))

    async def count(self, key: str, seconds: float) -> int:
        """Tries of the last so many seconds."""
        since = database_now() - int(seconds * MICROS)
        mine = (SIGN_IN_TRIES.c.key == key, SIGN_IN_TRIES.c.at > since)
        return int(await self.value(select(func.count()).select_from(SIGN_IN_TRIES).where(*mine)))

    async def forgive(self, keys: Collection[str]) -> None:
        """A success wipes the tries of these keys."""
        await self.connection.execute(
            delete(SIGN_IN_TRIES).where(SIGN_IN_TRIES.c.key.in_(list(keys)))
        )

    async def forget(self, seconds: float) -> int:
        """Drop tries older than so many seconds; how many."""
        since = database_now() - int(seconds * MICROS)
        return await self.touched(delete(SIGN_IN_TRIES).where(SIGN_IN_TRIES.c.at <= since))


def _session(row: RowMapping) -> Session:
    return Session(
        row["id"], row["operator_id"], row["created_at"], row["seen_at"], row["ends_at"],
        row["about"],
    )  # fmt: skip
