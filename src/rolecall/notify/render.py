"""One notice as the body of each channel. Pure; text from a portal is text everywhere."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import datetime
from email.message import EmailMessage
from typing import Any

from rolecall.domain.notice import Notice

SLACK_SECTION = 2900  # Slack refuses section texts of 3,000 characters and more
TEAMS_CARD = "http://adaptivecards.io/schemas/adaptive-card.json"


def as_email(notice: Notice, sender: str, to: tuple[str, ...]) -> EmailMessage:
    """A plain-text mail; header values lose line breaks, so no header can be injected."""
    message = EmailMessage()
    message["Subject"] = " ".join(notice.title.split())
    message["From"] = sender
    message["To"] = ", ".join(to)
    message["X-Rolecall-Topic"] = notice.topic
    parts = [*notice.lines]
    parts += [f"{label}: {link}" for label, link in notice.actions]
    parts += [notice.link] if notice.link else []
    message.set_content("\n".join(parts) + "\n")
    for one in notice.attachments:
        main, _, sub = one.media_type.partition("/")
        message.add_attachment(one.data, maintype=main, subtype=sub, filename=one.name)
    return message


def as_slack(notice: Notice) -> dict[str, Any]:
    """The body of a Slack incoming webhook."""
    text = _slack_text("\n".join(notice.lines))[:SLACK_SECTION]
    blocks: list[dict[str, Any]] = [
        {"type": "section", "text": {"type": "mrkdwn", "text": f"*{_slack_text(notice.title)}*"}}
    ]
    if text:
        blocks.append({"type": "section", "text": {"type": "mrkdwn", "text": text}})
    buttons = [_slack_button(label, link) for label, link in _links(notice)]
    if buttons:
        blocks.append({"type": "actions", "elements": buttons})
    return {"text": _slack_text(notice.title), "blocks": blocks}


def _slack_text(text: str) -> str:
    """Slack's three control characters escaped, so a name cannot mention a channel."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _slack_button(label: str, link: str) -> dict[str, Any]:
    return {"type": "button", "text": {"type": "plain_text", "text": label}, "url": link}


def as_teams(notice: Notice) -> dict[str, Any]:
    """The body of a Microsoft Teams workflow webhook: one adaptive card."""
    body = [_teams_text(notice.title, weight="Bolder")]
    body += [_teams_text(line) for line in notice.lines]
    actions = [{"type": "Action.OpenUrl", "title": n, "url": u} for n, u in _links(notice)]
    card = {"$schema": TEAMS_CARD, "type": "AdaptiveCard", "version": "1.4", "body": body}
    content = {**card, "actions": actions} if actions else card
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "content": content}
    return {"type": "message", "attachments": [attachment]}


def _teams_text(text: str, **style: str) -> dict[str, Any]:
    """A paragraph that is no Markdown (as TextBlock is): a name brings no link of its own."""
    return {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": text, **style}]}


def as_webhook(notice: Notice, delivery_id: str, at: datetime) -> bytes:
    """The body of a signed webhook; the same bytes on every attempt of one delivery."""
    body = {
        "id": delivery_id,
        "topic": notice.topic,
        "at": at.isoformat(),
        "title": notice.title,
        "lines": list(notice.lines),
        "link": notice.link,
        "facts": dict(notice.facts),
    }
    return json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def signature(secret: bytes, timestamp: int, body: bytes) -> str:
    """HMAC-SHA256 over `timestamp.body` (Unix seconds), hex; receivers refuse old timestamps."""
    return hmac.new(secret, f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()


def _links(notice: Notice) -> tuple[tuple[str, str], ...]:
    return (*notice.actions, *((("Open", notice.link),) if notice.link else ()))
