"""SCIM clients, the resources they pushed, and the log of what they sent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
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

from rolecall.domain.scim import ScimClient, ScimLine, ScimRecord
from rolecall.store.encoding import from_json, to_json
from rolecall.store.errors import NotThere, OutOfDate
from rolecall.store.rows import CHUNK, Repository, inserting
from rolecall.store.schema import Key, metadata, moment, text

CLIENTS = Table(
    "scim_clients", metadata,
    Column("id", Key, primary_key=True),
    Column("hub_id", BigInteger, nullable=False),
    text("body"),
)  # fmt: skip
RESOURCES = Table(
    "scim_resources", metadata,
    Column("client_id", Key, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("id", Key, primary_key=True),
    Column("hub_id", BigInteger, nullable=False),
    Column("name_key", Key, nullable=False),
    text("name"),
    text("external_id"),
    Column("subject", Key, nullable=False),
    text("target"),
    Column("version", Integer, nullable=False),
    moment("created_at"),
    moment("modified_at"),
    text("body"),
    Index("ix_scim_resources_name", "hub_id", "kind", "name_key"),
    Index("ix_scim_resources_external", "client_id", "kind", "external_id"),
)  # fmt: skip
# How many resources there are, kept with them: counting 50,000 rows cost more than a page of them.
COUNTS = Table(
    "scim_counts", metadata,
    Column("client_id", Key, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("resources", Integer, nullable=False),
)  # fmt: skip
LOG = Table(
    "scim_log", metadata,
    Column("id", Key, primary_key=True),
    Column("client_id", Key, nullable=False),
    moment("at"),
    Column("status", Integer, nullable=False),
    text("body"),
    Index("ix_scim_log_client", "client_id", "id"),
)  # fmt: skip
UNPLANNED = Table(
    "scim_unplanned", metadata,
    Column("client_id", Key, primary_key=True),
    Column("subject", Key, primary_key=True),
    moment("since"),
    Column("pushes", Integer, nullable=False),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Unplanned:
    """Somebody pushed since a time and in no plan yet; `pushes` counts how often."""

    subject: str
    since: datetime
    pushes: int = 1


@dataclass(frozen=True, slots=True)
class Scim(Repository):
    """Everything SCIM keeps; resources by client, kind and id."""

    async def client(self, client_id: str) -> ScimClient | None:
        """The client of a token."""
        row = await self.one(select(CLIENTS).where(CLIENTS.c.id == client_id))
        return from_json(row["body"], ScimClient) if row else None

    async def clients(self, hub_id: int | None = None) -> tuple[ScimClient, ...]:
        """Every client, or those of a portal."""
        found = select(CLIENTS).order_by(CLIENTS.c.id)
        if hub_id is not None:
            found = found.where(CLIENTS.c.hub_id == hub_id)
        return tuple(from_json(row["body"], ScimClient) for row in await self.rows(found))

    async def put_client(self, client: ScimClient) -> None:
        """Write a client, replacing the one with its id."""
        row = {"id": client.id, "hub_id": client.hub_id, "body": to_json(client)}
        await self.upsert(CLIENTS, [row])

    async def hold(self, client_id: str, *, alone: bool = False) -> ScimClient | None:
        """The client, which nobody removes before this transaction ends; `alone` to remove it."""
        found = select(CLIENTS).where(CLIENTS.c.id == client_id)
        row = await self.one(found.with_for_update(read=not alone))
        return from_json(row["body"], ScimClient) if row else None

    async def forget(self, client_id: str) -> None:
        """Forget a client with all it pushed and sent."""
        for table in (UNPLANNED, RESOURCES, COUNTS, LOG):
            await self.connection.execute(delete(table).where(table.c.client_id == client_id))
        await self.connection.execute(delete(CLIENTS).where(CLIENTS.c.id == client_id))

    async def add(self, *records: ScimRecord) -> None:
        """Keep new resources."""
        await self.connection.execute(insert(RESOURCES), [_row(one) for one in records])
        for (client_id, kind), more in Counter((r.client_id, r.kind) for r in records).items():
            await self._count(client_id, kind, more)

    async def get(self, client_id: str, kind: str, record_id: str) -> ScimRecord:
        """One resource; NotThere when the client never pushed it."""
        row = await self.one(select(RESOURCES).where(*_here(client_id, kind, record_id)))
        if row is None:
            raise NotThere(f"There is no {kind} {record_id}")
        return _record(row)

    async def change(self, record: ScimRecord) -> None:
        """Write a resource that was read at the version before; OutOfDate when it moved on."""
        here = _here(record.client_id, record.kind, record.id)
        row = {k: v for k, v in _row(record).items() if k not in ("client_id", "kind", "id")}
        moved = update(RESOURCES).where(*here, RESOURCES.c.version == record.version - 1)
        if not await self.touched(moved.values(**row)):
            raise OutOfDate(f"{record.kind} {record.id} was changed by somebody else")

    async def remove(self, client_id: str, kind: str, record_id: str) -> None:
        """Forget a resource; one that is gone already is not counted off again."""
        if await self.touched(delete(RESOURCES).where(*_here(client_id, kind, record_id))):
            await self._count(client_id, kind, -1)

    async def by_name(self, hub_id: int, kind: str, name: str) -> tuple[ScimRecord, ...]:
        """Resources of a portal with this userName or displayName, of every client."""
        here = (RESOURCES.c.hub_id == hub_id, RESOURCES.c.kind == kind)
        named = RESOURCES.c.name_key == name.casefold()
        return await self._records(*here, named)

    async def by_external_id(
        self, client_id: str, kind: str, external_id: str
    ) -> tuple[ScimRecord, ...]:
        """Resources of a client with this externalId, which is compared exactly."""
        here = (RESOURCES.c.client_id == client_id, RESOURCES.c.kind == kind)
        return await self._records(*here, RESOURCES.c.external_id == external_id)

    async def known(self, client_id: str, kind: str, ids: Sequence[str]) -> tuple[ScimRecord, ...]:
        """Those of these resources that are there."""
        here = (RESOURCES.c.client_id == client_id, RESOURCES.c.kind == kind)
        return await self._these(ids, *here)

    async def all(self, client_id: str, kind: str) -> tuple[ScimRecord, ...]:
        """Every resource of a kind, by id."""
        return await self._records(RESOURCES.c.client_id == client_id, RESOURCES.c.kind == kind)

    async def count(self, client_id: str, kinds: Iterable[str]) -> int:
        """How many resources of these kinds there are."""
        held = COUNTS.c.client_id == client_id, COUNTS.c.kind.in_(sorted(kinds))
        return int(await self.value(select(func.sum(COUNTS.c.resources)).where(*held)) or 0)

    async def page(
        self, client_id: str, kinds: Iterable[str], start: int, count: int | None
    ) -> tuple[int, tuple[ScimRecord, ...]]:
        """How many resources there are, and a page of them by id.

        The place is found among keys alone, which an index holds; rows are read for the page only.
        """
        wanted = sorted(kinds)
        total = await self.count(client_id, wanted)
        here = RESOURCES.c.client_id == client_id, RESOURCES.c.kind.in_(wanted)
        keys = select(RESOURCES.c.id).where(*here).order_by(RESOURCES.c.id)
        place = await self.rows(keys.offset(start).limit(count))
        return total, await self._these([row["id"] for row in place], *here)

    async def mark(self, client_id: str, subjects: Iterable[str], at: datetime) -> None:
        """These subjects must be planned; who was marked already keeps the first time."""
        insert_ = inserting(UNPLANNED, self.on_postgres)
        again = insert_.on_conflict_do_update(
            index_elements=["client_id", "subject"],
            set_={"pushes": UNPLANNED.c.pushes + 1},
        )
        rows = [
            {"client_id": client_id, "subject": one, "since": at, "pushes": 1}
            for one in sorted(set(subjects))
        ]
        if rows:
            await self.connection.execute(again, rows)

    async def unplanned(self, client_id: str) -> tuple[Unplanned, ...]:
        """Who must be planned, by subject."""
        mine = select(UNPLANNED).where(UNPLANNED.c.client_id == client_id)
        rows = await self.rows(mine.order_by(UNPLANNED.c.subject))
        return tuple(Unplanned(row["subject"], row["since"], row["pushes"]) for row in rows)

    async def clients_unplanned(self) -> tuple[str, ...]:
        """Ids of clients with somebody to be planned."""
        found = select(UNPLANNED.c.client_id).distinct().order_by(UNPLANNED.c.client_id)
        return tuple(row["client_id"] for row in await self.rows(found))

    async def planned(self, client_id: str, marks: Iterable[Unplanned]) -> None:
        """These are in a plan; who was pushed again meanwhile stays marked."""
        for one in marks:
            await self.connection.execute(
                delete(UNPLANNED).where(
                    UNPLANNED.c.client_id == client_id,
                    UNPLANNED.c.subject == one.subject,
                    UNPLANNED.c.pushes == one.pushes,
                )
            )

    async def log(self, line: ScimLine) -> None:
        """Keep what was sent."""
        row = {
            "id": line.id, "client_id": line.client_id, "at": line.at, "status": line.status,
            "body": to_json(line),
        }  # fmt: skip
        await self.connection.execute(insert(LOG), row)

    async def lines(
        self, client_id: str, limit: int = 100, before: str | None = None
    ) -> tuple[ScimLine, ...]:
        """What a client sent, newest first."""
        found = select(LOG.c.body).where(LOG.c.client_id == client_id)
        if before is not None:
            found = found.where(LOG.c.id < before)
        rows = await self.rows(found.order_by(LOG.c.id.desc()).limit(limit))
        return tuple(from_json(row["body"], ScimLine) for row in rows)

    async def lines_after(
        self, client_id: str, line_id: str, limit: int = 5_000
    ) -> tuple[ScimLine, ...]:
        """What a client sent after a line, oldest first."""
        here = (LOG.c.client_id == client_id, LOG.c.id > line_id)
        rows = await self.rows(select(LOG.c.body).where(*here).order_by(LOG.c.id).limit(limit))
        return tuple(from_json(row["body"], ScimLine) for row in rows)

    async def line(self, line_id: str) -> ScimLine:
        """One line of the log; NotThere when there is none."""
        row = await self.one(select(LOG.c.body).where(LOG.c.id == line_id))
        if row is None:
            raise NotThere(f"There is no line {line_id} in the log", hint="see `rolecall scim log`")
        return from_json(row["body"], ScimLine)

    async def _count(self, client_id: str, kind: str, more: int) -> None:
        """So many more, or fewer, in the transaction that brings or takes them.

        The database adds: whoever writes at the same time waits for the row and adds to what is.
        """
        counted = inserting(COUNTS, self.on_postgres)
        again = counted.on_conflict_do_update(
            index_elements=["client_id", "kind"],
            set_={"resources": COUNTS.c.resources + counted.excluded.resources},
        )
        row = {"client_id": client_id, "kind": kind, "resources": more}
        await self.connection.execute(again, row)

    async def _these(
        self, ids: Sequence[str], *here: ColumnElement[bool]
    ) -> tuple[ScimRecord, ...]:
        found: list[ScimRecord] = []
        for start in range(0, len(ids), CHUNK):
            batch = list(ids[start : start + CHUNK])
            found += await self._records(*here, RESOURCES.c.id.in_(batch))
        return tuple(found)

    async def _records(self, *here: ColumnElement[bool]) -> tuple[ScimRecord, ...]:
        rows = await self.rows(select(RESOURCES).where(*here).order_by(RESOURCES.c.id))
        return tuple(map(_record, rows))


def _here(client_id: str, kind: str, record_id: str) -> tuple[ColumnElement[bool], ...]:
    return (
        RESOURCES.c.client_id == client_id,
        RESOURCES.c.kind == kind,
        RESOURCES.c.id == record_id,
    )


def _row(record: ScimRecord) -> dict[str, object]:
    return {
        "client_id": record.client_id,
        "kind": record.kind,
        "id": record.id,
        "hub_id": record.hub_id,
        "name_key": record.name.casefold(),
        "name": record.name,
        "external_id": record.external_id,
        "subject": record.subject,
        "target": record.target,
        "version": record.version,
        "created_at": record.created_at,
        "modified_at": record.modified_at,
        "body": record.body,
    }


def _record(row: RowMapping) -> ScimRecord:
    return ScimRecord(
        row["client_id"],
        row["kind"],
        row["id"],
        row["hub_id"],
        row["name"],
        row["body"],
        row["created_at"],
        row["modified_at"],
        row["version"],
        row["external_id"],
        row["subject"],
        row["target"],
    )
