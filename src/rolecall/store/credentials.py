"""Credentials of portals and other secrets, encrypted field by field; never in a repr or a log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Column, RowMapping, Table, Text, Update, delete, select, update

from rolecall.store.errors import KeyMissing, NotThere
from rolecall.store.keys import KeyRing
from rolecall.store.rows import Repository
from rolecall.store.schema import metadata, moment, text

# One row per secret field. `owner` is portal:HUB_ID for credentials; other rooms add their own
# owners (import-source:APP_ID, webhook:ID), so one table is all that a key rotation has to visit.
SECRETS = Table(
    "secrets",
    metadata,
    Column("owner", Text, primary_key=True),
    Column("field", Text, primary_key=True),
    text("locked"),
    moment("saved_at"),
)


@dataclass(frozen=True, slots=True)
class Credential:
    """The fields of one secret, by name: token, refresh_token, client_secret, ..."""

    owner: str
    fields: Mapping[str, str] = field(repr=False)
    saved_at: datetime

    def __getitem__(self, name: str) -> str:
        """One field; KeyError when it was never saved."""
        return self.fields[name]


@dataclass(frozen=True, slots=True)
class Credentials(Repository):
    """Secrets by owner, locked with the current key and bound to owner and field."""

    keys: KeyRing | None = None

    async def save(self, hub_id: int, fields: Mapping[str, str], at: datetime) -> None:
        """Replace the credential of a portal, entered by somebody at a time."""
        await self.save_secret(owner_of(hub_id), fields, at)

    async def load(self, hub_id: int) -> Credential:
        """The credential of a portal; NotThere when it has none."""
        return await self.load_secret(owner_of(hub_id))

    async def since(self, hub_id: int) -> datetime | None:
        """When the credential of a portal was entered; None when there is none."""
        mine = select(SECRETS.c.saved_at).where(SECRETS.c.owner == owner_of(hub_id))
        rows = await self.rows(mine)
        return min((row["saved_at"] for row in rows), default=None)

    async def remove(self, hub_id: int) -> None:
        """Forget the credential of a portal."""
        await self.remove_secret(owner_of(hub_id))

    async def save_secret(self, owner: str, fields: Mapping[str, str], at: datetime) -> None:
        """Replace every field of one owner's secret."""
        ring = self._ring()
        await self.remove_secret(owner)
        rows = [
            {
                "owner": owner,
                "field": name,
                "saved_at": at,
                "locked": ring.lock(value, _bound(owner, name)),
            }
            for name, value in fields.items()
        ]
        await self.upsert(SECRETS, rows)

    async def load_secret(self, owner: str) -> Credential:
        """One owner's secret; NotThere when there is none, KeyMissing when it does not open."""
        found = await self.rows(select(SECRETS).where(SECRETS.c.owner == owner))
        if not found:
            hint = "enter it with `rolecall portal reconnect NAME --token-file F`"
            raise NotThere(f"No credential is stored for {owner}", hint=hint)
        ring = self._ring()
        fields = {
            row["field"]: ring.unlock(row["locked"], _bound(owner, row["field"])) for row in found
        }
        return Credential(owner, fields, found[0]["saved_at"])

    async def remove_secret(self, owner: str) -> None:
        """Forget one owner's secret."""
        await self.connection.execute(delete(SECRETS).where(SECRETS.c.owner == owner))

    async def rewrap(self) -> int:
        """Lock every secret with the current key; how many fields were locked anew."""
        ring = self._ring().fresh()
        old = [
            row for row in await self.rows(select(SECRETS)) if not ring.is_current(row["locked"])
        ]
        for row in old:
            await self.connection.execute(_relocked(row, ring))
        return len(old)

    def _ring(self) -> KeyRing:
        if self.keys is None:
            raise KeyMissing(
                "The store was opened without a key file", hint="set ROLECALL_KEY_FILE"
            )
        return self.keys


def owner_of(hub_id: int) -> str:
    """The owner of a portal's credential."""
    return f"portal:{hub_id}"


def _bound(owner: str, name: str) -> str:
    return f"{owner}/{name}"


def _relocked(row: RowMapping, ring: KeyRing) -> Update:
    bound = _bound(row["owner"], row["field"])
    locked = ring.lock(ring.unlock(row["locked"], bound), bound)
    here = (SECRETS.c.owner == row["owner"], SECRETS.c.field == row["field"])
    return update(SECRETS).where(*here).values(locked=locked)
