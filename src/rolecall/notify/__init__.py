"""Carries notices to e-mail, Slack, Microsoft Teams and webhooks. Decides nothing."""

from __future__ import annotations

from rolecall.notify.channels import Channel, Delivery, EmailChannel, HttpChannel
from rolecall.notify.pinning import Pinned, pinned
from rolecall.notify.render import as_email, as_slack, as_teams, as_webhook, signature
from rolecall.notify.timing import held_until, wait_after

__all__ = [
    "Channel",
    "Delivery",
    "EmailChannel",
    "HttpChannel",
    "Pinned",
    "as_email",
    "as_slack",
    "as_teams",
    "as_webhook",
    "held_until",
    "pinned",
    "signature",
    "wait_after",
]
