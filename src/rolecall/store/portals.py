"""Connected portals, by hub id, and what each connection can do."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Column, RowMapping, Table, Text, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from rolecall.domain.portal import Capabilities, Portal
from rolecall.store.encoding import from_json, to_json
from rolecall.store.errors import AlreadyThere, NotThere
from rolecall.store.rows import Repository
from rolecall.store.schema import metadata, moment, text

PORTALS = Table(
    "portals",
    metadata,
    Column("hub_id", BigInteger, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False, unique=True),
    text("state"),
    text("body"),
)
CAPABILITIES = Table(
    "capabilities",
    metadata,
    Column("hub_id", BigInteger, primary_key=True, autoincrement=False),
    moment("probed_at"),
    text("body"),
)


class Portals(Repository):
    """One row per hub id; `name` is unique and only ours."""

    async def add(self, portal: Portal) -> None:
        """Connect a portal.

        Raises AlreadyThere for a hub id or a name that is connected already.
        """
        there = await self.get(portal.hub_id)
        if there:
            hint = f"use `rolecall portal reconnect {there.name}` to change its credential"
            raise AlreadyThere(
                f"Portal {portal.hub_id} is connected already, as {there.name}", hint=hint
            )
        try:
            async with self.connection.begin_nested():
                await self.connection.execute(insert(PORTALS).values(**_row(portal)))
        except IntegrityError as error:
            raise _name_taken(portal.name) from error

    async def get(self, hub_id: int) -> Portal | None:
        """The portal with this hub id."""
        row = await self.one(select(PORTALS).where(PORTALS.c.hub_id == hub_id))
        return _portal(row) if row else None

    async def named(self, name: str) -> Portal:
        """The portal we call so.

        Raises NotThere, naming the portals there are.
        """
        row = await self.one(select(PORTALS).where(PORTALS.c.name == name))
        if row:
            return _portal(row)
        known = ", ".join(portal.name for portal in await self.all())
        hint = f"connected: {known}" if known else "connect one with `rolecall portal add NAME`"
        raise NotThere(f"No portal is called {name}", hint=hint)

    async def all(self) -> tuple[Portal, ...]:
        """Every portal, by name."""
        return tuple(_portal(row) for row in await self.rows(select(PORTALS).order_by("name")))

    async def change(self, portal: Portal) -> None:
        """Replace what we know of a connected portal.

        Raises NotThere for an unknown hub id, AlreadyThere for another portal's name.
        """
        change = update(PORTALS).where(PORTALS.c.hub_id == portal.hub_id).values(**_row(portal))
        try:
            async with self.connection.begin_nested():
                touched = await self.touched(change)
        except IntegrityError as error:
            raise _name_taken(portal.name) from error
        if not touched:
            raise NotThere(f"Portal {portal.hub_id} is not connected")

    async def remove(self, hub_id: int) -> None:
        """Forget the connection; snapshots, plans and the audit trail stay as evidence."""
        await self.connection.execute(delete(CAPABILITIES).where(CAPABILITIES.c.hub_id == hub_id))
        await self.connection.execute(delete(PORTALS).where(PORTALS.c.hub_id == hub_id))

    async def capabilities(self, hub_id: int) -> tuple[Capabilities, datetime] | None:
        """What the last probe found, and when."""
        row = await self.one(select(CAPABILITIES).where(CAPABILITIES.c.hub_id == hub_id))
        return (from_json(row["body"], Capabilities), row["probed_at"]) if row else None

    async def save_capabilities(self, hub_id: int, value: Capabilities, at: datetime) -> None:
        """Keep what a probe found."""
        row = {"hub_id": hub_id, "probed_at": at, "body": to_json(value)}
        await self.upsert(CAPABILITIES, [row])


def _row(portal: Portal) -> dict[str, object]:
    return {
        "hub_id": portal.hub_id,
        "name": portal.name,
        "state": portal.state.value,
        "body": to_json(portal),
    }


def _portal(row: RowMapping) -> Portal:
    return from_json(row["body"], Portal)


def _name_taken(name: str) -> AlreadyThere:
    hint = "choose another name; `rolecall portal list` shows them"
    return AlreadyThere(f"Another portal is called {name} already", hint=hint)
