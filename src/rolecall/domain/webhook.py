"""Webhooks: where notices are posted to, and each notice on its way there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class DeliveryState(StrEnum):
    """Where one delivery stands."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"  # given up; a person may replay it
    DROPPED = "dropped"  # there was nothing to tell any more


@dataclass(frozen=True, slots=True)
class Webhook:
    """An address of somebody's; its signing secret lies with the credentials.

    `topics` are names or beginnings (`plan.`), () = all; `hub_id` None = of every portal.
    """

    id: str
    url: str
    created_at: datetime
    created_by: str
    topics: tuple[str, ...] = ()
    hub_id: int | None = None

    def wants(self, topic: str, hub_id: int | None) -> bool:
        """Whether a notice goes to this address."""
        here = self.hub_id is None or self.hub_id == hub_id
        return here and (not self.topics or topic.startswith(self.topics))


@dataclass(frozen=True, slots=True)
class WebhookDelivery:
    """One notice for one webhook; `id` stays the same over attempts and replays."""

    id: str
    webhook_id: str
    notice_id: str
    topic: str
    created_at: datetime
    payload: Mapping[str, str] = field(default_factory=dict)
    state: DeliveryState = DeliveryState.PENDING
    attempts: int = 0
    next_at: datetime | None = None
    error: str = ""
