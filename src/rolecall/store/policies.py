"""Policy texts in force: what `access apply` stored, by whom and since when; none is forgotten."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, Column, Index, RowMapping, Table, insert, select

from rolecall.kit.ids import uuid7
from rolecall.store.rows import Repository
from rolecall.store.schema import Key, metadata, moment, text

POLICIES = Table(
    "policies", metadata,
    Column("id", Key, primary_key=True),
    Column("hub_id", BigInteger, nullable=False),
    text("text"),
    text("digest"),
    text("by"),
    moment("at"),
    Index("ix_policies_hub_id", "hub_id", "id"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class StoredPolicy:
    """One access.yaml as it was put in force."""

    hub_id: int
    text: str
    digest: str
    by: str
    at: datetime


class Policies(Repository):
    """The newest text of a portal is the one in force."""

    async def put_in_force(self, policy: StoredPolicy) -> None:
        """Make this text the one in force; the same text again changes nothing."""
        held = await self.in_force(policy.hub_id)
        if held is None or held.digest != policy.digest:
            row = {
                "id": uuid7(),
                "hub_id": policy.hub_id,
                "text": policy.text,
                "digest": policy.digest,
                "by": policy.by,
                "at": policy.at,
            }
            await self.connection.execute(insert(POLICIES), row)

    async def in_force(self, hub_id: int) -> StoredPolicy | None:
        """The text in force; None where no policy was ever applied."""
        newest = select(POLICIES).where(POLICIES.c.hub_id == hub_id)
        row = await self.one(newest.order_by(POLICIES.c.at.desc(), POLICIES.c.id.desc()).limit(1))
        return _policy(row) if row else None

    async def history(self, hub_id: int) -> tuple[StoredPolicy, ...]:
        """Every text that was ever in force, newest first."""
        found = select(POLICIES).where(POLICIES.c.hub_id == hub_id)
        return tuple(
            _policy(row)
            for row in await self.rows(found.order_by(POLICIES.c.at.desc(), POLICIES.c.id.desc()))
        )


def _policy(row: RowMapping) -> StoredPolicy:
    return StoredPolicy(row["hub_id"], row["text"], row["digest"], row["by"], row["at"])
