"""Notices: what Rolecall tells people outside its own screens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time

from rolecall.domain.webhook import DeliveryState


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with a mail."""

    name: str
    media_type: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing worth telling; `topic` is source.what (request.open, sync.quota, ...)."""

    topic: str
    title: str
    lines: tuple[str, ...] = ()
    link: str = ""
    actions: tuple[tuple[str, str], ...] = ()  # (label, signed link): approve, refuse
    urgent: bool = False  # not held back by quiet hours
    to: tuple[str, ...] = ()  # e-mails; empty = whoever the channel reaches
    facts: Mapping[str, str] = field(default_factory=dict)  # for webhooks: ids, portal, counts
    attachments: tuple[Attachment, ...] = ()  # of mails alone


@dataclass(frozen=True, slots=True)
class NoticeDelivery:
    """One notice on its way over one channel to one address ("" = whoever the channel reaches).

    `id` stays the same over attempts; `error` is the last one, and why it was given up.
    """

    id: str
    notice_id: str
    channel: str
    address: str = ""
    state: DeliveryState = DeliveryState.PENDING
    attempts: int = 0
    next_at: datetime | None = None
    error: str = ""


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Local hours in which only urgent notices go out; `begins` may be later than `ends`."""

    begins: time
    ends: time
    time_zone: str = "UTC"
    weekends: bool = True  # quiet all Saturday and Sunday too
