"""Webhooks and what was posted to them; notices are copied from the outbox, once each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    RowMapping,
    Table,
    delete,
    insert,
    select,
    update,
)

from rolecall.domain.webhook import DeliveryState, Webhook, WebhookDelivery
from rolecall.store.encoding import from_json, to_json
from rolecall.store.errors import NotThere
from rolecall.store.outbox import OUTBOX, Notice
from rolecall.store.rows import Repository
from rolecall.store.schema import Document, Key, metadata, moment, text

WEBHOOKS = Table(
    "webhooks", metadata,
    Column("id", Key, primary_key=True),
    Column("hub_id", BigInteger),
    text("body"),
)  # fmt: skip
DELIVERIES = Table(
    "webhook_deliveries", metadata,
    Column("webhook_id", Key, primary_key=True),
    Column("notice_id", Key, primary_key=True),
    Column("id", Key, nullable=False, unique=True),
    text("topic"),
    Column("payload", Document, nullable=False),
    moment("created_at"),
    text("state"),
    Column("attempts", Integer, nullable=False),
    moment("next_at", nullable=True),
    text("error"),
    Index("ix_webhook_deliveries_due", "state", "next_at"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Webhooks(Repository):
    """Addresses, and deliveries by address."""

    async def add(self, webhook: Webhook) -> None:
        """Keep an address."""
        row = {"id": webhook.id, "hub_id": webhook.hub_id, "body": to_json(webhook)}
        await self.connection.execute(insert(WEBHOOKS), row)

    async def all(self) -> tuple[Webhook, ...]:
        """Every address, oldest first."""
        rows = await self.rows(select(WEBHOOKS).order_by(WEBHOOKS.c.id))
        return tuple(from_json(row["body"], Webhook) for row in rows)

    async def get(self, webhook_id: str) -> Webhook:
        """One address; NotThere when there is none."""
        row = await self.one(select(WEBHOOKS).where(WEBHOOKS.c.id == webhook_id))
        if row is None:
            raise NotThere(f"There is no webhook {webhook_id}")
        return from_json(row["body"], Webhook)

    async def remove(self, webhook_id: str) -> None:
        """Forget an address and what was posted to it."""
        await self.connection.execute(
            delete(DELIVERIES).where(DELIVERIES.c.webhook_id == webhook_id)
        )
        await self.connection.execute(delete(WEBHOOKS).where(WEBHOOKS.c.id == webhook_id))

    async def notices_since(self, since: datetime) -> tuple[Notice, ...]:
        """Notices written since a time, oldest first."""
        found = select(OUTBOX).where(OUTBOX.c.created_at >= since).order_by(OUTBOX.c.id)
        return tuple(
            Notice(row["id"], row["topic"], row["hub_id"], row["payload"], row["created_at"])
            for row in await self.rows(found)
        )

    async def newest_notice(self, webhook_id: str) -> datetime | None:
        """When the newest notice taken over for an address was written."""
        here = DELIVERIES.c.webhook_id == webhook_id
        found = select(DELIVERIES.c.created_at).where(here)
        moment_: datetime | None = await self.value(
            found.order_by(DELIVERIES.c.created_at.desc()).limit(1)
        )
        return moment_

    async def queue(self, deliveries: Iterable[WebhookDelivery]) -> None:
        """Take over notices; those taken over before stay as they are."""
        await self.add_new(DELIVERIES, [_row(one) for one in deliveries])

    async def due(self, now: datetime, limit: int = 100) -> tuple[WebhookDelivery, ...]:
        """Deliveries to try now, oldest first."""
        waiting = (DELIVERIES.c.state == DeliveryState.PENDING.value, DELIVERIES.c.next_at <= now)
        found = select(DELIVERIES).where(*waiting).order_by(DELIVERIES.c.notice_id).limit(limit)
        return tuple(map(_delivery, await self.rows(found)))

    async def deliveries(
        self, webhook_id: str, limit: int = 100, before: str | None = None
    ) -> tuple[WebhookDelivery, ...]:
        """What went to an address, newest first; `before` is the notice of the last one seen."""
        found = select(DELIVERIES).where(DELIVERIES.c.webhook_id == webhook_id)
        if before is not None:
            found = found.where(DELIVERIES.c.notice_id < before)
        rows = await self.rows(found.order_by(DELIVERIES.c.notice_id.desc()).limit(limit))
        return tuple(map(_delivery, rows))

    async def delivery(self, delivery_id: str) -> WebhookDelivery:
        """One delivery; NotThere when there is none."""
        row = await self.one(select(DELIVERIES).where(DELIVERIES.c.id == delivery_id))
        if row is None:
            raise NotThere(f"There is no delivery {delivery_id}")
        return _delivery(row)

    async def settle(self, delivery: WebhookDelivery) -> None:
        """Write down where a delivery stands now."""
        values = {
            "state": delivery.state.value,
            "attempts": delivery.attempts,
            "next_at": delivery.next_at,
            "error": delivery.error,
        }
        here = DELIVERIES.c.id == delivery.id
        await self.connection.execute(update(DELIVERIES).where(here).values(**values))


def owner_of(webhook_id: str) -> str:
    """The owner of the signing secret among the credentials."""
    return f"webhook:{webhook_id}"


def _row(one: WebhookDelivery) -> dict[str, object]:
    return {
        "webhook_id": one.webhook_id,
        "notice_id": one.notice_id,
        "id": one.id,
        "topic": one.topic,
        "payload": dict(one.payload),
        "created_at": one.created_at,
        "state": one.state.value,
        "attempts": one.attempts,
        "next_at": one.next_at,
        "error": one.error,
    }


def _delivery(row: RowMapping) -> WebhookDelivery:
    return WebhookDelivery(
        row["id"],
        row["webhook_id"],
        row["notice_id"],
        row["topic"],
        row["created_at"],
        row["payload"],
        DeliveryState(row["state"]),
        row["attempts"],
        row["next_at"],
        row["error"],
    )
