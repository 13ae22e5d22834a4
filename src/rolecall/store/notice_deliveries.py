"""Notices on their way over the installation's channels; their texts are made when they go out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Index, Integer, RowMapping, Select, Table, select, update

from rolecall.domain.notice import NoticeDelivery
from rolecall.domain.webhook import DeliveryState
from rolecall.store.outbox import OUTBOX, Notice
from rolecall.store.rows import Repository
from rolecall.store.schema import Key, metadata, moment, text

NOTICE_DELIVERIES = Table(
    "notice_deliveries", metadata,
    Column("notice_id", Key, primary_key=True),
    Column("channel", Key, primary_key=True),
    Column("address", Key, primary_key=True),
    Column("id", Key, nullable=False, unique=True),
    text("state"),
    Column("attempts", Integer, nullable=False),
    moment("next_at", nullable=True),
    text("error"),
    Index("ix_notice_deliveries_due", "state", "channel", "next_at"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class NoticeDeliveries(Repository):
    """Deliveries by notice, channel and address."""

    async def queue(self, deliveries: Iterable[NoticeDelivery]) -> None:
        """Take over; those taken over before stay as they are."""
        await self.add_new(NOTICE_DELIVERIES, [_row(one) for one in deliveries])

    async def due(
        self, channel: str, now: datetime, limit: int = 100
    ) -> tuple[tuple[NoticeDelivery, Notice], ...]:
        """What to try on a channel now, oldest first, each with its notice."""
        found = (
            _told()
            .where(
                NOTICE_DELIVERIES.c.state == DeliveryState.PENDING.value,
                NOTICE_DELIVERIES.c.channel == channel,
                NOTICE_DELIVERIES.c.next_at <= now,
            )
            .order_by(NOTICE_DELIVERIES.c.notice_id, NOTICE_DELIVERIES.c.address)
            .limit(limit)
        )
        return tuple(map(_pair, await self.rows(found)))

    async def given_up(
        self, hub_id: int, since: datetime
    ) -> tuple[tuple[NoticeDelivery, Notice], ...]:
        """What of a portal's notices since then never arrived, each with its notice."""
        failed = NOTICE_DELIVERIES.c.state == DeliveryState.FAILED.value
        here = (OUTBOX.c.hub_id == hub_id, OUTBOX.c.created_at >= since)
        found = _told().where(failed, *here).order_by(NOTICE_DELIVERIES.c.notice_id)
        return tuple(map(_pair, await self.rows(found)))

    async def settle(self, delivery: NoticeDelivery) -> None:
        """Write down where a delivery stands now."""
        here = NOTICE_DELIVERIES.c.id == delivery.id
        await self.connection.execute(
            update(NOTICE_DELIVERIES).where(here).values(**_row(delivery))
        )


def _told() -> Select[Any]:
    notice = (OUTBOX.c.topic, OUTBOX.c.hub_id, OUTBOX.c.payload, OUTBOX.c.created_at)
    return select(NOTICE_DELIVERIES, *notice).join(
        OUTBOX, OUTBOX.c.id == NOTICE_DELIVERIES.c.notice_id
    )


def _row(one: NoticeDelivery) -> dict[str, object]:
    return {
        "notice_id": one.notice_id,
        "channel": one.channel,
        "address": one.address,
        "id": one.id,
        "state": one.state.value,
        "attempts": one.attempts,
        "next_at": one.next_at,
        "error": one.error,
    }


def _pair(row: RowMapping) -> tuple[NoticeDelivery, Notice]:
    delivery = NoticeDelivery(
        row["id"],
        row["notice_id"],
        row["channel"],
        row["address"],
        DeliveryState(row["state"]),
        row["attempts"],
        row["next_at"],
        row["error"],
    )
    notice = Notice(
        row["notice_id"], row["topic"], row["hub_id"], row["payload"], row["created_at"]
    )
    return delivery, notice
