"""Which version of each HubSpot API family answered in a portal, and when that was seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from sqlalchemy import BigInteger, Column, Table, Text, select

from rolecall.store.database import Database
from rolecall.store.schema import metadata, moment, text

API_VERSIONS = Table(
    "api_versions",
    metadata,
    Column("hub_id", BigInteger, primary_key=True, autoincrement=False),
    Column("family", Text, primary_key=True),
    text("version"),
    moment("seen_at"),
)


class Fact(Protocol):
    """What a version fact looks like, whoever declares it."""

    @property
    def family(self) -> str:
        """users, teams, owners, ..."""
        ...

    @property
    def version(self) -> str:
        """v3, 2026-03, ..."""
        ...

    @property
    def seen_at(self) -> datetime:
        """When it answered."""
        ...


FactT = TypeVar("FactT", bound=Fact)


@dataclass(frozen=True, slots=True)
class KnownVersions(Generic[FactT]):
    """`hubspot.ports.VersionMemory` over the store; `make` makes the client's own value."""

    database: Database
    make: Callable[[str, str, datetime], FactT]

    async def recall(self, hub_id: int) -> tuple[FactT, ...]:
        """Everything remembered of a portal, by family."""
        known = select(API_VERSIONS).where(API_VERSIONS.c.hub_id == hub_id).order_by("family")
        async with self.database.read() as view:
            rows = await view.plain.rows(known)
        return tuple(self.make(row["family"], row["version"], row["seen_at"]) for row in rows)

    async def remember(self, hub_id: int, fact: FactT) -> None:
        """Keep one fact; replaces the family's former one."""
        row = {
            "hub_id": hub_id,
            "family": fact.family,
            "version": fact.version,
            "seen_at": fact.seen_at,
        }
        async with self.database.work() as work:
            await work.plain.upsert(API_VERSIONS, [row])
